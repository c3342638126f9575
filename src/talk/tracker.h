/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_TRACKER_H
#define TALK_TRACKER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What became of numbered datagrams. The last TRACKER_WINDOW numbers are
 * known one by one, so that
 *
 *  - a duplicate is told from a late or reordered one and is neither,
 *  - a loss is never taken back: a number that leaves the window unanswered
 *    is lost for good, and a reply to it counts as stale and nothing else.
 *
 * Each number has one fate: its reply came intact (in time or late), only
 * damaged, or not at all. Reordered is a number whose first reply comes after
 * that of a higher one, by as much as the highest so far is above it (RFC
 * 4737 3.3 has the same notion of reordered). `now` is a parameter. Pure.
 */
enum {
	TRACKER_WINDOW = 65536,
};

struct tracker_counts {
	uint64_t sent;
	/* numbers */
	uint64_t arrived;   /* something came, intact or damaged */
	uint64_t received;  /* something came intact */
	uint64_t late;      /* of these, after the time-out */
	uint64_t reordered; /* of those that arrived */
	uint32_t reordered_by_max;
	/* datagrams */
	uint64_t arrivals;
	uint64_t duplicated; /* beyond the first of their number */
	uint64_t corrupted;  /* damaged ones */
	uint64_t stale;      /* to numbers that were given up */
};

struct tracker;

/* NULL when memory is out. */
struct tracker *tracker_new(int64_t timeout_ns);
void tracker_free(struct tracker *tracker);

/* The number of the next datagram: 1, 2, ... */
uint32_t tracker_next(const struct tracker *tracker);

/* False: the number that would leave the window has time left to come. */
bool tracker_has_room(const struct tracker *tracker, int64_t now_ns);

/* tracker_next() was sent. Returns the number that is given up for it, 0 for
 * none: lost. */
uint32_t tracker_sent(struct tracker *tracker, int64_t sent_ns);

/* What an arrival turned out to be. */
struct tracked {
	bool known;  /* else stale, or a number that was never sent;
			the rest is unset */
	bool answer; /* the first intact one of its number */
	bool late, duplicate;
	uint32_t reordered_by; /* 0: not */
	int64_t rtt_ns;
};

struct tracked tracker_arrival(struct tracker *tracker, uint32_t sequence,
			       bool intact, int64_t now_ns);

/* The number of a datagram whose header is damaged: two of its three names
 * must be right (session_matches is the first). 0 when they are not. */
uint32_t tracker_identify(const struct tracker *tracker, bool session_matches,
			  uint32_t sequence, int64_t sent_ns);

const struct tracker_counts *tracker_counts(const struct tracker *tracker);

/* The first number after `after` that is in the window and has not come; 0:
 * no more. */
uint32_t tracker_missing(const struct tracker *tracker, uint32_t after);

#endif
