/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WIRE_REPLY_H
#define WIRE_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "spec/result.h"
#include "wire/cookie.h"

struct packet;

/*
 * A captured packet and our key -> what it says of which probe. Pure; the
 * receiver thread calls it with its own copy of the key.
 *
 *   SYN,ACK  ack = cookie + 1                 open      RFC 9293 3.10.7.3
 *   RST,ACK  ack = cookie + 1                 closed    RFC 9293 3.10.7.1
 *   ICMP unreachable quoting SYN seq = cookie filtered  RFC 792, RFC 4443
 */

enum reply_kind {
	REPLY_NONE,     /* not about our probes: not counted */
	REPLY_REJECTED, /* to one of our source ports, but proves nothing */
	REPLY_VERDICT,
};

struct reply_key {
	struct cookie_key cookie;
	uint16_t source_port;  /* the first of the block */
	uint16_t source_ports; /* how many */
	uint16_t try_ports;    /* so many are for the tries, one each, the
				  others for canaries; 0: they do not tell */
};

/* Why a packet to one of our ports proves nothing. */
enum reply_flaw {
	FLAW_SHORT,   /* its TCP header is not all there */
	FLAW_FLAGS,   /* neither SYN,ACK nor RST,ACK */
	FLAW_COOKIE,  /* acknowledges, or quotes, another number */
	FLAW_ADDRESS, /* quotes what another address sent */
};

struct reply {
	struct addr target;   /* who was asked (of an ICMP error: the quoted
				 destination, not the router) */
	struct addr source;   /* our address in the probe */
	uint16_t port;        /* the port that was asked */
	uint16_t source_port; /* names the try */
	enum verdict verdict;
	enum reason reason;
	uint8_t ttl;
	enum reply_flaw flaw;
};

/* packet: one that packet_parse() found PACKET_OK. *out is filled for
 * REPLY_VERDICT; its addresses have scope 0, as packets carry none. Of it
 * only the flaw is filled for REPLY_REJECTED.
 * REPLY_NONE are also ICMP types and codes that say nothing of the port
 * (fragmentation needed, time exceeded), fragments but the first, and what we
 * sent ourselves to a port of the block. */
enum reply_kind reply_classify(const struct packet *packet,
			       const struct reply_key *key, struct reply *out);

#endif
