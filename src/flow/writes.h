/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_WRITES_H
#define FLOW_WRITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct segment;

/*
 * Segmentation: which data segments of one direction came from one write, and
 * how it was cut. TCP keeps no boundaries, so this is inferred, by one rule:
 * a write is a run of segments with new data, each where the last one ended,
 * and it ends
 *   - with a segment that has PSH or FIN (Linux sets PSH on the last segment
 *     of each write, and inside a write that is more than half a window),
 *   - else before data that comes WRITE_PAUSE_NS or more after the last,
 *   - else before data that comes after data of the other direction,
 *   - else before a gap.
 * Retransmitted bytes belong to no write. Pure; no memory of its own.
 */
#define WRITE_PAUSE_NS 200000000LL

enum {
	WRITE_RUNS_MAX = 8,
};

enum write_end {
	WRITE_OPEN, /* goes on, or the capture ended */
	WRITE_PUSHED,
	WRITE_FINISHED, /* FIN without PSH */
	WRITE_PAUSED,
	WRITE_ANSWERED,
	WRITE_GAP,
};

/* "2934 = 1448 + 1448 + 38" is two runs: 2 x 1448, 1 x 38. */
struct write {
	uint64_t stream;
	bool from_client;
	uint64_t number; /* of this direction, from 1 */
	uint64_t bytes;
	uint64_t segments;
	uint64_t first_frame, last_frame;
	int64_t first_ns, last_ns;
	uint32_t seq; /* relative, of its first byte */
	enum write_end end;
	struct {
		uint32_t bytes, segments;
	} runs[WRITE_RUNS_MAX];
	uint8_t runs_used;
	bool runs_more; /* cut in more ways than runs has room for */
	/* Why this size: */
	uint16_t mss;          /* announced by the receiver; 0: not seen */
	uint8_t options_bytes; /* of TCP options in its segments */
	bool offload;          /* a captured segment larger than the MSS */
};

/* Which bytes of which write a segment has. number 0: none. */
struct write_part {
	uint64_t number;
	uint64_t from, to; /* from the write's first byte: [from, to) */
	bool last;         /* the write ends here */
};

/* One direction. Zeroed at first. */
struct writes {
	struct write now; /* number 0: none yet */
	uint32_t next;    /* relative: where it would go on */
	uint64_t count;
	bool answered; /* the other direction has sent data since */
};

/* The segment goes into *part. `other` is the opposite direction.
 * A write that ended before the segment goes into *before, and one that ends
 * with it into *with; their number is 0 where there is none. */
void writes_take(struct writes *writes, struct writes *other,
		 const struct segment *segment, uint8_t options_bytes,
		 struct write_part *part, struct write *before,
		 struct write *with);

/* The arithmetic as a line: "2934 = 1448 + 1448 + 38; MSS 1460 less 12 for
 * timestamps". Cut at `bytes`; returns text. */
char *write_text(const struct write *write, char *text, size_t bytes);

const char *write_end_text(enum write_end end); /* in the user's language */

#endif
