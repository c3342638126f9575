/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/tracker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "random.h"

#define TIMEOUT NS_PER_S

/* n numbers, a millisecond apart, the first at 0. */
static struct tracker *sent(uint32_t n)
{
	struct tracker *tracker = tracker_new(TIMEOUT);

	assert_non_null(tracker);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(tracker_next(tracker), i + 1);
		assert_int_equal(tracker_sent(tracker, i * NS_PER_MS), 0);
	}
	return tracker;
}

/* Number n comes back 1 ms after it was sent. */
static struct tracked back(struct tracker *tracker, uint32_t n)
{
	return tracker_arrival(tracker, n, true, n * NS_PER_MS);
}

static void test_in_order(void **state)
{
	struct tracker *tracker = sent(5);
	const struct tracker_counts *counts = tracker_counts(tracker);

	(void)state;
	for (uint32_t n = 1; n <= 5; n++) {
		struct tracked tracked = back(tracker, n);

		assert_true(tracked.known && tracked.answer);
		assert_false(tracked.late || tracked.duplicate);
		assert_int_equal(tracked.reordered_by, 0);
		assert_int_equal(tracked.rtt_ns, NS_PER_MS);
	}
	assert_int_equal(counts->sent, 5);
	assert_int_equal(counts->received, 5);
	assert_int_equal(counts->arrivals, 5);
	assert_int_equal(counts->reordered, 0);
	assert_int_equal(tracker_missing(tracker, 0), 0);
	tracker_free(tracker);
}

/* iperf3 counts a duplicate as out of order, and takes a loss back for it. */
static void test_duplicate_is_no_reorder(void **state)
{
	struct tracker *tracker = sent(4);
	const struct tracker_counts *counts = tracker_counts(tracker);
	struct tracked tracked;

	(void)state;
	back(tracker, 1);
	back(tracker, 3); /* 2 is lost */
	tracked = back(tracker, 1);
	assert_true(tracked.known && tracked.duplicate);
	assert_false(tracked.answer);
	assert_int_equal(tracked.reordered_by, 0);
	tracked = back(tracker, 1);
	assert_true(tracked.duplicate);
	back(tracker, 4);
	assert_int_equal(counts->duplicated, 2);
	assert_int_equal(counts->reordered, 0);
	assert_int_equal(counts->received, 3);
	assert_int_equal(counts->arrivals, 5);
	assert_int_equal(counts->sent - counts->arrived, 1);
	assert_int_equal(tracker_missing(tracker, 0), 2);
	assert_int_equal(tracker_missing(tracker, 2), 0);
	tracker_free(tracker);
}

static void test_reordered_by_how_far(void **state)
{
	struct tracker *tracker = sent(6);
	const struct tracker_counts *counts = tracker_counts(tracker);

	(void)state;
	assert_int_equal(back(tracker, 4).reordered_by, 0);
	assert_int_equal(back(tracker, 2).reordered_by, 2);
	assert_int_equal(back(tracker, 1).reordered_by, 3);
	assert_int_equal(back(tracker, 5).reordered_by, 0);
	assert_int_equal(back(tracker, 3).reordered_by, 2);
	assert_int_equal(back(tracker, 6).reordered_by, 0);
	assert_int_equal(counts->reordered, 3);
	assert_int_equal(counts->reordered_by_max, 3);
	assert_int_equal(counts->received, 6);
	tracker_free(tracker);
}

/* At the time-out is in time, past it late; late ones are received. */
static void test_late(void **state)
{
	struct tracker *tracker = sent(2);
	const struct tracker_counts *counts = tracker_counts(tracker);

	(void)state;
	assert_false(tracker_arrival(tracker, 1, true, TIMEOUT).late);
	assert_true(tracker_arrival(tracker, 2, true, NS_PER_MS + TIMEOUT + 1)
			    .late);
	assert_int_equal(counts->late, 1);
	assert_int_equal(counts->received, 2);
	tracker_free(tracker);
}

static void test_damaged(void **state)
{
	struct tracker *tracker = sent(3);
	const struct tracker_counts *counts = tracker_counts(tracker);
	struct tracked tracked;

	(void)state;
	tracked = tracker_arrival(tracker, 1, false, NS_PER_MS);
	assert_true(tracked.known);
	assert_false(tracked.answer || tracked.duplicate);
	assert_int_equal(counts->arrived, 1);
	assert_int_equal(counts->received, 0);
	/* An intact copy of it still makes it received. */
	tracked = back(tracker, 1);
	assert_true(tracked.answer && tracked.duplicate);
	assert_int_equal(counts->arrived, 1);
	assert_int_equal(counts->received, 1);
	/* A damaged copy of an intact one takes nothing away. */
	tracked = tracker_arrival(tracker, 1, false, NS_PER_MS);
	assert_false(tracked.answer);
	assert_true(back(tracker, 1).duplicate);
	assert_int_equal(counts->received, 1);
	assert_int_equal(counts->corrupted, 2);
	assert_int_equal(counts->duplicated, 3);
	assert_int_equal(counts->arrivals, 4);
	tracker_free(tracker);
}

