/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/group.h"

#define SWEEP_CANARY 8   /* probes of a sweep for one on an open port */
#define ROOM_BUDGET  256 /* silent ones looked at to make room */

static uint64_t number_at(const struct group *group, uint64_t i)
{
	return group->base + permute_at(&group->order, i);
}

/* A few numbers are known ahead, so that the memory that each one's place in
 * the table needs is on its way before it is asked for. */
static bool fresh_number(struct engine *engine, struct group *group,
			 uint64_t *number)
{
	uint64_t n = group->order.n;

	if (group->fresh == n)
		return false;
	while (group->known < n && group->known < group->fresh + AHEAD) {
		uint64_t *next = &group->ahead[group->known % AHEAD];

		*next = number_at(group, group->known++);
		flight_prefetch(engine->flights, *next);
	}
	*number = group->ahead[group->fresh++ % AHEAD];
	return true;
}

static void fill_probe(const struct engine *engine, uint64_t number,
		       unsigned port_offset, struct engine_probe *probe)
{
	uint32_t ports = engine->config.ports;

	*probe = (struct engine_probe){
		.number = number,
		.target = number / ports,
		.rank = (uint32_t)(number % ports),
		.port_offset = (uint8_t)port_offset,
	};
}

/* Silence that is long enough is told for good (but not while it may yet turn
 * out that the pace was too high), the rest asked on. */
static void let_go(struct engine *engine, struct group *group, int *budget)
{
	struct flight *flight, *next;
	int64_t judged_ns = group_judged_ns(engine, group);

	for (flight = flight_first(engine->flights, &group->silent);
	     flight && (*budget)-- > 0; flight = next) {
		next = flight_after(engine->flights, flight);
		if (next)
			flight_prefetch(engine->flights, next->number);
		if (group_silent_enough(engine, group, flight)) {
			if (flight->sent_ns >= judged_ns)
				continue;
			flight_unlist(engine->flights, &group->silent, flight);
			group->told++;
			engine_tell_filtered(engine, flight, REASON_NO_REPLY);
			flight_remove(engine->flights, flight);
		} else {
			flight_unlist(engine->flights, &group->silent, flight);
			group_make_ready(engine, group, flight);
			group->open++;
			/* No first tries may go meanwhile, whose share could
			 * tell the pace. */
			window_round(&group->window);
		}
	}
}

/* The table is full: look through the groups' silent ports in turn. */
static void make_room(struct engine *engine)
{
	struct flight *flight = flight_first(engine->flights, &engine->noted);
	int budget = ROOM_BUDGET;

	for (uint32_t i = 0; i < engine->n_groups && budget > 0; i++) {
		engine->room_turn = (engine->room_turn + 1) % engine->n_groups;
		let_go(engine, &engine->groups[engine->room_turn], &budget);
	}
	if (engine_table_full(engine) && flight) {
		flight_unlist(engine->flights, &engine->noted, flight);
		engine_tell_filtered(engine, flight, flight->reason);
		flight_remove(engine->flights, flight);
	}
}

/* What this group would send next, taken out of its lists. */
static struct flight *group_take(struct engine *engine, struct group *group)
{
	struct flight *flight;
	uint64_t number;

	if (canary_waits(group) || canary_is_due(engine, group)) {
		flight = canary_take(engine, group);
		if (flight)
			return flight;
	}
	flight = flight_first(engine->flights, &group->ready);
	if (flight) {
		flight_unlist(engine->flights, &group->ready, flight);
		/* The last of a round: what is silent then will want a proof;
		 * the canary may as well come back meanwhile. */
		if (group->ready.count == 0 && flight->tries > 0 &&
		    group->n_answered > 0 && group->fresh == group->order.n &&
		    engine->config.retries != 0)
			group->want_canary = true;
		return flight;
	}
	if (group->fresh == group->order.n)
		return NULL;
	if (engine_table_full(engine))
		make_room(engine);
	if (engine_table_full(engine) || !fresh_number(engine, group, &number))
		return NULL;
	flight = flight_add(engine->flights, number);
	if (!flight) {
		group->fresh--; /* no memory just now: later (it is still
				   among those known ahead) */
		return NULL;
	}
	flight->group = (uint32_t)(group - engine->groups);
	flight->era = group->era;
	flight->hasty = group_sweeps(group);
	group->open++;
	if (group_sweeps(group) && group->open_known &&
	    group->fresh % SWEEP_CANARY == 0)
		group->want_canary = true;
	return flight;
}

static bool group_may_send(struct engine *engine, struct group *group,
			   int64_t now_ns)
{
	int64_t at;

	if (!canary_waits(group) && !group->ready.count &&
	    group->fresh == group->order.n)
		return false;
	if (!lane_ready(group->lane, now_ns)) {
		at = lane_next_ns(group->lane);
	} else if (crowd_rules(engine, group->lane) &&
		   !window_allows(&group->lane->common, now_ns)) {
		at = window_next_ns(&group->lane->common);
		if (at <= now_ns)
			return false;
	} else if (engine->config.rate_pps > 0 || canary_waits(group) ||
		   window_allows(&group->window, now_ns)) {
		return true;
	} else {
		at = window_next_ns(&group->window);
		if (at <= now_ns)
			return false; /* full: a reply or a time-out helps */
	}
	if (at < engine->send_ns)
		engine->send_ns = at;
	return false;
}

