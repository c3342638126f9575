/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/pairing_match.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Copies that an end makes itself are mostly further apart: RFC 6298 2.4, and
 * 200 ms in Linux. */
#define MATCH_LATE_NS 200000000LL

/* ---- the order of keys ---- */

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_keys(const struct match *match, const struct sighting *a,
			const struct sighting *b)
{
	int result = compare(a->tuple, b->tuple);

	result = result ? result : compare(a->from_low, b->from_low);
	result = result ? result : compare(a->kind, b->kind);
	result = result ? result : compare(a->seq, b->seq);
	result = result ? result : compare(a->ack, b->ack);
	result = result ? result : compare(a->len, b->len);
	result = result ? result : compare(a->flags, b->flags);
	result = result ? result : compare(a->window, b->window);
	result = result ? result : compare(a->stamp, b->stamp);
	return result || !match->ids ? result : compare(a->id, b->id);
}

struct sorting {
	const struct match *match;
	const struct sighting *sightings;
};

static int by_key(const void *a, const void *b, void *arg)
{
	const struct sorting *sorting = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int result = compare_keys(sorting->match, &sorting->sightings[x],
				  &sorting->sightings[y]);

	return result ? result : compare(x, y);
}

const struct sighting *match_sighting(const struct match *match, unsigned side,
				      size_t place)
{
	const struct match_side *s = &match->side[side];

	return &s->sightings[s->order[place]];
}

static int compare_tuples(const struct match *match, const struct sighting *a,
			  const struct sighting *b)
{
	(void)match;
	return compare(a->tuple, b->tuple);
}

/* The next stretch behind *stretch, within `all`, of what is equal. */
static bool next(const struct match *match, const struct stretch *all,
		 struct stretch *stretch,
		 int (*order)(const struct match *, const struct sighting *,
			      const struct sighting *))
{
	const struct sighting *head[2] = {NULL, NULL}, *least;

	for (unsigned s = 0; s < 2; s++) {
		stretch->from[s] = stretch->to[s];
		if (stretch->from[s] < all->to[s])
			head[s] = match_sighting(match, s, stretch->from[s]);
	}
	least = head[0];
	if (!least || (head[1] && order(match, head[1], least) < 0))
		least = head[1];
	if (!least)
		return false;
	for (unsigned s = 0; s < 2; s++)
		while (stretch->to[s] < all->to[s] &&
		       order(match, match_sighting(match, s, stretch->to[s]),
			     least) == 0)
			stretch->to[s]++;
	return true;
}

bool match_next_tuple(const struct match *match, const struct stretch *all,
		      struct stretch *tuple)
{
	return next(match, all, tuple, compare_tuples);
}

struct stretch match_everything(const struct match *match)
{
	return (struct stretch){
		.to = {match->side[0].count, match->side[1].count}};
}

static struct stretch beginning(const struct stretch *all)
{
	return (struct stretch){.to = {all->from[0], all->from[1]}};
}

size_t stretch_length(const struct stretch *stretch, unsigned side)
{
	return stretch->to[side] - stretch->from[side];
}

int64_t match_on_clock(const struct match *match, unsigned side,
		       int64_t other_ns)
{
	return side == 0 ? other_ns - match->offset_ns
			 : other_ns + match->offset_ns;
}

/* ---- memory ---- */

static int init_side(struct match_side *side,
		     const struct pairing_capture *capture)
{
	size_t room = capture->count + 1; /* calloc(0) may be NULL */

	side->sightings = capture->sightings;
	side->count = capture->count;
	side->order = calloc(room, sizeof(*side->order));
	side->mate = calloc(room, sizeof(*side->mate));
	side->sends = calloc(room, sizeof(*side->sends));
	return side->order && side->mate && side->sends ? 0 : -1;
}

int match_init(struct match *match, const struct pairing_capture captures[2],
	       struct error *error)
{
	*match = (struct match){.ids = true};
	match->scratch = calloc(captures[0].count + captures[1].count + 1,
				sizeof(*match->scratch));
	if (init_side(&match->side[0], &captures[0]) < 0 ||
	    init_side(&match->side[1], &captures[1]) < 0 || !match->scratch)
		return error_set(error, STATUS_FAILED, "out of memory");
	return 0;
}

void match_fini(struct match *match)
{
	for (unsigned s = 0; s < 2; s++) {
		free(match->side[s].order);
		free(match->side[s].mate);
		free(match->side[s].sends);
	}
	free(match->scratch);
}

/* ---- what is the same in both ---- */

