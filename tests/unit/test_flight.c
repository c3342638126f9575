/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/flight.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "random.h"

#define START_NS (123 * NS_PER_S + 456)
#define WHEEL_NS (4096 * NS_PER_MS)

/* ---- against a model: plain arrays, searched from end to end ---- */

#define NUMBERS     600u /* few, so that numbers come again */
#define LIMIT       400u
#define LISTS       3u
#define NOT_ON_LIST -1
#define IN_WHEEL    -2

struct known {
	struct flight *flight; /* NULL: none */
	int64_t due_ns;        /* as asked for */
	int64_t asked_ns;      /* when */
	int place;             /* index of a list, or one of the above */
};

struct model {
	struct flights *flights;
	struct known known[NUMBERS];
	struct flight_list lists[LISTS];
	uint64_t order[LISTS][LIMIT]; /* numbers, oldest first */
	uint32_t count;
	int64_t now_ns;
};

/* Numbers far apart and some alike in their low or high bits. */
static uint64_t number_of(uint32_t i)
{
	return i % 3 == 0 ? i : i % 3 == 1 ? (uint64_t)i << 40 : i * 65536ULL;
}

static void list_drop(struct model *model, int list, uint64_t number)
{
	uint64_t *order = model->order[list];
	uint32_t i = 0, n = model->lists[list].count; /* one less by now */

	while (order[i] != number)
		assert_true(i++ < n);
	memmove(order + i, order + i + 1, (n - i) * sizeof(*order));
}

static void take_out(struct model *model, struct known *known)
{
	struct flight *flight = known->flight;

	if (known->place == IN_WHEEL) {
		flight_unschedule(model->flights, flight);
	} else if (known->place != NOT_ON_LIST) {
		flight_unlist(model->flights, &model->lists[known->place],
			      flight);
		list_drop(model, known->place, flight->number);
	}
	known->place = NOT_ON_LIST;
}

static void do_add(struct model *model, uint32_t i)
{
	struct known *known = &model->known[i];

	if (known->flight)
		return;
	known->flight = flight_add(model->flights, number_of(i));
	known->place = NOT_ON_LIST;
	if (model->count == LIMIT) {
		assert_null(known->flight);
		return;
	}
	assert_non_null(known->flight);
	assert_int_equal(known->flight->number, number_of(i));
	assert_int_equal(known->flight->tries, 0);
	model->count++;
}

static void do_remove(struct model *model, struct known *known)
{
	take_out(model, known);
	flight_remove(model->flights, known->flight);
	known->flight = NULL;
	model->count--;
}

static void do_append(struct model *model, struct known *known, int list)
{
	struct flight_list *at = &model->lists[list];

	take_out(model, known);
	model->order[list][at->count] = known->flight->number;
	flight_append(model->flights, at, known->flight);
	known->place = list;
}

static void do_schedule(struct model *model, struct known *known,
			struct random *random)
{
	static const int64_t spans_ns[] = {2 * NS_PER_MS, 50 * NS_PER_MS,
					   NS_PER_S, 3 * WHEEL_NS};
	int64_t span_ns = spans_ns[random_below(random, 4)];

