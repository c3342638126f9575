/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_CONVERSATION_H
#define FLOW_CONVERSATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/endstate.h"
#include "spec/addr.h"

/*
 * One TCP connection as a capture shows it: what both ends sent, as much of
 * it as the analysis of the next segment needs, and the figures of its line.
 * Small and of fixed size: a capture may have millions. Readers look at the
 * counts, times and addresses and ask the functions for the rest. Pure.
 */

/* Which end. The client is the sender of the first SYN, or the receiver of a
 * SYN,ACK that came first, or else the sender of the first frame. */
enum {
	CLIENT = 0,
	SERVER = 1,
};

/* Bits and values of Wireshark's tcp.completeness (4.0). SYN: the stream began
 * with it. ACK: a segment without data that acknowledges and has no SYN, the
 * RST,ACK of a refusal too. DATA: data with ACK, or in the first SYN. */
enum {
	COMPLETE_SYN = 1,
	COMPLETE_SYN_ACK = 2,
	COMPLETE_ACK = 4,
	COMPLETE_DATA = 8,
	COMPLETE_FIN = 16,
	COMPLETE_RST = 32,
};

/* How it closed, as far as the capture goes. */
enum close_kind {
	CLOSE_NONE,
	CLOSE_FIN_4,            /* FIN, ACK, FIN, ACK */
	CLOSE_FIN_3,            /* FIN, FIN with the ACK of the first, ACK */
	CLOSE_FIN_SIMULTANEOUS, /* each FIN left before the other arrived */
	CLOSE_HALF,             /* one FIN, or the second never acked */
	CLOSE_RST_REFUSED,      /* the SYN was answered by a RST */
	CLOSE_RST_ABORT,        /* a live socket gave up: shape A */
	CLOSE_RST_NO_SOCKET,    /* shape P1: nobody was there any more */
	CLOSE_ICMP,             /* an ICMP error ended it, nothing else did */
	CLOSE_COUNT,
};

enum {
	HISTORY_MAX = 32, /* letters and NUL */
};

enum {
	SCALE_UNKNOWN = -1, /* its SYN was not captured */
	SCALE_NONE = -2,    /* not offered by both: windows are as they are */
};

enum {
	SIDE_BASE = 1, /* base holds */
	SIDE_SYN = 2,  /* has sent one */
	SIDE_SYN_ACKED = 4,
	SIDE_FIN = 8, /* has sent one: fin holds */
	SIDE_FIN_ACKED = 16,
	SIDE_DATA = 32,   /* has sent some */
	SIDE_TALKED = 64, /* has sent more than RSTs */
	SIDE_RST = 128,   /* rst holds */
};

/* One end: what it sent. */
struct side {
	uint64_t frames;
	uint64_t sent_bytes;   /* of data, retransmitted ones each time */
	uint64_t unique_bytes; /* each byte once */
	int64_t next_ns;       /* when `next` last grew */
	int64_t ack_ns;        /* of the last segment */
	uint64_t fresh_ack;    /* frame of the last ack that was no duplicate */
	uint32_t base;         /* raw number that is 0 relatively */
	uint32_t next;         /* raw: beyond the highest sent */
	uint32_t solid;        /* raw: sent up to here without a gap */
	uint32_t ack;          /* raw, of the last segment */
	uint32_t fin;          /* raw: beyond the FIN */
	uint32_t rst;          /* raw, of the last RST */
	uint32_t dup_acks;     /* in the present row */
	uint32_t gaps;         /* of what it sent: in the flow's pool; 0 none */
	uint32_t retransmissions, out_of_order, dup_acks_total;
	uint32_t zero_windows, gaps_seen;
	uint32_t notes; /* of its last segment */
	uint16_t window;
	uint16_t mss;       /* announced; 0 */
	uint16_t largest;   /* segment of data it sent, up to 65535 */
	int8_t scale;       /* SCALE_..., else the option's shift, <= 14 */
	uint8_t state;      /* enum endstate */
	uint8_t marks;      /* SIDE_... */
	bool window_of_syn; /* window is that of a SYN: not to be scaled */
	bool settled; /* nothing more to say of what it was not seen sending */
};

