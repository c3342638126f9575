/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check(const char *text, size_t expected)
{
	assert_int_equal(utf8_whole(text, strlen(text)), expected);
}

static void test_whole(void **state)
{
	(void)state;
	check("", 0);
	check("abc", 3);
	check("a\xc3\xa4", 3);
	check("a\xe2\x82\xac", 4);
	check("a\xf0\x9f\x90\xa7", 5);
}

static void test_cut(void **state)
{
	(void)state;
	check("a\xc3", 1);
	check("a\xe2", 1);
	check("a\xe2\x82", 1);
	check("a\xf0", 1);
	check("a\xf0\x9f", 1);
	check("a\xf0\x9f\x90", 1);
	check("\xe4\xbd", 0);
}

/* What can never become a character is not waited for. */
static void test_wrong(void **state)
{
	(void)state;
	check("a\x80", 2);
	check("a\x80\x80\x80\x80", 5);
	check("a\xff", 2);
	check("a\xc0", 2); /* overlong */
	check("a\xc1", 2);
	check("a\xf5", 2); /* above U+10FFFF */
	check("\x80\x80", 2);
}

/* Whatever the text, cut anywhere: the first part and the rest make the text
 * again, and whole text is never held back. */
static void test_every_cut(void **state)
{
	static const char text[] = "x\xc3\xb6\xe4\xbd\xa0\xe5\xa5\xbd\xf0\x9f"
				   "\x90\xa7z";
	static const size_t ends[] = {0, 1, 3, 6, 9, 13, 14};

	(void)state;
	for (size_t bytes = 0; bytes < sizeof(text); bytes++) {
		size_t expected = 0;

		for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
			if (ends[i] <= bytes)
				expected = ends[i];
		assert_int_equal(utf8_whole(text, bytes), expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_every_cut),
	};

	return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
