/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/targetset.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "spec/runs.h"
#include "spec/targetfile.h"
#include "spec/targetspec.h"

#define TARGETS_MAX (UINT64_C(1) << 48)

struct targetset {
	struct runs included, excluded; /* until the freeze */
	bool frozen;
	struct target_range *ranges;
	size_t n;
	uint64_t count, removed;
};

/* Inclusive and in the order of addr_compare(). */
static const struct addr special_runs[][2] = {
	{{.family = AF_INET}, {.family = AF_INET, .bytes = {0, 255, 255, 255}}},
	{{.family = AF_INET, .bytes = {224}},
	 {.family = AF_INET, .bytes = {255, 255, 255, 255}}},
	{{.family = AF_INET6}, {.family = AF_INET6}},
	{{.family = AF_INET6, .bytes = {255}},
	 {.family = AF_INET6,
	  .bytes = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
		    255, 255, 255, 255}}},
};

struct targetset *targetset_new(void)
{
	return calloc(1, sizeof(struct targetset));
}

void targetset_free(struct targetset *set)
{
	if (!set)
		return;
	runs_fini(&set->included);
	runs_fini(&set->excluded);
	free(set->ranges);
	free(set);
}

static int take_run(void *owner, const struct addr *first,
		    const struct addr *last, bool single)
{
	struct run run = {.first = *first, .last = *last, .single = single};

	return runs_push(owner, &run);
}

static struct targetspec add_spec(struct targetset *set,
				  enum targetset_families families)
{
	assert(!set->frozen);
	return (struct targetspec){
		.noun = "target",
		.families = families,
		.hosts = true,
		.take = take_run,
		.owner = &set->included,
	};
}

static struct targetspec exclude_spec(struct targetset *set,
				      enum targetset_families families)
{
	assert(!set->frozen);
	return (struct targetspec){
		.noun = "exclusion",
		.families = families,
		.take = take_run,
		.owner = &set->excluded,
	};
}

int targetset_add(struct targetset *set, const char *spec,
		  enum targetset_families families, struct error *error)
{
	struct targetspec how = add_spec(set, families);

	return targetspec_parse(&how, spec, error);
}

int targetset_exclude(struct targetset *set, const char *spec,
		      enum targetset_families families, struct error *error)
{
	struct targetspec how = exclude_spec(set, families);

	return targetspec_parse(&how, spec, error);
}

int targetset_exclude_addr(struct targetset *set, const struct addr *addr)
{
	assert(!set->frozen);
	return take_run(&set->excluded, addr, addr, true);
}

int targetset_read(struct targetset *set, const char *path, bool exclude,
		   enum targetset_families families, struct error *error)
{
	struct targetspec how =
		exclude ? exclude_spec(set, families) : add_spec(set, families);

	return targetfile_read(&how, path, error);
}

/* An exclusion that names no interface holds on all of them. */
static int spread_scopes(struct targetset *set)
{
	const struct runs *included = &set->included;
	size_t n = set->excluded.n;
	uint32_t scope = 0;

	/* Sorted, so that equal scopes stand together. */
	for (size_t i = 0; i < included->n; i++) {
		if (included->at[i].first.scope == scope)
			continue;
		scope = included->at[i].first.scope;
		for (size_t j = 0; scope && j < n; j++) {
			struct run run = set->excluded.at[j];

			if (run.first.family != AF_INET6 || run.first.scope)
				continue;
			run.first.scope = run.last.scope = scope;
			if (runs_push(&set->excluded, &run))
				return -1;
		}
	}
	return 0;
}

/* No subnet broadcast address may be named singly, unless excluded. */
static int check_singles(const struct runs *singles,
			 const struct runs *broadcast,
			 const struct runs *excluded, struct error *error)
{
	for (size_t i = 0; i < singles->n; i++) {
		const struct addr *addr = &singles->at[i].first;
		char text[ADDR_TEXT_BYTES];

		if (!runs_have(broadcast, addr) || runs_have(excluded, addr))
			continue;
		return error_set(error, STATUS_USAGE,
				 "bad target \"%s\": no host can have this "
				 "address: broadcast of its subnet; accepted: "
				 "the address of a host, or a prefix around it",
				 addr_format(addr, text));
	}
	return 0;
}

