/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/pacer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "random.h"

/* Sends as soon as it may, looking every look_ns; how many in span_ns. */
static uint64_t run(struct pacer *pacer, int64_t *now_ns, int64_t span_ns,
		    int64_t look_ns)
{
	int64_t end_ns = *now_ns + span_ns;
	uint64_t sent = 0;

	while (*now_ns < end_ns) {
		while (pacer_ready(pacer, *now_ns)) {
			pacer_spend(pacer, *now_ns);
			sent++;
		}
		*now_ns += look_ns;
	}
	return sent;
}

/* Within one packet of the rate over a second, from 10 pps up. */
static void test_exact(void **state)
{
	static const double rates[] = {10, 33, 1000, 12345, 333333, 1e6};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
		struct pacer pacer = {0};
		int64_t now_ns = 5 * NS_PER_S;
		uint64_t sent;

		pacer_set(&pacer, rates[i], 20 * NS_PER_MS);
		/* The start of the schedule may be caught up once. */
		pacer_spend(&pacer, now_ns);
		run(&pacer, &now_ns, NS_PER_S, 100 * NS_PER_US);
		sent = run(&pacer, &now_ns, NS_PER_S, 100 * NS_PER_US);
		assert_in_range(sent, (uint64_t)rates[i] - 1,
				(uint64_t)rates[i] + 1);
	}
}

/* Without slack the n-th leaves no sooner than n intervals after the first,
 * however late it is looked at. */
static void test_spread(void **state)
{
	struct random random = random_new();
	struct pacer pacer = {0};
	int64_t now_ns = NS_PER_S, last_ns = 0;

	(void)state;
	pacer_set(&pacer, 2000, 0);
	for (int i = 0; i < 10000; i++) {
		while (!pacer_ready(&pacer, now_ns)) {
			assert_true(pacer_next_ns(&pacer) > now_ns);
			now_ns = pacer_next_ns(&pacer);
		}
		if (last_ns)
			assert_true(now_ns - last_ns >= 500 * NS_PER_US);
		last_ns = now_ns;
		pacer_spend(&pacer, now_ns);
		if (random_below(&random, 10) == 0)
			now_ns += (int64_t)random_below(&random, 5 * NS_PER_MS);
	}
}

/* After a delay at most the slack's worth goes out at once. */
static void test_slack(void **state)
{
	struct pacer pacer = {0};
	int64_t now_ns = NS_PER_S;
	int burst = 0;

	(void)state;
	pacer_set(&pacer, 1000, 20 * NS_PER_MS);
	pacer_spend(&pacer, now_ns);
	now_ns += 10 * NS_PER_S;
	while (pacer_ready(&pacer, now_ns)) {
		pacer_spend(&pacer, now_ns);
		burst++;
	}
	assert_in_range(burst, 20, 21);
	/* A delay within the slack is caught up in full. */
	assert_in_range(run(&pacer, &now_ns, 100 * NS_PER_MS, 15 * NS_PER_MS),
			90, 110);
}

static void test_unlimited(void **state)
{
	struct pacer pacer = {0};

	(void)state;
	pacer_set(&pacer, 0, 0);
	for (int i = 0; i < 1000; i++) {
		assert_true(pacer_ready(&pacer, 7));
		pacer_spend(&pacer, 7);
	}
	assert_true(pacer_next_ns(&pacer) <= 7);
}

/* Another rate begins where the old one was. */
static void test_change(void **state)
{
	struct pacer pacer = {0};
	int64_t now_ns = NS_PER_S;

	(void)state;
	pacer_set(&pacer, 10, 0);
	pacer_spend(&pacer, now_ns);
	pacer_set(&pacer, 1e6, 0);
	assert_false(pacer_ready(&pacer, now_ns + 99 * NS_PER_MS));
	assert_true(pacer_ready(&pacer, now_ns + 100 * NS_PER_MS));
	/* From no limit to one: no debt and no credit beyond the slack. */
	pacer_set(&pacer, 0, 0);
	now_ns += NS_PER_S;
	pacer_spend(&pacer, now_ns);
	pacer_set(&pacer, 100, 0);
	assert_true(pacer_ready(&pacer, now_ns));
	pacer_spend(&pacer, now_ns);
	assert_false(pacer_ready(&pacer, now_ns + 9 * NS_PER_MS));
	assert_true(pacer_ready(&pacer, now_ns + 10 * NS_PER_MS));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact),  cmocka_unit_test(test_spread),
		cmocka_unit_test(test_slack),  cmocka_unit_test(test_unlimited),
		cmocka_unit_test(test_change),
	};

	return cmocka_run_group_tests_name("pacer", tests, NULL, NULL);
}
