/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/pathmtu.h"

#include "base/error.h"

enum {
	TRIES = 3, /* before silence counts */
};

void pathmtu_search_init(struct pathmtu_search *search, uint16_t family)
{
	*search = (struct pathmtu_search){
		.family = family,
		.high = fragments_size_max(family) + 1,
		.suggested = fragments_size_max(family),
	};
}

size_t pathmtu_search_next(const struct pathmtu_search *search)
{
	size_t least = DATAGRAM_HEADER_BYTES;

	if (search->suggested > search->low && search->suggested < search->high)
		return search->suggested;
	if (!search->low) /* does anything come back at all? */
		return search->high > least ? least : 0;
	if (search->high - search->low <= 1)
		return 0;
	return search->low + (search->high - search->low) / 2;
}

void pathmtu_search_fits(struct pathmtu_search *search, size_t size)
{
	if (size > search->low)
		search->low = size;
}

void pathmtu_search_too_big(struct pathmtu_search *search, size_t size,
			    unsigned mtu)
{
	size_t overhead = fragments_overhead(search->family);

	if (size < search->high)
		search->high = size;
	search->suggested = 0;
	if (mtu < overhead + DATAGRAM_HEADER_BYTES)
		return;
	search->suggested = mtu - overhead;
	if (search->suggested > search->low && search->suggested < size)
		search->high = search->suggested + 1;
}

void pathmtu_search_silent(struct pathmtu_search *search, size_t size)
{
	if (size < search->high)
		search->high = size;
	search->silent = search->high;
}

/* One size, until something answers. */
static int try_size(struct prober *prober, size_t size,
		    struct prober_result *result, struct pathmtu_result *out,
		    struct error *error)
{
	for (int i = 0; i < TRIES; i++) {
		if (prober_run(prober, size, 1, result, error) < 0)
			return -1;
		out->sent += result->counts.sent;
		out->received += result->counts.received;
		if (result->end != PROBER_DONE || result->counts.arrived > 0)
			return 0;
	}
	return 0;
}

static void learn(struct pathmtu_search *search,
		  const struct prober_result *result)
{
	if (result->counts.arrived > 0)
		pathmtu_search_fits(search, result->size);
	else if (result->end == PROBER_TOO_BIG)
		pathmtu_search_too_big(search, result->size, result->error.mtu);
	else
		pathmtu_search_silent(search, result->size);
}

int pathmtu_find(struct prober *prober, uint16_t family,
		 void (*step)(void *context,
			      const struct prober_result *result),
		 void *context, struct pathmtu_result *out, struct error *error)
{
	struct pathmtu_search search;
	struct prober_result result;
	size_t size;

	*out = (struct pathmtu_result){0};
	pathmtu_search_init(&search, family);
	while ((size = pathmtu_search_next(&search))) {
		if (try_size(prober, size, &result, out, error) < 0)
			return -1;
		step(context, &result);
		if (result.icmp_errors && result.end != PROBER_TOO_BIG) {
			out->icmp_errors += result.icmp_errors;
			out->error = result.error;
		}
		out->blocked = out->blocked || result.blocked;
		out->end =
			result.end == PROBER_TOO_BIG ? PROBER_DONE : result.end;
		if (out->end != PROBER_DONE)
			break;
		learn(&search, &result);
	}
	if (!search.low)
		return 0;
	out->size = search.low;
	out->mtu = (unsigned)(search.low + fragments_overhead(family));
	out->all_fits = search.low == fragments_size_max(family);
	out->black_hole = search.silent == search.low + 1;
	return 0;
}
