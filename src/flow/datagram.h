/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_DATAGRAM_H
#define FLOW_DATAGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/addr.h"

/*
 * Datagrams that came in fragments, put together by counting (no byte of
 * them is kept), and the latest whole ones, so that an ICMP error finds the
 * one that it quotes. UDP, and what is left of TCP segments in fragments.
 * RFC 791 3.2, RFC 8200 4.5. Pure.
 */
enum {
	DATAGRAM_FRAGMENTS_MAX = 64, /* listed; 65,535 bytes are 45 of 1500 */
	DATAGRAMS_MAX = 128,         /* remembered at once */
};

struct fragment {
	uint64_t frame;
	int64_t time_ns;
	uint32_t offset, bytes; /* of the IP payload */
	bool more;
};

struct datagram {
	struct addr source, dest;
	uint16_t source_port, dest_port; /* 0: the first fragment is missing */
	bool ports_known;
	uint8_t protocol;
	uint32_t id;     /* IP ID or that of the fragment header */
	uint64_t number; /* from 1 in order of the first frames */
	uint64_t first_frame;
	int64_t first_ns, last_ns;
	uint32_t udp_length; /* by the UDP header, which it counts; 0 */
	uint32_t ip_payload; /* header and data, once the last is there; 0 */
	uint32_t counted;    /* bytes of the IP payload seen so far */
	bool fragmented, complete;
	uint64_t stream; /* TCP: of the first fragment */
	bool stream_known;
	uint32_t duplicates; /* fragments that came again */
	uint32_t fragments;  /* seen; listed are at most ..._MAX of them */
	struct fragment fragment[DATAGRAM_FRAGMENTS_MAX];
};

/* The arithmetic: "2934 + 8 UDP header = 1480 + 1462", "14 + 8 UDP header =
 * 22: not fragmented". Returns text. */
char *datagram_text(const struct datagram *datagram, char *text, size_t bytes);

#endif
