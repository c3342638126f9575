/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/lane.h"

#include <math.h>

#include "base/clock.h"

#define START_PPS    50000.0
#define MIN_PPS      100.0
#define UNLIMITED    4e6 /* beyond any device: pacing would only cost */
#define STEP_NS      (5 * NS_PER_MS)
#define SLACK_NS     NS_PER_MS
#define PATIENCE_NS  NS_PER_MS
#define PATIENCE_MAX (100 * NS_PER_MS)

static void set_rate(struct lane *lane, double pps, int64_t now_ns)
{
	pps = fmax(fmin(pps, UNLIMITED), MIN_PPS);
	if (lane->ceiling_pps > 0)
		pps = fmin(pps, lane->ceiling_pps);
	lane->rate_pps = pps;
	lane->stepped_ns = now_ns;
	pacer_set(&lane->pacer, lane->rate_pps < UNLIMITED ? lane->rate_pps : 0,
		  SLACK_NS);
}

void lane_init(struct lane *lane, double ceiling_pps, int64_t now_ns)
{
	*lane = (struct lane){
		.ceiling_pps = ceiling_pps,
		.patience_ns = PATIENCE_NS,
	};
	set_rate(lane, START_PPS, now_ns);
	window_init(&lane->common, HUGE_VAL, HUGE_VAL);
	lane->common.common = true;
}

bool lane_ready(const struct lane *lane, int64_t now_ns)
{
	return lane->hold_ns <= now_ns && pacer_ready(&lane->pacer, now_ns);
}

int64_t lane_next_ns(const struct lane *lane)
{
	int64_t next = pacer_next_ns(&lane->pacer);

	return next > lane->hold_ns ? next : lane->hold_ns;
}

void lane_spend(struct lane *lane, int64_t now_ns)
{
	pacer_spend(&lane->pacer, now_ns);
	if (now_ns - lane->stepped_ns < STEP_NS || lane->rate_pps >= UNLIMITED)
		return;
	set_rate(lane, lane->rate_pps * (lane->yielded ? 1.1 : 2), now_ns);
}

void lane_accepted(struct lane *lane)
{
	lane->patience_ns = PATIENCE_NS;
}

static void yield(struct lane *lane, double share, int64_t now_ns)
{
	lane->yielded = true;
	set_rate(lane, lane->rate_pps * share, now_ns);
}

void lane_refused(struct lane *lane, int64_t now_ns)
{
	/* One refusal a hold: a batch is refused as one. */
	if (now_ns < lane->hold_ns)
		return;
	yield(lane, 0.7, now_ns);
	lane->hold_ns = now_ns + lane->patience_ns;
	lane->patience_ns *= 2;
	if (lane->patience_ns > PATIENCE_MAX)
		lane->patience_ns = PATIENCE_MAX;
}

void lane_overrun(struct lane *lane, int64_t now_ns)
{
	yield(lane, 0.5, now_ns);
}
