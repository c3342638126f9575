/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/targetspec.h"

#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "random.h"

#define ACCEPTED                                                               \
	"; accepted: address, PREFIX/LEN, FIRST-LAST, octet ranges such as "   \
	"10.0.1-3.*, host name"

/*
 * A resolver of our own in the place of the C library's: no test asks a name
 * server, and each look-up is counted.
 *   v4.test 10.9.0.2    v6.test fd00::2    both.test both
 *   bad.test 0.0.0.0    anything else is not known
 */
static unsigned lookups;

static struct addrinfo *push_info(struct addrinfo *next, const char *text)
{
	struct {
		struct addrinfo info;
		struct sockaddr_storage storage;
	} *both = calloc(1, sizeof(*both));
	struct addr addr;

	assert_non_null(both);
	assert_int_equal(addr_parse(text, &addr), 0);
	both->info.ai_family = addr.family;
	both->info.ai_addrlen = addr_to_sockaddr(&addr, 0, &both->storage);
	both->info.ai_addr = (struct sockaddr *)&both->storage;
	both->info.ai_next = next;
	return &both->info;
}

int getaddrinfo(const char *restrict name, const char *restrict service,
		const struct addrinfo *restrict hints,
		struct addrinfo **restrict out)
{
	bool v4 = hints->ai_family != AF_INET6;
	bool v6 = hints->ai_family != AF_INET;
	bool both = !strcmp(name, "both.test");
	struct addrinfo *found = NULL;

	lookups++;
	assert_null(service);
	if (v6 && (both || !strcmp(name, "v6.test")))
		found = push_info(found, "fd00::2");
	if (v4 && (both || !strcmp(name, "v4.test")))
		found = push_info(found, "10.9.0.2");
	if (v4 && !strcmp(name, "bad.test"))
		found = push_info(found, "0.0.0.0");
	*out = found;
	return found ? 0 : EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *info)
{
	while (info) {
		struct addrinfo *next = info->ai_next;

		free(info);
		info = next;
	}
}

/* What was taken, as text: "first-last " or, named singly, "first! ". */
static char taken[4096];

static int take(void *owner, const struct addr *first, const struct addr *last,
		bool single)
{
	char a[ADDR_TEXT_BYTES], b[ADDR_TEXT_BYTES];
	size_t used = strlen(taken);

	assert_ptr_equal(owner, taken);
	addr_format(first, a);
	addr_format(last, b);
	if (single)
		assert_string_equal(a, b);
	snprintf(taken + used, sizeof(taken) - used, "%s%s%s ", a,
		 single ? "!" : "-", single ? "" : b);
	return 0;
}

static int parse(const char *text, enum targetset_families families, bool hosts,
		 struct error *error)
{
	const struct targetspec how = {
		.noun = "target",
		.families = families,
		.hosts = hosts,
		.take = take,
		.owner = taken,
	};

	taken[0] = '\0';
	return targetspec_parse(&how, text, error);
}

static void good(const char *text, const char *expected)
{
	struct error error = ERROR_INIT;

	if (parse(text, TARGETSET_BOTH, true, &error))
		fail_msg("\"%s\": %s", text, error.text);
	assert_string_equal(taken, expected);
}

/* Refused as usage, with that text, and no name server was asked. */
static void bad(const char *text, const char *expected)
{
	struct error error = ERROR_INIT;

	lookups = 0;
	if (!parse(text, TARGETSET_BOTH, true, &error))
		fail_msg("\"%s\" is accepted", text);
	assert_string_equal(error.text, expected);
	assert_int_equal(error.status, STATUS_USAGE);
	assert_int_equal(lookups, 0);
}

static void test_addresses(void **state)
{
	(void)state;
	good("10.0.0.1", "10.0.0.1! ");
	good("2001:DB8::1", "2001:db8::1! ");
	good("fe80::1%4000000000", "fe80::1%4000000000! ");
	good("::ffff:1.2.3.4", "::ffff:1.2.3.4! ");
}