static bool is_sample(const struct engine *engine, const struct group *group,
		      const struct flight *flight)
{
	if (engine->config.rate_pps > 0)
		return false; /* there is no pace to find */
	if (window_beacons(&group->window) > 0)
		return flight->state == FLIGHT_CANARY;
	return flight->tries == 0 && flight->state != FLIGHT_CANARY;
}

bool engine_next(struct engine *engine, int64_t now_ns,
		 struct engine_probe *probe)
{
	engine->send_ns = INT64_MAX;
	if (!pacer_ready(&engine->pacer, now_ns)) {
		engine->send_ns = pacer_next_ns(&engine->pacer);
		return false;
	}
	for (uint32_t i = 0; i < engine->n_groups; i++) {
		struct group *group = &engine->groups[engine->turn];
		struct flight *flight;

		engine->turn = (engine->turn + 1) % engine->n_groups;
		if (group_sweeps(group) && group->fresh == group->order.n)
			group_sweep_end(engine, group, now_ns);
		else if (group->window.phase != WINDOW_GROW &&
			 group->ready.count > 0)
			group_defer(engine, group);
		if (!group_may_send(engine, group, now_ns))
			continue;
		flight = group_take(engine, group);
		if (!flight)
			continue;
		fill_probe(engine, flight->number,
			   flight->state == FLIGHT_CANARY
				   ? flight->reason
				   : flight->tries %
					     engine->config.source_ports,
			   probe);
		probe->flight = flight;
		probe->answered = group_is_known_host(engine, group);
		probe->doubted =
			flight->state == FLIGHT_CANARY
				? group->failures > 0
				: flight->tries > 0 && group->n_answered == 0;
		pacer_spend(&engine->pacer, now_ns);
		lane_spend(group->lane, now_ns);
		flight->epoch = window_sent(&group->window,
					    is_sample(engine, group, flight),
					    group->rtt.srtt_ns, now_ns);
		crowd_sent(engine, group, flight, now_ns);
		return true;
	}
	return false;
}

void engine_sent(struct engine *engine, const struct engine_probe *probe,
		 int64_t now_ns)
{
	struct flight *flight = probe->flight;
	struct group *group = group_of(engine, flight);

	engine->stats.probes_sent++;
	if (flight->tries > 0 || flight->state == FLIGHT_CANARY)
		engine->stats.retransmissions++;
	if (flight->tries++ == 0)
		flight->first_ns = now_ns;
	flight->sent_ns = now_ns;
	flight->overdue = false;
	if (flight->state != FLIGHT_CANARY)
		flight->state = FLIGHT_AIR;
	lane_accepted(group->lane);
	group_schedule(engine, group, flight, now_ns);
}

static void not_sent(struct engine *engine, struct group *group,
		     const struct flight *flight)
{
	group_forgot(engine, group, flight);
	pacer_refund(&engine->pacer);
	pacer_refund(&group->lane->pacer);
}

void engine_refused(struct engine *engine, const struct engine_probe *probe,
		    int64_t again_ns, int64_t now_ns)
{
	engine->stats.send_errors++;
	if (again_ns) {
		engine_parked(engine, probe, false, again_ns);
		return;
	}
	lane_refused(group_of(engine, probe->flight)->lane, now_ns);
	engine_withdrawn(engine, probe);
}

void engine_withdrawn(struct engine *engine, const struct engine_probe *probe)
{
	struct flight *flight = probe->flight;
	struct group *group = group_of(engine, flight);

	not_sent(engine, group, flight);
	if (flight->state == FLIGHT_CANARY)
		canary_withdrawn(engine, group, flight);
	else
		group_make_ready(engine, group, flight);
}

void engine_parked(struct engine *engine, const struct engine_probe *probe,
		   bool asked, int64_t again_ns)
{
	struct flight *flight = probe->flight;
	struct group *group = group_of(engine, flight);

	if (asked) /* the question took its place on the wire */
		group_forgot(engine, group, flight);
	else
		not_sent(engine, group, flight);
	if (flight->state == FLIGHT_CANARY) {
		canary_withdrawn(engine, group, flight);
		return;
	}
	flight->state = FLIGHT_PARKED;
	flight_schedule(engine->flights, flight, again_ns);
}

/* The end of a probe that was handed out; false: it was a canary's. */
static bool not_asked(struct engine *engine, struct group *group,
		      struct flight *flight)
{
	not_sent(engine, group, flight);
	if (flight->state != FLIGHT_CANARY)
		return true;
	canary_withdrawn(engine, group, flight);
	return false;
}

void engine_failed(struct engine *engine, const struct engine_probe *probe,
		   enum reason reason)
{
	struct flight *flight = probe->flight;
	struct group *group = group_of(engine, flight);

	if (!not_asked(engine, group, flight))
		return;
	engine_tell_filtered(engine, flight, reason);
	flight_remove(engine->flights, flight);
	group_closed_one(engine, group);
}

void engine_unaskable(struct engine *engine, const struct engine_probe *probe)
{
	struct flight *flight = probe->flight;
	struct group *group = group_of(engine, flight);

	engine->stats.send_errors++;
	if (!not_asked(engine, group, flight))
		return;
	engine->stats.unaskable++;
	flight_remove(engine->flights, flight);
	group_closed_one(engine, group);
}

bool engine_peek(struct engine *engine, struct engine_probe *probe)
{
	for (uint32_t i = 0; i < engine->n_groups; i++) {
		struct group *group = &engine->groups[engine->turn];
		uint64_t number;

		engine->turn = (engine->turn + 1) % engine->n_groups;
		if (fresh_number(engine, group, &number)) {
			fill_probe(engine, number, 0, probe);
			return true;
		}
	}
	return false;
}
