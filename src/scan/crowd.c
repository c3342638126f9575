/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/group.h"

#include <stdlib.h>

#include "base/clock.h"

#define LOOK_NS  (50 * NS_PER_MS)
#define LOOK_MIN 32u /* answers that make a judgement */

bool crowd_rules(const struct engine *engine, const struct lane *lane)
{
	return lane->groups > 1 && engine->config.rate_pps == 0;
}

static void look_begin(struct engine *engine, struct lane *lane, int64_t now_ns)
{
	lane->look_ns = now_ns;
	lane->look_rto_ns = 0;
	lane->look_try = lane->common.tries;
	for (uint32_t i = 0; i < engine->n_groups; i++)
		engine->groups[i].look = (struct loss){0};
}

static int by_failed(const void *a, const void *b)
{
	const struct loss *x = a, *y = b;

	return x->failed < y->failed ? -1 : x->failed > y->failed;
}

/* The evidence of all groups but that quarter which lost most: a few slow
 * hosts do not make a narrow path. */
static struct window_share look_sum(struct engine *engine,
				    const struct lane *lane)
{
	struct window_share sum = {0};
	uint32_t n = 0;

	for (uint32_t i = 0; i < engine->n_groups; i++) {
		const struct group *group = &engine->groups[i];

		if (group->lane == lane &&
		    group->look.failed + group->look.succeeded > 0)
			engine->looks[n++] = group->look;
	}
	qsort(engine->looks, n, sizeof(*engine->looks), by_failed);
	for (uint32_t i = 0; i + n / 4 + 1 < n; i++) {
		sum.answered += (double)engine->looks[i].succeeded;
		sum.sent += (double)(engine->looks[i].succeeded +
				     engine->looks[i].failed);
	}
	return sum;
}

static void restart_groups(struct engine *engine, const struct lane *lane)
{
	for (uint32_t i = 0; i < engine->n_groups; i++)
		if (engine->groups[i].lane == lane)
			window_restart(&engine->groups[i].window);
}

static void judge(struct engine *engine, struct lane *lane, int64_t now_ns)
{
	struct window_share sum = look_sum(engine, lane);
	double pps = (double)(lane->common.tries - lane->look_try) * 1e9 /
		     (double)(now_ns - lane->look_ns);

	lane->look_ns = 0;
	if (sum.sent < LOOK_MIN ||
	    !window_excess(&lane->common, sum.sent - sum.answered, sum.sent))
		return;
	window_doubt(&lane->common, &sum, pps);
	restart_groups(engine, lane);
}

void crowd_evidence(struct engine *engine, struct group *group,
		    const struct flight *flight, bool lost, int64_t now_ns)
{
	struct lane *lane = group->lane;
	int64_t rto_ns = group_rto_ns(engine, group), end_ns;

	if (!crowd_rules(engine, lane) || lane->common.phase != WINDOW_GROW)
		return;
	if (!lane->look_ns)
		look_begin(engine, lane, now_ns);
	end_ns = lane->look_ns + LOOK_NS;
	if (flight->first_ns >= lane->look_ns && flight->first_ns <= end_ns) {
		group->look.failed += lost;
		group->look.succeeded += !lost;
	}
	if (rto_ns > lane->look_rto_ns)
		lane->look_rto_ns = rto_ns;
	/* The RTO, and the answer to the retransmission. */
	if (now_ns > end_ns + lane->look_rto_ns + lane->look_rto_ns / 2)
		judge(engine, lane, now_ns);
}

void crowd_sent(struct engine *engine, struct group *group,
		struct flight *flight, int64_t now_ns)
{
	struct window *common = &group->lane->common;

	if (crowd_rules(engine, group->lane))
		flight->common_epoch =
			window_sent(common,
				    flight->state == FLIGHT_CANARY &&
					    window_beacons(common) > 0,
				    0, now_ns);
}

void crowd_forgot(struct engine *engine, struct group *group,
		  const struct flight *flight)
{
	if (crowd_rules(engine, group->lane))
		window_forget(&group->lane->common, flight->common_epoch);
}

void crowd_resolved(struct engine *engine, struct group *group,
		    const struct flight *flight, bool answered, int64_t now_ns)
{
	struct lane *lane = group->lane;

	if (!crowd_rules(engine, lane))
		return;
	window_resolved(&lane->common, flight->common_epoch, answered, 0,
			now_ns);
	if (lane->turns == lane->common.turns)
		return;
	lane->turns = lane->common.turns;
	for (uint32_t i = 0; i < engine->n_groups; i++) {
		struct group *other = &engine->groups[i];

		if (other->lane != lane)
			continue;
		/* What their own shares said was said of the path. */
		window_stale(&other->window);
		if (lane->overruns != lane->common.overruns)
			group_start_over(engine, other, now_ns);
	}
	lane->overruns = lane->common.overruns;
}
