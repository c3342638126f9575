/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/pairing.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "flow/pairing_match.h"

const char *passage_fate_name(enum passage_fate fate)
{
	static const char *const names[PASSAGE_FATES] = {
		[PASSAGE_ARRIVED] = "arrived", [PASSAGE_AGAIN] = "duplicate",
		[PASSAGE_RECUT] = "recut",     [PASSAGE_LOST] = "lost",
		[PASSAGE_UNSENT] = "unsent",
	};

	return names[fate];
}

int64_t pairing_time(const struct pairing *pairing, unsigned capture,
		     int64_t time_ns)
{
	return capture == 0 ? time_ns : time_ns - pairing->offset_ns;
}

struct making {
	struct pairing *pairing;
	const struct pairing_capture *captures;
	struct match match;
	size_t room;
};

/* ---- the clocks ---- */

/* The second capture's time less the first's, of everything that pairs: at
 * least -flight from its own end, at most +flight from the other. */
static void find_bounds(struct making *making)
{
	const struct match_side *first = &making->match.side[0];
	const struct match_side *second = &making->match.side[1];
	struct pairing *pairing = making->pairing;

	for (size_t i = 0; i < first->count; i++) {
		int64_t later_ns;

		if (first->mate[i] == PAIRING_NONE)
			continue;
		later_ns = second->sightings[first->mate[i]].time_ns -
			   first->sightings[i].time_ns;
		if (first->sends[i]) {
			if (!pairing->most_known || later_ns < pairing->most_ns)
				pairing->most_ns = later_ns;
			pairing->most_known = true;
		} else {
			if (!pairing->least_known ||
			    later_ns > pairing->least_ns)
				pairing->least_ns = later_ns;
			pairing->least_known = true;
		}
	}
}

static void find_offset(struct pairing *pairing)
{
	bool least = pairing->least_known, most = pairing->most_known;

	if (!least && !most)
		pairing->clock = PAIRING_CLOCK_UNKNOWN;
	else if ((!least || pairing->least_ns <= 0) &&
		 (!most || pairing->most_ns >= 0))
		pairing->clock = PAIRING_CLOCK_SAME;
	else if (!least || !most)
		pairing->clock = PAIRING_CLOCK_ONE_WAY;
	else
		pairing->clock = PAIRING_CLOCK_MIDDLE;
	if (pairing->clock == PAIRING_CLOCK_ONE_WAY)
		pairing->offset_ns =
			most ? pairing->most_ns : pairing->least_ns;
	if (pairing->clock == PAIRING_CLOCK_MIDDLE)
		pairing->offset_ns = pairing->least_ns +
				     (pairing->most_ns - pairing->least_ns) / 2;
}

static void tell_match(struct making *making)
{
	const struct pairing *pairing = making->pairing;
	struct match *match = &making->match;

	match->offset_known = pairing->clock != PAIRING_CLOCK_UNKNOWN;
	match->offset_ns = pairing->offset_ns;
	if (pairing->most_known)
		match->flight_ns[0] = pairing->most_ns - pairing->offset_ns;
	if (pairing->least_known)
		match->flight_ns[1] = pairing->offset_ns - pairing->least_ns;
	for (unsigned way = 0; way < 2; way++)
		if (match->flight_ns[way] < 0)
			match->flight_ns[way] = 0;
}

/* ---- passages ---- */

static int add(struct making *making, const struct passage *passage)
{
	struct pairing *pairing = making->pairing;

	if (pairing->count == making->room) {
		size_t room = making->room ? making->room * 2 : 256;
		struct passage *more =
			realloc(pairing->passages, room * sizeof(*more));

		if (!more)
			return -1;
		pairing->passages = more;
		making->room = room;
	}
	pairing->passages[pairing->count++] = *passage;
	return 0;
}

/* A piece of what the two sides cut in different ways. */
static int add_recut(void *arg, unsigned from, uint32_t sent, uint32_t arrived)
{
	return add(arg, &(struct passage){
				.from = (uint8_t)from,
				.fate = arrived == PAIRING_NONE ? PASSAGE_LOST
								: PASSAGE_RECUT,
				.sent = sent,
				.arrived = arrived,
			});
}

