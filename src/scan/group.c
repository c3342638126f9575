/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/group.h"

#include <math.h>

#include "base/clock.h"

#define OWN_LOSS  200 /* answers that make a group's own estimate */
#define UNSURE_NS (25 * NS_PER_MS) /* re-check while the RTT is unknown */

struct group *group_of(struct engine *engine, const struct flight *flight)
{
	return &engine->groups[flight->group];
}

void engine_tell(struct engine *engine, uint64_t number,
		 const struct result *result)
{
	engine->stats.done++;
	engine->stats.verdicts[result->verdict]++;
	engine->stats.reasons[result->verdict][result->reason]++;
	engine->config.result(
		engine->config.context, number / engine->config.ports,
		(uint32_t)(number % engine->config.ports), result);
}

void engine_tell_filtered(struct engine *engine, const struct flight *flight,
			  enum reason reason)
{
	struct result result = {
		.verdict = VERDICT_FILTERED,
		.reason = reason,
		.ttl = flight->state == FLIGHT_NOTED ? flight->ttl : -1,
		.rtt_ns = -1,
		.tries = flight->tries,
	};

	engine_tell(engine, flight->number, &result);
}

bool group_is_known_host(const struct engine *engine, const struct group *group)
{
	return group->n_answered > 0 && group->order.n == engine->config.ports;
}

double group_loss(const struct engine *engine, const struct group *group)
{
	const struct loss *loss = group->loss.succeeded >= OWN_LOSS
					  ? &group->loss
					  : &engine->loss;

	return fmax(loss_bound(loss), group->worst);
}

unsigned group_tries(const struct engine *engine, const struct group *group)
{
	uint64_t answering = engine->stats.verdicts[VERDICT_OPEN] +
			     engine->stats.verdicts[VERDICT_CLOSED];
	unsigned tries = LOSS_DEAF_TRIES;
	int cap = engine->config.retries;

	if (answering > 0)
		tries = loss_tries(group_loss(engine, group), answering);
	if (group->n_answered == 0 && tries < LOSS_DEAF_TRIES)
		tries = LOSS_DEAF_TRIES;
	return cap >= 0 && tries > (unsigned)cap + 1 ? (unsigned)cap + 1
						     : tries;
}

unsigned group_counted(const struct group *group, const struct flight *flight)
{
	return flight->era == group->era ? flight->counted : 0;
}

bool group_asked_out(const struct engine *engine, const struct flight *flight)
{
	int cap = engine->config.retries;

	return flight->tries == TRIES_MAX || (cap >= 0 && flight->tries > cap);
}

bool group_silent_enough(const struct engine *engine, const struct group *group,
			 const struct flight *flight)
{
	return group_counted(group, flight) >= group_tries(engine, group) ||
	       group_asked_out(engine, flight);
}

/* SplitMix64. */
uint32_t group_random(struct group *group)
{
	uint64_t x = group->random += 0x9e3779b97f4a7c15ULL;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return (uint32_t)(x >> 32);
}

void group_make_ready(struct engine *engine, struct group *group,
		      struct flight *flight)
{
	flight->state = FLIGHT_READY;
	/* Not in the order of the last time. */
	if (group_random(group) % 2)
		flight_append(engine->flights, &group->ready, flight);
	else
		flight_prepend(engine->flights, &group->ready, flight);
}

/* The loss estimate takes all tries alike. Should the latest have fared worse
 * (a limit on the way, a burst of loss), answers still come in: as many as
 * would be missing then are a reason to go on. */
static bool answers_still_come(const struct engine *engine,
			       const struct group *group)
{
	double p = group_loss(engine, group);

	return (double)group->late * p > LOSS_WRONG_LIMIT * (1 - p);
}

void group_round(struct engine *engine, struct group *group)
{
	struct flight *flight, *next;
	unsigned needed = TRIES_MAX;

	group->worst = fmax(group->worst, loss_floor(&group->beacons));
	if (!answers_still_come(engine, group) || engine->config.retries >= 0)
		needed = group_tries(engine, group);
	for (flight = flight_first(engine->flights, &group->silent); flight;
	     flight = next) {
		next = flight_after(engine->flights, flight);
		if (group_counted(group, flight) >= needed || group->lost ||
		    group_asked_out(engine, flight))
			continue;
		flight_unlist(engine->flights, &group->silent, flight);
		group_make_ready(engine, group, flight);
		group->open++;
	}
	group->late = 0;
	group->beacons = (struct loss){0};
	if (group->open > 0) {
		window_round(&group->window);
	}
	if (group->settled != (group->open == 0)) {
		group->settled = group->open == 0;
		engine->unsettled += group->settled ? -1 : 1;
	}
}

