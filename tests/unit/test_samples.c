/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/samples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "random.h"

static void test_none(void **state)
{
	struct samples samples;
	struct samples_summary summary;

	(void)state;
	samples_init(&samples);
	summary = samples_summarise(&samples);
	assert_int_equal(summary.count, 0);
	assert_int_equal(summary.max_ns, 0);
	samples_fini(&samples);
}

static void test_one(void **state)
{
	struct samples samples;
	struct samples_summary summary;

	(void)state;
	samples_init(&samples);
	samples_add(&samples, 7);
	summary = samples_summarise(&samples);
	assert_int_equal(summary.min_ns, 7);
	assert_int_equal(summary.median_ns, 7);
	assert_int_equal(summary.p95_ns, 7);
	assert_int_equal(summary.max_ns, 7);
	assert_true(summary.jitter_ns == 0);
	samples_fini(&samples);
}

/* 1 ... 100 in a scrambled order: the rank is the value. */
static void test_percentiles(void **state)
{
	struct samples samples;
	struct samples_summary summary;

	(void)state;
	samples_init(&samples);
	for (int i = 0; i < 100; i++)
		samples_add(&samples, 1 + i * 37 % 100);
	summary = samples_summarise(&samples);
	assert_int_equal(summary.count, 100);
	assert_int_equal(summary.kept, 100);
	assert_int_equal(summary.min_ns, 1);
	assert_int_equal(summary.median_ns, 50);
	assert_int_equal(summary.p95_ns, 95);
	assert_int_equal(summary.max_ns, 100);
	samples_fini(&samples);
}

/* By hand: J = 16/16 = 1, then 1 + (32 - 1)/16, then less by a sixteenth. */
static void test_jitter(void **state)
{
	struct samples samples;

	(void)state;
	samples_init(&samples);
	samples_add(&samples, 100);
	assert_true(samples.jitter_ns == 0);
	samples_add(&samples, 116);
	assert_true(samples.jitter_ns == 1);
	samples_add(&samples, 84);
	assert_true(samples.jitter_ns == 1 + 31.0 / 16);
	samples_add(&samples, 84);
	assert_true(samples.jitter_ns == (1 + 31.0 / 16) * 15 / 16);
	samples_fini(&samples);
}

static int compare(const void *left, const void *right)
{
	const int64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

/* Against a plain sort, for samples of any size. */
static void test_random(void **state)
{
	struct random random = random_new();

	(void)state;
	for (int round = 0; round < 200; round++) {
		size_t n = 1 + random_below(&random, 3000);
		int64_t *all = calloc(n, sizeof(*all));
		struct samples_summary summary;
		struct samples samples;

		assert_non_null(all);
		samples_init(&samples);
		for (size_t i = 0; i < n; i++) {
			all[i] = (int64_t)random_below(&random, 1000000);
			assert_int_equal(samples_add(&samples, all[i]), 0);
		}
		qsort(all, n, sizeof(*all), compare);
		summary = samples_summarise(&samples);
		assert_int_equal(summary.min_ns, all[0]);
		assert_int_equal(summary.max_ns, all[n - 1]);
		assert_int_equal(summary.median_ns, all[(n + 1) / 2 - 1]);
		assert_int_equal(summary.p95_ns, all[(n * 95 + 99) / 100 - 1]);
		samples_fini(&samples);
		free(all);
	}
}

/* Past the bound: still as many, least and most exact, the median near. The
 * values fall, so the last ones are the least. */
static void test_bound(void **state)
{
	const int64_t n = 3 * (int64_t)SAMPLES_KEPT_MAX;
	struct samples samples;
	struct samples_summary summary;

	(void)state;
	samples_init(&samples);
	for (int64_t i = n; i > 0; i--)
		assert_int_equal(samples_add(&samples, i), 0);
	summary = samples_summarise(&samples);
	assert_true(summary.count == (uint64_t)n);
	assert_int_equal(summary.kept, SAMPLES_KEPT_MAX);
	assert_int_equal(summary.min_ns, 1);
	assert_int_equal(summary.max_ns, n);
	assert_in_range(summary.median_ns, n / 100 * 49, n / 100 * 51);
	assert_in_range(summary.p95_ns, n / 100 * 94, n / 100 * 96);
	samples_fini(&samples);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_percentiles),
		cmocka_unit_test(test_jitter),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests_name("samples", tests, NULL, NULL);
}
