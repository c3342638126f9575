/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <string.h>

static unsigned rows(unsigned prompt, const wchar_t *text, unsigned columns)
{
	return rows_below(prompt, text, wcslen(text), columns);
}

static void test_narrow(void **state)
{
	(void)state;
	assert_int_equal(rows(2, L"", 10), 0);
	assert_int_equal(rows(2, L"1234567", 10), 0);
	/* In the last column the next character is one row below already. */
	assert_int_equal(rows(2, L"12345678", 10), 1);
	assert_int_equal(rows(2, L"123456789", 10), 1);
	assert_int_equal(rows(2, L"12345678901234567", 10), 1);
	assert_int_equal(rows(2, L"123456789012345678", 10), 2);
	assert_int_equal(rows(0, L"", 1), 0);
	assert_int_equal(rows(2, L"abc", 1), 5);
}

static void test_wide(void **state)
{
	(void)state;
	/* two columns each */
	assert_int_equal(rows(2, L"\u4f60\u4f60\u4f60", 10), 0);
	assert_int_equal(rows(2, L"\u4f60\u4f60\u4f60\u4f60", 10), 1);
	/* one that does not fit leaves a column empty: 3 + 3*2, then 2 */
	assert_int_equal(rows(3, L"\u4f60\u4f60\u4f60", 10), 0);
	assert_int_equal(rows(3, L"\u4f60\u4f60\u4f60\u4f60", 10), 1);
	assert_int_equal(rows(3,
			      L"\u4f60\u4f60\u4f60\u4f60"
			      L"1234567",
			      10),
			 1);
	assert_int_equal(rows(3,
			      L"\u4f60\u4f60\u4f60\u4f60"
			      L"12345678",
			      10),
			 2);
	/* none: a combining mark */
	assert_int_equal(rows(2, L"e\u0301e\u0301e\u0301e\u0301", 7), 0);
}

static void test_others(void **state)
{
	(void)state;
	assert_int_equal(rows(2, L"\t", 20), 0);
	assert_int_equal(rows(2, L"\t\t1234", 20), 1); /* 2 -> 8 -> 16 -> 20 */
	assert_int_equal(rows(2, L"\t\t123", 20), 0);
	assert_int_equal(rows(2, L"\001\002\003", 8), 1); /* ^A^B^C */
	assert_int_equal(rows(2, L"\001\002\003", 9), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_wide),
		cmocka_unit_test(test_others),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}
