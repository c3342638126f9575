/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_DATAGRAM_H
#define TALK_DATAGRAM_H

#include <stddef.h>
#include <stdint.h>

/*
 * What synudp's two ends say to each other: a header of 60 bytes in network
 * order, and filling.
 *
 *    0  "synU"                   20  sequence number, from 1
 *    4  version 1                24  length of the whole datagram
 *    5  kind                     28  send time, the prober's own clock (8)
 *    6  zero (2)                 36  CRC-32 of the filling
 *    8  session (8)              40  the server's counts (5 x 4): zero in
 *   16  CRC-32 of the header         what a prober sends
 *       (this field as zero)     60  filling
 *
 * Two checksums, so that a server that puts its counts in need not read the
 * filling again, and that damage to the filling leaves the number known. Of
 * the three fields that name a datagram (session, number, send time) damage
 * of up to four bytes in a row hits one: talk/tracker finds it by the others.
 * CRC-32 misses no damage within 32 bits in a row. Pure.
 */
enum {
	DATAGRAM_HEADER_BYTES = 60,
	DATAGRAM_MAX_BYTES = 65535, /* no UDP payload is longer */
};

enum datagram_kind {
	DATAGRAM_PROBE = 1,
	DATAGRAM_PROBE_REPLY = 2,
	DATAGRAM_REPORT = 3, /* asks for the counts alone */
	DATAGRAM_REPORT_REPLY = 4,
};

/* Of one session, as of the reply that holds them. */
struct datagram_counts {
	uint32_t received;   /* different numbers that came */
	uint32_t duplicates; /* came again */
	uint32_t reordered;  /* came after a higher number */
	uint32_t replied;    /* replies sent, doubled ones twice */
	uint32_t waiting;    /* replies that are still held back */
};

struct datagram {
	enum datagram_kind kind;
	uint64_t session;
	uint32_t sequence;
	uint32_t length;
	int64_t sent_ns;
	uint32_t filling_crc;
	struct datagram_counts counts;
};

enum datagram_state {
	DATAGRAM_INTACT,
	DATAGRAM_DAMAGED, /* the header holds, filling or length do not */
	DATAGRAM_UNSURE,  /* the header does not hold: fields may be wrong */
	DATAGRAM_FOREIGN, /* too short to be one: nothing was read */
};

/* The CRC-32 (IEEE 802.3) of so many bytes. */
uint32_t datagram_crc(const uint8_t *bytes, size_t length);

/* Writes the header; bytes holds DATAGRAM_HEADER_BYTES. */
void datagram_encode(const struct datagram *datagram, uint8_t *bytes);

/* Any bytes of any length. */
enum datagram_state datagram_decode(const uint8_t *bytes, size_t length,
				    struct datagram *out);

#endif