	take_out(model, known);
	known->asked_ns = model->now_ns;
	known->due_ns = model->now_ns - NS_PER_MS +
			(int64_t)random_below(random, (uint64_t)span_ns);
	flight_schedule(model->flights, known->flight, known->due_ns);
	known->place = IN_WHEEL;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* All that is due now comes, never early and a millisecond late at most. */
static void do_time(struct model *model, struct random *random)
{
	int64_t next_ns = flights_next_ns(model->flights), earliest = INT64_MAX;
	struct flight *flight;

	for (uint32_t i = 0; i < NUMBERS; i++) {
		struct known *known = &model->known[i];

		if (known->flight && known->place == IN_WHEEL &&
		    known->due_ns < earliest)
			earliest = known->due_ns;
	}
	if (earliest == INT64_MAX)
		assert_int_equal(next_ns, INT64_MAX);
	else
		assert_true(next_ns <
			    later(earliest, model->now_ns) + 2 * NS_PER_MS);
	switch (random_below(random, 40)) {
	case 0:
		model->now_ns +=
			(int64_t)random_below(random, (uint64_t)(4 * WHEEL_NS));
		break;
	case 1:
	case 2:
		if (next_ns != INT64_MAX)
			model->now_ns = later(model->now_ns, next_ns);
		break;
	default:
		model->now_ns += (int64_t)random_below(random, 3 * NS_PER_MS);
	}
	while ((flight = flight_due(model->flights, model->now_ns))) {
		uint32_t i = 0;

		while (model->known[i].flight != flight)
			assert_true(++i < NUMBERS);
		assert_int_equal(model->known[i].place, IN_WHEEL);
		assert_true(model->known[i].due_ns <= model->now_ns);
		model->known[i].place = NOT_ON_LIST;
	}
	for (uint32_t i = 0; i < NUMBERS; i++) {
		struct known *known = &model->known[i];

		if (known->flight && known->place == IN_WHEEL)
			assert_true(later(known->due_ns, known->asked_ns) >
				    model->now_ns - NS_PER_MS);
	}
}

static void check_all(const struct model *model)
{
	assert_int_equal(flights_count(model->flights), model->count);
	for (uint32_t i = 0; i < NUMBERS; i++)
		assert_ptr_equal(flight_find(model->flights, number_of(i)),
				 model->known[i].flight);
	for (uint32_t list = 0; list < LISTS; list++) {
		const struct flight *flight =
			flight_first(model->flights, &model->lists[list]);
		uint32_t n = 0;

		for (; flight; flight = flight_after(model->flights, flight))
			assert_int_equal(flight->number,
					 model->order[list][n++]);
		assert_int_equal(n, model->lists[list].count);
	}
}

static void test_model(void **state)
{
	struct random random = random_new();
	struct model model = {.now_ns = START_NS};

	(void)state;
	model.flights = flights_new(LIMIT, model.now_ns);
	assert_non_null(model.flights);
	for (int step = 0; step < 200000; step++) {
		uint32_t i = (uint32_t)random_below(&random, NUMBERS);
		struct known *known = &model.known[i];
		uint64_t what = random_below(&random, 100);

		if (what < 40 || !known->flight)
			do_add(&model, i);
		else if (what < 55)
			do_remove(&model, known);
		else if (what < 70)
			do_append(&model, known, (int)what % (int)LISTS);
		else if (what < 90)
			do_schedule(&model, known, &random);
		else
			do_time(&model, &random);
		if (step % 100 == 0)
			check_all(&model);
	}
	flights_free(model.flights);
}

/* ---- the limit ---- */

static void test_limit(void **state)
{
	enum { MANY = 10000 }; /* more than two chunks */
	struct flights *flights = flights_new(MANY, START_NS);

	(void)state;
	assert_non_null(flights);
	for (int round = 0; round < 3; round++) {
		for (uint64_t i = 0; i < MANY; i++)
			assert_non_null(flight_add(flights, i + round));
		assert_null(flight_add(flights, MANY + round));
		assert_null(flight_find(flights, MANY + round));
		for (uint64_t i = 0; i < MANY; i++)
			flight_remove(flights, flight_find(flights, i + round));
		assert_int_equal(flights_count(flights), 0);
	}
	flights_free(flights);
	flights_free(NULL);
}

static void test_limit_of_one(void **state)
{
	struct flights *flights = flights_new(1, START_NS);
	struct flight *flight;

	(void)state;
	assert_non_null(flights);
	flight = flight_add(flights, UINT64_MAX);
	assert_non_null(flight);
	assert_null(flight_add(flights, 0));
	assert_ptr_equal(flight_find(flights, UINT64_MAX), flight);
	flight_remove(flights, flight);
	assert_non_null(flight_add(flights, 0));
	flights_free(flights);
}

/* ---- time ---- */

static struct flight *one_due(struct flights *flights, int64_t now_ns)
{
	struct flight *flight = flight_due(flights, now_ns);

