/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/conntable.h"

/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "random.h"

#define EACH 50

static struct conn *put(struct conntable *table, unsigned worker,
			uint64_t number, int64_t look_ns)
{
	struct conn *conn = conntable_take(table, worker);

	assert_non_null(conn);
	conn->number = number;
	conntable_put(table, conn, look_ns);
	return conn;
}

static void test_each_worker_has_its_own(void **state)
{
	struct conntable *table = conntable_new(2, 3);
	struct conn *conn;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(conntable_free_of(table, 0), 3 - i);
		conn = conntable_take(table, 0);
		assert_int_equal(conn->worker, 0);
		assert_int_equal(conn->id, i);
	}
	assert_null(conntable_take(table, 0));
	assert_int_equal(conntable_free_of(table, 1), 3);
	conn = conntable_take(table, 1);
	assert_int_equal(conn->worker, 1);
	assert_int_equal(conn->id, 0);
	assert_int_equal(conntable_used_of(table, 1), 1);
	conntable_free(table);
}

static void test_an_old_use_is_known(void **state)
{
	struct conntable *table = conntable_new(1, 1);
	struct conn *conn = conntable_take(table, 0);
	uint32_t use = conn->use;

	(void)state;
	assert_ptr_equal(conntable_at(table, 0, 0, use), conn);
	conntable_release(table, conn);
	assert_null(conntable_at(table, 0, 0, use));
	conn = conntable_take(table, 0);
	assert_null(conntable_at(table, 0, 0, use));
	assert_ptr_equal(conntable_at(table, 0, 0, conn->use), conn);
	conntable_free(table);
}

static void test_age(void **state)
{
	struct conntable *table = conntable_new(2, EACH);
	struct conn *a = put(table, 0, 7, 10), *b = put(table, 1, 8, 20);
	struct conn *c = put(table, 0, 9, 30);

	(void)state;
	assert_ptr_equal(conntable_oldest(table), a);
	assert_ptr_equal(conntable_younger(table, a), b);
	conntable_put_off(table, a, 40);
	assert_ptr_equal(conntable_oldest(table), b);
	assert_ptr_equal(conntable_younger(table, c), a);
	assert_int_equal(a->look_ns, 40);
	conntable_release(table, c);
	assert_ptr_equal(conntable_younger(table, b), a);
	conntable_release(table, b);
	conntable_release(table, a);
	assert_null(conntable_oldest(table));
	conntable_free(table);
}

static void test_tries_of_one_probe(void **state)
{
	struct conntable *table = conntable_new(1, EACH);
	struct conn *first = put(table, 0, 7, 1), *other = put(table, 0, 8, 2);
	struct conn *second = put(table, 0, 7, 3), *at;
	int found = 0;

	(void)state;
	for (at = conntable_of(table, 7, NULL); at;
	     at = conntable_of(table, 7, at)) {
		assert_true(at == first || at == second);
		found++;
	}
	assert_int_equal(found, 2);
	conntable_release(table, first);
	assert_ptr_equal(conntable_of(table, 7, NULL), second);
	assert_null(conntable_of(table, 7, second));
	assert_ptr_equal(conntable_of(table, 8, NULL), other);
	assert_null(conntable_of(table, 9, NULL));
	conntable_free(table);
}

/* A connect that was taken but did not leave is not out. */
static void test_taken_and_given_back(void **state)
{
	struct conntable *table = conntable_new(1, 2);
	struct conn *conn = conntable_take(table, 0);

	(void)state;
	conn->number = 7;
	conntable_release(table, conn);
	assert_null(conntable_of(table, 7, NULL));
	assert_null(conntable_oldest(table));
	assert_int_equal(conntable_free_of(table, 0), 2);
	conntable_free(table);
}

static void test_limit(void **state)
{
	struct conntable *table = conntable_new(1, EACH);
	struct conn *conns[EACH];

	(void)state;
	for (int i = 0; i < 10; i++)
		conns[i] = put(table, 0, (uint64_t)i, i);
	conntable_limit(table, 0, 9);
	assert_int_equal(conntable_free_of(table, 0), 0);
	assert_null(conntable_take(table, 0));
	conntable_release(table, conns[0]);
	assert_null(conntable_take(table, 0));
	conntable_release(table, conns[1]);
	assert_non_null(conntable_take(table, 0));
	assert_null(conntable_take(table, 0));
	/* It never rises, and one is always left. */
	conntable_limit(table, 0, EACH);
	assert_null(conntable_take(table, 0));
	conntable_limit(table, 0, 0);
	for (int i = 2; i < 10; i++)
		conntable_release(table, conns[i]);
	assert_int_equal(conntable_used_of(table, 0), 1);
	assert_int_equal(conntable_free_of(table, 0), 0);
	conntable_free(table);
}

/* Against a plain list of what is in. */
static void test_random_walk(void **state)
{
	struct conntable *table = conntable_new(3, EACH);
	struct conn *in[3 * EACH];
	struct random random = random_new();
	uint64_t numbers[3 * EACH];
	int n = 0;

	(void)state;
	for (int64_t step = 0; step < 20000; step++) {
		uint64_t number = random_below(&random, 40);
		unsigned worker = (unsigned)random_below(&random, 3);
		struct conn *at;
		int same = 0, seen = 0;

		if (random_below(&random, 2) &&
		    conntable_free_of(table, worker) > 0) {
			numbers[n] = number;
			in[n++] = put(table, worker, number, step);
		} else if (n > 0) {
			int i = (int)random_below(&random, (uint64_t)n);

			conntable_release(table, in[i]);
			in[i] = in[--n];
			numbers[i] = numbers[n];
		}
		for (int i = 0; i < n; i++)
			same += numbers[i] == number;
		for (at = conntable_of(table, number, NULL); at;
		     at = conntable_of(table, number, at))
			same--;
		assert_int_equal(same, 0);
		for (at = conntable_oldest(table); at;
		     at = conntable_younger(table, at))
			seen++;
		assert_int_equal(seen, n);
	}
	conntable_free(table);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_worker_has_its_own),
		cmocka_unit_test(test_an_old_use_is_known),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_tries_of_one_probe),
		cmocka_unit_test(test_taken_and_given_back),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_random_walk),
	};

	return cmocka_run_group_tests_name("conntable", tests, NULL, NULL);
}
