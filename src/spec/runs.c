/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/runs.h"

#include <stdlib.h>

void runs_fini(struct runs *runs)
{
	free(runs->at);
	*runs = (struct runs){.at = NULL};
}

int runs_push(struct runs *runs, const struct run *run)
{
	if (runs->n == runs->room) {
		size_t room = runs->room ? runs->room * 2 : 16;
		struct run *at = reallocarray(runs->at, room, sizeof(*at));

		if (!at)
			return -1;
		runs->at = at;
		runs->room = room;
	}
	runs->at[runs->n++] = *run;
	return 0;
}

static int compare_runs(const void *a, const void *b)
{
	const struct run *left = a, *right = b;

	return addr_compare(&left->first, &right->first);
}

/* Whether b, which does not start before a, overlaps a or continues it. */
static bool run_reaches(const struct run *a, const struct run *b)
{
	if (a->last.family != b->first.family ||
	    a->last.scope != b->first.scope)
		return false;
	if (addr_compare(&b->first, &a->last) <= 0)
		return true;
	return addr_to_value(&b->first) - addr_to_value(&a->last) == 1;
}

void runs_merge(struct runs *runs)
{
	size_t kept = 0;

	if (runs->n == 0)
		return;
	qsort(runs->at, runs->n, sizeof(*runs->at), compare_runs);
	for (size_t i = 1; i < runs->n; i++) {
		struct run *last = &runs->at[kept];

		if (!run_reaches(last, &runs->at[i]))
			runs->at[++kept] = runs->at[i];
		else if (addr_compare(&runs->at[i].last, &last->last) > 0)
			last->last = runs->at[i].last;
	}
	runs->n = kept + 1;
}

bool runs_have(const struct runs *runs, const struct addr *addr)
{
	size_t low = 0, high = runs->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (addr_compare(&runs->at[middle].last, addr) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < runs->n && addr_compare(&runs->at[low].first, addr) <= 0;
}

static struct addr addr_step(const struct addr *addr, int step)
{
	return addr_from_value(addr, addr_to_value(addr) + (addr_value)step);
}

void runs_count_add(uint64_t *sum, const struct addr *first,
		    const struct addr *last)
{
	addr_value less_one = addr_to_value(last) - addr_to_value(first);

	if (less_one >= UINT64_MAX - *sum)
		*sum = UINT64_MAX;
	else
		*sum += (uint64_t)less_one + 1;
}

/* What of `run` is not in minus goes to out; *next is the first of minus that
 * can matter, for this run and those behind it. */
static int run_subtract(const struct run *run, const struct runs *minus,
			size_t *next, struct runs *out, uint64_t *removed)
{
	struct run rest = *run;

	for (; *next < minus->n; ++*next) {
		const struct run *hole = &minus->at[*next];
		const struct addr *from = &hole->first;
		struct run left = rest;

		if (addr_compare(&hole->last, &rest.first) < 0)
			continue;
		if (addr_compare(&hole->first, &rest.last) > 0)
			break;
		if (addr_compare(&hole->first, &rest.first) > 0) {
			left.last = addr_step(&hole->first, -1);
			if (runs_push(out, &left))
				return -1;
		} else {
			from = &rest.first;
		}
		if (addr_compare(&hole->last, &rest.last) >= 0) {
			runs_count_add(removed, from, &rest.last);
			return 0;
		}
		runs_count_add(removed, from, &hole->last);
		rest.first = addr_step(&hole->last, 1);
	}
	return runs_push(out, &rest);
}

int runs_subtract(struct runs *runs, const struct runs *minus,
		  uint64_t *removed)
{
	struct runs out = {.at = NULL};
	size_t next = 0;

	for (size_t i = 0; i < runs->n; i++) {
		if (run_subtract(&runs->at[i], minus, &next, &out, removed)) {
			runs_fini(&out);
			return -1;
		}
	}
	runs_fini(runs);
	*runs = out;
	return 0;
}