static enum passage_cover cover_of(const struct making *making, unsigned from,
				   uint32_t sent)
{
	const struct pairing *pairing = making->pairing;
	const struct pairing_capture *other = &making->captures[!from];
	int64_t due_ns =
		pairing_time(pairing, from,
			     making->captures[from].sightings[sent].time_ns) +
		making->match.flight_ns[from];

	if (other->count == 0 || !making->match.offset_known)
		return PASSAGE_UNKNOWN;
	if (due_ns < pairing_time(pairing, !from, other->first_ns))
		return PASSAGE_TOO_EARLY;
	return due_ns > pairing_time(pairing, !from, other->last_ns)
		       ? PASSAGE_TOO_LATE
		       : PASSAGE_COVERED;
}

static int add_sent(struct making *making, unsigned from)
{
	const struct match_side *side = &making->match.side[from];

	for (size_t i = 0; i < side->count; i++) {
		struct passage passage = {
			.from = (uint8_t)from,
			.sent = (uint32_t)i,
			.arrived = side->mate[i],
		};

		if (!side->sends[i] || side->mate[i] == MATCH_PUT)
			continue;
		if (side->mate[i] == PAIRING_NONE) {
			passage.fate = PASSAGE_LOST;
			passage.cover =
				(uint8_t)cover_of(making, from, (uint32_t)i);
		}
		if (add(making, &passage) < 0)
			return -1;
	}
	return 0;
}

/* Arrivals that add_sent() has not had. */
static int add_arrived(struct making *making, unsigned from)
{
	const struct match_side *side = &making->match.side[!from];
	const struct match_side *sender = &making->match.side[from];

	for (size_t i = 0; i < side->count; i++) {
		struct passage passage = {
			.from = (uint8_t)from,
			.fate = PASSAGE_UNSENT,
			.sent = side->mate[i],
			.arrived = (uint32_t)i,
		};

		if (side->sends[i] || side->mate[i] == MATCH_PUT)
			continue;
		if (side->mate[i] != PAIRING_NONE) {
			if (sender->mate[side->mate[i]] == i)
				continue;
			passage.fate = PASSAGE_AGAIN;
		}
		if (add(making, &passage) < 0)
			return -1;
	}
	return 0;
}

/* ---- their order ---- */

static const struct sighting *sighting_of(const struct making *making,
					  const struct passage *passage)
{
	bool is_sent = passage->sent != PAIRING_NONE;
	unsigned capture = is_sent ? passage->from : !passage->from;

	return &making->captures[capture]
			.sightings[is_sent ? passage->sent : passage->arrived];
}

/* Of sending, or of arriving where that is all we have. */
static int64_t time_of(const struct making *making,
		       const struct passage *passage)
{
	unsigned capture =
		passage->sent != PAIRING_NONE ? passage->from : !passage->from;

	return pairing_time(making->pairing, capture,
			    sighting_of(making, passage)->time_ns);
}

