/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "random.h"

#define UNTOUCHED 4711

static void good(const char *text, uint64_t expected)
{
	uint64_t out = UNTOUCHED;

	assert_int_equal(number_parse(text, 0, UINT64_MAX, &out), 0);
	assert_int_equal(out, expected);
}

static void bad(const char *text, uint64_t min, uint64_t max)
{
	uint64_t out = UNTOUCHED;

	assert_int_equal(number_parse(text, min, max, &out), -1);
	assert_int_equal(out, UNTOUCHED);
}

static void test_parse(void **state)
{
	(void)state;
	good("0", 0);
	good("7", 7);
	good("65535", 65535);
	good("18446744073709551615", UINT64_MAX);
	bad("18446744073709551616", 0, UINT64_MAX);
	bad("99999999999999999999", 0, UINT64_MAX);
	bad("100000000000000000000000000000000000000000", 0, UINT64_MAX);
}

static void test_parse_strict(void **state)
{
	static const char *const wrong[] = {
		"",    " 1",  "1 ", "+1", "-1",       "00", "010", "0x1", "1e3",
		"1,0", "1.0", "a",  "1a", "\xd9\xa1", "-0", "1\n", "٣",   "0b1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		bad(wrong[i], 0, UINT64_MAX);
}

static void test_parse_limits(void **state)
{
	uint64_t out = UNTOUCHED;

	(void)state;
	assert_int_equal(number_parse("5", 5, 5, &out), 0);
	assert_int_equal(out, 5);
	bad("4", 5, 9);
	bad("10", 5, 9);
	bad("0", 1, 65535);
	bad("65536", 1, 65535);
}

static void test_parse_n(void **state)
{
	uint64_t out = UNTOUCHED;
	char *exact = malloc(2);

	(void)state;
	assert_non_null(exact);
	memcpy(exact, "42", 2); /* no NUL behind it */
	assert_int_equal(number_parse_n(exact, 2, 0, 99, &out), 0);
	assert_int_equal(out, 42);
	assert_int_equal(number_parse_n("80-90", 2, 0, 99, &out), 0);
	assert_int_equal(out, 80);
	assert_int_equal(number_parse_n("80", 0, 0, 99, &out), -1);
	free(exact);
}

/* Print and read back. */
static void test_parse_round_trip(void **state)
{
	struct random random = random_new();

	(void)state;
	for (int i = 0; i < 10000; i++) {
		uint64_t value =
			random_next(&random) >> random_below(&random, 64);
		char text[24];

		snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
		good(text, value);
	}
}

static void test_duration(void **state)
{
	static const struct {
		const char *text;
		int64_t ns; /* -1: refused */
	} cases[] = {
		{"0", 0},
		{"0s", 0},
		{"2", 2 * NS_PER_S},
		{"2s", 2 * NS_PER_S},
		{"1.5s", 1500 * NS_PER_MS},
		{"1.5", 1500 * NS_PER_MS},
		{"0.25", 250 * NS_PER_MS},
		{"500ms", 500 * NS_PER_MS},
		{"200us", 200 * NS_PER_US},
		{"0.001us", 1},
		{"1.5m", 90 * NS_PER_S},
		{"1m", 60 * NS_PER_S},
		{"1h", 3600 * NS_PER_S},
		{"24h", 24 * 3600 * NS_PER_S},
		{"86400", 24 * 3600 * NS_PER_S},
		{"1.500000000000000s", 1500 * NS_PER_MS},
		{"0.0001us", -1},
		{"24.1h", -1},
		{"25h", -1},
		{"86401", -1},
		{"18446744073709551616s", -1},
		{"", -1},
		{"s", -1},
		{".5s", -1},
		{"5.s", -1},
		{"1.5.5s", -1},
		{"01s", -1},
		{"-1s", -1},
		{"+1s", -1},
		{" 1s", -1},
		{"1 s", -1},
		{"1sec", -1},
		{"1S", -1},
		{"1s ", -1},
		{"1ss", -1},
		{"inf", -1},
		{"1e3", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t ns = UNTOUCHED;
		int result = number_parse_duration(cases[i].text, &ns);

		if (result != (cases[i].ns < 0 ? -1 : 0))
			fail_msg("\"%s\" gave %d", cases[i].text, result);
		assert_true(ns == (result ? UNTOUCHED : cases[i].ns));
	}
}

static void test_rate(void **state)
{
	static const struct {
		const char *text;
		uint64_t pps; /* 0: refused */
	} cases[] = {
		{"1", 1},
		{"5000", 5000},
		{"20k", 20000},
		{"20K", 20000},
		{"1.5m", 1500000},
		{"1.234567m", 1234567},
		{"0.001k", 1},
		{"100m", 100000000},
		{"100000000", 100000000},
		{"100000001", 0},
		{"100.000001m", 0},
		{"0", 0},
		{"0.0k", 0},
		{"1.0005k", 0},
		{"1.5", 0},
		{"", 0},
		{"k", 0},
		{"-1", 0},
		{"1g", 0},
		{"1kk", 0},
		{"1 k", 0},
		{"020k", 0},
		{"99999999999999999999m", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t pps = UNTOUCHED;
		int result = number_parse_rate(cases[i].text, &pps);

		if (result != (cases[i].pps ? 0 : -1))
			fail_msg("\"%s\" gave %d", cases[i].text, result);
		assert_int_equal(pps, result ? UNTOUCHED : cases[i].pps);
	}
}

static void test_percent(void **state)
{
	static const struct {
		const char *text;
		int64_t ppm; /* -1: refused */
	} cases[] = {
		{"0", 0},
		{"0%", 0},
		{"1", 10000},
		{"5%", 50000},
		{"0.5", 5000},
		{"0.0001", 1},
		{"99.9999%", 999999},
		{"100", 1000000},
		{"100.0%", 1000000},
		{"", -1},
		{"%", -1},
		{"100.0001", -1},
		{"101", -1},
		{"-1", -1},
		{"0.00001", -1},
		{"5%%", -1},
		{"5 %", -1},
		{"05", -1},
		{".5", -1},
		{"5.", -1},
		{"1e1", -1},
		{"nan", -1},
		{"99999999999999999999", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t ppm = 77;
		int result = number_parse_percent(cases[i].text, &ppm);

		if (result != (cases[i].ppm < 0 ? -1 : 0))
			fail_msg("\"%s\" gave %d", cases[i].text, result);
		assert_int_equal(ppm, result ? 77 : cases[i].ppm);
	}
}

static void test_group(void **state)
{
	char text[27];

	(void)state;
	assert_ptr_equal(number_group(0, text, sizeof(text)), text);
	assert_string_equal(text, "0");
	assert_string_equal(number_group(999, text, sizeof(text)), "999");
	assert_string_equal(number_group(1000, text, sizeof(text)), "1,000");
	assert_string_equal(number_group(1234567, text, sizeof(text)),
			    "1,234,567");
	assert_string_equal(number_group(UINT64_MAX, text, sizeof(text)),
			    "18,446,744,073,709,551,615");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_strict),
		cmocka_unit_test(test_parse_limits),
		cmocka_unit_test(test_parse_n),
		cmocka_unit_test(test_parse_round_trip),
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_percent),
		cmocka_unit_test(test_group),
	};

	return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
