/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/impairer.h"

#include <stdlib.h>
#include <string.h>

#include "talk/draw.h"

/* What is drawn for each datagram, whether it is used or not. */
enum purpose {
	DRAW_DROP,
	DRAW_DUP,
	DRAW_REORDER,
	DRAW_CORRUPT,
	DRAW_PLACE, /* which byte */
	DRAW_MASK,  /* and its change */
	DRAW_COUNT = 8,
};

/* A parcel that waits. */
struct item {
	struct item *next;
	struct parcel parcel;
	int64_t due_ns;
	bool copy; /* the second of a doubled one */
};

struct impairer {
	struct impairment impairment;
	struct impairer_counts counts;
	/* By due time: the delay is the same for all. */
	struct item *first, **end;
	/* Those that the next to their peer is to overtake. */
	struct item *held[IMPAIRER_HELD_MAX];
	unsigned held_count;
	size_t waiting, waiting_bytes;
};

struct impairer *impairer_new(const struct impairment *impairment)
{
	struct impairer *impairer = calloc(1, sizeof(*impairer));

	if (!impairer)
		return NULL;
	impairer->impairment = *impairment;
	impairer->end = &impairer->first;
	return impairer;
}

void impairer_free(struct impairer *impairer)
{
	struct parcel parcel;

	if (!impairer)
		return;
	while (impairer_next(impairer, INT64_MAX, &parcel))
		free(parcel.bytes);
	free(impairer);
}

static uint64_t draw_for(const struct impairer *impairer, enum purpose purpose)
{
	return draw(impairer->impairment.seed,
		    impairer->counts.taken * DRAW_COUNT + purpose);
}

static bool chance(const struct impairer *impairer, enum purpose purpose,
		   uint32_t ppm)
{
	return draw_below(draw_for(impairer, purpose), 1000000) < ppm;
}

/* One byte, to another value. */
static void alter(const struct impairer *impairer, const struct parcel *parcel)
{
	uint64_t place = draw_for(impairer, DRAW_PLACE);
	uint64_t mask = draw_for(impairer, DRAW_MASK);

	parcel->bytes[draw_below(place, parcel->length)] ^=
		(uint8_t)(1 + draw_below(mask, 255));
}

static struct item *item_new(struct impairer *impairer,
			     const struct parcel *parcel)
{
	struct item *item;

	if (impairer->waiting == IMPAIRER_DATAGRAMS_MAX ||
	    impairer->waiting_bytes + parcel->length > IMPAIRER_BYTES_MAX)
		return NULL;
	item = calloc(1, sizeof(*item));
	if (!item)
		return NULL;
	item->parcel = *parcel;
	item->parcel.bytes = malloc(parcel->length + 1);
	if (!item->parcel.bytes) {
		free(item);
		return NULL;
	}
	memcpy(item->parcel.bytes, parcel->bytes, parcel->length);
	impairer->waiting++;
	impairer->waiting_bytes += parcel->length;
	return item;
}

static bool is_held(const struct impairer *impairer, const struct ends *ends)
{
	for (unsigned i = 0; i < impairer->held_count; i++)
		if (ends_same_peer(&impairer->held[i]->parcel.ends, ends))
			return true;
	return false;
}

/* One of a peer at a time: else all would wait and none overtake. */
static bool may_hold(const struct impairer *impairer, const struct ends *ends)
{
	return impairer->held_count + 2 <= IMPAIRER_HELD_MAX &&
	       !is_held(impairer, ends);
}

static void enqueue(struct impairer *impairer, struct item *item,
		    int64_t due_ns)
{
	item->due_ns = due_ns;
	item->next = NULL;
	*impairer->end = item;
	impairer->end = &item->next;
}

static void hold(struct impairer *impairer, struct item *item, int64_t due_ns)
{
	item->due_ns = due_ns + IMPAIRER_HOLD_NS;
	impairer->held[impairer->held_count++] = item;
}

static struct item *unhold(struct impairer *impairer, unsigned i)
{
	struct item *item = impairer->held[i];

	impairer->held_count--;
	memmove(&impairer->held[i], &impairer->held[i + 1],
		/* NOLINTNEXTLINE(bugprone-sizeof-expression) */
		(impairer->held_count - i) * sizeof(impairer->held[0]));
	return item;
}

/* Those that one to that peer has just overtaken follow it. */
static void release(struct impairer *impairer, const struct ends *ends,
		    int64_t due_ns)
{
	unsigned i = 0;

	while (i < impairer->held_count) {
		struct item *item = impairer->held[i];

		if (!ends_same_peer(&item->parcel.ends, ends)) {
			i++;
			continue;
		}
		impairer->counts.reordered += !item->copy;
		enqueue(impairer, unhold(impairer, i), due_ns);
	}
}

static unsigned take_copies(struct impairer *impairer,
			    const struct parcel *parcel, int64_t due_ns)
{
	const struct impairment *impairment = &impairer->impairment;
	struct impairer_counts *counts = &impairer->counts;
	bool twice = chance(impairer, DRAW_DUP, impairment->dup_ppm);
	bool later = chance(impairer, DRAW_REORDER, impairment->reorder_ppm) &&
		     may_hold(impairer, &parcel->ends);
	bool corrupt = parcel->length > 0 &&
		       chance(impairer, DRAW_CORRUPT, impairment->corrupt_ppm);
	unsigned made;

	for (made = 0; made < (twice ? 2U : 1U); made++) {
		struct item *item = item_new(impairer, parcel);

		if (!item) {
			counts->refused++;
			break;
		}
		item->copy = made > 0;
		counts->duplicated += item->copy;
		counts->corrupted += corrupt;
		if (corrupt)
			alter(impairer, &item->parcel);
		if (later)
			hold(impairer, item, due_ns);
		else
			enqueue(impairer, item, due_ns);
	}
	if (made && !later)
		release(impairer, &parcel->ends, due_ns);
	return made;
}

unsigned impairer_take(struct impairer *impairer, const struct parcel *parcel,
		       int64_t now_ns)
{
	const struct impairment *impairment = &impairer->impairment;
	unsigned made = 0;

	if (chance(impairer, DRAW_DROP, impairment->drop_ppm))
		impairer->counts.dropped++;
	else
		made = take_copies(impairer, parcel,
				   now_ns + impairment->delay_ns);
	impairer->counts.taken++;
	return made;
}

bool impairer_next(struct impairer *impairer, int64_t now_ns,
		   struct parcel *out)
{
	struct item *item = impairer->first;

	if (item && item->due_ns <= now_ns) {
		impairer->first = item->next;
		if (!impairer->first)
			impairer->end = &impairer->first;
	} else if (impairer->held_count &&
		   impairer->held[0]->due_ns <= now_ns) {
		/* They were held in the order of their time. */
		item = unhold(impairer, 0);
	} else {
		return false;
	}
	impairer->waiting--;
	impairer->waiting_bytes -= item->parcel.length;
	*out = item->parcel;
	free(item);
	return true;
}

int64_t impairer_due_ns(const struct impairer *impairer)
{
	int64_t due_ns = INT64_MAX;

	if (impairer->first)
		due_ns = impairer->first->due_ns;
	if (impairer->held_count && impairer->held[0]->due_ns < due_ns)
		due_ns = impairer->held[0]->due_ns;
	return due_ns;
}

const struct impairer_counts *impairer_counts(const struct impairer *impairer)
{
	return &impairer->counts;
}
