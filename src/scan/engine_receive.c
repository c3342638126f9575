/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/group.h"

#include "base/clock.h"

#define OVERDUE_NS  (100 * NS_PER_MS)
#define UNPROVED_NS (5 * NS_PER_MS) /* until the canary may have answered */

/* Which try was answered: 1 is the first; 0 when the source port does not
 * tell (more tries than ports: Karn's rule). */
static unsigned try_answered(const struct engine *engine,
			     const struct flight *flight, uint8_t port_offset)
{
	if (flight->tries > engine->config.source_ports)
		return 0;
	return port_offset < flight->tries ? port_offset + 1u : 0;
}

static int64_t round_trip_ns(const struct engine_reply *reply,
			     const struct flight *flight, unsigned answered)
{
	int64_t rtt = -1;

	if (!reply->time_ok || answered == 0)
		return -1;
	if (answered == flight->tries)
		rtt = reply->at_ns - flight->sent_ns;
	else if (answered == 1)
		rtt = reply->at_ns - flight->first_ns;
	return rtt < 0 ? -1 : rtt;
}

static void learn_loss(struct engine *engine, struct group *group,
		       const struct flight *flight, unsigned answered,
		       int64_t now_ns)
{
	unsigned failed = answered ? answered - 1 : flight->tries - 1u;

	if (failed > group_counted(group, flight))
		failed = group_counted(group, flight);
	group_learn(engine, group, failed, 1);
	group->late += failed > 0;
	group->answering++;
	if (engine->config.rate_pps > 0)
		return;
	window_evidence(&group->window, failed > 0, flight->first_ns,
			group_rto_ns(engine, group), now_ns);
	crowd_evidence(engine, group, flight, failed > 0, now_ns);
}

/* Out of whatever it stands in; true when it was open till now. */
static bool detach(struct engine *engine, struct group *group,
		   struct flight *flight, bool answered, int64_t now_ns)
{
	switch (flight->state) {
	case FLIGHT_AIR:
		group_resolved(engine, group, flight, answered, now_ns);
		flight_unschedule(engine->flights, flight);
		return true;
	case FLIGHT_PARKED:
		flight_unschedule(engine->flights, flight);
		return true;
	case FLIGHT_READY:
		flight_unlist(engine->flights, &group->ready, flight);
		return true;
	case FLIGHT_SILENT:
		flight_unlist(engine->flights, &group->silent, flight);
		return false;
	default:
		flight_unlist(engine->flights, &engine->noted, flight);
		return false;
	}
}

static void note_icmp(struct engine *engine, struct group *group,
		      struct flight *flight, const struct engine_reply *reply)
{
	/* ICMP errors are rate-limited by those who send them: as a measure
	 * of our pace they count like silence. */
	bool was_open = detach(engine, group, flight, false, reply->at_ns);

	flight->state = FLIGHT_NOTED;
	flight->reason = (uint8_t)reply->reason;
	flight->ttl = reply->ttl;
	flight_append(engine->flights, &engine->noted, flight);
	if (was_open)
		group_closed_one(engine, group);
}

/* Rather of the path to that host than of the port? Then it is asked again,
 * and the next time-out waits for a proof that the path works. What comes after
 * that, to the latest try, is believed. */
static bool note_unreached(struct engine *engine, const struct group *group,
			   struct flight *flight,
			   const struct engine_reply *reply)
{
	unsigned latest = (flight->tries - 1u) % engine->config.source_ports;

	if (reply->reason != REASON_ICMP_NET_UNREACH &&
	    reply->reason != REASON_ICMP_HOST_UNREACH &&
	    reply->reason != REASON_NO_NEIGHBOUR)
		return false;
	if (!group_is_known_host(engine, group) ||
	    group_asked_out(engine, flight) || flight->state == FLIGHT_NOTED)
		return false;
	if (flight->unreached == 2)
		return flight->state != FLIGHT_AIR ||
		       reply->port_offset != latest;
	flight->unreached = 1;
	if (flight->state != FLIGHT_AIR)
		flight->counted = 0;
	return true;
}

