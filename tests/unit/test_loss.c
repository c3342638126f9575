/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/loss.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "random.h"

static struct loss of(uint64_t failed, uint64_t succeeded)
{
	return (struct loss){failed, succeeded};
}

/* `answering` ports at the failure share p: each succeeds once. */
static struct loss at_share(double p, uint64_t answering)
{
	return of((uint64_t)llround((double)answering * p / (1 - p)),
		  answering);
}

static void test_share(void **state)
{
	struct loss none = of(0, 0), quarter = of(1, 3), clean = of(0, 9);

	(void)state;
	assert_true(loss_share(&none) == -1);
	assert_float_equal(loss_share(&quarter), 0.25, 1e-12);
	assert_float_equal(loss_share(&clean), 0, 1e-12);
}

/* Upper ends of Wilson's 90 % interval (one-sided 95 %), z = 1.6448536. */
static void test_bound(void **state)
{
	static const struct {
		uint64_t failed, n;
		double bound;
	} known[] = {
		{1, 10, 0.34772},  {5, 10, 0.73073},     {10, 100, 0.16036},
		{5, 100, 0.09916}, {100, 1000, 0.11670}, {1, 1000, 0.00447},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		struct loss loss =
			of(known[i].failed, known[i].n - known[i].failed);

		assert_float_equal(loss_bound(&loss), known[i].bound, 5e-5);
	}
}

/* The lower end is the upper one of what is not lost. */
static void test_floor(void **state)
{
	struct loss loss = of(0, 0);

	(void)state;
	assert_float_equal(loss_floor(&loss), 0, 1e-12);
	loss = of(0, 100);
	assert_float_equal(loss_floor(&loss), 0, 1e-12);
	loss = of(5, 5);
	assert_float_equal(loss_floor(&loss), 1 - 0.73073, 5e-5);
	loss = of(9, 1);
	assert_float_equal(loss_floor(&loss), 1 - 0.34772, 5e-5);
	for (uint64_t n = 1; n < 100000; n *= 3) {
		loss = of(n, 2 * n);
		assert_true(loss_floor(&loss) < loss_share(&loss));
		assert_true(loss_floor(&loss) > 0);
	}
}

/* No failure in n tries: less than 3 / n, with 95 % confidence. */
static void test_rule_of_three(void **state)
{
	struct loss loss;

	(void)state;
	loss = of(0, 0);
	assert_float_equal(loss_bound(&loss), 1, 1e-12);
	for (uint64_t n = 1; n < 1000000; n *= 3) {
		loss = of(0, n);
		assert_true(loss_bound(&loss) <= 3.0 / (double)n);
		assert_true(loss_bound(&loss) < 1);
		if (n >= 100)
			assert_true(loss_bound(&loss) > 2.9 / (double)n);
	}
}

/* The bound is above the share, and really is one for 95 of 100 samples. */
static void test_bound_covers(void **state)
{
	struct random random = random_new();
	int covered = 0;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		double p = (double)(1 + random_below(&random, 50)) / 100;
		struct loss loss = of(0, 0);

		for (int i = 0; i < 500; i++) {
			if ((double)random_below(&random, 1u << 30) <
			    p * (1u << 30))
				loss.failed++;
			else
				loss.succeeded++;
		}
		assert_true(loss_bound(&loss) > loss_share(&loss));
		assert_true(loss_bound(&loss) <= 1);
		covered += loss_bound(&loss) >= p;
	}
	/* 1900 expected, standard deviation 10. */
	assert_in_range(covered, 1840, 2000);
}

static void test_tries(void **state)
{
	struct loss loss;

	(void)state;
	/* 5 % each way: a try fails with 1 - 0.95^2. */
	loss = at_share(0.0975, 65035);
	assert_int_equal(loss_tries(loss_bound(&loss), 65035), 7);
	/* 20 % each way. */
	loss = at_share(0.36, 65035);
	assert_int_equal(loss_tries(loss_bound(&loss), 65035), 16);
	/* Without loss at least two. */
	loss = of(0, 65535);
	assert_int_equal(loss_tries(loss_bound(&loss), 65535), LOSS_MIN_TRIES);
	loss = of(0, 1000000000);
	assert_int_equal(loss_tries(loss_bound(&loss), 1000000000),
			 LOSS_MIN_TRIES);
	/* Hopeless or nothing known: there is an end to it. */
	assert_int_equal(loss_tries(1, 1), LOSS_MAX_TRIES);
	assert_int_equal(loss_tries(1, 0), LOSS_MAX_TRIES);
	loss = of(1000000, 1);
	assert_int_equal(loss_tries(loss_bound(&loss), 1), LOSS_MAX_TRIES);
	loss = of(UINT64_MAX / 4, UINT64_MAX / 4);
	assert_in_range(loss_tries(loss_bound(&loss), UINT64_MAX),
			LOSS_MIN_TRIES, LOSS_MAX_TRIES);
}

/* After that many tries fewer than LOSS_WRONG_LIMIT ports are expected to be
 * wrong, after one less not (unless the minimum rules). */
static void test_enough_and_not_more(void **state)
{
	struct random random = random_new();

	(void)state;
	for (int round = 0; round < 20000; round++) {
		uint64_t answering = 1 + random_below(&random, 1 << 20);
		double p = (double)random_below(&random, 700) / 1000;
		struct loss loss = at_share(p, answering);
		unsigned tries = loss_tries(loss_bound(&loss), answering);

		assert_in_range(tries, LOSS_MIN_TRIES, LOSS_MAX_TRIES);
		if (tries == LOSS_MAX_TRIES)
			continue;
		assert_true(loss_wrong(loss_bound(&loss), answering, UINT64_MAX,
				       tries) < LOSS_WRONG_LIMIT);
		if (tries > LOSS_MIN_TRIES)
			assert_true(loss_wrong(loss_bound(&loss), answering + 1,
					       UINT64_MAX,
					       tries - 1) >= LOSS_WRONG_LIMIT);
	}
}

static void test_wrong(void **state)
{
	struct loss loss = of(0, 0);

	(void)state;
	assert_float_equal(loss_wrong(loss_bound(&loss), 0, 1000, 3), 0, 1e-12);
	/* No more than are silent at all. */
	loss = of(500, 500);
	assert_float_equal(loss_wrong(loss_bound(&loss), 500, 0, 2), 0, 1e-12);
	assert_float_equal(loss_wrong(loss_bound(&loss), 500, 3, 2), 3, 1e-12);
	assert_float_equal(loss_wrong(loss_bound(&loss), 500, 1000, 1),
			   500 * loss_bound(&loss), 1e-9);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_share),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_floor),
		cmocka_unit_test(test_rule_of_three),
		cmocka_unit_test(test_bound_covers),
		cmocka_unit_test(test_tries),
		cmocka_unit_test(test_enough_and_not_more),
		cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests_name("loss", tests, NULL, NULL);
}