	if (flight)
		assert_null(flight_due(flights, now_ns));
	return flight;
}

/* What is due on a later turn of the wheel waits for its turn. */
static void test_beyond_the_wheel(void **state)
{
	struct flights *flights = flights_new(8, START_NS);
	struct flight *flight;

	(void)state;
	assert_int_equal(flights_next_ns(flights), INT64_MAX);
	flight = flight_add(flights, 1);
	for (int turns = 1; turns < 5; turns++) {
		int64_t now_ns = START_NS + turns * 100 * WHEEL_NS;
		int64_t due_ns = now_ns + turns * WHEEL_NS + 5 * NS_PER_MS;
		int looks = 0;

		assert_null(flight_due(flights, now_ns));
		flight_schedule(flights, flight, due_ns);
		/* Wakes once a turn for nothing, and not more. */
		while (!one_due(flights, now_ns)) {
			int64_t next_ns = flights_next_ns(flights);

			assert_true(now_ns < due_ns);
			assert_true(next_ns > now_ns);
			assert_true(next_ns < due_ns + NS_PER_MS);
			now_ns = next_ns;
			assert_true(looks++ < 2 * turns + 2);
		}
		assert_in_range(now_ns, due_ns, due_ns + NS_PER_MS);
		assert_int_equal(flights_next_ns(flights), INT64_MAX);
	}
	flights_free(flights);
}

/* A jump over several turns at once: all that was due comes. */
static void test_jump(void **state)
{
	enum { MANY = 9000 };
	struct flights *flights = flights_new(MANY, START_NS);
	int64_t now_ns = START_NS + 10 * WHEEL_NS;
	int due = 0;

	(void)state;
	for (uint64_t i = 0; i < MANY; i++)
		flight_schedule(flights, flight_add(flights, i),
				START_NS + (int64_t)i * 5 * NS_PER_MS);
	while (flight_due(flights, now_ns))
		due++;
	/* One each 5 ms since the start, the first of them included. */
	assert_in_range(due, 10 * 4096 / 5, 10 * 4096 / 5 + 1);
	while (flight_due(flights, now_ns + 2 * WHEEL_NS))
		due++;
	assert_int_equal(due, MANY);
	flights_free(flights);
}

/* What should have been long ago comes with the next millisecond. */
static void test_overdue(void **state)
{
	struct flights *flights = flights_new(8, START_NS);
	struct flight *flight = flight_add(flights, 1);
	int64_t now_ns = START_NS;

	(void)state;
	for (int i = 0; i < 100; i++) {
		int64_t was_due_ns = now_ns - i * NS_PER_S;

		flight_schedule(flights, flight, was_due_ns);
		assert_true(flights_next_ns(flights) <= now_ns + NS_PER_MS);
		if (!one_due(flights, now_ns))
			assert_ptr_equal(one_due(flights, now_ns + NS_PER_MS),
					 flight);
		now_ns += (i % 3) * WHEEL_NS + i * NS_PER_MS;
		/* The hand moves on while nothing is in the wheel. */
		assert_null(flight_due(flights, now_ns));
	}
	flights_free(flights);
}

static void test_unscheduled(void **state)
{
	struct flights *flights = flights_new(8, START_NS);
	struct flight *a = flight_add(flights, 1), *b = flight_add(flights, 2);

	(void)state;
	flight_schedule(flights, a, START_NS + 10 * NS_PER_MS);
	flight_schedule(flights, b, START_NS + 10 * NS_PER_MS);
	flight_unschedule(flights, a);
	assert_ptr_equal(one_due(flights, START_NS + NS_PER_S), b);
	flight_schedule(flights, a, START_NS + 2 * NS_PER_S);
	flight_unschedule(flights, a);
	assert_int_equal(flights_next_ns(flights), INT64_MAX);
	assert_null(flight_due(flights, START_NS + 5 * NS_PER_S));
	flights_free(flights);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_limit_of_one),
		cmocka_unit_test(test_beyond_the_wheel),
		cmocka_unit_test(test_jump),
		cmocka_unit_test(test_overdue),
		cmocka_unit_test(test_unscheduled),
	};

	return cmocka_run_group_tests_name("flight", tests, NULL, NULL);
}
