/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/result.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* The names are promised to scripts. */
static void test_promised_names(void **state)
{
	static const char *const verdicts[] = {"open", "closed", "filtered"};
	static const char *const reasons[] = {
		"syn-ack",
		"rst",
		"no-reply",
		"icmp-net-unreach",
		"icmp-host-unreach",
		"icmp-port-unreach",
		"icmp-proto-unreach",
		"icmp-net-prohibited",
		"icmp-host-prohibited",
		"icmp-admin-prohibited",
		"no-route",
		"no-neighbour",
		"conn-refused",
		"timeout",
	};

	(void)state;
	for (unsigned i = 0; i < VERDICT_COUNT; i++)
		assert_string_equal(verdict_name(i), verdicts[i]);
	for (unsigned i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		assert_string_equal(reason_name(i), reasons[i]);
}

static void test_every_one_has_a_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		assert_non_null(reason_name(i));
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(reason_name(i), reason_name(j));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_promised_names),
		cmocka_unit_test(test_every_one_has_a_name),
	};

	return cmocka_run_group_tests_name("result", tests, NULL, NULL);
}
