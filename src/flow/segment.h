/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_SEGMENT_H
#define FLOW_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/endstate.h"
#include "flow/reset.h"
#include "flow/writes.h"

/*
 * One TCP segment as the analysis sees it in its conversation: everything a
 * row of a table or of a ladder needs, with no pointer into anything, so that
 * it may be kept.
 */

/* Notes, by Wireshark's rules. Bits of struct segment's notes. */
enum {
	NOTE_RETRANSMISSION = 1 << 0,
	NOTE_FAST_RETRANSMISSION = 1 << 1,
	NOTE_SPURIOUS_RETRANSMISSION = 1 << 2,
	NOTE_OUT_OF_ORDER = 1 << 3,
	NOTE_GAP = 1 << 4,          /* a previous segment was not captured */
	NOTE_ACKED_UNSEEN = 1 << 5, /* acks what was not captured */
	NOTE_DUP_ACK = 1 << 6,      /* dup_ack is its number, from 1 */
	NOTE_KEEP_ALIVE = 1 << 7,
	NOTE_KEEP_ALIVE_ACK = 1 << 8,
	NOTE_ZERO_WINDOW = 1 << 9,
	NOTE_ZERO_WINDOW_PROBE = 1 << 10,
	NOTE_ZERO_WINDOW_PROBE_ACK = 1 << 11,
	NOTE_WINDOW_FULL = 1 << 12, /* fills the window of the other end */
	NOTE_WINDOW_UPDATE = 1 << 13,
	NOTE_PORT_REUSED = 1 << 14,
	/* Ours alone. */
	NOTE_OFFLOAD = 1 << 15,     /* captured above the cut: len > MSS */
	NOTE_FRAGMENTED = 1 << 16,  /* the first fragment: len not known */
	NOTE_CUT_OPTIONS = 1 << 17, /* options that end amiss */
	NOTE_COUNT = 18,
	NOTE_ANY_RETRANSMISSION = NOTE_RETRANSMISSION |
				  NOTE_FAST_RETRANSMISSION |
				  NOTE_SPURIOUS_RETRANSMISSION,
};

/* The n-th note as NDJSON has it ("out_of_order") and as people read it in
 * their language ("out of order"). n < NOTE_COUNT. */
const char *note_name(unsigned n);
const char *note_text(unsigned n);

enum {
	SEGMENT_SACKS_MAX = 4, /* RFC 2018 3: more do not fit */
};

struct segment {
	uint64_t frame;   /* from 1 */
	int64_t time_ns;  /* as captured */
	int64_t since_ns; /* the conversation's first frame */
	uint64_t stream;
	bool from_client;
	bool midstream; /* no SYN was seen before: who is the client is a
			   guess, and so is the scale of the window */
	bool ours;      /* set by who knows: the client is this host */
	uint8_t flags;  /* TCP_FIN ... */
	uint32_t seq_raw, ack_raw;
	uint32_t seq, ack; /* relative; without the ACK flag ack is ack_raw,
			      mostly 0, as Wireshark has it */
	uint32_t len;      /* of data, by the IP length */
	uint16_t window;   /* as in the header */
	uint32_t window_scaled;
	int8_t scale; /* the shift used; -1 not known: window_scaled is raw */
	enum endstate client_state, server_state; /* after it */
	uint32_t notes;
	uint32_t dup_ack;   /* NOTE_DUP_ACK: the how manyth */
	uint64_t dup_frame; /* ... of the ACK in this frame */

	/* Options, where it has them. */
	uint16_t mss;        /* 0: none */
	int8_t window_scale; /* option; -1: none */
	bool sack_permitted, timestamps;
	uint32_t ts_value, ts_echo;
	uint8_t sacks;
	struct {
		uint32_t left, right; /* relative to the other end's first */
	} sack[SEGMENT_SACKS_MAX];

	/* What the arithmetic of its proof needs; relative numbers. */
	uint32_t next;           /* seq + len, SYN and FIN counted */
	uint32_t expected;       /* next of the direction, before; 0: unknown */
	uint32_t ack_before;     /* the direction's last ack; 0: none */
	uint32_t acked_data;     /* bytes of data newly acked */
	bool acks_syn, acks_fin; /* newly acked beside them */
	uint32_t acked_open;     /* sent by the other end and still not acked */
	uint64_t answers;        /* frame: the oldest segment that it acks as a
				    whole; 0: not known */
	uint16_t mss_peer;       /* what the receiver of this announced; 0 */

	struct write_part write; /* of a segment with data */
	struct reset reset;      /* of a RST */
};

#endif
