/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SPEC_PERMUTE_H
#define SPEC_PERMUTE_H

#include <stdint.h>

/*
 * A keyed bijection on [0, n) without tables: a balanced Feistel network
 * over the next even number of bits, and cycle walking for what falls
 * outside (under four steps on average). Pure, caller storage.
 */
struct permute {
	uint64_t n;
	uint64_t keys[4]; /* one a round */
	unsigned half_bits;
};

/* n >= 1. The same key and n give the same order. */
void permute_init(struct permute *permute, uint64_t n, const uint64_t key[2]);

/* Where i goes; i < n. */
uint64_t permute_at(const struct permute *permute, uint64_t i);

#endif