static void test_prefixes(void **state)
{
	(void)state;
	good("10.1.2.3/24", "10.1.2.0-10.1.2.255 ");
	good("10.1.2.3/32", "10.1.2.3! ");
	good("10.1.2.3/31", "10.1.2.2-10.1.2.3 ");
	good("10.1.2.3/1", "0.0.0.0-127.255.255.255 ");
	good("0.0.0.0/0", "0.0.0.0-255.255.255.255 ");
	good("2001:db8::/126", "2001:db8::-2001:db8::3 ");
	good("2001:db8::1/128", "2001:db8::1! ");
	good("::/1", "::-7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ");
	good("::/0", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ");
	good("fe80::5%4000000000/127",
	     "fe80::4%4000000000-fe80::5%4000000000 ");
	good("224.0.0.0/4", "224.0.0.0-239.255.255.255 ");
}

static void test_ranges(void **state)
{
	(void)state;
	good("10.0.0.5-10.0.1.2", "10.0.0.5-10.0.1.2 ");
	good("10.0.0.5-10.0.0.5", "10.0.0.5! ");
	good("fd00::1-fd00::ffff", "fd00::1-fd00::ffff ");
	good("fe80::1%4000000000-fe80::2%4000000000",
	     "fe80::1%4000000000-fe80::2%4000000000 ");
	good("fe80::1%4000000000-fe80::2",
	     "fe80::1%4000000000-fe80::2%4000000000 ");
}

static void test_octets(void **state)
{
	(void)state;
	good("10.0.1-3.*", "10.0.1.0-10.0.3.255 ");
	good("10.0.0.1-20", "10.0.0.1-10.0.0.20 ");
	good("10.0.0.1,5,9", "10.0.0.1-10.0.0.1 10.0.0.5-10.0.0.5 "
			     "10.0.0.9-10.0.0.9 ");
	good("10.0.0.5,1,4,2-3,5", "10.0.0.1-10.0.0.5 ");
	good("10,11.0.0.1", "10.0.0.1-10.0.0.1 11.0.0.1-11.0.0.1 ");
	good("1.2.3,5.250-", "1.2.3.250-1.2.3.255 1.2.5.250-1.2.5.255 ");
	good("1.2.-1.*", "1.2.0.0-1.2.1.255 ");
	good("*.*.*.*", "0.0.0.0-255.255.255.255 ");
	good("-.-.-.-", "0.0.0.0-255.255.255.255 ");
	good("1-2,4.0-1.9.*", "1.0.9.0-1.0.9.255 1.1.9.0-1.1.9.255 "
			      "2.0.9.0-2.0.9.255 2.1.9.0-2.1.9.255 "
			      "4.0.9.0-4.0.9.255 4.1.9.0-4.1.9.255 ");
}

static void test_lists(void **state)
{
	(void)state;
	good("10.0.0.1,10.0.0.2", "10.0.0.1! 10.0.0.2! ");
	good("10.0.0.1,5,10.0.1.2",
	     "10.0.0.1-10.0.0.1 10.0.0.5-10.0.0.5 10.0.1.2! ");
	good("v4.test,v6.test", "10.9.0.2! fd00::2! ");
	good("10.0.0.0/31,::1", "10.0.0.0-10.0.0.1 ::1! ");
}

static void test_names(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	good("both.test", "10.9.0.2! fd00::2! ");
	assert_int_equal(parse("both.test", TARGETSET_IPV4, true, &error), 0);
	assert_string_equal(taken, "10.9.0.2! ");
	assert_int_equal(parse("both.test", TARGETSET_IPV6, true, &error), 0);
	assert_string_equal(taken, "fd00::2! ");

	assert_int_equal(parse("nosuch.test", TARGETSET_BOTH, true, &error),
			 -1);
	assert_int_equal(error.status, STATUS_FAILED);
	assert_string_equal(error.text,
			    "host name \"nosuch.test\" does not resolve: "
			    "Name or service not known");
	assert_int_equal(parse("v6.test", TARGETSET_IPV4, true, &error), -1);
	assert_int_equal(error.status, STATUS_FAILED);
	assert_int_equal(parse("bad.test", TARGETSET_BOTH, true, &error), -1);
	assert_int_equal(error.status, STATUS_FAILED);
	assert_string_equal(error.text,
			    "host name \"bad.test\" resolves to 0.0.0.0, which "
			    "no host can have: unspecified");
}

/* These are names, odd as they look. */
static void test_odd_names(void **state)
{
	static const char *const names[] = {
		"a",        "1a",           "10.0.0.1a", "0xg",
		"a-b",      "x.0xyz.",      "_srv.test", "v4.test.",
		"10.0.0.x", "3com.example", "a..b",      "1-2.test",
	};
	struct error error = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		lookups = 0;
		assert_int_equal(parse(names[i], TARGETSET_BOTH, true, &error),
				 -1);
		assert_int_equal(error.status, STATUS_FAILED);
		assert_int_equal(lookups, 1);
	}
}

