/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/engine.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "scan/group.h"

#define HELD_LIMIT   (1u << 19)
#define GROUP_PROBES 64 /* fewer make no statistics */
#define FIRST_WINDOW 64 /* tries in the air before any answer, in all */
#define WINDOW_LIMIT 32768u
#define FIXED_SLACK  (20 * NS_PER_MS)

static uint64_t groups_in(const struct engine_config *config, uint64_t targets)
{
	uint64_t n = (uint64_t)((double)ENGINE_GROUPS * (double)targets /
				(double)config->targets);
	uint64_t worth = targets * config->ports / GROUP_PROBES;

	if (n > targets)
		n = targets;
	if (n > worth)
		n = worth;
	return n > 0 ? n : 1;
}

static void group_init(struct engine *engine, struct group *group,
		       uint64_t first, uint64_t targets, struct lane *lane)
{
	const struct engine_config *config = &engine->config;
	uint64_t key[2] = {config->key[0] ^ first, config->key[1]};

	group->base = first * config->ports;
	group->random = key[0] ^ ~key[1];
	group->lane = lane;
	lane->groups++;
	permute_init(&group->order, targets * config->ports, key);
}

/* Each lane's targets, cut into groups of nearly equal size. */
static void cut_groups(struct engine *engine)
{
	const struct engine_config *config = &engine->config;
	struct group *group = engine->groups;
	uint64_t first = 0;

	for (size_t i = 0; i < config->n_spans; i++) {
		uint64_t targets = config->spans[i].targets;
		uint64_t n = groups_in(config, targets);

		for (uint64_t j = 0; j < n; j++) {
			uint64_t size = targets / n + (j < targets % n);

			group_init(engine, group++, first, size,
				   &engine->lanes[config->spans[i].lane]);
			first += size;
		}
	}
}

static void open_windows(struct engine *engine)
{
	double first = (double)FIRST_WINDOW / engine->n_groups;
	double limit = (double)engine->config.held_limit / 2 / engine->n_groups;

	for (uint32_t i = 0; i < engine->n_groups; i++)
		window_init(&engine->groups[i].window, fmax(first, 4),
			    fmin(fmax(limit, 256), WINDOW_LIMIT));
}

struct engine *engine_new(const struct engine_config *config, int64_t now_ns,
			  struct error *error)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	uint64_t groups = 0;

	if (!engine)
		goto out;
	engine->config = *config;
	if (engine->config.held_limit == 0)
		engine->config.held_limit = HELD_LIMIT;
	engine->stats.total = config->targets * config->ports;
	if (engine->stats.total < engine->config.held_limit)
		engine->config.held_limit = (uint32_t)engine->stats.total;
	for (size_t i = 0; i < config->n_spans; i++)
		groups += groups_in(config, config->spans[i].targets);
	engine->n_groups = engine->unsettled = (uint32_t)groups;
	engine->groups = calloc(groups, sizeof(*engine->groups));
	engine->looks = calloc(groups, sizeof(*engine->looks));
	engine->lanes = calloc(config->n_lanes, sizeof(*engine->lanes));
	/* A canary of each group finds room even when the table is full. */
	engine->flights = flights_new(
		engine->config.held_limit + engine->n_groups, now_ns);
	if (!engine->groups || !engine->looks || !engine->lanes ||
	    !engine->flights)
		goto out;
	for (size_t i = 0; i < config->n_lanes; i++)
		lane_init(&engine->lanes[i], config->ceilings_pps[i], now_ns);
	cut_groups(engine);
	open_windows(engine);
	engine->blind_ns = INT64_MIN;
	pacer_set(&engine->pacer,
		  config->rate_pps > 0 ? config->rate_pps
				       : config->max_rate_pps,
		  config->rate_pps > 0 ? FIXED_SLACK : NS_PER_MS);
	engine->config.spans = NULL;
	engine->config.ceilings_pps = NULL;
	return engine;
out:
	engine_free(engine);
	error_set(error, STATUS_FAILED, "no memory for the scan");
	return NULL;
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	flights_free(engine->flights);
	free(engine->looks);
	free(engine->lanes);
	free(engine->groups);
	free(engine);
}

bool engine_done(const struct engine *engine)
{
	return engine->unsettled == 0;
}

void engine_finish(struct engine *engine)
{
	struct flight *flight, *next;

	for (flight = flight_first(engine->flights, &engine->noted); flight;
	     flight = flight_after(engine->flights, flight))
		engine_tell_filtered(engine, flight, flight->reason);
	for (uint32_t i = 0; i < engine->n_groups; i++) {
		struct group *group = &engine->groups[i];

		for (flight = flight_first(engine->flights, &group->silent);
		     flight; flight = next) {
			next = flight_after(engine->flights, flight);
			if (group_silent_enough(engine, group, flight))
				engine_tell_filtered(engine, flight,
						     REASON_NO_REPLY);
		}
	}
}

void engine_stats(const struct engine *engine, struct engine_stats *stats)
{
	*stats = engine->stats;
	stats->in_air = flights_count(engine->flights) - engine->noted.count;
	for (uint32_t i = 0; i < engine->n_groups; i++) {
		const struct group *group = &engine->groups[i];
		unsigned needed = group_tries(engine, group);

		stats->fresh_left += group->order.n - group->fresh;
		stats->ready += group->ready.count;
		stats->silent += group->silent.count;
		if (needed > stats->tries_needed)
			stats->tries_needed = needed;
	}
	stats->in_air -= stats->ready + stats->silent;
}

void engine_quality(const struct engine *engine, double *loss, double *wrong)
{
	*loss = loss_share(&engine->loss_all);
	*wrong = 0;
	for (uint32_t i = 0; i < engine->n_groups; i++) {
		const struct group *group = &engine->groups[i];

		*wrong +=
			loss_wrong(group_loss(engine, group), group->answering,
				   group->told + group->silent.count,
				   group_tries(engine, group));
	}
}

enum engine_interest engine_interest(const struct engine *engine,
				     uint64_t number, uint8_t port_offset,
				     int64_t now_ns)
{
	const struct flight *flight = flight_find(engine->flights, number);
	const struct group *group;
	unsigned latest;

	if (!flight || flight->state == FLIGHT_NOTED)
		return ENGINE_NO_INTEREST;
	group = &engine->groups[flight->group];
	latest = flight->state == FLIGHT_CANARY
			 ? flight->reason
			 : (flight->tries - 1u) % engine->config.source_ports;
	if ((flight->state == FLIGHT_AIR || flight->state == FLIGHT_CANARY) &&
	    port_offset == latest &&
	    now_ns < flight->sent_ns + group_rto_ns(engine, group))
		return ENGINE_ANSWER;
	return group->rtt.valid ? ENGINE_NO_INTEREST : ENGINE_RTT;
}
