/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_RESET_H
#define FLOW_RESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Why a RST: its shape on the wire, the segment that provoked it, what can
 * have caused it and what would look the same. RFC 9293 3.10.7.1 (no
 * connection) and 3.10.4, 3.10.5 (close and abort). Pure.
 *
 *   P0  RST,ACK  seq 0, ack = SEG.SEQ + SEG.LEN   no socket; the segment that
 *       window 0, no options                      provoked it had no ACK
 *   P1  RST      seq = SEG.ACK, window 0          no usable socket; the
 *                                                 segment had an ACK
 *   A   RST,ACK  seq = SND.NXT, ack = RCV.NXT     a live socket gave up
 */
enum reset_shape {
	RESET_NONE,
	RESET_P0,
	RESET_P1,
	RESET_A,
	RESET_ODD, /* none of the three: forged, or a middlebox */
};

/* What the conversation was when it came. */
enum reset_setting {
	RESET_OF_SYN,         /* answers a SYN: refused */
	RESET_OF_SYN_ACK,     /* by the sender of the SYN: a half-open scan, or
				 a socket that is gone */
	RESET_OF_HANDSHAKE,   /* by the sender of the SYN,ACK, before or after
				 the ACK, and no data was seen */
	RESET_OF_OPEN,        /* the connection was open both ways */
	RESET_AFTER_OWN_FIN,  /* its sender had sent FIN */
	RESET_AFTER_PEER_FIN, /* the other end had, its sender had not */
	RESET_OF_CLOSED,      /* both had, or there had been a RST */
	RESET_OF_STRANGER,    /* nothing else of the connection was captured */
};

struct reset {
	enum reset_shape shape;
	enum reset_setting setting;
	bool by_client;
	bool has_ack, timestamps;
	uint16_t window;
	uint64_t provoker; /* frame; 0: not captured, or longer ago */
	uint8_t provoker_flags;
	uint32_t provoker_seq, provoker_len, provoker_next, provoker_ack;
	uint64_t peer_data; /* bytes that its sender had been sent: any of
			       them may have lain unread */
	bool in_window;     /* the other end believes it; else it answers
			       with a challenge ACK or not at all */
};

const char *reset_shape_name(enum reset_shape shape);       /* "P0", "odd" */
const char *reset_setting_name(enum reset_setting setting); /* "of_syn" */

/* One line: what the RST is and the arithmetic that shows it. Returns text. */
char *reset_text(const struct reset *reset, char *text, size_t bytes);

enum {
	RESET_REASONS_MAX = 12,
};

/* What can cause it, likeliest first, in the user's language; at most
 * RESET_REASONS_MAX. Static strings; returns how many. */
size_t reset_causes(const struct reset *reset, const char **causes);

/* The same causes as words that stay: "no-listener", "unread-data". */
size_t reset_cause_names(const struct reset *reset, const char **names);

/* What would look the same on the wire, and how to tell them apart: one
 * sentence, or NULL. */
const char *reset_lookalike(const struct reset *reset);

#endif
