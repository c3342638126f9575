/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_PROOF_H
#define FLOW_PROOF_H

#include <stddef.h>

struct segment;

/* Room for any of the lines below. */
#define PROOF_BYTES 256

/*
 * The arithmetic behind one segment as a line of text in the user's language:
 * "SYN consumes one sequence number", "ack = 1 + 14 = 15: all of the 14
 * bytes". Pure; cut at `bytes`; all return text.
 */

/* One line, the most telling. Never empty. */
char *proof_text(const struct segment *segment, char *text, size_t bytes);

/* "retransmission, duplicate ACK 3 of frame 17"; "" without notes. */
char *proof_notes(const struct segment *segment, char *text, size_t bytes);

/* "SYN,ACK"; "S." would be tcpdump's. flags_short() is "SA": the letters
 * S F R P A U E C in that order, "." where none is set. */
char *flags_text(unsigned flags, char *text, size_t bytes);
char *flags_short(unsigned flags, char *text, size_t bytes);

/* The verdict of a scanner and the rule of RFC 9293 behind it. `reason` as
 * NDJSON has it ("syn-ack", "rst", "no-reply", "icmp-port-unreach", ...). */
char *proof_verdict(const char *verdict, const char *reason, char *text,
		    size_t bytes);

#endif
