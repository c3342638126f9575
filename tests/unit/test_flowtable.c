/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/flowtable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "flow/conversation.h"
#include "packets.h"
#include "random.h"

static const struct cookie_key key = KEY_REFERENCE;

static struct addr address(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(text, &addr), 0);
	return addr;
}

static void test_either_way(void **state)
{
	const struct addr a4 = address("10.9.0.1"), b4 = address("10.9.0.2");
	const struct addr a6 = address("fd00::1"), b6 = address("fd00::2");
	const struct endpoints out = {&a4, &b4, 40000, 80};
	const struct endpoints back = {&b4, &a4, 80, 40000};
	const struct endpoints crossed = {&a4, &b4, 80, 40000};
	const struct endpoints out6 = {&a6, &b6, 40000, 80};
	const struct endpoints back6 = {&b6, &a6, 80, 40000};
	struct flowtable *table = flowtable_new(&key, 10, 0);
	struct conversation *four, *six;

	(void)state;
	assert_non_null(table);
	assert_null(flowtable_find(table, &out));
	four = flowtable_add(table, &out);
	six = flowtable_add(table, &out6);
	assert_ptr_equal(flowtable_find(table, &out), four);
	assert_ptr_equal(flowtable_find(table, &back), four);
	assert_ptr_equal(flowtable_peek(table, &back6), six);
	assert_null(flowtable_find(table, &crossed));
	assert_int_equal(flowtable_count(table), 2);
	flowtable_free(table);
}

/* A connection to itself: both ends are the same. */
static void test_to_itself(void **state)
{
	const struct addr a = address("127.0.0.1");
	const struct endpoints self = {&a, &a, 5000, 5000};
	struct flowtable *table = flowtable_new(&key, 10, 0);
	struct conversation *only;

	(void)state;
	assert_non_null(table);
	only = flowtable_add(table, &self);
	assert_ptr_equal(flowtable_find(table, &self), only);
	flowtable_free(table);
}

/* Port reuse: the younger is found, both are listed. */
static void test_taken_over(void **state)
{
	const struct addr a = address("10.9.0.1"), b = address("10.9.0.2");
	const struct endpoints ends = {&a, &b, 40000, 80};
	struct flowtable *table = flowtable_new(&key, 2, 0);
	const struct conversation *list[2];
	struct conversation *first, *second;

	(void)state;
	assert_non_null(table);
	first = flowtable_add(table, &ends);
	first->stream = 7;
	second = flowtable_add(table, &ends);
	second->stream = 3;
	assert_ptr_equal(flowtable_find(table, &ends), second);
	flowtable_list(table, list);
	assert_ptr_equal(list[0], second);
	assert_ptr_equal(list[1], first);

	/* Room is made by the elder, and the younger stays found. */
	assert_ptr_equal(flowtable_victim(table), first);
	flowtable_remove(table, first);
	assert_null(flowtable_victim(table));
	assert_ptr_equal(flowtable_find(table, &ends), second);
	flowtable_remove(table, second);
	assert_null(flowtable_find(table, &ends));
	assert_int_equal(flowtable_count(table), 0);
	flowtable_free(table);
}

/* Against an array: what is found, and who has not been touched longest. */
static void test_against_array(void **state)
{
	enum {
		LIMIT = 300,
		PORTS = 700,
	};
	const struct addr a = address("10.9.0.1"), b = address("10.9.0.2");
	struct flowtable *table = flowtable_new(&key, LIMIT, 8);
	struct random random = random_new();
	uint64_t touched[PORTS] = {0}; /* 0: not there */
	unsigned count = 0;

	(void)state;
	assert_non_null(table);
	for (uint64_t now = 1; now < 100000; now++) {
		uint16_t port = (uint16_t)random_below(&random, PORTS);
		bool turned = random_below(&random, 2);
		const struct endpoints ends = {
			turned ? &b : &a, turned ? &a : &b, turned ? 80 : port,
			turned ? port : 80};
		struct conversation *found = flowtable_find(table, &ends);
		struct conversation *victim;

		assert_int_equal(found != NULL, touched[port] != 0);
		if (!found && (victim = flowtable_victim(table))) {
			uint16_t oldest = victim->port[0] == 80
						  ? victim->port[1]
						  : victim->port[0];

			for (int i = 0; i < PORTS; i++)
				assert_true(!touched[i] ||
					    touched[oldest] <= touched[i]);
			touched[oldest] = 0;
			flowtable_remove(table, victim);
			count--;
		}
		if (!found) {
			assert_non_null(flowtable_add(table, &ends));
			count++;
		}
		touched[port] = now;
		assert_int_equal(flowtable_count(table), count);
	}
	assert_int_equal(count, LIMIT);
	flowtable_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_either_way),
		cmocka_unit_test(test_to_itself),
		cmocka_unit_test(test_taken_over),
		cmocka_unit_test(test_against_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
