/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_IMPAIRER_H
#define TALK_IMPAIRER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "talk/ends.h"

/*
 * A bad path in front of a server: what it is given comes out again, or does
 * not, twice, later, after the next one, or altered. The fate of the n-th
 * datagram follows from the seed, n and that option's per cent alone, so a
 * run can be repeated, and a further option does not change what the others
 * hit. Bounded: past IMPAIRER_DATAGRAMS_MAX or IMPAIRER_BYTES_MAX that wait,
 * datagrams are refused and counted. Pure.
 */
enum {
	IMPAIRER_DATAGRAMS_MAX = 65536,
	IMPAIRER_BYTES_MAX = 64 << 20,
	IMPAIRER_HELD_MAX = 256, /* for want of one that overtakes them */
};

/* A datagram that nobody overtakes waits no longer. */
#define IMPAIRER_HOLD_NS 500000000LL

struct impairment {
	uint32_t drop_ppm, dup_ppm, reorder_ppm, corrupt_ppm; /* millionths */
	int64_t delay_ns;
	uint64_t seed;
};

struct impairer_counts {
	uint64_t taken; /* n */
	/* datagrams of these */
	uint64_t dropped;
	uint64_t duplicated;
	uint64_t reordered; /* really overtaken by the next to its peer */
	uint64_t refused;   /* no room */
	/* what came out, doubled ones twice */
	uint64_t corrupted;
};

/* A datagram that goes in, or comes out. */
struct parcel {
	struct ends ends;
	uint64_t session; /* the caller's; comes out as it went in */
	size_t length;
	uint8_t *bytes;
};

struct impairer;

/* NULL when memory is out. */
struct impairer *impairer_new(const struct impairment *impairment);
void impairer_free(struct impairer *impairer);

/* Copies the bytes. Returns how many parcels it makes: 0, 1 or 2. */
unsigned impairer_take(struct impairer *impairer, const struct parcel *parcel,
		       int64_t now_ns);

/* The next that is due; its bytes are the caller's to free(). False: none
 * yet. */
bool impairer_next(struct impairer *impairer, int64_t now_ns,
		   struct parcel *out);

/* When the next is due; INT64_MAX: nothing waits. */
int64_t impairer_due_ns(const struct impairer *impairer);

const struct impairer_counts *impairer_counts(const struct impairer *impairer);

#endif
