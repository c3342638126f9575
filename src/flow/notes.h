/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_NOTES_H
#define FLOW_NOTES_H

#include <stdbool.h>
#include <stdint.h>

struct gaps;
struct side;

/*
 * What is remarkable about a segment: the rules by which Wireshark (4.0)
 * names retransmissions, duplicate ACKs and the like, so that its users find
 * the same words. Written from what it documents and does. Pure.
 *
 * Where `tshark -2` says something else, it is meant:
 *   - Beside fast and spurious retransmissions it prints "retransmission" as
 *     well; here a segment has one of the three.
 *   - Its second pass knows the first number of a SYN,ACK that comes later in
 *     the stream: frames before it (of an older connection, after a port was
 *     reused) are relative to that number there, and to themselves here; and
 *     a first SYN,ACK is "port reused" already when a later one differs.
 *   - Of the first fragment of a segment it prints raw numbers.
 *
 * As there, 0 in `next`, `solid` and `ack` of a side means not known: a raw
 * number that happens to be 0 costs a note once in 2^32.
 */
struct note_input {
	uint64_t frame;
	int64_t time_ns;
	int64_t rtt_ns; /* of the handshake; 0 or less: unknown */
	uint32_t seq, ack, len;
	uint16_t window; /* unscaled */
	uint8_t flags;
};

/* Notes of the segment (NOTE_...), and the state of both directions moved on:
 * `from` sent it. Before the call from->base is set. `gaps` are what `from`
 * was not seen sending. */
uint32_t notes_take(struct side *from, struct side *to, struct gaps *gaps,
		    const struct note_input *in);

#endif
