/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/addr.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"

static struct addr parsed(const char *text)
{
	struct addr addr;

	if (addr_parse(text, &addr))
		fail_msg("\"%s\" is refused", text);
	return addr;
}

static void test_parse_format(void **state)
{
	static const char *const same[] = {
		"0.0.0.0",
		"1.2.3.4",
		"10.0.0.1",
		"255.255.255.255",
		"::",
		"::1",
		"2001:db8::1",
		"fe80::1",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		"::ffff:1.2.3.4",
	};
	char text[ADDR_TEXT_BYTES];
	struct addr none = {.family = 0};

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		struct addr addr = parsed(same[i]);

		assert_ptr_equal(addr_format(&addr, text), text);
		assert_string_equal(text, same[i]);
	}
	assert_string_equal(addr_format(&none, text), "(no address)");
}

static void test_parse_strict(void **state)
{
	static const char *const wrong[] = {
		"",
		" 1.2.3.4",
		"1.2.3.4 ",
		"1.2.3",
		"1.2.3.4.5",
		"010.0.0.1",
		"1.2.3.04",
		"256.1.1.1",
		"0x7f.0.0.1",
		"0x7f000001",
		"2130706433",
		"1..2.3",
		"-1.2.3.4",
		"1.2.3.4\n",
		"1.2.3.4/24",
		":",
		":::",
		"1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9",
		"1::2::3",
		"12345::",
		"g::1",
		"[::1]",
		"::1%",
		"::1%lo",
		"::1%1",
		"2001:db8::1%1",
		"1.2.3.4%1",
		"fe80::1%",
		"fe80::1%0",
		"fe80::1%01",
		"fe80::1%no-such-if",
		"fe80::1%4294967296",
		"fe80::1%1%1",
		"localhost",
	};
	struct addr before;

	(void)state;
	memset(&before, 99, sizeof(before));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct addr addr;

		memcpy(&addr, &before, sizeof(addr));
		if (addr_parse(wrong[i], &addr) != -1)
			fail_msg("\"%s\" is accepted", wrong[i]);
		assert_memory_equal(&addr, &before, sizeof(addr));
	}
}

static void test_scope(void **state)
{
	struct addr addr = parsed("fe80::1%4000000000");
	char text[ADDR_TEXT_BYTES], expected[ADDR_TEXT_BYTES];
	unsigned loopback = if_nametoindex("lo");

	(void)state;
	assert_int_equal(addr.scope, 4000000000u);
	assert_string_equal(addr_format(&addr, text), "fe80::1%4000000000");
	assert_int_equal(parsed("fe80::1").scope, 0);
	if (!loopback)
		skip();
	addr = parsed("fe80::1%lo");
	assert_int_equal(addr.scope, loopback);
	assert_string_equal(addr_format(&addr, text), "fe80::1%lo");
	snprintf(expected, sizeof(expected), "fe80::1%%%u", loopback);
	addr = parsed(expected);
	assert_string_equal(addr_format(&addr, text), "fe80::1%lo");
}

/* In ascending order; scope 9 of the last two. */
static void test_compare(void **state)
{
	static const char *const ascending[] = {
		"0.0.0.0", "1.2.3.4",   "1.2.4.0",   "255.0.0.0", "::",
		"::1",     "fe80::1:0", "fe80::1%9", "fe80::2%9",
	};
	const size_t n = sizeof(ascending) / sizeof(ascending[0]);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			struct addr a = parsed(ascending[i]);
			struct addr b = parsed(ascending[j]);
			int order = addr_compare(&a, &b);

			assert_int_equal(order < 0, i < j);
			assert_int_equal(order > 0, i > j);
			assert_int_equal(addr_equal(&a, &b), i == j);
		}
	}
}

static void test_value(void **state)
{
	struct random random = random_new();
	struct addr v4 = parsed("1.2.3.4");
	struct addr v6 = parsed("fe80::1:2%9");
	struct addr back;

	(void)state;
	assert_true(addr_to_value(&v4) == 0x01020304);
	assert_true(addr_to_value(&v6) ==
		    ((addr_value)0xfe80000000000000 << 64 | 0x10002));
	back = addr_from_value(&v6, addr_to_value(&v6) - 3);
	assert_true(addr_equal(
		&back, &(struct addr){
			       .family = AF_INET6,
			       .scope = 9,
			       .bytes = {0xfe, 0x80, [15] = 0xff, [14] = 0xff},
		       }));
	for (int i = 0; i < 1000; i++) {
		addr_value value = (addr_value)random_next(&random) << 64 |
				   random_next(&random);

		back = addr_from_value(&v6, value);
		assert_true(addr_to_value(&back) == value);
		assert_int_equal(back.scope, 9);
		back = addr_from_value(&v4, (uint32_t)value);
		assert_true(addr_to_value(&back) == (uint32_t)value);
		assert_int_equal(back.bytes[4], 0);
	}
}

