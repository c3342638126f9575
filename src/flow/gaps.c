/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/gaps.h"

#include <stdbool.h>
#include <stdlib.h>

#include "flow/sequence.h"

/* Lists run from the highest gap to the lowest; index 0 is the end. Free
 * nodes are a list too, behind those never used. */
struct gap {
	uint32_t from, to, next;
};

struct gaps {
	uint32_t used, spare;
	uint64_t capped;
	struct gap gap[GAPS_POOL];
};

struct gaps *gaps_new(void)
{
	struct gaps *gaps = malloc(sizeof(*gaps));

	if (!gaps)
		return NULL;
	gaps->used = 1;
	gaps->spare = 0;
	gaps->capped = 0;
	return gaps;
}

void gaps_free(struct gaps *gaps)
{
	free(gaps);
}

uint64_t gaps_capped(const struct gaps *gaps)
{
	return gaps->capped;
}

static uint32_t gap_take(struct gaps *gaps)
{
	uint32_t at = gaps->spare;

	if (at) {
		gaps->spare = gaps->gap[at].next;
		return at;
	}
	return gaps->used < GAPS_POOL ? gaps->used++ : 0;
}

/* Out of the list that *link is in. */
static void gap_drop(struct gaps *gaps, uint32_t *link)
{
	uint32_t at = *link;

	*link = gaps->gap[at].next;
	gaps->gap[at].next = gaps->spare;
	gaps->spare = at;
}

/* Gives up all behind the first GAPS_EACH - 1 of the list. */
static void list_cut(struct gaps *gaps, uint32_t *list)
{
	unsigned count = 0;

	while (*list && ++count < GAPS_EACH)
		list = &gaps->gap[*list].next;
	while (*list) {
		gap_drop(gaps, list);
		gaps->capped++;
	}
}

/* A node of its own at *link; false where there is no room. */
static bool gap_insert(struct gaps *gaps, uint32_t *link, uint32_t from,
		       uint32_t to)
{
	uint32_t at = gap_take(gaps);

	if (!at) {
		gaps->capped++;
		return false;
	}
	gaps->gap[at] = (struct gap){from, to, *link};
	*link = at;
	return true;
}

void gaps_add(struct gaps *gaps, uint32_t *list, uint32_t from, uint32_t to)
{
	/* Farther back than half the space, older and newer change places;
	 * where no ACK is captured nothing else forgets. */
	gaps_forget(gaps, list, to - (UINT32_C(1) << 30));
	list_cut(gaps, list);
	gap_insert(gaps, list, from, to);
}

/* The part of the gap that [from, to) covers, taken out; moves *link on. */
static uint32_t gap_fill(struct gaps *gaps, uint32_t **link, uint32_t from,
			 uint32_t to)
{
	struct gap *gap = &gaps->gap[**link];
	uint32_t low = sequence_after(from, gap->from) ? from : gap->from;
	uint32_t high = sequence_before(to, gap->to) ? to : gap->to;

	if (!sequence_before(low, high)) {
		*link = &gap->next;
		return 0;
	}
	if (low == gap->from && high == gap->to) {
		gap_drop(gaps, *link);
		return high - low;
	}
	if (low == gap->from) {
		gap->from = high;
	} else if (high == gap->to) {
		gap->to = low;
	} else if (gap_insert(gaps, &gap->next, gap->from, low)) {
		gap->from = high;
		*link = &gaps->gap[gap->next].next;
		return high - low;
	}
	*link = &gap->next;
	return high - low;
}

uint32_t gaps_fill(struct gaps *gaps, uint32_t *list, uint32_t from,
		   uint32_t to)
{
	uint32_t filled = 0, *link = list;

	while (*link)
		filled += gap_fill(gaps, &link, from, to);
	if (filled)
		list_cut(gaps, list);
	return filled;
}

void gaps_forget(struct gaps *gaps, uint32_t *list, uint32_t upto)
{
	while (*list) {
		struct gap *gap = &gaps->gap[*list];

		if (!sequence_after(gap->to, upto)) {
			gap_drop(gaps, list);
			continue;
		}
		if (sequence_before(gap->from, upto))
			gap->from = upto;
		list = &gap->next;
	}
}

void gaps_clear(struct gaps *gaps, uint32_t *list)
{
	while (*list)
		gap_drop(gaps, list);
}
