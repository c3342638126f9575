/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/rtt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "random.h"

/* RFC 6298 (2.1): before the first sample. */
static void test_initial(void **state)
{
	struct rtt rtt = {0};

	(void)state;
	assert_false(rtt.valid);
	assert_int_equal(rtt_rto_ns(&rtt), NS_PER_S);
}

/* (2.2): SRTT = R, RTTVAR = R / 2, RTO = SRTT + 4 RTTVAR. */
static void test_first_sample(void **state)
{
	struct rtt rtt = {0};

	(void)state;
	rtt_sample(&rtt, 200 * NS_PER_MS);
	assert_true(rtt.valid);
	assert_int_equal(rtt.srtt_ns, 200 * NS_PER_MS);
	assert_int_equal(rtt.rttvar_ns, 100 * NS_PER_MS);
	assert_int_equal(rtt_rto_ns(&rtt), 600 * NS_PER_MS);
}

/* (2.3), by hand: |200 - 280| = 80, RTTVAR = 3/4 100 + 1/4 80 = 95,
 * SRTT = 7/8 200 + 1/8 280 = 210; then |210 - 130| = 80, 91.25 and 200. */
static void test_next_samples(void **state)
{
	struct rtt rtt = {0};

	(void)state;
	rtt_sample(&rtt, 200 * NS_PER_MS);
	rtt_sample(&rtt, 280 * NS_PER_MS);
	assert_int_equal(rtt.rttvar_ns, 95 * NS_PER_MS);
	assert_int_equal(rtt.srtt_ns, 210 * NS_PER_MS);
	assert_int_equal(rtt_rto_ns(&rtt), 590 * NS_PER_MS);
	rtt_sample(&rtt, 130 * NS_PER_MS);
	assert_int_equal(rtt.rttvar_ns, 91250 * NS_PER_US);
	assert_int_equal(rtt.srtt_ns, 200 * NS_PER_MS);
}

static void test_floor_and_ceiling(void **state)
{
	struct rtt rtt = {0};

	(void)state;
	/* A quick and steady path: the floor stands for the variance. */
	for (int i = 0; i < 100; i++)
		rtt_sample(&rtt, 300 * NS_PER_US);
	assert_int_equal(rtt_rto_ns(&rtt), 300 * NS_PER_US + RTT_FLOOR_NS);
	rtt = (struct rtt){0};
	rtt_sample(&rtt, 0);
	assert_true(rtt.valid);
	assert_int_equal(rtt_rto_ns(&rtt), RTT_FLOOR_NS);
	rtt = (struct rtt){0};
	rtt_sample(&rtt, 3600 * NS_PER_S);
	assert_int_equal(rtt_rto_ns(&rtt), RTT_MAX_RTO_NS);
}

/* A negative sample is none: a clock was stepped, or Karn's rule. */
static void test_no_sample(void **state)
{
	struct rtt rtt = {0}, before;

	(void)state;
	rtt_sample(&rtt, -1);
	assert_false(rtt.valid);
	rtt_sample(&rtt, 5 * NS_PER_MS);
	before = rtt;
	rtt_sample(&rtt, -1);
	rtt_sample(&rtt, INT64_MIN);
	assert_memory_equal(&rtt, &before, sizeof(rtt));
}

/* Samples within bounds: SRTT stays within them, and an RTO after the first
 * few samples is longer than nearly all of them. */
static void test_random(void **state)
{
	struct random random = random_new();

	(void)state;
	for (int round = 0; round < 100; round++) {
		int64_t least = (int64_t)random_below(&random, NS_PER_S);
		int64_t spread = 1 + (int64_t)random_below(&random, NS_PER_S);
		struct rtt rtt = {0};
		int late = 0;

		for (int i = 0; i < 1000; i++) {
			int64_t sample =
				least + (int64_t)random_below(&random, spread);

			late += i > 10 && sample > rtt_rto_ns(&rtt);
			rtt_sample(&rtt, sample);
			assert_in_range(rtt.srtt_ns, least, least + spread);
			assert_in_range(rtt.rttvar_ns, 0, 2 * NS_PER_S);
			assert_in_range(rtt_rto_ns(&rtt),
					rtt.srtt_ns + RTT_FLOOR_NS,
					RTT_MAX_RTO_NS);
		}
		assert_in_range(late, 0, 10);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_initial),
		cmocka_unit_test(test_first_sample),
		cmocka_unit_test(test_next_samples),
		cmocka_unit_test(test_floor_and_ceiling),
		cmocka_unit_test(test_no_sample),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("rtt", tests, NULL, NULL);
}