void engine_reply(struct engine *engine, const struct engine_reply *reply)
{
	uint64_t number = reply->target * engine->config.ports + reply->rank;
	struct flight *flight = flight_find(engine->flights, number);
	struct group *group;
	struct result result;
	unsigned answered;
	bool was_open;

	engine->stats.replies++;
	/* The cookie says that we asked; no flight, then it is answered. */
	if (!flight || (flight->state == FLIGHT_NOTED &&
			reply->verdict == VERDICT_FILTERED)) {
		engine->stats.duplicates++;
		return;
	}
	group = group_of(engine, flight);
	if (flight->state == FLIGHT_CANARY) {
		canary_answered(engine, group, flight, reply);
		return;
	}
	if (reply->verdict == VERDICT_FILTERED) {
		if (note_unreached(engine, group, flight, reply))
			return;
		note_icmp(engine, group, flight, reply);
		return;
	}
	answered = try_answered(engine, flight, reply->port_offset);
	result = (struct result){
		.verdict = reply->verdict,
		.reason = reply->reason,
		.ttl = reply->ttl,
		.rtt_ns = round_trip_ns(reply, flight, answered),
		.tries = flight->tries,
	};
	rtt_sample(&group->rtt, result.rtt_ns);
	/* Where tries cannot be told apart and the RTO is too short for any to
	 * be answered in time, take the longest that it can have been. */
	if (!group->rtt.valid && reply->time_ok)
		rtt_sample(&group->rtt, reply->at_ns - flight->first_ns);
	learn_loss(engine, group, flight, answered, reply->at_ns);
	canary_path_proved(engine, group,
			   answered == flight->tries ? flight->sent_ns
						     : flight->first_ns);
	if (reply->verdict == VERDICT_OPEN && !group->open_known) {
		group->open_known = true;
		group->open_number = number;
	}
	canary_remember(engine, group, number, reply->verdict == VERDICT_OPEN);
	was_open = detach(engine, group, flight,
			  answered == flight->tries || answered == 0,
			  reply->at_ns);
	engine_tell(engine, number, &result);
	flight_remove(engine->flights, flight);
	if (was_open)
		group_closed_one(engine, group);
}

void engine_blind_until(struct engine *engine, int64_t until_ns)
{
	if (until_ns <= engine->blind_ns)
		return;
	engine->blind_ns = until_ns;
}

void engine_overrun(struct engine *engine, int64_t now_ns)
{
	engine_blind_until(engine, now_ns);
	for (size_t i = 0; i < engine->config.n_lanes; i++)
		lane_overrun(&engine->lanes[i], now_ns);
}

static bool group_is_blind(const struct engine *engine,
			   const struct group *group,
			   const struct flight *flight)
{
	return flight->sent_ns <= engine->blind_ns ||
	       flight->sent_ns <= group->blind_ns;
}

static void timed_out(struct engine *engine, struct group *group,
		      struct flight *flight, int64_t now_ns)
{
	bool counts = !group_is_blind(engine, group, flight) && !group->lost &&
		      flight->unreached != 1;

	if (flight->unreached)
		flight->unreached = 2;
	if (flight->hasty) {
		group_resolved(engine, group, flight, false, now_ns);
		flight->hasty = false;
		group_keep_silent(engine, group, flight);
		return;
	}
	if (counts) {
		group_resolved(engine, group, flight, false, now_ns);
		flight->counted = (uint8_t)(group_counted(group, flight) + 1);
		flight->era = group->era;
	} else {
		group_forgot(engine, group, flight);
	}
	/* At once only where nothing is known to be short of room. */
	if (!group_asked_out(engine, flight) && !group->lost &&
	    (group->window.phase == WINDOW_GROW ||
	     group->fresh == group->order.n) &&
	    (!counts || (flight->counted < LOSS_MIN_TRIES &&
			 !group_silent_enough(engine, group, flight)))) {
		group_make_ready(engine, group, flight);
		return;
	}
	group_keep_silent(engine, group, flight);
}

/* Late answers may have raised the number of tries that a settled group's
 * silence has to outlast. */
static void look_again(struct engine *engine)
{
	for (uint32_t i = 0; i < engine->n_groups; i++)
		group_round(engine, &engine->groups[i]);
}

/* Not over yet. As long as nothing at all has answered, the RTO is a second
 * by mere convention, and need not be waited for to go on asking others. */
static void wait_on(struct engine *engine, struct group *group,
		    struct flight *flight, int64_t now_ns)
{
	if (group->n_answered == 0 && !flight->overdue &&
	    now_ns - flight->sent_ns > OVERDUE_NS) {
		flight->overdue = true;
		window_overdue(&group->window);
	}
	group_schedule(engine, group, flight, now_ns);
}

void engine_advance(struct engine *engine, int64_t horizon_ns, int64_t now_ns)
{
	struct flight *flight;

	while ((flight = flight_due(engine->flights, horizon_ns))) {
		struct group *group = group_of(engine, flight);

		if (flight->state == FLIGHT_PARKED)
			group_make_ready(engine, group, flight);
		else if (flight->sent_ns + group_rto_ns(engine, group) >
			 horizon_ns)
			wait_on(engine, group, flight, now_ns);
		else if (flight->state == FLIGHT_CANARY)
			canary_silent(engine, group, flight, now_ns);
		else if (!canary_proves(engine, group, flight))
			flight_schedule(engine->flights, flight,
					now_ns + UNPROVED_NS);
		else
			timed_out(engine, group, flight, now_ns);
	}
	if (engine->unsettled == 0)
		look_again(engine);
}

int64_t engine_wake_ns(const struct engine *engine)
{
	int64_t due = flights_next_ns(engine->flights);

	return due < engine->send_ns ? due : engine->send_ns;
}
