/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/lane.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"

/* Sends as soon as it may; how many in span_ns. */
static uint64_t run(struct lane *lane, int64_t *now_ns, int64_t span_ns)
{
	int64_t end_ns = *now_ns + span_ns;
	uint64_t sent = 0;

	while (*now_ns < end_ns) {
		if (lane_ready(lane, *now_ns)) {
			lane_spend(lane, *now_ns);
			lane_accepted(lane);
			sent++;
			*now_ns += 100;
		} else {
			assert_true(lane_next_ns(lane) > *now_ns);
			*now_ns = lane_next_ns(lane);
		}
	}
	return sent;
}

static void test_starts_gently(void **state)
{
	int64_t now_ns = NS_PER_S;
	struct lane lane;

	(void)state;
	lane_init(&lane, 0, now_ns);
	assert_in_range(run(&lane, &now_ns, 5 * NS_PER_MS), 200, 350);
	run(&lane, &now_ns, 50 * NS_PER_MS);
	assert_true(lane.rate_pps >= 1e6);
	assert_true(lane_ready(&lane, now_ns));
}

/* Never above the ceiling, a very low one included. */
static void test_ceiling(void **state)
{
	static const double ceilings[] = {10, 50, 100, 5000, 123456};

	(void)state;
	for (size_t i = 0; i < sizeof(ceilings) / sizeof(*ceilings); i++) {
		int64_t now_ns = NS_PER_S;
		struct lane lane;
		uint64_t sent;

		lane_init(&lane, ceilings[i], now_ns);
		run(&lane, &now_ns, NS_PER_S);
		sent = run(&lane, &now_ns, NS_PER_S);
		assert_in_range(sent, (uint64_t)ceilings[i] * 98 / 100 - 1,
				(uint64_t)ceilings[i] * 102 / 100 + 1);
		lane_overrun(&lane, now_ns);
		run(&lane, &now_ns, NS_PER_S);
		assert_true(lane.rate_pps <= ceilings[i]);
	}
}

/* 1 ms, then twice as long each time up to 100 ms, and slower each time. */
static void test_refused(void **state)
{
	static const int waits_ms[] = {1, 2, 4, 8, 16, 32, 64, 100, 100, 100};
	int64_t now_ns = NS_PER_S;
	struct lane lane;
	double rate;

	(void)state;
	lane_init(&lane, 0, now_ns);
	run(&lane, &now_ns, 20 * NS_PER_MS);
	for (size_t i = 0; i < sizeof(waits_ms) / sizeof(*waits_ms); i++) {
		int64_t until_ns = now_ns + waits_ms[i] * NS_PER_MS;

		rate = lane.rate_pps;
		lane_refused(&lane, now_ns);
		assert_true(lane.rate_pps < rate);
		/* The rest of the same batch changes nothing. */
		rate = lane.rate_pps;
		lane_refused(&lane, now_ns);
		lane_refused(&lane, now_ns + 1);
		assert_true(lane.rate_pps == rate);
		assert_false(lane_ready(&lane, until_ns - 1));
		assert_true(lane_next_ns(&lane) >= until_ns);
		now_ns = lane_next_ns(&lane);
		assert_true(now_ns <= until_ns + NS_PER_MS);
		assert_true(lane_ready(&lane, now_ns));
	}
	/* One that was taken: patience starts anew. */
	lane_spend(&lane, now_ns);
	lane_accepted(&lane);
	now_ns += 200 * NS_PER_MS;
	lane_refused(&lane, now_ns);
	assert_true(lane_ready(&lane, now_ns + NS_PER_MS));
}

static void test_least_pace(void **state)
{
	int64_t now_ns = NS_PER_S;
	struct lane lane;

	(void)state;
	lane_init(&lane, 0, now_ns);
	for (int i = 0; i < 1000; i++)
		lane_overrun(&lane, now_ns);
	assert_true(lane.rate_pps >= 10);
	/* It comes back, in a second or so. */
	run(&lane, &now_ns, 2 * NS_PER_S);
	assert_true(lane.rate_pps > 100000);
}

/* Once it had to yield it grows by a tenth a step and not by two. */
static void test_yielded(void **state)
{
	int64_t now_ns = NS_PER_S;
	struct lane lane;
	double rate;

	(void)state;
	lane_init(&lane, 0, now_ns);
	run(&lane, &now_ns, 20 * NS_PER_MS);
	rate = lane.rate_pps;
	lane_overrun(&lane, now_ns);
	assert_float_equal(lane.rate_pps, rate / 2, 1);
	run(&lane, &now_ns, 6 * NS_PER_MS);
	assert_in_range((uint64_t)lane.rate_pps, (uint64_t)(rate * 0.5),
			(uint64_t)(rate * 0.56));
}

/* Nothing sent for a while is no use: no growth for it, no burst after it. */
static void test_idle(void **state)
{
	int64_t now_ns = NS_PER_S;
	struct lane lane;
	double rate;
	int burst = 0;

	(void)state;
	lane_init(&lane, 0, now_ns);
	run(&lane, &now_ns, 2 * NS_PER_MS);
	rate = lane.rate_pps;
	now_ns += 10 * NS_PER_S;
	while (lane_ready(&lane, now_ns) && burst < 100000) {
		lane_spend(&lane, now_ns);
		burst++;
	}
	assert_true(lane.rate_pps <= 2 * rate);
	assert_in_range(burst, 0, (int)(2 * rate / 1000) + 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_starts_gently),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_least_pace),
		cmocka_unit_test(test_yielded),
		cmocka_unit_test(test_idle),
	};

	return cmocka_run_group_tests_name("lane", tests, NULL, NULL);
}
