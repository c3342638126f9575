/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/say.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "flow/phrase.h"
#include "random.h"

static void test_columns(void **state)
{
	(void)state;
	assert_int_equal(say_columns(""), 0);
	assert_int_equal(say_columns("SYN"), 3);
	assert_int_equal(say_columns("\u2500\u2500\u25b6"), 3);
	assert_int_equal(say_columns("三次握手"), 8);
	assert_int_equal(say_columns("e\u0301"), 1);
	assert_int_equal(say_columns("\xff\xe4\xb8"), 3);
	assert_int_equal(say_fit("三次握手", 5), 6);
	assert_int_equal(say_fit("SYN", 9), 3);
	assert_int_equal(say_fit("SYN", 0), 0);
}

/* Without a catalogue the text is itself. */
static void test_untranslated(void **state)
{
	static const char text[] = "no such message";

	(void)state;
	assert_ptr_equal(say(text), text);
}

static void test_phrase(void **state)
{
	struct phrase phrase;
	char text[8];

	(void)state;
	phrase_begin(&phrase, text, sizeof(text));
	phrase_add(&phrase, "%s", "ab");
	phrase_add(&phrase, "%u", 345u);
	assert_string_equal(text, "ab345");
	phrase_add(&phrase, "%s", "\u6f22\u5b57"); /* cut as a whole */
	assert_string_equal(text, "ab345");
	phrase_add(&phrase, "more");
	assert_string_equal(text, "ab345");

	phrase_begin(&phrase, text, sizeof(text));
	phrase_terms(&phrase, 1, 10, 2);
	assert_string_equal(text, "10 + 10");
	phrase_begin(&phrase, text, sizeof(text));
	phrase_terms(&phrase, 1, 10, 4);
	assert_string_equal(text, "4 x 10");
}

/* Whatever the bytes, a cut lies within them and says no more than fits. */
static void test_noise(void **state)
{
	struct random random = random_new();

	(void)state;
	for (int i = 0; i < 100000; i++) {
		size_t length = random_below(&random, 30), fits;
		size_t columns = random_below(&random, 20);
		char text[32];

		for (size_t n = 0; n < length; n++)
			text[n] = (char)(1 + random_below(&random, 255));
		text[length] = '\0';
		fits = say_fit(text, columns);
		assert_in_range(fits, 0, strlen(text));
		text[fits] = '\0';
		assert_in_range(say_columns(text), 0, columns);
	}
}

/* Where the text goes on behind the break. */
static void check_break(const char *text, size_t columns, const char *rest)
{
	assert_string_equal(text + say_break(text, columns), rest);
}

static void test_break(void **state)
{
	(void)state;
	check_break("one two", 7, "");
	check_break("one two", 5, "two");
	check_break("one two", 3, " two");
	check_break("one two", 2, "e two"); /* no blank in time */
	check_break("三次握手", 4, "握手");
	check_break("确认 seq 的全部", 9, "的全部");
	/* no line begins with a stop or ends with an opening bracket */
	check_break("三次握手。好", 8, "手。好");
	check_break("握手，然后", 4, "手，然后");
	check_break("三次（握手）", 6, "（握手）");
	/* a number is not cut where Chinese stands before it */
	check_break("下一个 = 12345", 12, "12345");
	check_break("确认12345号", 8, "12345号");
	assert_int_equal(say_break("三", 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_untranslated),
		cmocka_unit_test(test_phrase),
		cmocka_unit_test(test_break),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
