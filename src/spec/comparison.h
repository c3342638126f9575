/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SPEC_COMPARISON_H
#define SPEC_COMPARISON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/result.h"

struct error;
struct portset;
struct targetset;

/*
 * Two scans of the same ports: what each found, what it cost, and where they
 * differ. A port of which one of them knows nothing is neither the same nor
 * different. Two bytes a port, zero (and untouched) until it is known. Pure.
 */

enum comparison_side { SIDE_SYN, SIDE_CONNECT, SIDES };

#define COMPARISON_MOST (UINT64_C(1) << 27) /* ports of targets: 256 MiB */

enum { CELLS = 1 + VERDICT_COUNT * REASON_COUNT }; /* what a port can be */

/* As captured, TCP and ICMP, with link headers. */
struct wire_cost {
	uint64_t packets_sent, packets_received;
	uint64_t bytes_sent, bytes_received;
	uint64_t handshakes; /* completed: what applications get to see */
	uint64_t missed;     /* by the capture, so not in the above */
};

struct comparison {
	struct summary summaries[SIDES];
	struct wire_cost costs[SIDES];
	/* By comparison_count(): */
	uint64_t same, different, unknown;
	uint64_t pairs[CELLS][CELLS];
	/* Read-only: */
	const struct targetset *targets;
	const struct portset *ports;
	uint64_t count;
	uint8_t *cells; /* SIDES a port */
};

/* What the sides say; verdict VERDICT_COUNT: nothing. */
struct finding {
	enum verdict verdict;
	enum reason reason;
};

/* Ports alike in what both sides say. */
struct comparison_pair {
	struct finding sides[SIDES];
	uint64_t count;
};

struct difference {
	struct addr addr;
	uint16_t port;
	struct finding sides[SIDES];
};

/* targets (frozen) and ports must outlive it. NULL with STATUS_USAGE when
 * they are more than COMPARISON_MOST, STATUS_FAILED when memory is out. */
struct comparison *comparison_new(const struct targetset *targets,
				  const struct portset *ports,
				  struct error *error);
void comparison_free(struct comparison *comparison);

/* A result of one side; a later one of the same port takes its place. */
void comparison_put(struct comparison *comparison, enum comparison_side side,
		    const struct result *result);

/* When both are over. */
void comparison_count(struct comparison *comparison);

/* The most frequent pairs, of one verdict or of two, the most frequent first:
 * at most `room` of them in out. How many there are. */
size_t comparison_pairs(const struct comparison *comparison, bool same,
			struct comparison_pair *out, size_t room);

/* The next port that differs, from *at (0 to begin with) on, by address and
 * port. False: there is none. */
bool comparison_next(const struct comparison *comparison, uint64_t *at,
		     struct difference *out);

#endif
