/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/portset.h"

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
	"; accepted: 1-65535, FIRST-LAST, service names, \"-\" for all, "      \
	"comma-separated"

static void add(struct portset *set, const char *spec)
{
	struct error error = ERROR_INIT;

	if (portset_add(set, spec, &error))
		fail_msg("\"%s\": %s", spec, error.text);
}

/* The set holds exactly those n ports, by each of its functions. */
static void check_ports(const struct portset *set, const uint16_t *ports,
			uint32_t n)
{
	uint32_t next = 0;

	assert_int_equal(set->count, n);
	for (uint32_t port = 0; port <= 65535; port++) {
		bool in = next < n && ports[next] == port;

		if (portset_has(set, (uint16_t)port) != in)
			fail_msg("port %u", (unsigned)port);
		if (portset_rank(set, (uint16_t)port) !=
		    (in ? (int32_t)next : -1))
			fail_msg("rank of port %u", (unsigned)port);
		if (in && portset_nth(set, next++) != port)
			fail_msg("not the nth: port %u", (unsigned)port);
	}
	assert_int_equal(next, n);
}

static void test_empty(void **state)
{
	struct portset set;

	(void)state;
	portset_init(&set);
	check_ports(&set, NULL, 0);
}

static void test_add(void **state)
{
	static const uint16_t expected[] = {1,  2,  3,    22,   63,    64,
					    65, 80, 8000, 8001, 65534, 65535};
	struct portset set;

	(void)state;
	portset_init(&set);
	add(&set, "80,22,80,63-65,-3");
	add(&set, "8000-8001,65534-");
	check_ports(&set, expected, sizeof(expected) / sizeof(expected[0]));
}

static void test_all(void **state)
{
	static uint16_t expected[65535];
	struct portset set;

	(void)state;
	for (uint32_t i = 0; i < 65535; i++)
		expected[i] = (uint16_t)(i + 1);
	portset_init(&set);
	add(&set, "-");
	check_ports(&set, expected, 65535);
	portset_init(&set);
	add(&set, "1-65535");
	check_ports(&set, expected, 65535);
	portset_init(&set);
	add(&set, "-40000,30000-");
	check_ports(&set, expected, 65535);
}

static void test_remove(void **state)
{
	static const uint16_t expected[] = {1, 2, 9, 10};
	struct portset set;
	struct error error = ERROR_INIT;

	(void)state;
	portset_init(&set);
	add(&set, "-");
	assert_int_equal(portset_remove(&set, "3-8,11-", &error), 0);
	check_ports(&set, expected, 4);
	assert_int_equal(portset_remove(&set, "3-8", &error), 0);
	check_ports(&set, expected, 4);
	assert_int_equal(portset_remove(&set, "-", &error), 0);
	check_ports(&set, NULL, 0);
	assert_int_equal(portset_remove(&set, "70000", &error), -1);
	assert_int_equal(error.status, STATUS_USAGE);
}

/* Against a plain table. */
static void test_random(void **state)
{
	static bool model[65536];
	static uint16_t expected[65536];
	struct random random = random_new();

	(void)state;
	for (int round = 0; round < 20; round++) {
		struct portset set;
		struct error error = ERROR_INIT;
		uint32_t n = 0;

		memset(model, 0, sizeof(model));
		portset_init(&set);
		for (int step = 0; step < 40; step++) {
			uint32_t span = 1u << random_below(&random, 16);
			uint32_t first = 1 + random_below(&random, 65535);
			uint32_t last = first + random_below(&random, span);
			bool on = random_below(&random, 3) != 0;
			char spec[32];

			last = last > 65535 ? 65535 : last;
			snprintf(spec, sizeof(spec), "%u-%u", (unsigned)first,
				 (unsigned)last);
			assert_int_equal(
				on ? portset_add(&set, spec, &error)
				   : portset_remove(&set, spec, &error),
				0);
			memset(model + first, on, last - first + 1);
		}
		for (uint32_t port = 0; port <= 65535; port++)
			if (model[port])
				expected[n++] = (uint16_t)port;
		check_ports(&set, expected, n);
	}
}