static int64_t arrival_of(const struct making *making,
			  const struct passage *passage)
{
	const struct pairing_capture *capture =
		&making->captures[!passage->from];

	return pairing_time(making->pairing, !passage->from,
			    capture->sightings[passage->arrived].time_ns);
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_time(const void *a, const void *b, void *arg)
{
	const struct passage *x = a, *y = b;
	int64_t first = time_of(arg, x), second = time_of(arg, y);

	if (first != second)
		return first < second ? -1 : 1;
	if (x->from != y->from)
		return compare(x->from, y->from);
	if (x->sent != y->sent)
		return compare(x->sent, y->sent);
	return compare(x->arrived, y->arrived);
}

static int by_way(const void *a, const void *b, void *arg)
{
	const struct passage *x = a, *y = b;
	int result =
		compare(sighting_of(arg, x)->tuple, sighting_of(arg, y)->tuple);

	result = result ? result : compare(x->from, y->from);
	return result ? result : by_time(a, b, arg);
}

/* From the last one sent of each way of each tuple to its first. */
static void find_overtaken(struct making *making)
{
	struct passage *passages = making->pairing->passages;
	const struct passage *later = NULL;
	int64_t least_ns = 0;

	for (size_t i = making->pairing->count; i-- > 0;) {
		struct passage *passage = &passages[i];
		int64_t arrival_ns;

		if (passage->fate != PASSAGE_ARRIVED &&
		    passage->fate != PASSAGE_RECUT)
			continue;
		arrival_ns = arrival_of(making, passage);
		if (later && (later->from != passage->from ||
			      sighting_of(making, later)->tuple !=
				      sighting_of(making, passage)->tuple))
			later = NULL;
		passage->overtaken = later && least_ns < arrival_ns;
		if (!later || arrival_ns < least_ns)
			least_ns = arrival_ns;
		later = passage;
	}
}

/* ---- how each way is ---- */

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void count_passage(struct pairing_way *way,
			  const struct passage *passage)
{
	way->arrived += passage->fate == PASSAGE_ARRIVED ||
			passage->fate == PASSAGE_RECUT;
	way->lost += passage->fate == PASSAGE_LOST;
	way->again += passage->fate == PASSAGE_AGAIN;
	way->unsent += passage->fate == PASSAGE_UNSENT;
	way->overtaken += passage->overtaken;
}

static int describe_way(struct making *making, unsigned from)
{
	struct pairing *pairing = making->pairing;
	struct pairing_way *way = &pairing->way[from];
	int64_t *flights = malloc((pairing->count + 1) * sizeof(*flights));
	size_t count = 0;

	if (!flights)
		return -1;
	*way = (struct pairing_way){
		.fastest_ns = -1,
		.slowest_ns = -1,
		.middle_ns = -1,
	};
	for (size_t i = 0; i < making->match.side[from].count; i++)
		way->sent += making->match.side[from].sends[i];
	for (size_t i = 0; i < pairing->count; i++) {
		const struct passage *passage = &pairing->passages[i];

		if (passage->from != from)
			continue;
		count_passage(way, passage);
		if (passage->fate == PASSAGE_ARRIVED)
			flights[count++] = arrival_of(making, passage) -
					   time_of(making, passage);
	}
	qsort(flights, count, sizeof(*flights), by_value);
	if (count > 0) {
		way->fastest_ns = flights[0];
		way->slowest_ns = flights[count - 1];
		way->middle_ns = flights[count / 2];
	}
	free(flights);
	return 0;
}

/* ---- all of it ---- */

static void match_all(struct making *making)
{
	struct match *match = &making->match;
	struct pairing *pairing = making->pairing;
	size_t count[2] = {match->side[0].count, match->side[1].count};
	size_t fewer = count[0] < count[1] ? count[0] : count[1];
	size_t with = match_sure(match, true);

	pairing->ids_kept = true;
	if (with < fewer / 2 + 1 && match_sure(match, false) > 2 * with)
		pairing->ids_kept = false;
	else if (!match->ids)
		match_sure(match, true);
	find_bounds(making);
	find_offset(pairing);
	tell_match(making);
	match_rest(match);
	if (match->offset_known)
		return;
	find_bounds(making);
	find_offset(pairing);
	tell_match(making);
}

static void sort(struct making *making,
		 int (*by)(const void *, const void *, void *))
{
	struct pairing *pairing = making->pairing;

	if (pairing->count > 0) /* else there is no array */
		qsort_r(pairing->passages, pairing->count,
			sizeof(*pairing->passages), by, making);
}

static int make(struct making *making)
{
	match_all(making);
	if (match_recut(&making->match, add_recut, making) < 0 ||
	    add_sent(making, 0) < 0 || add_sent(making, 1) < 0 ||
	    add_arrived(making, 0) < 0 || add_arrived(making, 1) < 0)
		return -1;
	sort(making, by_way);
	find_overtaken(making);
	if (describe_way(making, 0) < 0 || describe_way(making, 1) < 0)
		return -1;
	sort(making, by_time);
	return 0;
}

int pairing_make(struct pairing *pairing,
		 const struct pairing_capture captures[2], struct error *error)
{
	struct making making = {.pairing = pairing, .captures = captures};
	int result;

	*pairing = (struct pairing){0};
	result = match_init(&making.match, captures, error);
	if (result == 0 && make(&making) < 0)
		result = error_set(error, STATUS_FAILED, "out of memory");
	match_fini(&making.match);
	return result;
}

void pairing_fini(struct pairing *pairing)
{
	free(pairing->passages);
	pairing->passages = NULL;
	pairing->count = 0;
}
