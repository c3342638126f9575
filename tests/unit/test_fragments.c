/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/fragments.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void check(uint16_t family, size_t size, unsigned mtu, unsigned count,
		  unsigned each, unsigned last)
{
	struct fragments got = fragments_of(family, size, mtu);

	if (got.count != count || got.each != each || got.last != last)
		fail_msg("%zu bytes, MTU %u: %u packets, %u and %u", size, mtu,
			 got.count, got.each, got.last);
}

/* As a capture shows them. */
static void test_measured(void **state)
{
	(void)state;
	check(AF_INET, 1472, 1500, 1, 1480, 1480);
	check(AF_INET, 1473, 1500, 2, 1480, 1);
	check(AF_INET, 2934, 1500, 2, 1480, 1462);
	check(AF_INET, 65507, 1500, 45, 1480, 395);
	check(AF_INET6, 2934, 1500, 3, 1448, 46);
	check(AF_INET6, 1452, 1500, 1, 1460, 1460);
	check(AF_INET6, 1453, 1500, 2, 1448, 13);
	check(AF_INET6, 65527, 1500, 46, 1448, 375);
	check(AF_INET, 1372, 1400, 1, 1380, 1380);
	check(AF_INET, 1373, 1400, 2, 1376, 5); /* 1380 is no multiple of 8 */
	check(AF_INET, 65507, 65535, 1, 65515, 65515);
	check(AF_INET, 0, 1500, 1, 8, 8);
}

static void test_tiny_mtu(void **state)
{
	(void)state;
	check(AF_INET, 100, 28, 14, 8, 4); /* 108 bytes by eights */
	check(AF_INET, 100, 27, 0, 0, 0);
	check(AF_INET, 100, 0, 0, 0, 0);
	check(AF_INET6, 100, 55, 0, 0, 0);
	check(AF_INET6, 100, 56, 14, 8, 4);
}

/* The parts make the whole, and each fits. */
static void test_sum(void **state)
{
	static const uint16_t families[] = {AF_INET, AF_INET6};
	static const unsigned mtus[] = {68, 576, 1280, 1400, 1492, 1500, 9000};

	(void)state;
	for (size_t f = 0; f < 2; f++) {
		unsigned header = families[f] == AF_INET ? 20 : 48;

		for (size_t m = 0; m < 7; m++) {
			for (size_t size = 0;
			     size <= fragments_size_max(families[f]); size++) {
				struct fragments got = fragments_of(
					families[f], size, mtus[m]);

				if (got.count < 2)
					continue;
				assert_int_equal((got.count - 1) * got.each +
							 got.last,
						 size + 8);
				assert_int_equal(got.each % 8, 0);
				assert_in_range(got.each + header, 0, mtus[m]);
				assert_in_range(got.last, 1, got.each);
			}
		}
	}
}

static void test_limits(void **state)
{
	(void)state;
	assert_int_equal(fragments_size_max(AF_INET), 65507);
	assert_int_equal(fragments_size_max(AF_INET6), 65527);
	assert_int_equal(fragments_overhead(AF_INET), 28);
	assert_int_equal(fragments_overhead(AF_INET6), 48);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_measured),
		cmocka_unit_test(test_tiny_mtu),
		cmocka_unit_test(test_sum),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests_name("fragments", tests, NULL, NULL);
}
