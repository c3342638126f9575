/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SPEC_PERMUTE_H
#define SPEC_PERMUTE_H

#include <stdint.h>

/*
 * A keyed bijection on [0, n) without tables: a Feistel network over the bits
 * of n - 1, split in two halves (of an odd number the low half has one more),
 * and cycle walking for what falls outside (under two steps on average, as
 * the network's domain is less than 2n). Pure, caller storage.
 */
struct permute {
	uint64_t n;
	uint64_t keys[4]; /* one a round */
	unsigned low_bits, high_bits;
};

/* n >= 1. The same key and n give the same order. */
void permute_init(struct permute *permute, uint64_t n, const uint64_t key[2]);

/* Where i goes; i < n. */
uint64_t permute_at(const struct permute *permute, uint64_t i);

#endif
