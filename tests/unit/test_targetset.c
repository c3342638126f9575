/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/targetset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "random.h"

static struct addr parsed(const char *text)
{
	struct addr addr;

	if (addr_parse(text, &addr))
		fail_msg("\"%s\" is refused", text);
	return addr;
}

static struct targetset *set_new(void)
{
	struct targetset *set = targetset_new();

	assert_non_null(set);
	return set;
}

static void add(struct targetset *set, const char *spec)
{
	struct error error = ERROR_INIT;

	if (targetset_add(set, spec, TARGETSET_BOTH, &error))
		fail_msg("%s", error.text);
}

static void exclude(struct targetset *set, const char *spec)
{
	struct error error = ERROR_INIT;

	if (targetset_exclude(set, spec, TARGETSET_BOTH, &error))
		fail_msg("%s", error.text);
}

/* Every nth has the index n, up to a bound. */
static void check_inverse(const struct targetset *set)
{
	uint64_t count = targetset_count(set);
	uint64_t step = count / 5000 + 1;

	for (uint64_t n = 0; n < count; n += step) {
		struct addr addr = targetset_nth(set, n);

		assert_int_equal(targetset_index(set, &addr), n);
	}
	if (count) {
		struct addr addr = targetset_nth(set, count - 1);

		assert_int_equal(targetset_index(set, &addr), count - 1);
	}
}

static void freeze(struct targetset *set)
{
	struct error error = ERROR_INIT;

	if (targetset_freeze(set, NULL, 0, &error))
		fail_msg("%s", error.text);
	check_inverse(set);
}

static void check_starts(const char *text, const char *start)
{
	if (strncmp(text, start, strlen(start)))
		fail_msg("\"%s\" does not start with \"%s\"", text, start);
}

/* The ranges as text: "first-last@before ". */
static void check_ranges(const struct targetset *set, const char *expected)
{
	const struct target_range *ranges;
	size_t n = targetset_ranges(set, &ranges);
	char text[2048] = "";

	for (size_t i = 0; i < n; i++) {
		char first[ADDR_TEXT_BYTES], last[ADDR_TEXT_BYTES];
		size_t used = strlen(text);

		addr_format(&ranges[i].first, first);
		addr_format(&ranges[i].last, last);
		snprintf(text + used, sizeof(text) - used, "%s-%s@%llu ", first,
			 last, (unsigned long long)ranges[i].before);
	}
	assert_string_equal(text, expected);
}

static int64_t index_of(const struct targetset *set, const char *text)
{
	struct addr addr = parsed(text);

	return targetset_index(set, &addr);
}

static void test_empty(void **state)
{
	struct targetset *set = set_new();

	(void)state;
	freeze(set);
	assert_int_equal(targetset_count(set), 0);
	assert_int_equal(targetset_removed(set), 0);
	assert_int_equal(index_of(set, "10.0.0.1"), -1);
	check_ranges(set, "");
	targetset_free(set);
	targetset_free(NULL);
}

static void test_one(void **state)
{
	struct targetset *set = set_new();
	struct addr addr;
	char text[ADDR_TEXT_BYTES];

	(void)state;
	add(set, "10.0.0.1");
	freeze(set);
	assert_int_equal(targetset_count(set), 1);
	addr = targetset_nth(set, 0);
	assert_string_equal(addr_format(&addr, text), "10.0.0.1");
	assert_int_equal(index_of(set, "10.0.0.0"), -1);
	assert_int_equal(index_of(set, "10.0.0.2"), -1);
	assert_int_equal(index_of(set, "::a00:1"), -1);
	targetset_free(set);
}

