/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SPEC_RUNS_H
#define SPEC_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/addr.h"

/* Stretches of addresses, and the arithmetic on sets of them that a target
 * set is made by. Pure; a zeroed struct runs is empty. */

struct run {
	struct addr first, last; /* inclusive; one family and scope */
	bool single;             /* named by itself; merging forgets it */
};

struct runs {
	struct run *at;
	size_t n, room;
};

void runs_fini(struct runs *runs);

/* 0, or -1 when memory is out. */
int runs_push(struct runs *runs, const struct run *run);

/* Sorts, and merges what overlaps or touches. */
void runs_merge(struct runs *runs);

/* In merged runs. */
bool runs_have(const struct runs *runs, const struct addr *addr);
/* Takes minus out of runs, both merged; *removed grows by how many addresses
 * that are, up to UINT64_MAX. 0, or -1 when memory is out. */
int runs_subtract(struct runs *runs, const struct runs *minus,
		  uint64_t *removed);

/* Puts the size of first..last on top of *sum, up to UINT64_MAX. */
void runs_count_add(uint64_t *sum, const struct addr *first,
		    const struct addr *last);

#endif
