/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_RECEIVER_H
#define SCAN_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/packet.h"
#include "wire/reply.h"

struct capture;
struct error;
struct pcapng_statistics;
struct recorder;
struct ring;
struct shared;

/*
 * The receiver thread: packets of all captures -> events in the ring. It owns
 * the captures (and closes them), a copy of the reply key, and the producing
 * end of the ring. It keeps no state of the scan.
 *
 * A run that is recorded has a second capture on each interface, of what we
 * send, which goes to the recorder and nowhere else: so replies are found as
 * ever. Loopback, where each packet is captured once, has one for both.
 */

enum receiver_event_kind { EVENT_REPLY, EVENT_NEIGHBOUR };

struct receiver_event {
	enum receiver_event_kind kind;
	bool time_ok;
	unsigned ifindex;
	int64_t at_ns; /* arrival, monotonic; of the reading if not time_ok */
	union {
		struct reply reply;
		struct neighbour_view neighbour;
	};
};

enum receiver_side {
	RECEIVER_IN,
	RECEIVER_SENT,
	RECEIVER_BOTH, /* loopback, recorded */
};

struct receiver_source {
	struct capture *capture; /* ownership passes to the receiver */
	unsigned ifindex;
	enum receiver_side side;
	const char *name;   /* of the interface; not ours */
	uint16_t interface; /* its number in the record */
};

struct receiver {
	struct receiver_source *sources;
	size_t n_sources;
	struct reply_key key;
	struct shared *shared;
	struct recorder *recorder;        /* NULL: nothing is recorded */
	struct pcapng_statistics *totals; /* for it, one an interface */
	size_t n_interfaces;
	int64_t begun_ns;    /* CLOCK_REALTIME */
	uint64_t past_drops; /* of captures that are closed */
	int64_t offset_ns;   /* wall clock minus monotonic, when last read */
};

/* The thread's function; argument: struct receiver. Ends when
 * shared->receiver_stop_fd is readable or no capture is left. */
void *receiver_run(void *receiver);

#endif
