/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/permute.h"

#include <assert.h>

/* The finaliser of splitmix64: every bit of the input moves every bit of the
 * output. */
static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9;
	x ^= x >> 27;
	x *= 0x94d049bb133111eb;
	return x ^ x >> 31;
}

/* A Feistel round needs 32 good bits at most, so half the mixing will do. */
static uint64_t round_of(uint64_t half, uint64_t key)
{
	uint64_t x = (half ^ key) * 0x9e3779b97f4a7c15;

	x ^= x >> 32;
	return x * 0xd6e8feb86659fd93 >> 32;
}

void permute_init(struct permute *permute, uint64_t n, const uint64_t key[2])
{
	uint64_t state = mix(key[0]) ^ key[1];
	unsigned bits;

	assert(n >= 1);
	bits = n == 1 ? 0 : 64 - (unsigned)__builtin_clzll(n - 1);
	permute->n = n;
	permute->high_bits = bits / 2;
	permute->low_bits = bits - bits / 2;
	for (int i = 0; i < 4; i++) {
		state += 0x9e3779b97f4a7c15;
		permute->keys[i] = mix(state);
	}
}

uint64_t permute_at(const struct permute *permute, uint64_t i)
{
	const uint64_t *keys = permute->keys;
	const uint64_t low_mask = (UINT64_C(1) << permute->low_bits) - 1;
	const uint64_t high_mask = (UINT64_C(1) << permute->high_bits) - 1;
	uint64_t low, high;

	assert(i < permute->n);
	/* Walk the cycle until it comes back into [0, n): it must, as i itself
	 * is on it. */
	do {
		low = i & low_mask;
		high = i >> permute->low_bits;
		high ^= round_of(low, keys[0]) & high_mask;
		low ^= round_of(high, keys[1]) & low_mask;
		high ^= round_of(low, keys[2]) & high_mask;
		low ^= round_of(high, keys[3]) & low_mask;
		i = high << permute->low_bits | low;
	} while (i >= permute->n);
	return i;
}
