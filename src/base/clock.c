/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"

#include <assert.h>
#include <time.h>

static int64_t read_ns(clockid_t clock)
{
	struct timespec now;
	int failed = clock_gettime(clock, &now);

	/* Both clocks exist on every Linux. */
	assert(!failed);
	(void)failed;
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t clock_now_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

int64_t clock_wall_offset_ns(void)
{
	int64_t offset = 0, best = INT64_MAX;

	/* The pair can be torn apart by the scheduler: keep the tightest. */
	for (int i = 0; i < 5; i++) {
		int64_t before = read_ns(CLOCK_MONOTONIC);
		int64_t wall = read_ns(CLOCK_REALTIME);
		int64_t gap = read_ns(CLOCK_MONOTONIC) - before;

		if (gap < best) {
			best = gap;
			offset = wall - (before + gap / 2);
		}
	}
	return offset;
}
