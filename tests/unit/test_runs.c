/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/runs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"

#define UNIVERSE 64u

/* Small universes at both ends of each family, one of them with a scope. */
static const struct {
	struct addr like;
	bool top; /* counted down from the last address */
} places[] = {
	{{.family = AF_INET}, false},
	{{.family = AF_INET}, true},
	{{.family = AF_INET6}, false},
	{{.family = AF_INET6}, true},
	{{.family = AF_INET6, .scope = 3}, false},
};

#define PLACES (sizeof(places) / sizeof(places[0]))

struct model {
	bool has[PLACES][UNIVERSE];
};

static struct addr place_addr(size_t place, unsigned i)
{
	addr_value value = i;

	if (places[place].top)
		value = (addr_value)0 - UNIVERSE + i;
	return addr_from_value(&places[place].like, value);
}

static void fill(struct random *random, struct runs *runs, struct model *model)
{
	uint64_t n = random_below(random, 30);

	memset(model, 0, sizeof(*model));
	for (uint64_t step = 0; step < n; step++) {
		size_t place = random_below(random, PLACES);
		unsigned a = (unsigned)random_below(random, UNIVERSE);
		unsigned b = a + (unsigned)random_below(random, 8);
		struct run run;

		b = b >= UNIVERSE ? UNIVERSE - 1 : b;
		run = (struct run){
			.first = place_addr(place, a),
			.last = place_addr(place, b),
		};
		memset(model->has[place] + a, true, b - a + 1);
		assert_int_equal(runs_push(runs, &run), 0);
	}
	runs_merge(runs);
}

/* Ascending, apart by at least one address, and with the model's members. */
static void check(const struct runs *runs, const struct model *model)
{
	uint64_t expected = 0, sum = 0;

	for (size_t place = 0; place < PLACES; place++) {
		for (unsigned i = 0; i < UNIVERSE; i++) {
			struct addr addr = place_addr(place, i);
			bool has = model->has[place][i];

			assert_int_equal(runs_have(runs, &addr), has);
			expected += has;
		}
	}
	for (size_t i = 0; i < runs->n; i++) {
		const struct run *run = &runs->at[i];

		assert_true(addr_compare(&run->first, &run->last) <= 0);
		runs_count_add(&sum, &run->first, &run->last);
		if (i == 0)
			continue;
		assert_true(addr_compare(&run[-1].last, &run->first) < 0);
		if (run[-1].last.family == run->first.family &&
		    run[-1].last.scope == run->first.scope)
			assert_true(addr_to_value(&run->first) -
					    addr_to_value(&run[-1].last) >
				    1);
	}
	assert_int_equal(sum, expected);
}

static void test_random(void **state)
{
	struct random random = random_new();

	(void)state;
	for (int round = 0; round < 1000; round++) {
		struct runs runs = {.at = NULL}, minus = {.at = NULL};
		struct model model, less;
		uint64_t removed = 5, expected = 5;

		fill(&random, &runs, &model);
		fill(&random, &minus, &less);
		check(&runs, &model);
		check(&minus, &less);
		for (size_t place = 0; place < PLACES; place++) {
			for (unsigned i = 0; i < UNIVERSE; i++) {
				expected += model.has[place][i] &&
					    less.has[place][i];
				model.has[place][i] &= !less.has[place][i];
			}
		}
		assert_int_equal(runs_subtract(&runs, &minus, &removed), 0);
		assert_int_equal(removed, expected);
		check(&runs, &model);
		runs_fini(&runs);
		runs_fini(&minus);
	}
}

static void test_count_saturates(void **state)
{
	const struct addr v6 = {.family = AF_INET6};
	struct addr last = addr_from_value(&v6, UINT64_MAX - 1);
	uint64_t sum = 0;

	(void)state;
	runs_count_add(&sum, &v6, &last);
	assert_true(sum == UINT64_MAX);
	runs_count_add(&sum, &v6, &v6);
	assert_true(sum == UINT64_MAX);
	sum = 0;
	last = addr_from_value(&v6, UINT64_MAX - 2);
	runs_count_add(&sum, &v6, &last);
	assert_true(sum == UINT64_MAX - 1);
	last = addr_from_value(&v6, ~(addr_value)0);
	sum = 0;
	runs_count_add(&sum, &v6, &last);
	assert_true(sum == UINT64_MAX);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_count_saturates),
	};

	return cmocka_run_group_tests_name("runs", tests, NULL, NULL);
}
