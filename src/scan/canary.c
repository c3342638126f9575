/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/group.h"

#include <math.h>

#include "base/clock.h"

#define CANARY_DOUBT  0.01 /* chance of an outage that is mere loss */
#define LOST_NS       (10 * NS_PER_S) /* no canary answers: lost for good */
#define LOST_FAILURES 5
#define LOST_DOUBT    1e-6 /* chance that it is mere loss */

void canary_remember(struct engine *engine, struct group *group,
		     uint64_t number, bool open)
{
	uint64_t seen = engine->stats.verdicts[VERDICT_OPEN] +
			engine->stats.verdicts[VERDICT_CLOSED];

	if (engine->config.spares_open) {
		if (open && group->n_answered > 0)
			return;
		if (!open && group->n_answered == 1 && group->open_known &&
		    group->answered[0] == group->open_number)
			group->n_answered = 0;
	}
	if (group->n_answered < CANARIES)
		group->answered[group->n_answered++] = number;
	else if (seen % 64 == 0)
		/* Newer ones too: hosts may go. */
		group->answered[seen / 64 % CANARIES] = number;
}

/* So many in a row that did not come back: can that be mere loss? */
static bool is_outage(const struct engine *engine, const struct group *group,
		      double doubt)
{
	return pow(loss_bound(&engine->loss_all), group->failures) < doubt;
}

/* It came back: what did not, before, was loss; but not of the kind that the
 * number of tries is reckoned by, when it was an outage. */
void canary_path_proved(struct engine *engine, struct group *group,
			int64_t sent_ns)
{
	if (sent_ns > group->proved_ns)
		group->proved_ns = sent_ns;
	group->doubted_ns = 0;
	if (group->failures == 0)
		return;
	if (!is_outage(engine, group, LOST_DOUBT)) {
		group_learn(engine, group, group->failures, 0);
		group->beacons.failed += group->failures;
	}
	group->failures = 0;
}

bool canary_proves(const struct engine *engine, struct group *group,
		   const struct flight *flight)
{
	if (group->n_answered == 0 || group->lost ||
	    engine->config.retries == 0 || group->proved_ns >= flight->sent_ns)
		return true;
	group->want_canary = true;
	return false;
}

/* A port that answers and is not being asked just now. */
static bool choose(const struct engine *engine, struct group *group,
		   uint64_t *number)
{
	if (group->open_known && !engine->config.spares_open &&
	    group->choice % 8 == 0 &&
	    !flight_find(engine->flights, group->open_number)) {
		group->choice++;
		*number = group->open_number;
		return true;
	}
	for (unsigned i = 0; i < group->n_answered; i++) {
		*number = group->answered[++group->choice % group->n_answered];
		if (!flight_find(engine->flights, *number))
			return true;
	}
	return false;
}

static uint8_t port_offset(const struct engine_config *config, unsigned choice)
{
	if (config->canary_ports == 0)
		return (uint8_t)(choice % config->source_ports);
	return (uint8_t)(config->source_ports + choice % config->canary_ports);
}

struct flight *canary_take(struct engine *engine, struct group *group)
{
	struct flight *flight;
	uint64_t number;

	if (!choose(engine, group, &number))
		return NULL;
	flight = flight_add(engine->flights, number);
	if (!flight)
		return NULL;
	flight->group = (uint32_t)(group - engine->groups);
	flight->state = FLIGHT_CANARY;
	/* A late answer to the last one must not pass for this one's. */
	flight->reason = port_offset(&engine->config, group->choice);
	group->want_canary = false;
	group->canaries_out++;
	return flight;
}

bool canary_waits(const struct group *group)
{
	return group->want_canary && group->canaries_out == 0;
}

/* One in so many, on average. */
static bool draw(struct group *group, unsigned every, unsigned *left)
{
	if (every == 0)
		return false;
	if (*left > 0) {
		(*left)--;
		return false;
	}
	*left = group_random(group) % (2 * every - 1);
	return true;
}

bool canary_is_due(const struct engine *engine, struct group *group)
{
	struct lane *lane = group->lane;
	/* The table is for what is still to be known. */
	uint32_t most = engine->config.held_limit / engine->n_groups / 8;
	unsigned own = window_beacons(&group->window);
	unsigned common =
		crowd_rules(engine, lane) ? window_beacons(&lane->common) : 0;

	/* The common ones see to it. */
	if (common > 0 && group->window.phase == WINDOW_GROW)
		own = 0;
	if (own + common == 0 || group->n_answered == 0 ||
	    group->canaries_out > most)
		return false;
	return draw(group, own, &group->to_beacon) ||
	       draw(group, common, &lane->to_beacon);
}

static void canary_gone(struct engine *engine, struct group *group,
			struct flight *flight)
{
	group->canaries_out--;
	flight_remove(engine->flights, flight);
}

void canary_withdrawn(struct engine *engine, struct group *group,
		      struct flight *flight)
{
	canary_gone(engine, group, flight);
}

void canary_answered(struct engine *engine, struct group *group,
		     struct flight *flight, const struct engine_reply *reply)
{
	if (reply->verdict == VERDICT_FILTERED ||
	    reply->port_offset != flight->reason ||
	    (reply->time_ok && reply->at_ns < flight->sent_ns)) {
		engine->stats.duplicates++; /* of the port's own answer */
		return;
	}
	canary_path_proved(engine, group, flight->sent_ns);
	group_learn(engine, group, 0, 1);
	group->beacons.succeeded++;
	group_resolved(engine, group, flight, true, reply->at_ns);
	if (group_sweeps(group) && flight->number == group->open_number)
		window_sweep_canary(&group->window, true);
	flight_unschedule(engine->flights, flight);
	canary_gone(engine, group, flight);
}

void canary_silent(struct engine *engine, struct group *group,
		   struct flight *flight, int64_t now_ns)
{
	int64_t sent_ns = flight->sent_ns;

	group_resolved(engine, group, flight, false, now_ns);
	if (group_sweeps(group) && flight->number == group->open_number)
		window_sweep_canary(&group->window, false);
	canary_gone(engine, group, flight);
	group->failures++;
	if (group->settled) /* nobody waits for a proof any more */
		return;
	group->want_canary = true;
	if (!group->doubted_ns)
		group->doubted_ns = sent_ns;
	if (is_outage(engine, group, CANARY_DOUBT))
		group->blind_ns = sent_ns;
	if (now_ns - group->doubted_ns < LOST_NS ||
	    group->failures < LOST_FAILURES ||
	    !is_outage(engine, group, LOST_DOUBT))
		return;
	group->lost = true;
	group->want_canary = false;
	group->fresh = group->order.n;
	while ((flight = flight_first(engine->flights, &group->ready))) {
		flight_unlist(engine->flights, &group->ready, flight);
		group_keep_silent(engine, group, flight);
	}
	engine->stats.lost_groups++;
	engine->stats.lost_target = group->answered[0] / engine->config.ports;
}
