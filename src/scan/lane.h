/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_LANE_H
#define SCAN_LANE_H

#include <stdbool.h>
#include <stdint.h>

#include "scan/pacer.h"
#include "scan/window.h"

/*
 * The common pace of all groups whose packets leave the same way: it starts
 * gently, doubles every few milliseconds of use up to its ceiling, and yields
 * when the device or our own capture cannot follow. Pure.
 */
struct lane {
	struct pacer pacer;
	double rate_pps, ceiling_pps;
	int64_t stepped_ns; /* when the rate last grew */
	int64_t hold_ns;    /* nothing leaves before */
	int64_t patience_ns;
	bool yielded; /* once: grows by a tenth from then on */
	/* What may be narrow on the way that several groups share: see
	 * crowd.c in scan/group.h. */
	uint32_t groups;
	struct window common;
	uint32_t turns, overruns; /* of that window, that were seen to */
	unsigned to_beacon;       /* tries */
	int64_t look_ns, look_rto_ns;
	uint64_t look_try;
};

/* ceiling_pps 0: what the device takes. */
void lane_init(struct lane *lane, double ceiling_pps, int64_t now_ns);
bool lane_ready(const struct lane *lane, int64_t now_ns);
/* When it is ready at the earliest; may be in the past. */
int64_t lane_next_ns(const struct lane *lane);
void lane_spend(struct lane *lane, int64_t now_ns);
/* The kernel took a packet. */
void lane_accepted(struct lane *lane);
/* The kernel refused one: wait 1 ms, then twice as long each time up to
 * 100 ms, and go slower. */
void lane_refused(struct lane *lane, int64_t now_ns);
/* Our capture dropped replies: half the rate. */
void lane_overrun(struct lane *lane, int64_t now_ns);

#endif
