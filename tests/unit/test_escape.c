/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/escape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"

static void check(const char *in, const char *expected)
{
	char out[256];
	size_t bytes = strlen(in);

	assert_int_equal(escape_text(in, bytes, out, sizeof(out)), bytes);
	assert_string_equal(out, expected);
	/* A second pass changes nothing. */
	escape_text(expected, strlen(expected), out, sizeof(out));
	assert_string_equal(out, expected);
}

static void test_ascii(void **state)
{
	(void)state;
	check("", "");
	check("plain ~ \\ \"text\"", "plain ~ \\ \"text\"");
	check("\001\t\r\n\033\177", "\\x01\\x09\\x0d\\x0a\\x1b\\x7f");
}

static void test_utf8(void **state)
{
	(void)state;
	check("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xa7",
	      "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xa7");
	/* first and last of each length */
	check("\xc2\xa0\xdf\xbf", "\xc2\xa0\xdf\xbf");
	check("\xe0\xa0\x80\xef\xbf\xbf", "\xe0\xa0\x80\xef\xbf\xbf");
	check("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",
	      "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}

static void test_not_utf8(void **state)
{
	(void)state;
	check("\x80", "\\x80");                            /* no start */
	check("\xff\xfe", "\\xff\\xfe");                   /* never */
	check("\xc0\xaf", "\\xc0\\xaf");                   /* overlong */
	check("\xe0\x9f\xbf", "\\xe0\\x9f\\xbf");          /* overlong */
	check("\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf"); /* overlong */
	check("\xed\xa0\x80", "\\xed\\xa0\\x80");          /* surrogate */
	check("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* U+110000 */
	check("\xe2\x82", "\\xe2\\x82");                   /* cut off */
	check("\xe2\x82x", "\\xe2\\x82x");                 /* broken off */
	check("\xc2\x9b"
	      "2J",
	      "\\xc2\\x9b"
	      "2J"); /* C1: CSI */
}

/* Whatever comes in, the output has its NUL within the room, no control byte,
 * and is what a second pass leaves alone. The input stands in a block of its
 * exact size, for ASan. */
static void test_random(void **state)
{
	struct random random = random_new();

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t bytes = 1 + random_below(&random, 12);
		size_t room = 1 + random_below(&random, 40);
		char *in = malloc(bytes);
		char *out = malloc(room);
		char again[64];
		size_t used;

		assert_non_null(in);
		assert_non_null(out);
		for (size_t i = 0; i < bytes; i++)
			in[i] = (char)(random_next(&random) | 0x80 * (i & 1));
		used = escape_text(in, bytes, out, room);
		assert_true(used <= bytes);
		assert_non_null(memchr(out, '\0', room));
		/* It stops only for want of room: four bytes and a NUL. */
		assert_true(used == bytes || strlen(out) + 5 > room);
		for (const char *at = out; *at; at++)
			assert_true((unsigned char)*at >= 0x20 && *at != 0x7f);
		escape_text(out, strlen(out), again, sizeof(again));
		assert_string_equal(out, again);
		free(in);
		free(out);
	}
}

static void test_line(void **state)
{
	char out[8];

	(void)state;
	escape_line("1234567", out, sizeof(out));
	assert_string_equal(out, "1234567");
	escape_line("12345678", out, sizeof(out));
	assert_string_equal(out, "1234...");
	escape_line("123\n5", out, sizeof(out));
	assert_string_equal(out, "123...");
	escape_line("123\xe2\x82\xac", out, sizeof(out));
	assert_string_equal(out, "123\xe2\x82\xac");
	escape_line("123\xe2\x82\xac"
		    "45",
		    out, sizeof(out));
	assert_string_equal(out, "123...");
}

static void test_quote(void **state)
{
	char quoted[ESCAPE_QUOTE_BYTES];
	char value[100];

	(void)state;
	assert_ptr_equal(escape_quote("", quoted), quoted);
	assert_string_equal(quoted, "\"\"");
	assert_string_equal(escape_quote("a\nb", quoted), "\"a\\x0ab\"");
	memset(value, 'x', sizeof(value));
	value[58] = '\0';
	assert_int_equal(strlen(escape_quote(value, quoted)), 60);
	assert_string_equal(quoted + 57, "xx\"");
	memset(value, 'x', sizeof(value));
	value[59] = '\0';
	assert_int_equal(strlen(escape_quote(value, quoted)), 63);
	assert_string_equal(quoted + 57, "xx\"...");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ascii),    cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_not_utf8), cmocka_unit_test(test_random),
		cmocka_unit_test(test_line),     cmocka_unit_test(test_quote),
	};

	return cmocka_run_group_tests_name("escape", tests, NULL, NULL);
}
