/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/pairing_match.h"

#include <stdlib.h>

/*
 * The same bytes, cut in another way: above an offload the sender's capture
 * has one large segment, the receiver's has what came over the wire, or what
 * its own card merged.
 *
 *   sent      |        4000        | 10 | 10 |
 *   arrived   |  1500  |   ?  | 1000 |   20   |
 */

static int compare(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

/* What is left of one direction of one tuple, by sequence number. */
struct leftovers {
	const struct match_side *side;
	uint32_t *list; /* of sightings */
	size_t count;
	uint32_t base; /* raw: what the order counts from, RFC 1982 */
};

static const struct sighting *left_at(const struct leftovers *left, size_t i)
{
	return &left->side->sightings[left->list[i]];
}

static int64_t distance(uint32_t seq, uint32_t base)
{
	return (int32_t)(seq - base);
}

static int by_seq(const void *a, const void *b, void *arg)
{
	const struct leftovers *left = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int64_t first = distance(left->side->sightings[x].seq, left->base);
	int64_t second = distance(left->side->sightings[y].seq, left->base);

	if (first != second)
		return first < second ? -1 : 1;
	return compare(x, y);
}

static struct leftovers gather(const struct match *match, unsigned side,
			       const struct stretch *tuple, bool from_low,
			       uint32_t *list, const struct leftovers *like)
{
	struct leftovers left = {.side = &match->side[side], .list = list};

	for (size_t i = tuple->from[side]; i < tuple->to[side]; i++) {
		const struct sighting *s = match_sighting(match, side, i);

		if (s->kind == SIGHTING_TCP && s->len > 0 &&
		    s->from_low == from_low &&
		    left.side->mate[left.side->order[i]] == PAIRING_NONE)
			list[left.count++] = left.side->order[i];
	}
	if (left.count > 0)
		left.base = like ? like->base : left_at(&left, 0)->seq;
	qsort_r(list, left.count, sizeof(*list), by_seq, &left);
	return left;
}

enum {
	RECUT_PIECES_MAX = 64, /* of one arrival: keeps the work linear */
};

struct recut {
	struct match *match;
	unsigned from;
	struct leftovers sent, arrived;
	int (*put)(void *arg, unsigned from, uint32_t sent, uint32_t arrived);
	void *arg;
};

static int64_t end_of(const struct leftovers *left, size_t i)
{
	const struct sighting *s = left_at(left, i);

	return distance(s->seq, left->base) + s->len;
}

static int link_piece(struct recut *recut, size_t sent, size_t arrived)
{
	struct match_side *from = &recut->match->side[recut->from];
	struct match_side *to = &recut->match->side[!recut->from];
	uint32_t s = recut->sent.list[sent], a = recut->arrived.list[arrived];

	from->mate[s] = MATCH_PUT;
	to->mate[a] = MATCH_PUT;
	return recut->put(recut->arg, recut->from, s, a);
}

/* Can it be that one, or had that one not been sent yet? */
static bool is_sent_before(const struct recut *recut, size_t sent,
			   size_t arrived)
{
	return !recut->match->offset_known ||
	       left_at(&recut->sent, sent)->time_ns <=
		       match_on_clock(
			       recut->match, recut->from,
			       left_at(&recut->arrived, arrived)->time_ns);
}

/* Of those with the same bytes the latest one that can be it. */
static bool is_superseded(const struct recut *recut, size_t sent,
			  size_t arrived)
{
	const struct leftovers *left = &recut->sent;

	return sent + 1 < left->count &&
	       left_at(left, sent + 1)->seq == left_at(left, sent)->seq &&
	       left_at(left, sent + 1)->len == left_at(left, sent)->len &&
	       is_sent_before(recut, sent + 1, arrived);
}

static int recut_arrival(struct recut *recut, size_t *first, size_t arrived)
{
	const struct leftovers *sent = &recut->sent;
	int64_t begin = distance(left_at(&recut->arrived, arrived)->seq,
				 recut->arrived.base);
	int64_t end = end_of(&recut->arrived, arrived);
	size_t pieces = 0;

	while (*first < sent->count && end_of(sent, *first) <= begin)
		++*first;
	for (size_t i = *first;
	     i < sent->count && pieces < RECUT_PIECES_MAX &&
	     distance(left_at(sent, i)->seq, sent->base) < end;
	     i++) {
		if (end_of(sent, i) <= begin ||
		    !is_sent_before(recut, i, arrived) ||
		    is_superseded(recut, i, arrived))
			continue;
		pieces++;
		if (link_piece(recut, i, arrived) < 0)
			return -1;
	}
	return 0;
}

/* Bytes of what was sent that no arrival has: a part of it is missing. */
static int find_missing(struct recut *recut)
{
	const struct leftovers *sent = &recut->sent, *arrived = &recut->arrived;
	const struct match_side *from = &recut->match->side[recut->from];
	size_t first = 0;

	for (size_t i = 0; i < sent->count; i++) {
		int64_t covered = distance(left_at(sent, i)->seq, sent->base);
		size_t seen = 0;

		if (from->mate[sent->list[i]] != MATCH_PUT)
			continue; /* lost as a whole */
		while (first < arrived->count &&
		       end_of(arrived, first) <= covered)
			first++;
		for (size_t a = first;
		     a < arrived->count && seen++ < RECUT_PIECES_MAX &&
		     distance(left_at(arrived, a)->seq, arrived->base) <=
			     covered;
		     a++)
			if (end_of(arrived, a) > covered)
				covered = end_of(arrived, a);
		if (covered < end_of(sent, i) &&
		    recut->put(recut->arg, recut->from, sent->list[i],
			       PAIRING_NONE) < 0)
			return -1;
	}
	return 0;
}

static int recut_way(struct recut *recut, const struct stretch *tuple,
		     bool from_low)
{
	struct match *match = recut->match;
	uint32_t *list = match->scratch;
	size_t first = 0;

	recut->sent = gather(match, recut->from, tuple, from_low, list, NULL);
	if (recut->sent.count == 0)
		return 0;
	recut->arrived = gather(match, !recut->from, tuple, from_low,
				list + recut->sent.count, &recut->sent);
	for (size_t i = 0; i < recut->arrived.count; i++)
		if (recut_arrival(recut, &first, i) < 0)
			return -1;
	return find_missing(recut);
}

int match_recut(struct match *match,
		int (*put)(void *arg, unsigned from, uint32_t sent,
			   uint32_t arrived),
		void *arg)
{
	struct stretch all = match_everything(match), tuple = {0};
	struct recut recut = {.match = match, .put = put, .arg = arg};

	while (match_next_tuple(match, &all, &tuple)) {
		bool low_first;

		if (!stretch_length(&tuple, 0) || !stretch_length(&tuple, 1))
			continue;
		low_first =
			match->side[0]
				.sends[match->side[0].order[tuple.from[0]]] ==
			match_sighting(match, 0, tuple.from[0])->from_low;
		for (unsigned from = 0; from < 2; from++) {
			recut.from = from;
			if (recut_way(&recut, &tuple,
				      low_first == (from == 0)) < 0)
				return -1;
		}
	}
	return 0;
}