/* Arrivals less sendings (or the other way round) of both directions. */
struct tally {
	int64_t base_ns; /* of the differences: they may be huge */
	double sum_ns[2];
	size_t pairs[2]; /* by from_low */
};

/* What tells which end of a tuple the first capture is at; ttl and count:
 * above 0 it is the low one. */
struct evidence {
	struct tally single; /* of packets that are there once */
	struct tally several;
	int64_t ttl, count;
};

static void mate(struct match *match, uint32_t first, uint32_t second)
{
	match->side[0].mate[first] = second;
	match->side[1].mate[second] = first;
}

static void weigh(struct tally *tally, const struct sighting *first,
		  const struct sighting *second)
{
	int64_t later_ns = second->time_ns - first->time_ns;

	if (tally->pairs[0] + tally->pairs[1] == 0)
		tally->base_ns = later_ns;
	tally->sum_ns[first->from_low] += (double)(later_ns - tally->base_ns);
	tally->pairs[first->from_low]++;
}

/* Returns how many pairs are sure. */
static size_t pair_group(struct match *match, const struct stretch *group,
			 struct evidence *evidence)
{
	size_t here = stretch_length(group, 0),
	       there = stretch_length(group, 1);
	unsigned any = here ? 0 : 1;
	int64_t sign =
		match_sighting(match, any, group->from[any])->from_low ? 1 : -1;
	struct tally *tally =
		here == 1 ? &evidence->single : &evidence->several;

	evidence->count += sign * ((int64_t)here - (int64_t)there);
	if (here && there)
		evidence->ttl +=
			sign * (match_sighting(match, 0, group->from[0])->ttl -
				match_sighting(match, 1, group->from[1])->ttl);
	if (here != there)
		return 0;
	for (size_t i = 0; i < here; i++)
		weigh(tally, match_sighting(match, 0, group->from[0] + i),
		      match_sighting(match, 1, group->from[1] + i));
	if (here != 1)
		return 0;
	mate(match, match->side[0].order[group->from[0]],
	     match->side[1].order[group->from[1]]);
	return 1;
}

/* Above 0: what the low end sends is later in the second capture. */
static int lean(const struct tally *tally)
{
	double low, high;

	if (!tally->pairs[0] || !tally->pairs[1])
		return 0;
	low = tally->sum_ns[1] / (double)tally->pairs[1];
	high = tally->sum_ns[0] / (double)tally->pairs[0];
	return (low > high) - (low < high);
}

/* The first capture is taken to be at the client's end where nothing tells. */
static bool is_low_first(const struct match *match,
			 const struct evidence *evidence,
			 const struct stretch *tuple)
{
	unsigned side = stretch_length(tuple, 0) ? 0 : 1;
	const struct sighting *any =
		match_sighting(match, side, tuple->from[side]);

	if (lean(&evidence->single))
		return lean(&evidence->single) > 0;
	if (lean(&evidence->several))
		return lean(&evidence->several) > 0;
	if (evidence->ttl)
		return evidence->ttl > 0;
	if (evidence->count)
		return evidence->count > 0;
	return any->from_client == any->from_low;
}

static void set_ends(struct match *match, const struct stretch *tuple,
		     bool low_first)
{
	for (unsigned s = 0; s < 2; s++)
		for (size_t i = tuple->from[s]; i < tuple->to[s]; i++)
			match->side[s].sends[match->side[s].order[i]] =
				(match_sighting(match, s, i)->from_low ==
				 low_first) == (s == 0);
}

static void sort_side(const struct match *match, struct match_side *side)
{
	struct sorting sorting = {match, side->sightings};

	for (size_t i = 0; i < side->count; i++) {
		side->order[i] = (uint32_t)i;
		side->mate[i] = PAIRING_NONE;
	}
	qsort_r(side->order, side->count, sizeof(*side->order), by_key,
		&sorting);
}

size_t match_sure(struct match *match, bool ids)
{
	struct stretch all = match_everything(match), tuple = {0}, group;
	size_t pairs = 0;

	match->ids = ids;
	sort_side(match, &match->side[0]);
	sort_side(match, &match->side[1]);
	while (match_next_tuple(match, &all, &tuple)) {
		struct evidence evidence = {0};

		group = beginning(&tuple);
		while (next(match, &tuple, &group, compare_keys))
			pairs += pair_group(match, &group, &evidence);
		set_ends(match, &tuple, is_low_first(match, &evidence, &tuple));
	}
	return pairs;
}

/* ---- the same, but not equally often ---- */