static void test_bad_addresses(void **state)
{
	static const char octet[] = ": an octet is 0-255 without leading "
				    "zeros, or a range of such" ACCEPTED;
	static const char *const octets[] = {
		"010.0.0.1",  "256.1.1.1",  "1.2.3.1,",  "1.2.3.5-1",
		"1.2..4",     "1.2.3.1--2", "1.2.3.**",  "1.2.3.1-256",
		"1.2.3.00-5", "1.2.3.1,,2", "1.2.3.1-*",
	};
	static const char *const not_four[] = {
		"1", "1.2.3", "1.2.3.4.5", "1.2.3.4.", "127.1",
		"*", "-",     ",",         "1-2",      "2130706433",
	};
	char expected[256];

	(void)state;
	for (size_t i = 0; i < sizeof(octets) / sizeof(octets[0]); i++) {
		snprintf(expected, sizeof(expected), "bad target \"%s\"%s",
			 octets[i], octet);
		bad(octets[i], expected);
	}
	for (size_t i = 0; i < sizeof(not_four) / sizeof(not_four[0]); i++) {
		snprintf(expected, sizeof(expected),
			 "bad target \"%s\": an IPv4 address has four "
			 "octets" ACCEPTED,
			 not_four[i]);
		bad(not_four[i], expected);
	}
}

static void test_bad(void **state)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{"", "it is empty"},
		{"10.0.0.0/33", "the prefix length is not 0-32"},
		{"10.0.0.0/", "the prefix length is not 0-32"},
		{"10.0.0.0/-1", "the prefix length is not 0-32"},
		{"10.0.0.0/08", "the prefix length is not 0-32"},
		{"10.0.0.0/8/8", "the prefix length is not 0-32"},
		{"10.0.0.0/255.0.0.0", "the prefix length is not 0-32"},
		{"fd00::/129", "the prefix length is not 0-128"},
		{"010.0.0.0/8", "before the / stands no address"},
		{"/8", "before the / stands no address"},
		{"example.com/24", "before the / stands no address"},
		{"10.0.0.9-10.0.0.1", "the range runs backwards"},
		{"fd00::9-fd00::1", "the range runs backwards"},
		{"10.0.0.1-fd00::1", "FIRST and LAST are not of one family"},
		{"fe80::1%4-fe80::2%5",
		 "FIRST and LAST are not on one interface"},
		{"fe80::%4/8", "only link-local addresses take %interface"},
		{"fd00::1%1", "not a link-local IPv6 address with an "
			      "interface of this machine"},
		{"fe80::1%nosuchif", "not a link-local IPv6 address with an "
				     "interface of this machine"},
		{"fd00:::1", "not an IPv6 address"},
		{"[::1]", "not an IPv6 address"},
		{"host:80", "not an IPv6 address"},
		{"0x7f.0.0.1", "neither an address nor a host name"},
		{"0x7f000001", "neither an address nor a host name"},
		{"0x7F000001.", "neither an address nor a host name"},
		{"1.2.3.0xff", "neither an address nor a host name"},
		{"a.1", "neither an address nor a host name"},
		{"two words", "neither an address nor a host name"},
		{"a,,b", "neither an address nor a host name"},
		{"host%eth0", "neither an address nor a host name"},
		{"0.0.0.0", "no host can have this address: unspecified"},
		{"0.1.2.3", "no host can have this address: unspecified"},
		{"224.0.0.1", "no host can have this address: multicast"},
		{"250.0.0.1/32",
		 "no host can have this address: reserved (class E)"},
		{"255.255.255.255", "no host can have this address: broadcast"},
		{"ff02::1-ff02::1", "no host can have this address: multicast"},
		{"::", "no host can have this address: unspecified"},
		{"1-254.*.*.1", "more than 65,536 separate ranges"},
		{"10.0-255.0-255.1,3", "more than 65,536 separate ranges"},
	};
	char expected[300];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = cases[i].text;

		if (!strcmp(text, "a,,b"))
			text = "a,"; /* the first of the two */
		snprintf(expected, sizeof(expected),
			 "bad target \"%s\": %s" ACCEPTED, text,
			 cases[i].reason);
		bad(cases[i].text, expected);
	}
	bad("\033]0;x\a", "bad target \"\\x1b]0;x\\x07\": neither an address "
			  "nor a host name" ACCEPTED);
}

