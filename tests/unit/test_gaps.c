/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/gaps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"

static void test_fill(void **state)
{
	struct gaps *gaps = gaps_new();
	uint32_t list = 0;

	(void)state;
	assert_non_null(gaps);
	gaps_add(gaps, &list, 100, 200);
	gaps_add(gaps, &list, 300, 400);
	assert_int_equal(gaps_fill(gaps, &list, 0, 100), 0);
	assert_int_equal(gaps_fill(gaps, &list, 150, 350), 100);
	assert_int_equal(gaps_fill(gaps, &list, 150, 350), 0);
	assert_int_equal(gaps_fill(gaps, &list, 110, 120), 10); /* splits */
	assert_int_equal(gaps_fill(gaps, &list, 0, 1000), 40 + 50);
	assert_int_equal(list, 0);
	gaps_free(gaps);
}

static void test_wrap(void **state)
{
	struct gaps *gaps = gaps_new();
	uint32_t list = 0;

	(void)state;
	assert_non_null(gaps);
	gaps_add(gaps, &list, UINT32_MAX - 9, 10);
	assert_int_equal(gaps_fill(gaps, &list, UINT32_MAX, 1), 2);
	gaps_forget(gaps, &list, 5);
	assert_int_equal(gaps_fill(gaps, &list, UINT32_MAX - 9, 10), 5);
	assert_int_equal(list, 0);
	gaps_free(gaps);
}

/* One list stays short, and all lists together stay within the pool. */
static void test_caps(void **state)
{
	struct gaps *gaps = gaps_new();
	uint32_t list = 0, lists[GAPS_POOL / GAPS_EACH + 8] = {0};
	uint64_t capped;

	(void)state;
	assert_non_null(gaps);
	for (uint32_t i = 0; i < 1000000; i++)
		gaps_add(gaps, &list, i * 20 + 10, i * 20 + 20);
	assert_in_range(gaps_capped(gaps), 1000000 - GAPS_EACH, 1000000);
	gaps_clear(gaps, &list);

	capped = gaps_capped(gaps);
	for (size_t n = 0; n < sizeof(lists) / sizeof(lists[0]); n++) {
		for (uint32_t i = 0; i < GAPS_EACH; i++)
			gaps_add(gaps, &lists[n], i * 20 + 10, i * 20 + 20);
	}
	assert_true(gaps_capped(gaps) > capped);
	for (size_t n = 0; n < sizeof(lists) / sizeof(lists[0]); n++)
		gaps_clear(gaps, &lists[n]);
	gaps_add(gaps, &list, 1, 2); /* there is room again */
	assert_int_equal(gaps_fill(gaps, &list, 1, 2), 1);
	gaps_free(gaps);
}

/* Against a map of bytes, in the middle of which the numbers wrap. */
static void test_against_map(void **state)
{
	enum {
		BYTES = 1000,
		ROUNDS = 2000,
	};
	const uint32_t base = UINT32_MAX - BYTES / 2;
	struct random random = random_new();
	struct gaps *gaps = gaps_new();
	static uint8_t missing[BYTES];

	(void)state;
	assert_non_null(gaps);
	for (int round = 0; round < ROUNDS; round++) {
		uint32_t list = 0, at = 0;

		memset(missing, 0, sizeof(missing));
		while (at < BYTES - 80) {
			uint32_t from =
				at + (uint32_t)random_below(&random, 40);
			uint32_t to =
				from + 1 + (uint32_t)random_below(&random, 20);

			gaps_add(gaps, &list, base + from, base + to);
			memset(missing + from, 1, to - from);
			at = to + 1;
		}
		for (int i = 0; i < 20; i++) {
			uint32_t from = (uint32_t)random_below(&random, BYTES);
			uint32_t to = from + (uint32_t)random_below(
						     &random, BYTES - from);
			uint32_t expected = 0;

			for (uint32_t n = from; n < to; n++)
				expected += missing[n];
			assert_int_equal(
				gaps_fill(gaps, &list, base + from, base + to),
				expected);
			memset(missing + from, 0, to - from);
		}
		gaps_clear(gaps, &list);
	}
	assert_int_equal(gaps_capped(gaps), 0);
	gaps_free(gaps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fill),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_against_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