static void test_sockaddr(void **state)
{
	struct addr v4 = parsed("1.2.3.4");
	struct addr v6 = parsed("fe80::1%9");
	struct sockaddr_storage storage;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct addr back;

	(void)state;
	assert_int_equal(addr_to_sockaddr(&v4, 80, &storage), sizeof(in));
	memcpy(&in, &storage, sizeof(in));
	assert_int_equal(in.sin_family, AF_INET);
	assert_int_equal(ntohs(in.sin_port), 80);
	assert_int_equal(addr_from_sockaddr((struct sockaddr *)&storage, &back),
			 0);
	assert_true(addr_equal(&v4, &back));

	assert_int_equal(addr_to_sockaddr(&v6, 443, &storage), sizeof(in6));
	memcpy(&in6, &storage, sizeof(in6));
	assert_int_equal(ntohs(in6.sin6_port), 443);
	assert_int_equal(in6.sin6_scope_id, 9);
	assert_int_equal(addr_from_sockaddr((struct sockaddr *)&storage, &back),
			 0);
	assert_true(addr_equal(&v6, &back));

	storage.ss_family = AF_UNIX;
	assert_int_equal(addr_from_sockaddr((struct sockaddr *)&storage, &back),
			 -1);
}

static void test_from_in(void **state)
{
	struct in_addr in = {.s_addr = htonl(0x01020304)};
	struct in6_addr global = {.s6_addr = {0x20, 1, [15] = 1}};
	struct in6_addr local = {.s6_addr = {0xfe, 0x80, [15] = 1}};
	struct addr v4 = addr_from_in(in), v6 = addr_from_in6(&local, 3);
	char text[ADDR_TEXT_BYTES];

	(void)state;
	assert_string_equal(addr_format(&v4, text), "1.2.3.4");
	assert_int_equal(v6.scope, 3);
	v6 = addr_from_in6(&global, 3);
	assert_int_equal(v6.scope, 0);
	assert_string_equal(addr_format(&v6, text), "2001::1");
	assert_int_equal(addr_bits(AF_INET), 32);
	assert_int_equal(addr_bits(AF_INET6), 128);
}

static void test_kinds(void **state)
{
	static const struct {
		const char *text;
		bool loopback, link_local;
		const char *special;
	} cases[] = {
		{"0.0.0.0", false, false, "unspecified"},
		{"0.255.255.255", false, false, "unspecified"},
		{"1.0.0.0", false, false, NULL},
		{"126.255.255.255", false, false, NULL},
		{"127.0.0.0", true, false, NULL},
		{"127.255.255.255", true, false, NULL},
		{"128.0.0.0", false, false, NULL},
		{"169.253.255.255", false, false, NULL},
		{"169.254.0.0", false, true, NULL},
		{"169.254.255.255", false, true, NULL},
		{"169.255.0.0", false, false, NULL},
		{"223.255.255.255", false, false, NULL},
		{"224.0.0.0", false, false, "multicast"},
		{"239.255.255.255", false, false, "multicast"},
		{"240.0.0.0", false, false, "reserved (class E)"},
		{"255.255.255.254", false, false, "reserved (class E)"},
		{"255.255.255.255", false, false, "broadcast"},
		{"::", false, false, "unspecified"},
		{"::1", true, false, NULL},
		{"::2", false, false, NULL},
		{"fe7f:ffff::", false, false, NULL},
		{"fe80::", false, true, NULL},
		{"febf:ffff::1", false, true, NULL},
		{"fec0::", false, false, NULL},
		{"feff:ffff::", false, false, NULL},
		{"ff00::", false, false, "multicast"},
		{"ff02::1", false, false, "multicast"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct addr addr = parsed(cases[i].text);
		const char *special = addr_special(&addr);

		assert_int_equal(addr_is_loopback(&addr), cases[i].loopback);
		assert_int_equal(addr_is_link_local(&addr),
				 cases[i].link_local);
		assert_string_equal(special ? special : "",
				    cases[i].special ? cases[i].special : "");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_format),
		cmocka_unit_test(test_parse_strict),
		cmocka_unit_test(test_scope),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_value),
		cmocka_unit_test(test_sockaddr),
		cmocka_unit_test(test_from_in),
		cmocka_unit_test(test_kinds),
	};

	return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
