/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/permute.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "random.h"

#define N_MAX 4096
#define KEYS  3

static void new_key(struct random *random, uint64_t key[2])
{
	key[0] = random_next(random);
	key[1] = random_next(random);
}

/* Every n, every i: in range, and nothing hit twice. */
static void test_bijection(void **state)
{
	static uint32_t hit[N_MAX];
	struct random random = random_new();
	uint32_t round = 0;

	(void)state;
	for (int k = 0; k < KEYS; k++) {
		uint64_t key[2];

		new_key(&random, key);
		for (uint64_t n = 1; n <= N_MAX; n++) {
			struct permute permute;

			permute_init(&permute, n, key);
			round++;
			for (uint64_t i = 0; i < n; i++) {
				uint64_t at = permute_at(&permute, i);

				if (at >= n || hit[at] == round)
					fail_msg("n %u, i %u", (unsigned)n,
						 (unsigned)i);
				hit[at] = round;
			}
		}
	}
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

/* Distinct i, in steps from 0 to n - 1: in range and distinct again. */
static void check_sampled(uint64_t n, const uint64_t key[2])
{
	enum { SAMPLES = 4096 };
	static uint64_t seen[SAMPLES + 1];
	struct permute permute;

	permute_init(&permute, n, key);
	for (uint64_t i = 0; i < SAMPLES; i++)
		seen[i] = permute_at(&permute, n / SAMPLES * i + i % 2);
	seen[SAMPLES] = permute_at(&permute, n - 1);
	qsort(seen, SAMPLES + 1, sizeof(seen[0]), compare);
	for (size_t i = 0; i < SAMPLES; i++)
		if (seen[i] == seen[i + 1])
			fail_msg("n %llu", (unsigned long long)n);
	assert_true(seen[SAMPLES] < n);
}

static void test_sampled(void **state)
{
	static const uint64_t sizes[] = {
		65535,
		65536,
		65537,
		UINT64_C(254) * 65535,
		UINT32_MAX,
		UINT64_C(1) << 32,
		(UINT64_C(1) << 32) + 1,
		UINT64_C(65535) << 32,
		(UINT64_C(1) << 63) - 1,
		UINT64_C(1) << 63,
		(UINT64_C(1) << 63) + 1,
		UINT64_MAX - 1,
		UINT64_MAX,
	};
	struct random random = random_new();
	uint64_t key[2];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		new_key(&random, key);
		check_sampled(sizes[i], key);
	}
	for (int i = 0; i < 50; i++) {
		new_key(&random, key);
		check_sampled(
			(random_next(&random) >> random_below(&random, 48)) |
				32768,
			key);
	}
}

/* --seed is to give the same order in the next release too. */
static void test_pinned(void **state)
{
	static const uint64_t key[2] = {1, 2};
	static const uint64_t expected[8] = {5030,  30911, 27454, 29989,
					     31372, 30165, 25875, 53184};
	struct permute permute;

	(void)state;
	permute_init(&permute, 65535, key);
	for (uint64_t i = 0; i < 8; i++)
		assert_int_equal(permute_at(&permute, i), expected[i]);
}

/* Two keys agree in about one place of a random pair of orders; each half of
 * the key counts. */
static void test_keys_differ(void **state)
{
	enum { N = 10007 };
	struct random random = random_new();
	uint64_t key[2];
	struct permute first, second;

	(void)state;
	for (int round = 0; round < 20; round++) {
		unsigned same = 0;

		new_key(&random, key);
		permute_init(&first, N, key);
		key[round % 2] ^= UINT64_C(1) << random_below(&random, 64);
		permute_init(&second, N, key);
		for (uint64_t i = 0; i < N; i++)
			same += permute_at(&first, i) == permute_at(&second, i);
		assert_in_range(same, 0, 12);
	}
}

/* Neighbours in are no neighbours out: the share of steps shorter than n/100
 * is 2 % (one in fifty) in a random order, here to eight standard
 * deviations. */
static void test_looks_random(void **state)
{
	enum { N = 50000 };
	struct random random = random_new();
	uint64_t key[2];
	struct permute permute;

	(void)state;
	for (int round = 0; round < 10; round++) {
		unsigned near = 0, rising = 0;
		uint64_t last;

		new_key(&random, key);
		permute_init(&permute, N, key);
		last = permute_at(&permute, 0);
		for (uint64_t i = 1; i < N; i++) {
			uint64_t at = permute_at(&permute, i);
			uint64_t step = at > last ? at - last : last - at;

			near += step < N / 100;
			rising += at > last;
			last = at;
		}
		assert_in_range(near, 750, 1250);
		assert_in_range(rising, N / 2 - 600, N / 2 + 600);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bijection),
		cmocka_unit_test(test_sampled),
		cmocka_unit_test(test_pinned),
		cmocka_unit_test(test_keys_differ),
		cmocka_unit_test(test_looks_random),
	};

	alarm(60); /* a cycle that never comes back into range */
	return cmocka_run_group_tests_name("permute", tests, NULL, NULL);
}