static void test_services(void **state)
{
	static const uint16_t expected[] = {22, 80, 443};
	struct portset set;

	(void)state;
	if (!getservbyname("http", "tcp") || !getservbyname("https", "tcp") ||
	    !getservbyname("ssh", "tcp"))
		skip(); /* no /etc/services */
	portset_init(&set);
	add(&set, "ssh,https,http");
	check_ports(&set, expected, 3);
}

static void refuse(const char *spec, const char *expected)
{
	struct portset set;
	struct error error = ERROR_INIT;

	portset_init(&set);
	assert_int_equal(portset_add(&set, spec, &error), -1);
	assert_int_equal(error.status, STATUS_USAGE);
	assert_string_equal(error.text, expected);
}

static void test_bad(void **state)
{
	(void)state;
	refuse("0", "bad port \"0\": not a number from 1 to 65535" ACCEPTED);
	refuse("65536",
	       "bad port \"65536\": not a number from 1 to 65535" ACCEPTED);
	refuse("80-70",
	       "bad port \"80-70\": the range runs backwards" ACCEPTED);
	refuse("", "bad port \"\": a port is missing" ACCEPTED);
	refuse("22,,80", "bad port \"22,,80\": a port is missing" ACCEPTED);
	refuse("22,", "bad port \"22,\": a port is missing" ACCEPTED);
	refuse(",", "bad port \",\": a port is missing" ACCEPTED);
	refuse("22,080,23",
	       "bad port \"080\": not a number from 1 to 65535" ACCEPTED);
	refuse("0-5",
	       "bad port \"0-5\": not a number from 1 to 65535" ACCEPTED);
	refuse("5-70000",
	       "bad port \"5-70000\": not a number from 1 to 65535" ACCEPTED);
	refuse("1-2-3",
	       "bad port \"1-2-3\": not a number from 1 to 65535" ACCEPTED);
	refuse("--", "bad port \"--\": not a number from 1 to 65535" ACCEPTED);
	refuse("18446744073709551617", "bad port \"18446744073709551617\": "
				       "not a number from 1 to 65535" ACCEPTED);
	refuse("no-such-service-x",
	       "bad port \"no-such-service-x\": "
	       "no TCP service of that name is known" ACCEPTED);
	refuse("80 ", "bad port \"80 \": "
		      "no TCP service of that name is known" ACCEPTED);
	refuse("\033[2J", "bad port \"\\x1b[2J\": "
			  "no TCP service of that name is known" ACCEPTED);
}

/* A million characters: quoted in part, and quickly. */
static void test_long(void **state)
{
	const size_t length = 1000000;
	char *spec = malloc(length + 1);
	struct portset set;

	(void)state;
	assert_non_null(spec);
	memset(spec, '1', length);
	spec[length] = '\0';
	refuse(spec,
	       "bad port \"1111111111111111111111111111111111111111111111111"
	       "111111111\"...: not a number from 1 to 65535" ACCEPTED);
	memset(spec, 'a', length);
	refuse(spec,
	       "bad port \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	       "aaaaaaaaa\"...: no TCP service of that name is known" ACCEPTED);
	memset(spec, ',', length);
	refuse(spec,
	       "bad port \",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,"
	       ",,,,,,,,,\"...: a port is missing" ACCEPTED);
	for (size_t i = 0; i < length; i++)
		spec[i] = i % 2 ? ',' : '7';
	spec[length - 1] = '\0';
	portset_init(&set);
	add(&set, spec);
	assert_int_equal(set.count, 1);
	assert_int_equal(portset_nth(&set, 0), 7);
	free(spec);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),  cmocka_unit_test(test_add),
		cmocka_unit_test(test_all),    cmocka_unit_test(test_remove),
		cmocka_unit_test(test_random), cmocka_unit_test(test_services),
		cmocka_unit_test(test_bad),    cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests_name("portset", tests, NULL, NULL);
}
