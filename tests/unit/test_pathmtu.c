/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/pathmtu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "talk/datagram.h"

/* A path: what it holds, and what is said of more. */
struct path {
	uint16_t family;
	unsigned mtu;   /* of its narrowest link */
	unsigned known; /* of the first link: refused here at once */
	bool silent;    /* no word about the narrowest */
	bool mute;      /* a word, but no MTU in it (RFC 1191 5) */
};

/* Plays it; the size that is found, and how many tries it took. */
static size_t play(const struct path *path, unsigned *tries)
{
	size_t overhead = fragments_overhead(path->family), size;
	struct pathmtu_search search;

	pathmtu_search_init(&search, path->family);
	for (*tries = 0; (size = pathmtu_search_next(&search)); ++*tries) {
		assert_in_range(*tries, 0, 40);
		assert_in_range(size, DATAGRAM_HEADER_BYTES,
				fragments_size_max(path->family));
		if (path->known && size + overhead > path->known)
			pathmtu_search_too_big(&search, size, path->known);
		else if (size + overhead <= path->mtu)
			pathmtu_search_fits(&search, size);
		else if (path->silent)
			pathmtu_search_silent(&search, size);
		else
			pathmtu_search_too_big(&search, size,
					       path->mute ? 0 : path->mtu);
	}
	return search.low;
}

static void test_told(void **state)
{
	static const struct path ipv4 = {AF_INET, 1400, 1500, false, false};
	static const struct path ipv6 = {AF_INET6, 1400, 1500, false, false};
	unsigned tries;

	(void)state;
	assert_int_equal(play(&ipv4, &tries), 1372);
	assert_int_equal(tries, 3);
	assert_int_equal(play(&ipv6, &tries), 1352);
	assert_int_equal(tries, 3);
}

static void test_first_link(void **state)
{
	static const struct path ethernet = {AF_INET, 1500, 1500, false, false};
	static const struct path loopback = {AF_INET, 65536, 65536, false,
					     false};
	unsigned tries;

	(void)state;
	assert_int_equal(play(&ethernet, &tries), 1472);
	assert_int_equal(tries, 2);
	assert_int_equal(play(&loopback, &tries), 65507);
	assert_int_equal(tries, 1);
}

static void test_nobody_tells(void **state)
{
	unsigned tries;

	(void)state;
	for (unsigned mtu = 88; mtu <= 1500; mtu++) {
		struct path silent = {AF_INET, mtu, 1500, true, false};
		struct path mute = {AF_INET, mtu, 1500, false, true};

		assert_int_equal(play(&silent, &tries), mtu - 28);
		assert_in_range(tries, 2, 20);
		assert_int_equal(play(&mute, &tries), mtu - 28);
		assert_in_range(tries, 2, 20);
	}
}

/* Nothing comes back, of whatever size: it ends, and soon. */
static void test_nothing(void **state)
{
	static const struct path dead = {AF_INET, 0, 1500, true, false};
	static const struct path tiny = {AF_INET, 80, 80, false, false};
	unsigned tries;

	(void)state;
	assert_int_equal(play(&dead, &tries), 0);
	assert_int_equal(tries, 3);
	assert_int_equal(play(&tiny, &tries), 0);
	assert_in_range(tries, 1, 3);
}

/* Somebody lies: an MTU above what failed, none at all, the same again. */
static void test_lies(void **state)
{
	static const unsigned lies[] = {0, 1, 28, 87, 1499, 9000, UINT32_MAX};
	struct pathmtu_search search;
	unsigned tries;
	size_t size;

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		pathmtu_search_init(&search, AF_INET);
		for (tries = 0; (size = pathmtu_search_next(&search));
		     tries++) {
			assert_in_range(tries, 0, 40);
			if (size <= 1000)
				pathmtu_search_fits(&search, size);
			else
				pathmtu_search_too_big(&search, size, lies[i]);
		}
		assert_int_equal(search.low, 1000);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_first_link),
		cmocka_unit_test(test_nobody_tells),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_lies),
	};

	return cmocka_run_group_tests_name("pathmtu", tests, NULL, NULL);
}
