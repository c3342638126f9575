/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/crossing_layout.h"

#include <stdbool.h>
#include <stdlib.h>

#include "flow/crossing.h"

/* A packet leaves, or one arrives. */
struct event {
	int64_t time_ns;
	size_t nth; /* of the passages */
	bool at_client, is_sending;
	int lines; /* of text that must stand here */
	int y;
};

struct laying {
	struct crossing_layout *layout;
	const struct crossing *crossing;
	const struct crossing_ladder *ladder;
	const int *needs;
	struct event *events;
	size_t count;
	int64_t flight_ns; /* the usual one */
};

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	if (x->nth != y->nth)
		return x->nth < y->nth ? -1 : 1;
	return (x->is_sending < y->is_sending) -
	       (x->is_sending > y->is_sending);
}

static void collect(struct laying *laying)
{
	for (size_t i = 0; i < laying->ladder->count; i++) {
		struct crossing_row row;

		crossing_row(laying->crossing, laying->ladder, i, &row);
		if (!row.sent_row && !row.arrived_row)
			continue;
		if (row.sent && !row.again)
			laying->events[laying->count++] = (struct event){
				.time_ns = row.sent_ns,
				.nth = i,
				.at_client = row.from_client,
				.is_sending = true,
				.lines = laying->needs[i],
			};
		if (row.arrived)
			laying->events[laying->count++] = (struct event){
				.time_ns = row.arrived_ns,
				.nth = i,
				.at_client = !row.from_client,
				.lines = row.sent ? 0 : laying->needs[i],
			};
	}
	qsort(laying->events, laying->count, sizeof(*laying->events), by_time);
}

static void find_scale(struct laying *laying)
{
	const struct pairing_way *way = laying->ladder->way;
	int64_t first = way[0].middle_ns, second = way[1].middle_ns;

	laying->flight_ns = first > second ? first : second;
	if (laying->flight_ns < 0)
		laying->flight_ns = 0;
	laying->layout->unit_ns = laying->flight_ns / LAYOUT_FLIGHT;
	if (laying->layout->unit_ns == 0)
		laying->layout->unit_ns = 1;
}

static int to_scale(const struct laying *laying, int64_t ns)
{
	int64_t pixels = ns / laying->layout->unit_ns;

	return pixels > LAYOUT_PAUSE ? LAYOUT_PAUSE : (int)pixels;
}

/* From the first to the last: as far on as the time says, and as the text
 * before it on the same side asks for. */
static void place_all(struct laying *laying, int top)
{
	int free_y[2] = {top, top}, text_y[2] = {top, top};
	int y = top;

	for (size_t i = 0; i < laying->count; i++) {
		struct event *event = &laying->events[i];
		int side = event->at_client;

		if (i > 0)
			y += to_scale(laying,
				      event->time_ns - event[-1].time_ns);
		if (y < free_y[side])
			y = free_y[side];
		if (event->lines && y < text_y[side])
			y = text_y[side];
		event->y = y;
		free_y[side] = y + LAYOUT_APART;
		if (event->lines)
			text_y[side] = y + event->lines * LAYOUT_LINE + 1;
	}
	laying->layout->bottom = y;
}

/* Lines that fit before the next text on that side. */
static void find_room(struct laying *laying)
{
	int next_y[2] = {0, 0};
	bool any[2] = {false, false};

	for (size_t i = laying->count; i-- > 0;) {
		const struct event *event = &laying->events[i];
		int side = event->at_client;
		int *lines = &laying->layout->places[event->nth].lines;

		if (!event->lines)
			continue;
		*lines = any[side] ? (next_y[side] - event->y) / LAYOUT_LINE
				   : 100;
		next_y[side] = event->y;
		any[side] = true;
	}
}

