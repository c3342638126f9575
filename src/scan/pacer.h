/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_PACER_H
#define SCAN_PACER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Spreads packets evenly: the n-th leaves no sooner than n intervals after
 * the first. After a delay the schedule may be caught up by at most slack_ns
 * worth of packets. Pure; `now` is monotonic nanoseconds.
 */
struct pacer {
	double interval_ns; /* 0: no limit */
	double next_ns;     /* when the next packet is due */
	double slack_ns;
};

/* pps 0: no limit. Keeps the place in the schedule. */
void pacer_set(struct pacer *pacer, double pps, int64_t slack_ns);
bool pacer_ready(const struct pacer *pacer, int64_t now_ns);
/* One packet leaves now. */
void pacer_spend(struct pacer *pacer, int64_t now_ns);
/* One that was spent did not leave after all. */
void pacer_refund(struct pacer *pacer);
/* When the next may leave; may be in the past. */
int64_t pacer_next_ns(const struct pacer *pacer);

#endif