enum {
	CONVERSATION_MIDSTREAM = 1,
	CONVERSATION_SUPERSEDED = 2,
	CONVERSATION_OFFLOAD = 4,
	CONVERSATION_FIN_ALONE = 8, /* the first FIN was acked by itself */
	CONVERSATION_FIN_CROSSED = 16,
	CONVERSATION_ICMP_LAST = 32, /* an error, and no answer since */
	CONVERSATION_SYN = 64, /* a SYN without ACK was seen: syn_ns holds */
};

struct conversation {
	struct side side[2]; /* CLIENT, SERVER */
	struct addr addr[2];
	uint16_t port[2];
	uint64_t stream; /* counts from 0 in order of the first frames */
	uint64_t first_frame, last_frame;
	int64_t first_ns, last_ns;
	int64_t syn_ns, handshake_ns; /* handshake_ns < 0: not seen whole */
	uint64_t icmp_errors;         /* that quote it */
	uint64_t icmp_frame;          /* the first of them; 0 */
	uint32_t fragments;           /* later ones, of its segments */
	uint16_t history_seen;
	uint8_t completeness; /* ask conversation_completeness() */
	uint8_t close;        /* by RST, else ask conversation_close() */
	uint8_t marks;        /* CONVERSATION_... */
	char history[HISTORY_MAX];
	uint32_t newer, older; /* the table's: numbers, 0 none */
};

/* No SYN was seen first: who is the client was guessed. */
bool conversation_is_midstream(const struct conversation *conversation);
/* Only one end was ever seen sending. */
bool conversation_is_one_sided(const struct conversation *conversation);
/* A captured segment was larger than the MSS: taken above an offload. */
bool conversation_is_offloaded(const struct conversation *conversation);
/* A SYN with another number took its addresses and ports over. */
bool conversation_is_superseded(const struct conversation *conversation);

/* The bits above as `tshark -2` prints them. */
unsigned conversation_completeness(const struct conversation *conversation);

enum close_kind conversation_close(const struct conversation *conversation);
const char *close_name(enum close_kind close); /* "fin-4" */
const char *close_text(enum close_kind close); /* a sentence, translated */

/* SYN to the ACK of the SYN,ACK, in ns; -1 where not seen whole. */
int64_t conversation_handshake_ns(const struct conversation *conversation);
/* Both directions. */
uint64_t conversation_frames(const struct conversation *conversation);
uint64_t conversation_retransmissions(const struct conversation *conversation);
uint64_t conversation_out_of_order(const struct conversation *conversation);
uint64_t conversation_dup_acks(const struct conversation *conversation);

/* "10.9.0.1:40000", "[fd00::1]:80": of which end. Returns text. */
#define ENDPOINT_TEXT_BYTES (ADDR_TEXT_BYTES + 8)
const char *endpoint_text(const struct addr *addr, uint16_t port,
			  char text[ENDPOINT_TEXT_BYTES]);
const char *conversation_endpoint(const struct conversation *conversation,
				  int which, char text[ENDPOINT_TEXT_BYTES]);

/* For flow/ alone: the segment moves the conversation on. */
struct frame;
struct gaps;
struct tcpoptions;

struct conversation_step {
	uint32_t notes;
	uint32_t next_before, ack_before; /* raw, of the sender; 0 unknown */
	uint32_t peer_next;               /* raw, of the other end */
	bool acks_syn, acks_fin;          /* for the first time */
	enum endstate before[2];
	bool believed; /* a RST that the other end would act on */
};

/* frame is its first; which: the end that sent it. */
void conversation_begin(struct conversation *conversation,
			const struct frame *frame);

/* A frame whose segment cannot be told: counted, and it changes nothing. */
void conversation_touch(struct conversation *conversation, int which,
			const struct frame *frame);

/* options NULL: none; only those of a SYN matter here. */
void conversation_take(struct conversation *conversation, int which,
		       const struct frame *frame,
		       const struct tcpoptions *options, struct gaps *gaps,
		       struct conversation_step *step);

#endif
