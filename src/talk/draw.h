/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_DRAW_H
#define TALK_DRAW_H

#include <stdint.h>

/* Random numbers that a seed repeats: the n-th draw is the same whatever was
 * drawn before it. Not for secrets. Pure. */
uint64_t draw(uint64_t seed, uint64_t n);

/* A draw made to one of 0 ... bound - 1; bound > 0. */
uint64_t draw_below(uint64_t drawn, uint64_t bound);

#endif