/* Overlaps, neighbours and repetitions: each address is there once. */
static void test_merge(void **state)
{
	struct targetset *set = set_new();

	(void)state;
	add(set, "10.0.0.128/25");
	add(set, "10.0.0.0/25");
	add(set, "10.0.0.7");
	add(set, "10.0.0.7");
	add(set, "10.0.0.250-10.0.1.3");
	add(set, "10.0.1.5,7,6");
	add(set, "fd00::5");
	add(set, "fd00::4");
	add(set, "fe80::1%9");
	add(set, "fe80::2%8");
	freeze(set);
	check_ranges(set, "10.0.0.0-10.0.1.3@0 10.0.1.5-10.0.1.7@260 "
			  "fd00::4-fd00::5@263 fe80::2%8-fe80::2%8@265 "
			  "fe80::1%9-fe80::1%9@266 ");
	assert_int_equal(targetset_count(set), 267);
	assert_int_equal(targetset_removed(set), 0);
	assert_int_equal(index_of(set, "10.0.1.4"), -1);
	assert_int_equal(index_of(set, "10.0.1.6"), 261);
	assert_int_equal(index_of(set, "fe80::1%8"), -1);
	targetset_free(set);
}

static void test_octets(void **state)
{
	struct targetset *set = set_new();

	(void)state;
	add(set, "10.0.1-3.*");
	add(set, "10.1.0,2.1-2");
	freeze(set);
	check_ranges(set, "10.0.1.0-10.0.3.255@0 10.1.0.1-10.1.0.2@768 "
			  "10.1.2.1-10.1.2.2@770 ");
	targetset_free(set);
}

static void test_exclude(void **state)
{
	struct targetset *set = set_new();
	struct addr addr = parsed("10.0.0.9");

	(void)state;
	exclude(set, "10.0.0.0/30"); /* before what it takes from */
	add(set, "10.0.0.0/28");
	add(set, "10.0.0.12");
	exclude(set, "10.0.0.12-10.0.0.200");
	exclude(set, "192.0.2.0/24,fd00::/8");
	assert_int_equal(targetset_exclude_addr(set, &addr), 0);
	freeze(set);
	check_ranges(set, "10.0.0.4-10.0.0.8@0 10.0.0.10-10.0.0.11@5 ");
	assert_int_equal(targetset_removed(set), 0);
	targetset_free(set);
}

static void test_exclude_all(void **state)
{
	struct targetset *set = set_new();

	(void)state;
	add(set, "10.0.0.0/28");
	add(set, "fd00::1");
	exclude(set, "0.0.0.0/0,::/0");
	freeze(set);
	assert_int_equal(targetset_count(set), 0);
	targetset_free(set);
}

/* An exclusion without interface holds on each, one with holds there. */
static void test_exclude_scope(void **state)
{
	struct targetset *set = set_new();

	(void)state;
	add(set, "fe80::1-fe80::4");
	add(set, "fe80::1%8-fe80::4%8");
	add(set, "fe80::1%9-fe80::4%9");
	exclude(set, "fe80::2");
	exclude(set, "fe80::3%9");
	freeze(set);
	check_ranges(set, "fe80::1-fe80::1@0 fe80::3-fe80::4@1 "
			  "fe80::1%8-fe80::1%8@3 fe80::3%8-fe80::4%8@4 "
			  "fe80::1%9-fe80::1%9@6 fe80::4%9-fe80::4%9@7 ");
	targetset_free(set);
}

static void test_special(void **state)
{
	struct targetset *set = set_new();

	(void)state;
	add(set, "0.255.255.254-1.0.0.1");     /* 2 of 4 */
	add(set, "223.255.255.255-224.0.0.9"); /* 10 of 11 */
	add(set, "255.255.255.0/24");          /* 256 */
	add(set, "::/126");                    /* 1 of 4 */
	add(set, "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff-ff00::1"); /* 2 */
	freeze(set);
	check_ranges(set, "1.0.0.0-1.0.0.1@0 223.255.255.255-223.255.255.255@2 "
			  "::1-::3@3 feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff-"
			  "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff@6 ");
	assert_int_equal(targetset_removed(set), 2 + 10 + 256 + 1 + 2);
	targetset_free(set);
}

/* All of IPv4: what is left and what is removed make 2^32. */
static void test_whole_ipv4(void **state)
{
	struct targetset *set = set_new();

	(void)state;
	add(set, "0.0.0.0/0");
	freeze(set);
	check_ranges(set, "1.0.0.0-223.255.255.255@0 ");
	assert_int_equal(targetset_removed(set), UINT64_C(33) << 24);
	assert_int_equal(targetset_count(set) + targetset_removed(set),
			 UINT64_C(1) << 32);
	targetset_free(set);
}

