/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_NOTICE_H
#define FLOW_NOTICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/addr.h"

/*
 * An ICMP or ICMPv6 error and what it quotes. RFC 792, RFC 4443. With no
 * pointer into anything, so that it may be kept.
 */
struct notice {
	uint64_t frame;
	int64_t time_ns, since_ns; /* since the conversation's first frame */
	struct addr source, dest;  /* of the error itself */
	uint8_t type, code;
	uint32_t mtu; /* of packet too big, fragmentation needed; 0 */

	bool quote_ok; /* the quoted IP header is whole: what follows holds */
	struct addr quoted_source, quoted_dest;
	uint8_t quoted_protocol, quoted_ttl;
	uint32_t quoted_id;
	uint32_t quoted_length; /* of the IP payload, by the quoted header */
	bool quoted_ports_ok;
	uint16_t quoted_source_port, quoted_dest_port;
	bool quoted_seq_ok;
	uint32_t quoted_seq_raw, quoted_seq; /* the latter relative */

	bool stream_known; /* quotes a segment of this conversation */
	uint64_t stream;
	bool quotes_client;    /* a segment that the client sent */
	uint64_t datagram;     /* UDP: number of the datagram; 0 not seen */
	uint64_t quoted_frame; /* 0: not seen, or no longer known */
};

/* "port unreachable", in the user's language. Static. */
const char *notice_name(const struct notice *notice);

/* The quoted header: "quotes TCP 10.9.0.1:40000 > 10.9.0.2:80 seq 0 (raw
 * 12345), frame 1". Returns text. */
char *notice_quote(const struct notice *notice, char *text, size_t bytes);

/* What it means for the sender of the quoted packet. Returns text. */
char *notice_why(const struct notice *notice, char *text, size_t bytes);

#endif
