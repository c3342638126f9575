/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_GAPS_H
#define FLOW_GAPS_H

#include <stdint.h>

/*
 * Holes in what one end was seen sending: lists of raw sequence ranges, all
 * out of one pool of a fixed size, none longer than GAPS_EACH. Where there is
 * no room the oldest gap of the list is given up and counted. Pure.
 */
enum {
	GAPS_EACH = 64,
	GAPS_POOL = 1 << 18, /* 3 MiB */
};

struct gaps;

struct gaps *gaps_new(void);
void gaps_free(struct gaps *gaps);

/* `list` is 0 at first, the list's head afterwards. Adds [from, to), which
 * lies above all others of the list. */
void gaps_add(struct gaps *gaps, uint32_t *list, uint32_t from, uint32_t to);

/* [from, to) has been seen: returns how many of its bytes were missing. */
uint32_t gaps_fill(struct gaps *gaps, uint32_t *list, uint32_t from,
		   uint32_t to);

/* Drops what lies below `upto`: nobody will send it any more. */
void gaps_forget(struct gaps *gaps, uint32_t *list, uint32_t upto);
void gaps_clear(struct gaps *gaps, uint32_t *list);

/* Gaps given up for want of room. */
uint64_t gaps_capped(const struct gaps *gaps);

#endif
