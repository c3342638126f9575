/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SPEC_PORTSET_H
#define SPEC_PORTSET_H

#include <stdbool.h>
#include <stdint.h>

struct error;

/* A set of TCP ports 1-65535, each at most once. Caller storage; pure but
 * for the look-up of service names. */
struct portset {
	uint64_t bits[1024];   /* port p: bit p % 64 of word p / 64 */
	uint16_t before[1024]; /* ports below the word: for nth and rank */
	uint32_t count;
};

void portset_init(struct portset *set);

/* Adds "22,80,8000-8100,http", "-" for 1-65535, "-100" for 1-100, "60000-"
 * for 60000-65535. 0 or -1 with a STATUS_USAGE error which quotes the part
 * that is wrong and says what is accepted; *set is then unspecified. */
int portset_add(struct portset *set, const char *spec, struct error *error);

/* Takes the ports of such a spec out. */
int portset_remove(struct portset *set, const char *spec, struct error *error);

bool portset_has(const struct portset *set, uint16_t port);

/* The n-th port in ascending order; n < set->count. */
uint16_t portset_nth(const struct portset *set, uint32_t n);

/* Which one it is in ascending order, or -1 when it is not in the set. */
int32_t portset_rank(const struct portset *set, uint16_t port);

#endif
