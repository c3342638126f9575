/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/neighbour.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"

#define IFINDEX 3

static const uint8_t mac_a[6] = {2, 0, 0, 0, 0, 0xa};
static const uint8_t mac_b[6] = {2, 0, 0, 0, 0, 0xb};

struct fixture {
	struct neighbour_table *table;
	uint8_t mac[6];
	int64_t again_ns;
};

static int setup(void **state)
{
	static struct fixture fixture;

	memset(&fixture, 0, sizeof(fixture));
	fixture.table = neighbour_table_new();
	*state = &fixture;
	return fixture.table ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	neighbour_table_free(fixture->table);
	return 0;
}

static struct addr host(uint32_t n)
{
	struct addr addr = {.family = AF_INET};

	for (int i = 3; i >= 0; i--, n >>= 8)
		addr.bytes[i] = (uint8_t)n;
	return addr;
}

static enum neighbour_state lookup(struct fixture *fixture, unsigned ifindex,
				   uint32_t n, int64_t ms)
{
	struct addr addr = host(n);

	fixture->again_ns = -1;
	memset(fixture->mac, 0, sizeof(fixture->mac));
	return neighbour_lookup(fixture->table, ifindex, &addr, ms * NS_PER_MS,
				fixture->mac, &fixture->again_ns);
}

static void learn(struct fixture *fixture, uint32_t n, const uint8_t *mac,
		  bool unasked)
{
	struct addr addr = host(n);

	assert_int_equal(
		neighbour_learn(fixture->table, IFINDEX, &addr, mac, unasked),
		0);
}

#define assert_asks(fixture, ms, again_ms)                                     \
	do {                                                                   \
		assert_int_equal(lookup(fixture, IFINDEX, 1, ms),              \
				 NEIGHBOUR_ASK);                               \
		assert_int_equal((fixture)->again_ns, (again_ms)*NS_PER_MS);   \
	} while (0)

#define assert_waits(fixture, ms, again_ms)                                    \
	do {                                                                   \
		assert_int_equal(lookup(fixture, IFINDEX, 1, ms),              \
				 NEIGHBOUR_WAIT);                              \
		assert_int_equal((fixture)->again_ns, (again_ms)*NS_PER_MS);   \
	} while (0)

static void asks_three_times_then_fails(void **state)
{
	struct fixture *f = *state;

	assert_asks(f, 7000, 7250);
	assert_waits(f, 7000, 7250);
	assert_waits(f, 7249, 7250);
	assert_asks(f, 7250, 7500);
	assert_waits(f, 7499, 7500);
	assert_asks(f, 7500, 8000);
	assert_waits(f, 7999, 8000);
	assert_int_equal(lookup(f, IFINDEX, 1, 8000), NEIGHBOUR_FAILED);
	assert_int_equal(lookup(f, IFINDEX, 1, 99000), NEIGHBOUR_FAILED);
}

/* A sender that was stopped for a while must not give a host up after a
 * single request. */
static void late_caller_still_asks_three_times(void **state)
{
	struct fixture *f = *state;

	assert_asks(f, 0, 250);
	assert_asks(f, 5000, 5250);
	assert_asks(f, 9000, 9500);
	assert_int_equal(lookup(f, IFINDEX, 1, 9500), NEIGHBOUR_FAILED);
}

static void reply_makes_it_ready(void **state)
{
	struct fixture *f = *state;

	assert_asks(f, 0, 250);
	learn(f, 1, mac_a, false);
	assert_int_equal(lookup(f, IFINDEX, 1, 1), NEIGHBOUR_READY);
	assert_memory_equal(f->mac, mac_a, 6);
	/* The host moved. */
	learn(f, 1, mac_b, false);
	assert_int_equal(lookup(f, IFINDEX, 1, 5000), NEIGHBOUR_READY);
	assert_memory_equal(f->mac, mac_b, 6);
}

static void late_reply_makes_a_failed_one_ready(void **state)
{
	struct fixture *f = *state;

	assert_asks(f, 0, 250);
	assert_asks(f, 250, 500);
	assert_asks(f, 500, 1000);
	assert_int_equal(lookup(f, IFINDEX, 1, 1000), NEIGHBOUR_FAILED);
	learn(f, 1, mac_a, false);
	assert_int_equal(lookup(f, IFINDEX, 1, 1001), NEIGHBOUR_READY);
}

static void stranger_is_not_taken_in(void **state)
{
	struct fixture *f = *state;

	learn(f, 1, mac_a, false);
	assert_asks(f, 0, 250);
	learn(f, 2, mac_b, true);
	assert_int_equal(lookup(f, IFINDEX, 2, 0), NEIGHBOUR_READY);
	assert_memory_equal(f->mac, mac_b, 6);
}

