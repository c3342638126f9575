/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_RANDOM_H
#define TESTS_UNIT_RANDOM_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Random numbers that a failed run can be repeated with. */

struct random {
	uint64_t state;
};

/* From TEST_SEED, else another each time; printed as a comment of TAP. */
static inline struct random random_new(void)
{
	const char *text = getenv("TEST_SEED");
	struct random random = {.state = 0};
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	random.state = (uint64_t)now.tv_sec << 30 ^ (uint64_t)now.tv_nsec;
	if (text)
		random.state = strtoull(text, NULL, 0);
	printf("# TEST_SEED=%llu\n", (unsigned long long)random.state);
	fflush(stdout);
	return random;
}

/* splitmix64 */
static inline uint64_t random_next(struct random *random)
{
	uint64_t x = random->state += 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

/* Below bound; the slight bias does no harm in a test. */
static inline uint64_t random_below(struct random *random, uint64_t bound)
{
	return random_next(random) % bound;
}

#endif