/* Any time, between what happened before and after. */
static int y_at(const struct laying *laying, int64_t time_ns)
{
	size_t low = 0, high = laying->count;
	const struct event *before, *after;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (laying->events[middle].time_ns <= time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return laying->events[0].y -
		       to_scale(laying, laying->events[0].time_ns - time_ns);
	before = &laying->events[low - 1];
	if (low == laying->count)
		return before->y + to_scale(laying, time_ns - before->time_ns);
	after = &laying->events[low];
	return before->y + (int)((double)(after->y - before->y) *
				 (double)(time_ns - before->time_ns) /
				 (double)(after->time_ns - before->time_ns));
}

static void share(struct laying *laying)
{
	struct crossing_place *places = laying->layout->places;

	for (size_t i = 0; i < laying->count; i++) {
		const struct event *event = &laying->events[i];

		if (event->is_sending)
			places[event->nth].sent_y = event->y;
		else
			places[event->nth].arrived_y = event->y;
	}
}

/* Where a lost one would have arrived: a pause that is cut must not make it
 * look quick. */
static int due_y(const struct laying *laying, int sent_y, int64_t sent_ns)
{
	int y = y_at(laying, sent_ns + laying->flight_ns);
	int least = sent_y + LAYOUT_FLIGHT / 3 +
		    to_scale(laying, laying->flight_ns) * 2 / 3;

	return y > least ? y : least;
}

static int origin_y(const struct laying *laying, int arrived_y,
		    int64_t arrived_ns)
{
	int y = y_at(laying, arrived_ns - laying->flight_ns);
	int most = arrived_y - LAYOUT_FLIGHT / 3 -
		   to_scale(laying, laying->flight_ns) * 2 / 3;

	return y < most ? y : most;
}

/* The ends that nobody saw, and those in the row before. */
static void complete(struct laying *laying)
{
	struct crossing_layout *layout = laying->layout;

	for (size_t i = 0; i < laying->ladder->count; i++) {
		struct crossing_place *place = &layout->places[i];
		struct crossing_row row;

		crossing_row(laying->crossing, laying->ladder, i, &row);
		if (row.again)
			place->sent_y = place[-1].sent_y;
		if (row.passage->fate == PASSAGE_LOST)
			place->arrived_y =
				due_y(laying, place->sent_y, row.sent_ns);
		if (row.passage->fate == PASSAGE_UNSENT)
			place->sent_y = origin_y(laying, place->arrived_y,
						 row.arrived_ns);
		if (place->arrived_y > layout->bottom)
			layout->bottom = place->arrived_y;
	}
}

/* Marked where nothing is on its way: the mark would be in the way. */
static void find_pauses(struct laying *laying)
{
	const int room = 2 * LAYOUT_LINE;
	struct crossing_layout *layout = laying->layout;
	int reached = 0; /* the lowest end of an arrow so far */

	for (size_t i = 0; i + 1 < laying->count; i++) {
		const struct event *event = &laying->events[i];
		int64_t ns = event[1].time_ns - event->time_ns;
		int arrived_y = layout->places[event->nth].arrived_y;

		if (event->y > reached)
			reached = event->y;
		if (event->is_sending && arrived_y > reached)
			reached = arrived_y;
		if (ns / layout->unit_ns <= LAYOUT_PAUSE ||
		    event[1].y - reached < room)
			continue;
		layout->pauses[layout->pause_count++] = (struct crossing_pause){
			.y = (reached + event[1].y) / 2 + 5,
			.ns = ns,
		};
	}
}

static int lay_out(struct laying *laying, int top)
{
	size_t count = laying->ladder->count;
	struct crossing_layout *layout = laying->layout;

	layout->places = calloc(count + 1, sizeof(*layout->places));
	layout->turns = calloc(count + 1, sizeof(*layout->turns));
	layout->pauses = calloc(2 * count + 1, sizeof(*layout->pauses));
	laying->events = calloc(2 * count + 1, sizeof(*laying->events));
	if (!layout->places || !layout->turns || !layout->pauses ||
	    !laying->events)
		return -1;
	find_scale(laying);
	collect(laying);
	layout->bottom = top;
	if (laying->count == 0)
		return 0;
	place_all(laying, top);
	find_room(laying);
	share(laying);
	complete(laying);
	find_pauses(laying);
	return 0;
}

int crossing_layout_make(struct crossing_layout *layout,
			 const struct crossing *crossing,
			 const struct crossing_ladder *ladder, const int *needs,
			 int top)
{
	struct laying laying = {
		.layout = layout,
		.crossing = crossing,
		.ladder = ladder,
		.needs = needs,
	};
	int result;

	*layout = (struct crossing_layout){0};
	result = lay_out(&laying, top);
	free(laying.events);
	return result;
}

void crossing_layout_fini(struct crossing_layout *layout)
{
	free(layout->places);
	free(layout->turns);
	free(layout->pauses);
}
