/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static void test_never_back(void **state)
{
	int64_t last = clock_now_ns();

	(void)state;
	for (int i = 0; i < 10000; i++) {
		int64_t now = clock_now_ns();

		assert_true(now >= last);
		last = now;
	}
}

/* Monotonic plus offset is the wall clock, to a second: this machine may be
 * busy, and its clock may be set meanwhile. */
static void test_wall(void **state)
{
	struct timespec wall;
	int64_t offset = clock_wall_offset_ns();
	int64_t now = clock_now_ns() + offset;

	(void)state;
	assert_int_equal(clock_gettime(CLOCK_REALTIME, &wall), 0);
	assert_true(llabs(wall.tv_sec * NS_PER_S + wall.tv_nsec - now) <
		    NS_PER_S);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_never_back),
		cmocka_unit_test(test_wall),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
