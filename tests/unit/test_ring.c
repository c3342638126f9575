/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/ring.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#define ITEMS 1000000u

static void test_order_and_limits(void **state)
{
	struct ring *ring = ring_new(5, sizeof(int));
	int item = -1;

	(void)state;
	assert_non_null(ring);
	/* Several times around its eight slots. */
	for (int round = 0; round < 5; round++) {
		assert_false(ring_pop(ring, &item));
		for (int i = 0; i < 8; i++) {
			item = round * 100 + i;
			assert_true(ring_push(ring, &item));
		}
		item = -1;
		assert_false(ring_push(ring, &item));
		for (int i = 0; i < 8; i++) {
			assert_true(ring_pop(ring, &item));
			assert_int_equal(item, round * 100 + i);
		}
	}
	ring_free(ring);
	ring_free(NULL);
}

static void test_smallest(void **state)
{
	struct ring *ring = ring_new(0, 3);
	char item[3] = "ab";

	(void)state;
	assert_non_null(ring);
	assert_true(ring_push(ring, item));
	assert_false(ring_push(ring, item));
	item[0] = 'x';
	assert_true(ring_pop(ring, item));
	assert_string_equal(item, "ab");
	assert_false(ring_pop(ring, item));
	ring_free(ring);
}

static void test_too_large(void **state)
{
	(void)state;
	assert_null(ring_new(SIZE_MAX, 1));
	assert_null(ring_new(SIZE_MAX / 4, 64));
}

struct item {
	uint64_t number;
	uint64_t check;
	char pad[8]; /* so that a torn copy would show */
};

static void *produce(void *argument)
{
	struct ring *ring = argument;

	for (uint64_t i = 0; i < ITEMS; i++) {
		struct item item = {.number = i, .check = ~i};

		while (!ring_push(ring, &item))
			sched_yield();
	}
	return NULL;
}

static void test_two_threads(void **state)
{
	struct ring *ring = ring_new(1024, sizeof(struct item));
	pthread_t producer;
	struct item item;
	uint64_t wrong = 0;

	(void)state;
	assert_non_null(ring);
	assert_int_equal(pthread_create(&producer, NULL, produce, ring), 0);
	for (uint64_t i = 0; i < ITEMS; i++) {
		while (!ring_pop(ring, &item))
			sched_yield();
		wrong += item.number != i || item.check != ~i;
	}
	assert_int_equal(pthread_join(producer, NULL), 0);
	assert_int_equal(wrong, 0);
	assert_false(ring_pop(ring, &item));
	ring_free(ring);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_limits),
		cmocka_unit_test(test_smallest),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_two_threads),
	};

	alarm(60); /* an item lost would be waited for for ever */
	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