/* What is excluded is not counted as removed too. */
static void test_special_excluded(void **state)
{
	struct targetset *set = set_new();

	(void)state;
	add(set, "223.255.255.255-224.0.0.9");
	exclude(set, "224.0.0.0-224.0.0.3");
	freeze(set);
	assert_int_equal(targetset_count(set), 1);
	assert_int_equal(targetset_removed(set), 6);
	targetset_free(set);
}

static void test_broadcast(void **state)
{
	const struct addr broadcast[] = {
		parsed("10.0.2.255"),
		parsed("10.0.0.255"),
		parsed("10.0.0.255"),
		parsed("10.9.9.9"),
	};
	struct targetset *set = set_new();
	struct error error = ERROR_INIT;

	(void)state;
	add(set, "10.0.0.254-10.0.1.1");
	add(set, "10.0.0-2.255");
	assert_int_equal(targetset_freeze(set, broadcast, 4, &error), 0);
	check_inverse(set);
	check_ranges(set, "10.0.0.254-10.0.0.254@0 10.0.1.0-10.0.1.1@1 "
			  "10.0.1.255-10.0.1.255@3 ");
	assert_int_equal(targetset_removed(set), 2);
	targetset_free(set);
}

static void test_broadcast_single(void **state)
{
	const struct addr broadcast = parsed("10.0.0.255");
	struct targetset *set = set_new();
	struct error error = ERROR_INIT;

	(void)state;
	add(set, "10.0.0.0/24");
	add(set, "10.0.0.255");
	assert_int_equal(targetset_freeze(set, &broadcast, 1, &error), -1);
	assert_int_equal(error.status, STATUS_USAGE);
	assert_string_equal(error.text,
			    "bad target \"10.0.0.255\": no host can have this "
			    "address: broadcast of its subnet; accepted: the "
			    "address of a host, or a prefix around it");
	targetset_free(set);

	set = set_new();
	add(set, "10.0.0.254");
	add(set, "10.0.0.255");
	exclude(set, "10.0.0.255");
	assert_int_equal(targetset_freeze(set, &broadcast, 1, &error), 0);
	assert_int_equal(targetset_count(set), 1);
	targetset_free(set);
}

static void test_most(void **state)
{
	struct targetset *set = set_new();
	struct error error = ERROR_INIT;

	(void)state;
	add(set, "fd00::/80");
	freeze(set);
	assert_int_equal(targetset_count(set), UINT64_C(1) << 48);
	assert_int_equal(index_of(set, "fd00::ffff:ffff:ffff"),
			 (UINT64_C(1) << 48) - 1);
	targetset_free(set);

	set = set_new();
	add(set, "fd00::/80,10.0.0.1");
	assert_int_equal(targetset_freeze(set, NULL, 0, &error), -1);
	assert_int_equal(error.status, STATUS_USAGE);
	assert_string_equal(error.text,
			    "too many targets; accepted: at most 2^48 "
			    "addresses, such as an IPv6 /80");
	targetset_free(set);

	set = set_new();
	add(set, "::/0");
	assert_int_equal(targetset_freeze(set, NULL, 0, &error), -1);
	assert_int_equal(error.status, STATUS_USAGE);
	targetset_free(set);

	set = set_new();
	add(set, "ff00::/8");
	freeze(set);
	assert_int_equal(targetset_count(set), 0);
	assert_true(targetset_removed(set) == UINT64_MAX);
	targetset_free(set);
}

