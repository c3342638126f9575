/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WIRE_MEANING_H
#define WIRE_MEANING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/packet.h"
#include "wire/reply.h"

/*
 * What a packet of a scan means: which try it is, what it answers, why it was
 * rejected, and who sent it. For the comments of a capture and for ladders
 * drawn of it. Pure, and quick: once for each packet that is recorded.
 */

enum meaning_kind {
	MEANING_NONE,      /* not of this scan */
	MEANING_PROBE,     /* our SYN */
	MEANING_REPLY,     /* it proved itself */
	MEANING_REJECTED,  /* to one of our ports, but it did not */
	MEANING_RESET,     /* our kernel's RST, which answers a SYN,ACK */
	MEANING_SEGMENT,   /* anything else from one of our ports */
	MEANING_SHAKEN,    /* of connect(): our ACK completes the handshake */
	MEANING_ABORT,     /* of connect(): closed by a RST */
	MEANING_SPOKEN,    /* of connect(): what the other end says in it */
	MEANING_QUESTION,  /* ours: who has this address on the link? */
	MEANING_NEIGHBOUR, /* an answer to such a one */
};

struct meaning {
	enum meaning_kind kind;
	struct addr target; /* whom it is about, scope 0: PROBE, REPLY, RESET */
	uint16_t port;      /* of the target */
	uint8_t try;        /* PROBE, REPLY: 1 and up; 0: not to be told (all
			       tries leave from one port), or a canary */
	bool canary;        /* asked although it is known to answer */
	enum verdict verdict; /* REPLY */
	enum reason reason;
	enum reply_flaw flaw; /* REJECTED */
};

/* Of a packet that came in: what packet_parse() and reply_classify() (for
 * PACKET_OK; else kind is REPLY_NONE) said of it. */
void meaning_of_received(struct meaning *meaning, const struct packet *packet,
			 enum packet_error parsed, enum reply_kind kind,
			 const struct reply *reply,
			 const struct reply_key *key);

/* Of one that this host sent. */
void meaning_of_sent(struct meaning *meaning, const struct packet *packet,
		     enum packet_error parsed, const struct reply_key *key);

/* Of one of a connect scan, known to be between a port of ours and one that
 * is asked: the kernel, and no cookie, says what belongs to what, so nothing
 * is rejected and no try named. */
void meaning_of_connect(struct meaning *meaning, const struct packet *packet,
			bool outbound);

/* "port 80 open: syn-ack, answers try 1": ASCII, no NUL behind. Its length;
 * 0 for MEANING_NONE. */
#define MEANING_TEXT_BYTES 96
size_t meaning_text(const struct meaning *meaning,
		    char text[MEANING_TEXT_BYTES]);

#endif