static int copy_singles(const struct runs *from, struct runs *to)
{
	for (size_t i = 0; i < from->n; i++)
		if (from->at[i].single && runs_push(to, &from->at[i]))
			return -1;
	return 0;
}

static int push_specials(struct runs *runs)
{
	size_t n = sizeof(special_runs) / sizeof(special_runs[0]);

	for (size_t i = 0; i < n; i++)
		if (take_run(runs, &special_runs[i][0], &special_runs[i][1],
			     false))
			return -1;
	return 0;
}

static int freeze_ranges(struct targetset *set, struct error *error)
{
	const struct runs *runs = &set->included;

	set->ranges = reallocarray(NULL, runs->n + 1, sizeof(*set->ranges));
	if (!set->ranges)
		return error_set(error, STATUS_FAILED, "out of memory");
	for (size_t i = 0; i < runs->n; i++) {
		set->ranges[i] = (struct target_range){
			.first = runs->at[i].first,
			.last = runs->at[i].last,
			.before = set->count,
		};
		runs_count_add(&set->count, &runs->at[i].first,
			       &runs->at[i].last);
	}
	set->n = runs->n;
	if (set->count <= TARGETS_MAX)
		return 0;
	return error_set(error, STATUS_USAGE,
			 "too many targets; accepted: at most 2^48 addresses, "
			 "such as an IPv6 /80");
}

/* Takes out and counts what no host can have: `broadcast` is merged. */
static int remove_special(struct targetset *set, const struct runs *broadcast)
{
	struct runs special = {.at = NULL};
	int result = push_specials(&special);

	for (size_t i = 0; i < broadcast->n && !result; i++)
		result = runs_push(&special, &broadcast->at[i]);
	if (!result) {
		runs_merge(&special);
		result = runs_subtract(&set->included, &special, &set->removed);
	}
	runs_fini(&special);
	return result;
}

int targetset_freeze(struct targetset *set, const struct addr *broadcast,
		     size_t n, struct error *error)
{
	struct runs singles = {.at = NULL}, subnets = {.at = NULL};
	uint64_t excluded = 0;
	int result = -1;

	assert(!set->frozen);
	set->frozen = true;
	for (size_t i = 0; i < n; i++)
		if (take_run(&subnets, &broadcast[i], &broadcast[i], false))
			goto out_of_memory;
	if (copy_singles(&set->included, &singles))
		goto out_of_memory;
	runs_merge(&subnets);
	runs_merge(&set->included);
	if (spread_scopes(set))
		goto out_of_memory;
	runs_merge(&set->excluded);
	result = check_singles(&singles, &subnets, &set->excluded, error);
	if (result)
		goto out;
	if (runs_subtract(&set->included, &set->excluded, &excluded) ||
	    remove_special(set, &subnets))
		goto out_of_memory;
	result = freeze_ranges(set, error);
	goto out;

out_of_memory:
	result = error_set(error, STATUS_FAILED, "out of memory");
out:
	runs_fini(&singles);
	runs_fini(&subnets);
	runs_fini(&set->included);
	runs_fini(&set->excluded);
	return result;
}

uint64_t targetset_count(const struct targetset *set)
{
	assert(set->frozen);
	return set->count;
}

uint64_t targetset_removed(const struct targetset *set)
{
	assert(set->frozen);
	return set->removed;
}

struct addr targetset_nth(const struct targetset *set, uint64_t n)
{
	size_t low = 0, high = set->n;
	const struct target_range *range;

	assert(n < set->count);
	/* The last range with at most n targets before it. */
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (set->ranges[middle].before <= n)
			low = middle;
		else
			high = middle;
	}
	range = &set->ranges[low];
	return addr_from_value(&range->first, addr_to_value(&range->first) +
						      (n - range->before));
}

int64_t targetset_index(const struct targetset *set, const struct addr *addr)
{
	size_t low = 0, high = set->n;
	const struct target_range *range;

	/* The first range that does not end before addr. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (addr_compare(&set->ranges[middle].last, addr) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == set->n)
		return -1;
	range = &set->ranges[low];
	if (addr_compare(&range->first, addr) > 0)
		return -1;
	return (int64_t)(range->before +
			 (uint64_t)(addr_to_value(addr) -
				    addr_to_value(&range->first)));
}

size_t targetset_ranges(const struct targetset *set,
			const struct target_range **out)
{
	assert(set->frozen);
	*out = set->ranges;
	return set->n;
}
