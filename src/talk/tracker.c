/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/tracker.h"

#include <stdlib.h>

enum fate {
	FATE_NONE,
	FATE_DAMAGED,
	FATE_INTACT,
};

struct slot {
	int64_t sent_ns;
	enum fate fate;
};

struct tracker {
	int64_t timeout_ns;
	uint32_t last;    /* the number sent last; 0: none yet */
	uint32_t highest; /* that came */
	struct tracker_counts counts;
	struct slot slots[TRACKER_WINDOW];
};

struct tracker *tracker_new(int64_t timeout_ns)
{
	struct tracker *tracker = calloc(1, sizeof(*tracker));

	if (tracker)
		tracker->timeout_ns = timeout_ns;
	return tracker;
}

void tracker_free(struct tracker *tracker)
{
	free(tracker);
}

static const struct slot *slot_of(const struct tracker *tracker,
				  uint32_t sequence)
{
	return &tracker->slots[sequence % TRACKER_WINDOW];
}

static bool in_window(const struct tracker *tracker, uint32_t sequence)
{
	return sequence >= 1 && sequence <= tracker->last &&
	       tracker->last - sequence < TRACKER_WINDOW;
}

uint32_t tracker_next(const struct tracker *tracker)
{
	return tracker->last + 1;
}

/* The number that leaves when the next is sent; 0: none, or it has come. */
static uint32_t leaving(const struct tracker *tracker)
{
	uint32_t next = tracker_next(tracker);

	if (next <= TRACKER_WINDOW || slot_of(tracker, next)->fate != FATE_NONE)
		return 0;
	return next - TRACKER_WINDOW;
}

bool tracker_has_room(const struct tracker *tracker, int64_t now_ns)
{
	uint32_t old = leaving(tracker);

	return !old ||
	       now_ns - slot_of(tracker, old)->sent_ns > tracker->timeout_ns;
}

uint32_t tracker_sent(struct tracker *tracker, int64_t sent_ns)
{
	uint32_t given_up = leaving(tracker);

	tracker->last++;
	tracker->slots[tracker->last % TRACKER_WINDOW] = (struct slot){
		.sent_ns = sent_ns,
		.fate = FATE_NONE,
	};
	tracker->counts.sent++;
	return given_up;
}

/* The number's first arrival of all. */
static uint32_t note_order(struct tracker *tracker, uint32_t sequence)
{
	struct tracker_counts *counts = &tracker->counts;
	uint32_t by;

	if (sequence > tracker->highest) {
		tracker->highest = sequence;
		return 0;
	}
	by = tracker->highest - sequence;
	counts->reordered++;
	if (by > counts->reordered_by_max)
		counts->reordered_by_max = by;
	return by;
}

struct tracked tracker_arrival(struct tracker *tracker, uint32_t sequence,
			       bool intact, int64_t now_ns)
{
	struct tracker_counts *counts = &tracker->counts;
	struct tracked tracked = {.known = in_window(tracker, sequence)};
	struct slot *slot = &tracker->slots[sequence % TRACKER_WINDOW];

	if (!tracked.known) {
		counts->stale += sequence >= 1 && sequence <= tracker->last;
		return tracked;
	}
	tracked.rtt_ns = now_ns - slot->sent_ns;
	tracked.late = tracked.rtt_ns > tracker->timeout_ns;
	tracked.duplicate = slot->fate != FATE_NONE;
	tracked.answer = intact && slot->fate != FATE_INTACT;
	if (!tracked.duplicate)
		tracked.reordered_by = note_order(tracker, sequence);
	counts->arrivals++;
	counts->corrupted += !intact;
	counts->duplicated += tracked.duplicate;
	counts->arrived += !tracked.duplicate;
	counts->received += tracked.answer;
	counts->late += tracked.answer && tracked.late;
	if (slot->fate != FATE_INTACT)
		slot->fate = intact ? FATE_INTACT : FATE_DAMAGED;
	return tracked;
}

uint32_t tracker_identify(const struct tracker *tracker, bool session_matches,
			  uint32_t sequence, int64_t sent_ns)
{
	bool there = in_window(tracker, sequence);
	uint32_t n = tracker->last;

	if (there && slot_of(tracker, sequence)->sent_ns == sent_ns)
		return sequence;
	if (!session_matches)
		return 0;
	/* A damaged number may be that of another datagram; a damaged time is
	 * that of none. */
	for (; in_window(tracker, n); n--)
		if (slot_of(tracker, n)->sent_ns == sent_ns)
			return n;
	return there ? sequence : 0;
}

const struct tracker_counts *tracker_counts(const struct tracker *tracker)
{
	return &tracker->counts;
}

uint32_t tracker_missing(const struct tracker *tracker, uint32_t after)
{
	uint32_t n = after + 1;

	if (tracker->last >= TRACKER_WINDOW &&
	    n <= tracker->last - TRACKER_WINDOW)
		n = tracker->last - TRACKER_WINDOW + 1;
	for (; in_window(tracker, n); n++)
		if (slot_of(tracker, n)->fate == FATE_NONE)
			return n;
	return 0;
}