/* The spec's own errors are those of test_targetspec. */
static void test_errors(void **state)
{
	struct targetset *set = set_new();
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(
		targetset_add(set, "10.0.0.0/33", TARGETSET_BOTH, &error), -1);
	check_starts(error.text, "bad target \"10.0.0.0/33\": ");
	assert_int_equal(
		targetset_exclude(set, "10.0.0.0/33", TARGETSET_BOTH, &error),
		-1);
	check_starts(error.text, "bad exclusion \"10.0.0.0/33\": ");
	assert_int_equal(
		targetset_add(set, "224.0.0.1", TARGETSET_BOTH, &error), -1);
	assert_int_equal(error.status, STATUS_USAGE);
	exclude(set, "224.0.0.1");
	targetset_free(set);
}

/* As spec/targetfile.h has it, into the one or the other. */
static void test_file(void **state)
{
	struct targetset *set = set_new();
	struct error error = ERROR_INIT;
	char name[] = "/tmp/test_targetset.XXXXXX";
	int fd = mkstemp(name);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "10.0.0.3 # one\n", 15), 15);
	close(fd);
	add(set, "10.0.0.1");
	if (targetset_read(set, name, false, TARGETSET_BOTH, &error) ||
	    targetset_read(set, name, true, TARGETSET_BOTH, &error))
		fail_msg("%s", error.text);
	unlink(name);
	assert_int_equal(
		targetset_read(set, name, true, TARGETSET_BOTH, &error), -1);
	freeze(set);
	check_ranges(set, "10.0.0.1-10.0.0.1@0 ");
	targetset_free(set);
}

/* Against a plain table of the /22 at 10.0.0.0. */
static void test_random(void **state)
{
	enum { N = 1024 };
	struct random random = random_new();
	const struct addr base = parsed("10.0.0.0");

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct targetset *set = set_new();
		char in[N] = {0}, out[N] = {0};
		struct addr broadcast[4];
		uint64_t count = 0, removed = 0;
		struct error error = ERROR_INIT;

		for (int step = 0; step < 25; step++) {
			unsigned a = (unsigned)random_below(&random, N);
			unsigned b =
				a + 1 + (unsigned)random_below(&random, 60);
			bool on = random_below(&random, 3) != 0;
			char spec[64];

			if (b >= N)
				continue;
			snprintf(spec, sizeof(spec), "10.0.%u.%u-10.0.%u.%u",
				 a / 256, a % 256, b / 256, b % 256);
			memset((on ? in : out) + a, 1, b - a + 1);
			if (on)
				add(set, spec);
			else
				exclude(set, spec);
		}
		for (int i = 0; i < 4; i++) {
			unsigned at = (unsigned)random_below(&random, N);

			broadcast[i] = addr_from_value(
				&base, addr_to_value(&base) + at);
			removed += in[at] == 1 && !out[at];
			in[at] = 0;
		}
		assert_int_equal(targetset_freeze(set, broadcast, 4, &error),
				 0);
		check_inverse(set);
		for (unsigned i = 0; i < N; i++) {
			struct addr addr = addr_from_value(
				&base, addr_to_value(&base) + i);
			int64_t at = targetset_index(set, &addr);

			if (in[i] && !out[i])
				assert_int_equal(at, count++);
			else
				assert_int_equal(at, -1);
		}
		assert_int_equal(targetset_count(set), count);
		assert_int_equal(targetset_removed(set), removed);
		targetset_free(set);
	}
}

/* As many ranges as a long list may have. */
static void test_many(void **state)
{
	struct targetset *set = set_new();

	(void)state;
	add(set, "10.0-255.0-255.1");
	exclude(set, "10.*.0-127.*");
	freeze(set);
	assert_int_equal(targetset_count(set), 32768);
	assert_int_equal(index_of(set, "10.255.255.1"), 32767);
	assert_int_equal(index_of(set, "10.255.255.2"), -1);
	targetset_free(set);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_octets),
		cmocka_unit_test(test_exclude),
		cmocka_unit_test(test_exclude_all),
		cmocka_unit_test(test_exclude_scope),
		cmocka_unit_test(test_special),
		cmocka_unit_test(test_whole_ipv4),
		cmocka_unit_test(test_special_excluded),
		cmocka_unit_test(test_broadcast),
		cmocka_unit_test(test_broadcast_single),
		cmocka_unit_test(test_most),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("targetset", tests, NULL, NULL);
}
