/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/payload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_content(void **state)
{
	char text[32] = {0};

	(void)state;
	payload_fill(text, 20, false);
	assert_string_equal(text, "00000000,00000009,00");
	payload_fill(text, 20, true);
	assert_string_equal(text, "00000000,00000009,0\n");
	memset(text, 0, sizeof(text));
	payload_fill(text, 1, true);
	assert_string_equal(text, "\n");
	payload_fill(text, 0, true);
	assert_string_equal(text, "\n");
}

/* Every offset can be read off, in a block of exactly that size. */
static void test_sizes(void **state)
{
	(void)state;
	for (size_t bytes = 1; bytes < 3000; bytes += 7) {
		char *text = malloc(bytes);

		assert_non_null(text);
		payload_fill(text, bytes, false);
		for (size_t at = 0; at + 8 <= bytes; at += 9) {
			char digits[9] = {0};

			memcpy(digits, text + at, 8);
			assert_int_equal(strtoul(digits, NULL, 10), at);
		}
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_content),
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests_name("payload", tests, NULL, NULL);
}