void group_closed_one(struct engine *engine, struct group *group)
{
	group->open--;
	if (group->open == 0 && group->fresh == group->order.n)
		group_round(engine, group);
}

void group_keep_silent(struct engine *engine, struct group *group,
		       struct flight *flight)
{
	flight->state = FLIGHT_SILENT;
	flight_append(engine->flights, &group->silent, flight);
	group_closed_one(engine, group);
}

bool engine_table_full(const struct engine *engine)
{
	return flights_count(engine->flights) >= engine->config.held_limit;
}

void group_defer(struct engine *engine, struct group *group)
{
	struct flight *flight;

	/* A full table needs them sent, to be rid of them some time. */
	if (group->fresh == group->order.n || engine_table_full(engine))
		return;
	while ((flight = flight_first(engine->flights, &group->ready))) {
		flight_unlist(engine->flights, &group->ready, flight);
		group_keep_silent(engine, group, flight);
	}
}

void group_learn(struct engine *engine, struct group *group, unsigned failed,
		 unsigned succeeded)
{
	struct loss *all[] = {&group->loss, &engine->loss, &engine->loss_all};

	for (size_t i = 0; i < 3; i++) {
		all[i]->failed += failed;
		all[i]->succeeded += succeeded;
	}
}

void group_start_over(struct engine *engine, struct group *group,
		      int64_t now_ns)
{
	group->overruns = group->window.overruns;
	group->blind_ns = now_ns;
	group->era++;
	engine->loss.failed -= group->loss.failed;
	engine->loss.succeeded -= group->loss.succeeded;
	group->loss = (struct loss){0};
	group->worst = 0;
	group->beacons = (struct loss){0};
}

void group_resolved(struct engine *engine, struct group *group,
		    const struct flight *flight, bool answered, int64_t now_ns)
{
	window_resolved(&group->window, flight->epoch, answered,
			group->rtt.srtt_ns, now_ns);
	if (group->overruns != group->window.overruns)
		group_start_over(engine, group, now_ns);
	crowd_resolved(engine, group, flight, answered, now_ns);
}

void group_forgot(struct engine *engine, struct group *group,
		  const struct flight *flight)
{
	window_forget(&group->window, flight->epoch);
	crowd_forgot(engine, group, flight);
}

static int64_t judged_ns(const struct window *window)
{
	return window->in_flight > 0 && window_beacons(window) > 0
		       ? window_judged_ns(window)
		       : INT64_MAX;
}

int64_t group_judged_ns(const struct engine *engine, const struct group *group)
{
	int64_t own = judged_ns(&group->window), common = INT64_MAX;

	if (crowd_rules(engine, group->lane) && group->window.in_flight > 0)
		common = judged_ns(&group->lane->common);
	return own < common ? own : common;
}

int64_t group_rto_ns(const struct engine *engine, const struct group *group)
{
	int64_t rto = rtt_rto_ns(&group->rtt), cap = engine->config.wait_ns;

	return cap >= 0 && rto > cap ? cap : rto;
}

void group_schedule(struct engine *engine, struct group *group,
		    struct flight *flight, int64_t now_ns)
{
	int64_t due = flight->sent_ns + group_rto_ns(engine, group);
	int64_t unsure_ns = UNSURE_NS;

	/* At a fixed rate nobody waits for its place in a window: each look
	 * is as far from the last as that was from the sending. */
	if (engine->config.rate_pps > 0 && now_ns - flight->sent_ns > unsure_ns)
		unsure_ns = now_ns - flight->sent_ns;
	if (!group->rtt.valid && due > now_ns + unsure_ns)
		due = now_ns + unsure_ns;
	flight_schedule(engine->flights, flight, due);
}

bool group_sweeps(const struct group *group)
{
	return group->window.phase == WINDOW_SWEEP;
}

void group_sweep_end(struct engine *engine, struct group *group, int64_t now_ns)
{
	window_sweep_end(&group->window, now_ns);
	if (group->window.rate_pps >= WINDOW_SWEEP_PPS)
		return;
	engine->stats.limited_groups++;
	engine->stats.limited_pps = group->window.rate_pps;
	engine->stats.limited_target =
		group->answered[0] / engine->config.ports;
}
