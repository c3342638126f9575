/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "random.h"

static void add(struct journal *journal, uint32_t from, uint32_t to,
		const char *text)
{
	const struct iovec whole = {
		.iov_base = (char *)text,
		.iov_len = strlen(text),
	};

	journal_add(journal, from, to, &whole, 1);
}

/* All that the reader can get, in writes of at most `step` bytes. */
static size_t drain(const struct journal *journal,
		    struct journal_reader *reader, size_t step, char *out,
		    size_t room)
{
	size_t used = 0;

	for (;;) {
		struct iovec pieces[3];
		size_t count = journal_peek(journal, reader, pieces, 3);
		size_t left = step;

		if (count == 0)
			break;
		for (size_t i = 0; i < count && left > 0; i++) {
			size_t n = pieces[i].iov_len < left ? pieces[i].iov_len
							    : left;

			assert_true(pieces[i].iov_len > 0);
			assert_true(used + n < room);
			memcpy(out + used, pieces[i].iov_base, n);
			used += n;
			left -= n;
		}
		journal_advance(journal, reader, step - left);
	}
	out[used] = '\0';
	return used;
}

static void gets(const struct journal *journal, struct journal_reader *reader,
		 const char *expected)
{
	char text[256];

	drain(journal, reader, 5, text, sizeof(text));
	assert_string_equal(text, expected);
	assert_int_equal(journal_lag(journal, reader), 0);
}

static void test_who_gets_what(void **state)
{
	struct journal *journal = journal_new(4096);
	struct journal_reader one, two, late;
	const struct iovec parts[] = {
		{.iov_base = (char *)"in ", .iov_len = 3},
		{.iov_base = (char *)"parts.", .iov_len = 6}};

	(void)state;
	assert_non_null(journal);
	add(journal, 9, JOURNAL_NOBODY, "before all. ");
	journal_join(journal, &one, 1);
	journal_join(journal, &two, 2);
	add(journal, 1, JOURNAL_NOBODY, "by one. ");
	add(journal, JOURNAL_NOBODY, 2, "to two. ");
	journal_join(journal, &late, 3);
	add(journal, 2, JOURNAL_NOBODY, "by two. ");
	journal_leave(journal, &two);
	journal_add(journal, JOURNAL_NOBODY, JOURNAL_NOBODY, parts, 2);
	gets(journal, &one, "by two. in parts.");
	gets(journal, &two, "by one. to two. ");
	gets(journal, &late, "by two. in parts.");
	journal_free(journal);
}

static void test_lost(void **state)
{
	struct journal *journal = journal_new(1024);
	struct journal_reader slow, gone;
	char text[65];

	(void)state;
	assert_non_null(journal);
	memset(text, 'x', 64);
	text[64] = '\0';
	journal_join(journal, &slow, 1);
	journal_join(journal, &gone, 2);
	journal_leave(journal, &gone);
	/* 80 bytes each with its header: 12 fit. */
	for (int i = 0; i < 12; i++)
		add(journal, JOURNAL_NOBODY, JOURNAL_NOBODY, text);
	assert_false(journal_lost(journal, &slow));
	assert_int_equal(journal_lag(journal, &slow), 960);
	add(journal, JOURNAL_NOBODY, JOURNAL_NOBODY, text);
	assert_true(journal_lost(journal, &slow));
	/* Who was to get nothing more loses nothing. */
	assert_false(journal_lost(journal, &gone));
	assert_int_equal(journal_lag(journal, &gone), 0);
	journal_free(journal);
}

static void test_longest(void **state)
{
	struct journal *journal = journal_new(1024);
	size_t bytes = journal_entry_max(journal);
	char *text = malloc(bytes + 1), *got = malloc(bytes + 2);
	struct journal_reader reader;

	(void)state;
	assert_non_null(text);
	assert_non_null(got);
	memset(text, 'x', bytes);
	text[bytes] = '\0';
	journal_join(journal, &reader, 1);
	for (int i = 0; i < 20; i++) {
		add(journal, JOURNAL_NOBODY, JOURNAL_NOBODY, text);
		assert_false(journal_lost(journal, &reader));
		assert_int_equal(drain(journal, &reader, 7, got, bytes + 2),
				 bytes);
		assert_string_equal(got, text);
	}
	free(text);
	free(got);
	journal_free(journal);
}

/* Many readers, each at its own pace, against what each should get. */
enum {
	READERS = 5,
	ROOM = 1 << 20,
};

static void test_random(void **state)
{
	struct random random = random_new();
	struct journal *journal = journal_new(2048);
	struct journal_reader readers[READERS];
	char *expected[READERS], *got[READERS];
	size_t expected_bytes[READERS] = {0}, got_bytes[READERS] = {0};
	bool lost[READERS] = {false};
	unsigned lost_count = 0;

	(void)state;
	assert_non_null(journal);
	for (unsigned i = 0; i < READERS; i++) {
		journal_join(journal, &readers[i], i + 1);
		assert_non_null(expected[i] = malloc(ROOM));
		assert_non_null(got[i] = malloc(ROOM));
	}
	for (int round = 0; round < 4000; round++) {
		uint32_t from = (uint32_t)random_below(&random, READERS + 1);
		uint32_t to =
			random_below(&random, 4)
				? JOURNAL_NOBODY
				: 1 + (uint32_t)random_below(&random, READERS);
		char text[128];
		int bytes =
			snprintf(text, sizeof(text), "%d:%.*s\n", round,
				 (int)random_below(&random, 60),
				 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
				 "xxxxxxxxxxxxxxxxxx");

		add(journal, from, to, text);
		for (unsigned i = 0; i < READERS; i++) {
			if (from != i + 1 && (!to || to == i + 1)) {
				memcpy(expected[i] + expected_bytes[i], text,
				       (size_t)bytes);
				expected_bytes[i] += (size_t)bytes;
			}
			if (!lost[i] && journal_lost(journal, &readers[i])) {
				lost[i] = true;
				lost_count++;
			}
			/* reader 0 is always prompt, the last never reads */
			if (lost[i] || i == READERS - 1 ||
			    (i && random_below(&random, 8 * i)))
				continue;
			got_bytes[i] += drain(journal, &readers[i],
					      1 + random_below(&random, 300),
					      got[i] + got_bytes[i],
					      ROOM - got_bytes[i]);
		}
	}
	assert_false(lost[0]);
	assert_true(lost[READERS - 1]);
	assert_int_equal(got_bytes[0], expected_bytes[0]);
	for (unsigned i = 0; i < READERS; i++) {
		assert_memory_equal(got[i], expected[i], got_bytes[i]);
		free(expected[i]);
		free(got[i]);
	}
	journal_free(journal);
	journal_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_gets_what),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
