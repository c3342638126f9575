/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_SAMPLES_H
#define TALK_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

/*
 * Round-trip times of a run. Every one is kept up to SAMPLES_KEPT_MAX (8 MB),
 * and so far percentiles are exact. Past it a uniform choice of so many stays
 * (reservoir sampling): the percentiles are then estimates, and `kept` less
 * than `count` says so. Least, most and jitter are exact always. Pure.
 */
enum {
	SAMPLES_KEPT_MAX = 1000000,
};

struct samples {
	uint64_t count;
	int64_t min_ns, max_ns;
	double jitter_ns; /* RFC 3550 6.4.1: J += (|D| - J) / 16 */
	int64_t last_ns;
	int64_t *kept;
	size_t kept_count, room;
	uint64_t draws; /* of the reservoir */
};

/* Percentiles by nearest rank: the smallest value that so much of the sample
 * does not exceed. All 0 where count is. */
struct samples_summary {
	uint64_t count, kept;
	int64_t min_ns, median_ns, p95_ns, max_ns;
	double jitter_ns;
};

void samples_init(struct samples *samples);
void samples_fini(struct samples *samples);

/* In the order of arrival, which is what the jitter is about. 0, or -1 when
 * memory is out; the sample then counts but is not kept. */
int samples_add(struct samples *samples, int64_t rtt_ns);

/* Sorts what is kept. */
struct samples_summary samples_summarise(struct samples *samples);

#endif
