/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/sessions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "random.h"

static struct addr peer(uint8_t last)
{
	return (struct addr){.family = AF_INET, .bytes = {10, 9, 0, last}};
}

static void test_find(void **state)
{
	struct sessions *sessions = sessions_new(1);
	struct addr one = peer(1), two = peer(2);
	struct session *session;

	(void)state;
	assert_non_null(sessions);
	assert_null(sessions_find(sessions, &one, 7, 99));
	session = sessions_open(sessions, &one, 7, 99);
	assert_ptr_equal(sessions_open(sessions, &one, 7, 99), session);
	assert_ptr_equal(sessions_find(sessions, &one, 7, 99), session);
	/* of another peer, port or id: another */
	assert_null(sessions_find(sessions, &two, 7, 99));
	assert_null(sessions_find(sessions, &one, 8, 99));
	assert_null(sessions_find(sessions, &one, 7, 98));
	assert_int_equal(sessions_opened(sessions), 1);
	sessions_free(sessions);
}

/* A stranger with any number of sessions: the table does not grow, and whoever
 * goes on talking stays. */
static void test_flood(void **state)
{
	struct sessions *sessions = sessions_new(2);
	struct addr own = peer(1), stranger = peer(2);

	(void)state;
	assert_non_null(sessions);
	session_arrival(sessions_open(sessions, &own, 7, 1), 1);
	for (uint64_t id = 0; id < 100000; id++) {
		sessions_open(sessions, &stranger, 9, id);
		assert_non_null(sessions_find(sessions, &own, 7, 1));
	}
	assert_int_equal(sessions_find(sessions, &own, 7, 1)->counts.received,
			 1);
	/* Who was quiet is gone, and begins anew. */
	assert_null(sessions_find(sessions, &stranger, 9, 0));
	assert_int_equal(
		sessions_open(sessions, &stranger, 9, 0)->counts.received, 0);
	sessions_free(sessions);
}

static struct session *fresh(struct sessions **sessions)
{
	struct addr one = peer(1);

	*sessions = sessions_new(3);
	assert_non_null(*sessions);
	return sessions_open(*sessions, &one, 7, 1);
}

static void test_counts(void **state)
{
	static const uint32_t numbers[] = {1, 2, 2, 5, 3, 3, 5, 6};
	struct sessions *sessions;
	struct session *session = fresh(&sessions);

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		session_arrival(session, numbers[i]);
	assert_int_equal(session->counts.received, 5);
	assert_int_equal(session->counts.duplicates, 3);
	assert_int_equal(session->counts.reordered, 1);
	sessions_free(sessions);
}

static void test_window(void **state)
{
	struct sessions *sessions;
	struct session *session = fresh(&sessions);
	const struct datagram_counts *counts = &session->counts;

	(void)state;
	session_arrival(session, 1);
	session_arrival(session, SESSION_WINDOW); /* 1 is still known */
	session_arrival(session, 1);
	assert_int_equal(counts->received, 2);
	assert_int_equal(counts->duplicates, 1);
	session_arrival(session, SESSION_WINDOW + 1); /* 1 is forgotten, ... */
	session_arrival(session, 1);                  /* so it counts as old */
	session_arrival(session, 2);
	assert_int_equal(counts->received, 4);
	assert_int_equal(counts->duplicates, 2);
	session_arrival(session, 1000000); /* far ahead */
	session_arrival(session, 1000000 - SESSION_WINDOW + 1);
	session_arrival(session, 1000000 - SESSION_WINDOW);
	assert_int_equal(counts->received, 6);
	assert_int_equal(counts->duplicates, 3);
	session_arrival(session, UINT32_MAX);
	session_arrival(session, UINT32_MAX);
	session_arrival(session, UINT32_MAX - 1);
	session_arrival(session, 0);
	assert_int_equal(counts->received, 8);
	assert_int_equal(counts->duplicates, 5);
	sessions_free(sessions);
}

/* Against a list of all that came, with jumps of any length. */
static void test_random(void **state)
{
	enum { NUMBERS = 20000 };
	struct random random = random_new();
	unsigned char *came = malloc(NUMBERS);

	(void)state;
	assert_non_null(came);
	for (int round = 0; round < 20; round++) {
		struct sessions *sessions;
		struct session *session = fresh(&sessions);
		uint32_t highest = 1, received = 0, duplicates = 0;

		for (size_t i = 0; i < NUMBERS; i++)
			came[i] = 0;
		for (int i = 0; i < 5000; i++) {
			uint32_t back = (uint32_t)random_below(&random, 2500);
			uint32_t n = highest > back ? highest - back : 1;

			if (random_below(&random, 2))
				n = highest +
				    (uint32_t)random_below(&random, 5);
			if (n >= NUMBERS)
				break;
			if (n > highest)
				highest = n;
			if (came[n] || highest - n >= SESSION_WINDOW)
				duplicates++;
			else
				received++;
			came[n] = 1;
			session_arrival(session, n);
		}
		assert_int_equal(session->counts.received, received);
		assert_int_equal(session->counts.duplicates, duplicates);
		sessions_free(sessions);
	}
	free(came);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),   cmocka_unit_test(test_flood),
		cmocka_unit_test(test_counts), cmocka_unit_test(test_window),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("sessions", tests, NULL, NULL);
}