struct rest {
	struct match *match;
	unsigned from; /* the sending side */
	const struct stretch *group;
	size_t next;     /* place of the first not in the stack yet */
	size_t waiting;  /* how many are in the stack, the scratch */
	uint32_t latest; /* sighting that has arrived last, ... */
	int64_t at_ns;   /* ... and when, on the sender's clock */
};

/* Those sent up to then go on the stack: the latest is on top. */
static void push_until(struct rest *rest, int64_t until_ns)
{
	struct match *match = rest->match;

	while (rest->next < rest->group->to[rest->from] &&
	       match_sighting(match, rest->from, rest->next)->time_ns <=
		       until_ns)
		match->scratch[rest->waiting++] =
			match->side[rest->from].order[rest->next++];
}

/* Again the one that came last, or an older one after all? Whichever asks for
 * the smaller surprise: a short time between two copies, or a late arrival. */
static bool is_again(const struct rest *rest)
{
	const struct match *match = rest->match;
	int64_t due_ns;
	uint32_t top;

	if (rest->waiting == 0)
		return true;
	top = match->scratch[rest->waiting - 1];
	if (rest->latest == PAIRING_NONE || top > rest->latest)
		return false;
	due_ns = match->side[rest->from].sightings[top].time_ns +
		 match->flight_ns[rest->from];
	return rest->at_ns > due_ns;
}

/* The arrival is that of the latest one which can have come so soon. */
static void pair_arrival(struct rest *rest, uint32_t arrival, int64_t time_ns)
{
	struct match_side *from = &rest->match->side[rest->from];
	struct match_side *to = &rest->match->side[!rest->from];

	push_until(rest, time_ns - rest->match->flight_ns[rest->from]);
	if (rest->waiting == 0)
		push_until(rest, time_ns);
	if (rest->waiting == 0 && rest->latest == PAIRING_NONE)
		push_until(rest, INT64_MAX); /* earlier than it was sent */
	if (is_again(rest)) {
		to->mate[arrival] = rest->latest;
		return;
	}
	rest->latest = rest->match->scratch[--rest->waiting];
	rest->at_ns = time_ns;
	to->mate[arrival] = rest->latest;
	from->mate[rest->latest] = arrival;
}

static void pair_in_order(struct match *match, const struct stretch *group,
			  unsigned from)
{
	size_t sent = stretch_length(group, from),
	       arrived = stretch_length(group, !from);

	for (size_t i = 0; i < arrived; i++) {
		size_t nth = i < sent ? i : sent - 1;
		uint32_t to = match->side[!from].order[group->from[!from] + i];
		uint32_t at = match->side[from].order[group->from[from] + nth];

		match->side[!from].mate[to] = at;
		if (i < sent)
			match->side[from].mate[at] = to;
	}
}

/* As many arrived as were sent: is none of them much too late, or too early,
 * for the one in its place? */
static bool is_in_order(const struct match *match, const struct stretch *group,
			unsigned from)
{
	if (stretch_length(group, 0) != stretch_length(group, 1))
		return false;
	for (size_t i = 0; i < stretch_length(group, from); i++) {
		const struct sighting *sent =
			match_sighting(match, from, group->from[from] + i);
		const struct sighting *arrived =
			match_sighting(match, !from, group->from[!from] + i);
		int64_t flight_ns =
			match_on_clock(match, from, arrived->time_ns) -
			sent->time_ns;

		if (flight_ns < 0 ||
		    flight_ns - match->flight_ns[from] > MATCH_LATE_NS)
			return false;
	}
	return true;
}

static void pair_rest(struct match *match, const struct stretch *group)
{
	const struct match_side *first = &match->side[0];
	unsigned from = !first->sends[first->order[group->from[0]]];
	const struct match_side *to = &match->side[!from];
	struct rest rest = {
		.match = match,
		.from = from,
		.group = group,
		.next = group->from[from],
		.latest = PAIRING_NONE,
	};

	if (!match->offset_known || is_in_order(match, group, from)) {
		pair_in_order(match, group, from);
		return;
	}
	for (size_t i = group->from[!from]; i < group->to[!from]; i++)
		pair_arrival(
			&rest, to->order[i],
			match_on_clock(match, from,
				       to->sightings[to->order[i]].time_ns));
}

void match_rest(struct match *match)
{
	struct stretch all = match_everything(match), group = {0};

	while (next(match, &all, &group, compare_keys))
		if (stretch_length(&group, 0) && stretch_length(&group, 1) &&
		    stretch_length(&group, 0) + stretch_length(&group, 1) > 2)
			pair_rest(match, &group);
}