static void group_and_zero_macs_are_not_believed(void **state)
{
	static const uint8_t bad[][6] = {
		{0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		{0x01, 0, 0x5e, 0, 0, 1},
		{0, 0, 0, 0, 0, 0},
	};
	struct fixture *f = *state;

	assert_asks(f, 0, 250);
	for (int i = 0; i < 3; i++) {
		learn(f, 1, bad[i], false);
		learn(f, 2, bad[i], true);
	}
	assert_waits(f, 1, 250);
	assert_int_equal(lookup(f, IFINDEX, 2, 1), NEIGHBOUR_ASK);
}

static void interfaces_are_apart(void **state)
{
	struct fixture *f = *state;

	assert_asks(f, 0, 250);
	learn(f, 1, mac_a, false);
	assert_int_equal(lookup(f, IFINDEX, 1, 1), NEIGHBOUR_READY);
	assert_int_equal(lookup(f, IFINDEX + 1, 1, 1), NEIGHBOUR_ASK);
}

/* A captured advertisement has no scope, the gateway of a route has. */
static void scope_does_not_count(void **state)
{
	struct addr gateway = {.family = AF_INET6,
			       .scope = IFINDEX,
			       .bytes = {0xfe, 0x80, [15] = 1}};
	struct addr captured = gateway;
	struct fixture *f = *state;

	captured.scope = 0;
	assert_int_equal(neighbour_lookup(f->table, IFINDEX, &gateway, 0,
					  f->mac, &f->again_ns),
			 NEIGHBOUR_ASK);
	assert_int_equal(
		neighbour_learn(f->table, IFINDEX, &captured, mac_a, false), 0);
	assert_int_equal(neighbour_lookup(f->table, IFINDEX, &gateway, 1,
					  f->mac, &f->again_ns),
			 NEIGHBOUR_READY);
	/* 0xfe80.. as IPv4 is another. */
	captured.family = AF_INET;
	assert_int_equal(neighbour_lookup(f->table, IFINDEX, &captured, 1,
					  f->mac, &f->again_ns),
			 NEIGHBOUR_ASK);
}

/* A /16 of hosts, every third of which answers. */
static void grows(void **state)
{
	struct fixture *f = *state;

	for (uint32_t n = 0; n < 65536; n++)
		assert_int_equal(lookup(f, IFINDEX, 0x0a000000 + n, 0),
				 NEIGHBOUR_ASK);
	for (uint32_t n = 0; n < 65536; n += 3) {
		uint8_t mac[6] = {2, 0, 0, (uint8_t)(n >> 8), (uint8_t)n, 1};

		learn(f, 0x0a000000 + n, mac, false);
	}
	for (uint32_t n = 0; n < 65536; n++) {
		uint8_t mac[6] = {2, 0, 0, (uint8_t)(n >> 8), (uint8_t)n, 1};
		enum neighbour_state expected =
			n % 3 ? NEIGHBOUR_WAIT : NEIGHBOUR_READY;

		assert_int_equal(lookup(f, IFINDEX, 0x0a000000 + n, 1),
				 expected);
		if (n % 3 == 0)
			assert_memory_equal(f->mac, mac, 6);
	}
}

static void free_takes_null(void **state)
{
	(void)state;
	neighbour_table_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void what_could_not_be_sent_does_not_count(void **state)
{
	struct fixture *fixture = *state;
	struct addr addr = host(1);

	for (int64_t ms = 0; ms < 5000; ms += 250) {
		assert_int_equal(lookup(fixture, IFINDEX, 1, ms),
				 NEIGHBOUR_ASK);
		neighbour_unasked(fixture->table, IFINDEX, &addr);
	}
}

static void a_known_one_in_doubt_is_asked_once_a_second(void **state)
{
	struct fixture *fixture = *state;
	struct addr addr = host(1);
	int asked = 0;

	assert_false(neighbour_doubt(fixture->table, IFINDEX, &addr, 1));
	assert_int_equal(
		neighbour_learn(fixture->table, IFINDEX, &addr, mac_a, true),
		0);
	for (int64_t ms = 1; ms <= 3000; ms += 10)
		asked += neighbour_doubt(fixture->table, IFINDEX, &addr,
					 ms * NS_PER_MS);
	assert_int_equal(asked, 3);
	/* It is still there, until another answers. */
	assert_int_equal(lookup(fixture, IFINDEX, 1, 3001), NEIGHBOUR_READY);
	assert_memory_equal(fixture->mac, mac_a, 6);
	assert_int_equal(
		neighbour_learn(fixture->table, IFINDEX, &addr, mac_b, false),
		0);
	assert_int_equal(lookup(fixture, IFINDEX, 1, 3002), NEIGHBOUR_READY);
	assert_memory_equal(fixture->mac, mac_b, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(asks_three_times_then_fails),
		TEST(late_caller_still_asks_three_times),
		TEST(reply_makes_it_ready),
		TEST(late_reply_makes_a_failed_one_ready),
		TEST(stranger_is_not_taken_in),
		TEST(group_and_zero_macs_are_not_believed),
		TEST(interfaces_are_apart),
		TEST(scope_does_not_count),
		TEST(what_could_not_be_sent_does_not_count),
		TEST(a_known_one_in_doubt_is_asked_once_a_second),
		TEST(grows),
		cmocka_unit_test(free_takes_null),
	};

	return cmocka_run_group_tests_name("neighbour", tests, NULL, NULL);
}
