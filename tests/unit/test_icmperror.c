/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/icmperror.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct addr router = {.family = AF_INET, .bytes = {10, 9, 1, 254}};

static void test_text(void **state)
{
	const struct {
		struct icmp_error error;
		const char *text;
	} cases[] = {
		{{.number = ECONNREFUSED,
		  .family = AF_INET,
		  .type = 3,
		  .code = 3,
		  .from = router},
		 "port unreachable (ICMP 3/3) from 10.9.1.254"},
		{{.number = EMSGSIZE,
		  .family = AF_INET,
		  .type = 3,
		  .code = 4,
		  .mtu = 1400,
		  .from = router},
		 "fragmentation needed (ICMP 3/4) from 10.9.1.254, MTU 1400"},
		{{.number = EHOSTUNREACH,
		  .family = AF_INET,
		  .type = 3,
		  .code = 13},
		 "administratively prohibited (ICMP 3/13) from an unknown "
		 "address"},
		{{.number = ECONNREFUSED,
		  .family = AF_INET6,
		  .type = 1,
		  .code = 4,
		  .from = router},
		 "port unreachable (ICMPv6 1/4) from 10.9.1.254"},
		{{.number = EPROTO,
		  .family = AF_INET,
		  .type = 77,
		  .code = 255,
		  .from = router},
		 "type 77 code 255 (ICMP 77/255) from 10.9.1.254"},
		{{.number = EMSGSIZE,
		  .family = AF_INET,
		  .local = true,
		  .mtu = 1500},
		 "Message too long (this host), MTU 1500"},
		{{.number = 99999, .family = AF_INET, .local = true},
		 "type 0 code 0 (this host)"},
	};
	char text[ICMP_ERROR_TEXT_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(icmp_error_text(&cases[i].error, text),
				    cases[i].text);
}

static void test_kinds(void **state)
{
	struct icmp_error error = {
		.number = ECONNREFUSED,
		.family = AF_INET,
		.type = 3,
		.code = 3,
	};

	(void)state;
	assert_true(icmp_error_is_refusal(&error));
	assert_false(icmp_error_is_too_big(&error));
	error.family = AF_INET6; /* there 3/3 is another */
	assert_false(icmp_error_is_refusal(&error));
	error.type = 1;
	error.code = 4;
	assert_true(icmp_error_is_refusal(&error));
	error.local = true;
	assert_false(icmp_error_is_refusal(&error));
	error.number = EMSGSIZE;
	assert_true(icmp_error_is_too_big(&error));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_kinds),
	};

	return cmocka_run_group_tests_name("icmperror", tests, NULL, NULL);
}