/* Special addresses may be excluded singly. */
static void test_not_hosts(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(parse("224.0.0.1", TARGETSET_BOTH, false, &error), 0);
	assert_string_equal(taken, "224.0.0.1! ");
	assert_int_equal(parse("bad.test", TARGETSET_BOTH, false, &error), 0);
	assert_string_equal(taken, "0.0.0.0! ");
}

/* A million characters of each kind: refused, quoted in part, quickly. */
static void test_long(void **state)
{
	const size_t length = 1000000;
	char *text = malloc(length + 1);

	(void)state;
	assert_non_null(text);
	for (const char *kind = "a1.,-*:%/ \n\xff"; *kind; kind++) {
		struct error error = ERROR_INIT;

		memset(text, *kind, length);
		text[length] = '\0';
		lookups = 0;
		assert_int_equal(parse(text, TARGETSET_BOTH, true, &error), -1);
		assert_int_equal(error.status, STATUS_USAGE);
		assert_int_equal(lookups, 0);
		assert_in_range(strlen(error.text), 100, 250);
		assert_non_null(strstr(error.text, "\"...: "));
	}
	memset(text, 'a', length);
	bad(text, "bad target "
		  "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "\"...: neither an address nor a host name" ACCEPTED);
	for (size_t i = 0; i < length; i++)
		text[i] = i % 2 ? ',' : '1';
	text[length - 1] = '\0';
	bad(text, "bad target "
		  "\"1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
		  "\"...: an IPv4 address has four octets" ACCEPTED);
	free(text);
}

/* Anything at all from the grammar's letters: taken, or refused with a line
 * that says why. */
static void test_random(void **state)
{
	static const char letters[] = "0125..,,--*:/%fax \n\xc3";
	struct random random = random_new();
	unsigned accepted = 0;

	(void)state;
	for (int round = 0; round < 50000; round++) {
		struct error error = ERROR_INIT;
		size_t length = random_below(&random, 20);
		char text[20];

		for (size_t i = 0; i < length; i++)
			text[i] = letters[random_below(&random,
						       sizeof(letters) - 1)];
		text[length] = '\0';
		if (!parse(text, TARGETSET_BOTH, true, &error)) {
			accepted++;
			assert_string_equal(error.text, "");
			assert_string_not_equal(taken, "");
			continue;
		}
		assert_true(error.status == STATUS_USAGE ||
			    error.status == STATUS_FAILED);
		assert_int_equal(strcspn(error.text, "\n"), strlen(error.text));
		assert_true(strlen(error.text) > 20);
	}
	assert_true(accepted > 0);
}

static int take_nothing(void *owner, const struct addr *first,
			const struct addr *last, bool single)
{
	(void)owner;
	(void)first;
	(void)last;
	(void)single;
	return -1;
}

static void test_out_of_memory(void **state)
{
	static const char *const specs[] = {"1.2.3.4", "1.2.3.0/24",
					    "1.2.3.1,5", "both.test"};
	const struct targetspec how = {
		.noun = "target",
		.families = TARGETSET_BOTH,
		.take = take_nothing,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		struct error error = ERROR_INIT;

		assert_int_equal(targetspec_parse(&how, specs[i], &error), -1);
		assert_int_equal(error.status, STATUS_FAILED);
		assert_string_equal(error.text, "out of memory");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_octets),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_odd_names),
		cmocka_unit_test(test_bad_addresses),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_not_hosts),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests_name("targetspec", tests, NULL, NULL);
}
