/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_set(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(error.status, STATUS_OK);
	assert_string_equal(error.text, "");
	assert_int_equal(error_set(&error, STATUS_USAGE, "bad %s", "port"), -1);
	assert_int_equal(error.status, STATUS_USAGE);
	assert_string_equal(error.text, "bad port");
}

static void test_errno(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	errno = ENOENT;
	assert_int_equal(error_errno(&error, "open %s", "x"), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(error.status, STATUS_FAILED);
	assert_string_equal(error.text, "open x: No such file or directory");
}

static void test_context(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	error_set(&error, STATUS_USAGE, "inner");
	assert_int_equal(error_context(&error, "list:%d", 3), -1);
	assert_int_equal(error_context(&error, "outer"), -1);
	assert_int_equal(error.status, STATUS_USAGE);
	assert_string_equal(error.text, "outer: list:3: inner");
}

static void test_null(void **state)
{
	(void)state;
	assert_int_equal(error_set(NULL, STATUS_FAILED, "x"), -1);
	assert_int_equal(error_errno(NULL, "x"), -1);
	assert_int_equal(error_context(NULL, "x"), -1);
}

static void test_escapes_once(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	error_set(&error, STATUS_FAILED, "a\nb\033[2Jc \xc3\xa4 \xff");
	assert_string_equal(error.text, "a\\x0ab\\x1b[2Jc \xc3\xa4 \\xff");
	error_context(&error, "d\t");
	assert_string_equal(error.text,
			    "d\\x09: a\\x0ab\\x1b[2Jc \xc3\xa4 \\xff");
}

/* Texts around the size of the room: whole, or cut with dots at the end. */
static void test_long(void **state)
{
	static char text[5000];
	struct error error = ERROR_INIT;
	const size_t room = sizeof(error.text) - 1;

	(void)state;
	for (size_t length = room - 4; length < room + 4; length++) {
		memset(text, 'a', sizeof(text));
		text[length] = '\0';
		error_set(&error, STATUS_FAILED, "%s", text);
		if (length <= room) {
			assert_string_equal(error.text, text);
			continue;
		}
		assert_int_equal(strlen(error.text), room);
		assert_string_equal(error.text + room - 4, "a...");
	}
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	error_set(&error, STATUS_FAILED, "%s", text);
	error_context(&error, "open %s", "eth0");
	assert_memory_equal(error.text, "open eth0: aaa", 14);
	assert_string_equal(error.text + room - 4, "a...");
	error_context(&error, "%s", text);
	errno = EIO;
	error_errno(&error, "%s", text);
	assert_int_equal(strlen(error.text), room);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_errno),
		cmocka_unit_test(test_context),
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_escapes_once),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
