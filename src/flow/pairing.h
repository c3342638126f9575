/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_PAIRING_H
#define FLOW_PAIRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/*
 * Two captures of the same traffic, one from each end: which packet of the one
 * is which of the other, and so when each was sent, when it arrived, or that
 * it did not. Pure but for malloc(); one thread.
 *
 *   first capture                         second capture
 *   sent  #1 ------------------------>    #1  arrived
 *   sent  #2 --------x                        lost
 *   sent  #3 -----------\------------>    #3  arrived
 *   sent  #4 ------------\----------->    #2  overtook #3
 *
 * Times are from 0 to 2^62 ns, whatever the clock counts from.
 *
 * Packets are told apart by addresses, ports, raw numbers, flags, length,
 * window, timestamp and IP ID; those that are the same in all of it, by their
 * order and their times. Which capture is at which end is told by the times,
 * whatever the clocks are: tB - tA of what A's end sends is larger than that
 * of what it is sent, by the round trip.
 */

#define PAIRING_NONE UINT32_MAX

enum {
	PAIRING_SIGHTINGS_MAX = 150000, /* a capture: 56 bytes each */
};

enum sighting_kind {
	SIGHTING_TCP,
	SIGHTING_ICMP, /* an error: `seq` is the quoted one, `flags` the type,
			  `window` the code; 0 for the rest */
};

/* One packet as one capture has it. Numbers are raw, in host order. */
struct sighting {
	uint64_t frame;
	int64_t time_ns;
	uint64_t tuple;  /* addresses and ports of both ends, hashed: the same
			    for both directions and in both captures */
	uint32_t stream; /* as this capture counts */
	uint32_t seq, ack, len;
	uint32_t id;    /* of IP; 0: none */
	uint32_t stamp; /* TCP timestamp; 0: none */
	uint16_t window;
	uint8_t flags, ttl, kind;
	bool from_low;    /* which end sent it: the same in both captures */
	bool from_client; /* as this capture sees it */
};

struct pairing_capture {
	const struct sighting *sightings; /* in the order of the capture */
	size_t count;                     /* <= PAIRING_SIGHTINGS_MAX */
	int64_t first_ns, last_ns;        /* of any frame, TCP or not */
};

enum passage_fate {
	PASSAGE_ARRIVED,
	PASSAGE_AGAIN,  /* a further arrival of the same packet */
	PASSAGE_RECUT,  /* its bytes, cut or merged on the way (offload) */
	PASSAGE_LOST,   /* not seen arriving */
	PASSAGE_UNSENT, /* seen arriving only: the ICMP error of a router, a
			   middlebox, or the capture missed it */
	PASSAGE_FATES,
};

/* Would the other capture have seen it arrive, as far as we know? */
enum passage_cover {
	PASSAGE_COVERED, /* it has frames both before and after then */
	PASSAGE_TOO_EARLY,
	PASSAGE_TOO_LATE,
	PASSAGE_UNKNOWN, /* the clocks cannot be compared */
};

/* One packet's way. */
struct passage {
	uint32_t sent;    /* index in the sender's capture; PAIRING_NONE */
	uint32_t arrived; /* index in the receiver's capture; PAIRING_NONE */
	uint8_t from;     /* 0 or 1: the capture at the sender's end */
	uint8_t fate;
	bool overtaken; /* one sent later, the same way, arrived before it */
	uint8_t cover;  /* of a lost one: enum passage_cover */
};

/* What is known of the offset: the second clock less the first. */
enum pairing_clock {
	PAIRING_CLOCK_SAME,    /* taken as 0: no packet arrives too early */
	PAIRING_CLOCK_MIDDLE,  /* the fastest packets of both ways are taken to
				  need the same time */
	PAIRING_CLOCK_ONE_WAY, /* only one way was seen: its fastest packet is
				  taken to need none */
	PAIRING_CLOCK_UNKNOWN, /* nothing pairs */
};

/* One way: from the end of the capture. */
struct pairing_way {
	uint64_t sent, arrived, lost, again, overtaken, unsent;
	int64_t fastest_ns, slowest_ns; /* < 0: none; by the offset below */
	int64_t middle_ns;              /* the median */
};

struct pairing {
	struct passage *passages; /* by the time of sending */
	size_t count;
	enum pairing_clock clock;
	int64_t offset_ns;
	/* What it can be, so that nothing arrives before it was sent. */
	int64_t least_ns, most_ns;
	bool least_known, most_known;
	bool ids_kept; /* false: the IP IDs are rewritten on the way */
	struct pairing_way way[2];
};

/* -1 with STATUS_FAILED when memory is out. */
int pairing_make(struct pairing *pairing,
		 const struct pairing_capture captures[2], struct error *error);
void pairing_fini(struct pairing *pairing);

/* On the first capture's clock. */
int64_t pairing_time(const struct pairing *pairing, unsigned capture,
		     int64_t time_ns);

const char *passage_fate_name(enum passage_fate fate); /* "arrived" */

#endif
