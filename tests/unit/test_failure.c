/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/failure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

static const char *format(int error)
{
	static char text[FAILURE_BYTES];

	assert_ptr_equal(failure_format(error, text), text);
	return text;
}

/* What a student has to tell apart, and the number that Windows shows. */
static void test_words(void **state)
{
	static const struct {
		int error;
		const char *begins, *ends;
	} cases[] = {
		{ECONNREFUSED,
		 "connection refused: ", " (ECONNREFUSED; Windows: 10061)"},
		{ETIMEDOUT, "timed out: ", " (ETIMEDOUT; Windows: 10060)"},
		{EHOSTUNREACH,
		 "host unreachable: ", " (EHOSTUNREACH; Windows: 10065)"},
		{ENETUNREACH, "network unreachable: ",
		 " (ENETUNREACH; Windows: 10051 or 10065)"},
		{ECONNRESET,
		 "connection reset: ", " (ECONNRESET; Windows: 10054)"},
		{EADDRINUSE, "port in use: ", " (EADDRINUSE; Windows: 10048)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = format(cases[i].error);
		size_t length = strlen(text), end = strlen(cases[i].ends);

		assert_memory_equal(text, cases[i].begins,
				    strlen(cases[i].begins));
		assert_true(length > end);
		assert_string_equal(text + length - end, cases[i].ends);
	}
	assert_non_null(strstr(format(ETIMEDOUT), "check the firewall"));
}

/* None of them was cut, whichever it is. */
static void test_all(void **state)
{
	(void)state;
	for (int error = 1; error < 200; error++) {
		const char *text = format(error);
		size_t length = strlen(text);

		assert_true(length < FAILURE_BYTES - 1);
		assert_int_equal(text[length - 1], ')');
	}
}

static void test_unknown(void **state)
{
	char name[FAILURE_BYTES];

	(void)state;
	assert_string_equal(format(4711), "unknown error (error 4711)");
	assert_string_equal(failure_name(4711, name), "error 4711");
	assert_string_equal(failure_name(EAGAIN, name), "EAGAIN");
	assert_string_equal(format(ENOENT),
			    "No such file or directory (ENOENT)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_unknown),
	};

	return cmocka_run_group_tests_name("failure", tests, NULL, NULL);
}