static void test_never_sent(void **state)
{
	static const uint32_t numbers[] = {0, 4, 5, 65536, 65537, UINT32_MAX};
	struct tracker *tracker = sent(3);
	const struct tracker_counts *counts = tracker_counts(tracker);

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_false(back(tracker, numbers[i]).known);
	assert_int_equal(counts->arrivals, 0);
	assert_int_equal(counts->stale, 0);
	tracker_free(tracker);
}

static void test_window(void **state)
{
	struct tracker *tracker = sent(TRACKER_WINDOW);
	const struct tracker_counts *counts = tracker_counts(tracker);

	(void)state;
	/* 1 would leave: not before its time is up. */
	assert_false(tracker_has_room(tracker, TIMEOUT));
	assert_true(tracker_has_room(tracker, TIMEOUT + 1));
	back(tracker, 1);
	assert_true(tracker_has_room(tracker, 0));
	assert_int_equal(tracker_sent(tracker, TIMEOUT), 0);
	/* 2 leaves and has not come: it is lost, whatever comes now. */
	assert_int_equal(tracker_sent(tracker, TIMEOUT), 2);
	assert_int_equal(tracker_missing(tracker, 0), 3);
	assert_false(back(tracker, 2).known);
	assert_false(back(tracker, 1).known);
	assert_int_equal(counts->stale, 2);
	assert_int_equal(counts->arrived, 1);
	assert_int_equal(counts->sent, TRACKER_WINDOW + 2);
	assert_true(back(tracker, 3).answer);
	tracker_free(tracker);
}

/* Any one of the three names may be damaged. */
static void test_identify(void **state)
{
	struct tracker *tracker = sent(100);

	(void)state;
	assert_int_equal(tracker_identify(tracker, true, 7, 6 * NS_PER_MS), 7);
	assert_int_equal(tracker_identify(tracker, true, 7, 12345), 7);
	assert_int_equal(tracker_identify(tracker, false, 7, 6 * NS_PER_MS), 7);
	assert_int_equal(tracker_identify(tracker, true, 777, 6 * NS_PER_MS),
			 7);
	assert_int_equal(tracker_identify(tracker, true, 0, 6 * NS_PER_MS), 7);
	/* ... also where it then names another one */
	assert_int_equal(tracker_identify(tracker, true, 9, 6 * NS_PER_MS), 7);
	/* two of them */
	assert_int_equal(tracker_identify(tracker, true, 777, 12345), 0);
	assert_int_equal(tracker_identify(tracker, false, 7, 12345), 0);
	assert_int_equal(tracker_identify(tracker, false, 777, 6 * NS_PER_MS),
			 0);
	tracker_free(tracker);
}

/* Whatever comes in whatever order, the books balance. */
static void test_random(void **state)
{
	struct random random = random_new();

	(void)state;
	for (int round = 0; round < 50; round++) {
		uint32_t n = 1 + (uint32_t)random_below(&random, 300);
		struct tracker *tracker = sent(n);
		const struct tracker_counts *counts = tracker_counts(tracker);
		unsigned char *came = calloc(n + 1, 1);
		uint64_t first = 0, damaged = 0, again = 0;

		assert_non_null(came);
		for (int i = 0; i < 400; i++) {
			uint32_t at = 1 + (uint32_t)random_below(&random, n);
			bool intact = random_below(&random, 4) > 0;

			tracker_arrival(tracker, at, intact, n * NS_PER_MS);
			again += came[at];
			first += !came[at];
			damaged += !intact;
			came[at] = 1;
		}
		assert_int_equal(counts->arrived, first);
		assert_int_equal(counts->duplicated, again);
		assert_int_equal(counts->corrupted, damaged);
		assert_int_equal(counts->arrivals, 400);
		assert_true(counts->received <= counts->arrived);
		for (uint32_t at = 0; (at = tracker_missing(tracker, at));)
			assert_int_equal(came[at]++, 0);
		for (uint32_t at = 1; at <= n; at++)
			assert_int_equal(came[at], 1);
		free(came);
		tracker_free(tracker);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_order),
		cmocka_unit_test(test_duplicate_is_no_reorder),
		cmocka_unit_test(test_reordered_by_how_far),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_never_sent),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_identify),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("tracker", tests, NULL, NULL);
}
