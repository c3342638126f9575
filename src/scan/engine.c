/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/engine.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "scan/flight.h"
#include "scan/lane.h"
#include "scan/loss.h"
#include "scan/rtt.h"
#include "scan/window.h"
#include "spec/permute.h"

#define HELD_LIMIT    (1u << 19)
#define GROUP_PROBES  64     /* fewer make no statistics */
#define FIRST_WINDOW  64     /* tries in the air before any answer, in all */
#define WINDOW_LIMIT  32768u
#define OWN_LOSS      200    /* answers that make a group's own estimate */
#define UNSURE_NS     (25 * NS_PER_MS) /* re-check while the RTT is unknown */
#define FIXED_SLACK   (20 * NS_PER_MS)
#define TRIES_MAX     255u
#define CANARIES      4 /* answered ports to choose from */
#define CANARY_DOUBT  0.01 /* chance of an outage that is mere loss */
#define SWEEP_CANARY  8 /* probes of a sweep for one on an open port */
#define UNPROVED_NS   (5 * NS_PER_MS) /* until the canary may have answered */
#define LOST_NS	      (10 * NS_PER_S) /* no canary answers: lost for good */

struct group {
	uint64_t base;  /* its first probe's number */
	uint64_t fresh; /* asked so far; of order.n */
	struct permute order;
	struct rtt rtt;
	struct window window;
	struct loss loss;
	struct lane *lane;
	struct flight_list ready, silent;
	uint32_t open; /* in the air, parked, ready or handed out */
	bool settled;  /* all asked, all silence long enough */
	/* The canary. */
	int64_t proved_ns;  /* the path worked for what left then */
	int64_t doubted_ns; /* since then no canary answered; 0: none asked */
	int64_t blind_ns;   /* silence of what left till then says nothing */
	uint64_t answered[CANARIES]; /* numbers, the latest of some targets */
	unsigned n_answered, choice, failures;
	unsigned rounds; /* of asking again what is silent */
	uint64_t late;   /* answers to retransmissions since the last */
	bool want_canary, canary_out, lost;
	bool open_known, swept;
	uint64_t open_number; /* a port known to be open */
};

struct engine {
	struct engine_config config;
	struct group *groups;
	uint32_t n_groups, turn, unsettled;
	struct lane *lanes;
	struct flights *flights;
	struct flight_list noted;
	struct pacer pacer; /* --rate and --max-rate */
	struct loss loss;
	int64_t blind_ns;
	int64_t send_ns; /* when engine_next() may succeed again */
	struct engine_stats stats;
};

/* ---- setting up ---- */

static uint64_t groups_in(const struct engine_config *config, uint64_t targets)
{
	uint64_t n = targets < ENGINE_GROUPS ? targets : ENGINE_GROUPS;
	uint64_t worth = targets * config->ports / GROUP_PROBES;

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
	group->lane = lane;
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
	engine->lanes = calloc(config->n_lanes, sizeof(*engine->lanes));
	/* A canary of each group finds room even when the table is full. */
	engine->flights = flights_new(
		engine->config.held_limit + engine->n_groups, now_ns);
	if (!engine->groups || !engine->lanes || !engine->flights)
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
	free(engine->lanes);
	free(engine->groups);
	free(engine);
}

/* ---- verdicts ---- */

static struct group *group_of(struct engine *engine,
			      const struct flight *flight)
{
	return &engine->groups[flight->group];
}

static void tell(struct engine *engine, uint64_t number,
		 const struct result *result)
{
	engine->stats.done++;
	engine->stats.verdicts[result->verdict]++;
	engine->stats.reasons[result->verdict][result->reason]++;
	engine->config.result(engine->config.context,
			      number / engine->config.ports,
			      (uint32_t)(number % engine->config.ports),
			      result);
}

static void tell_filtered(struct engine *engine, const struct flight *flight,
			  enum reason reason)
{
	struct result result = {
		.verdict = VERDICT_FILTERED,
		.reason = reason,
		.ttl = flight->state == FLIGHT_NOTED ? flight->ttl : -1,
		.rtt_ns = -1,
		.tries = flight->tries,
	};

	tell(engine, flight->number, &result);
}

/* ---- how many tries silence needs ---- */

/* A group's own estimate where it rests on enough answers. */
static const struct loss *loss_of(const struct engine *engine,
				  const struct group *group)
{
	return group->loss.succeeded >= OWN_LOSS ? &group->loss : &engine->loss;
}

static unsigned tries_needed(const struct engine *engine,
			     const struct group *group)
{
	unsigned tries = loss_tries(loss_of(engine, group),
				    engine->loss.succeeded);
	int cap = engine->config.retries;

	if (group->loss.succeeded == 0 && tries < LOSS_DEAF_TRIES)
		tries = LOSS_DEAF_TRIES;
	return cap >= 0 && tries > (unsigned)cap + 1 ? (unsigned)cap + 1
						     : tries;
}

static bool silent_enough(const struct engine *engine,
			  const struct group *group,
			  const struct flight *flight)
{
	return flight->counted >= tries_needed(engine, group) ||
	       flight->tries == TRIES_MAX;
}

static void make_ready(struct engine *engine, struct group *group,
		       struct flight *flight)
{
	flight->state = FLIGHT_READY;
	flight_append(engine->flights, &group->ready, flight);
}

/* The loss estimate takes all tries alike. Should the latest have fared worse
 * (a limit on the way, a burst of loss), answers still come in: as many as
 * would be missing then are a reason to go on. */
static bool answers_still_come(const struct engine *engine,
			       const struct group *group)
{
	double p = loss_bound(loss_of(engine, group));

	return (double)group->late * p > LOSS_WRONG_LIMIT * (1 - p);
}

/* A group with nothing open: what has to be asked once more becomes ready;
 * when nothing has, the group is settled. */
static void group_round(struct engine *engine, struct group *group)
{
	unsigned needed = answers_still_come(engine, group) &&
					  engine->config.retries < 0
				  ? TRIES_MAX
				  : tries_needed(engine, group);
	struct flight *flight, *next;

	for (flight = flight_first(engine->flights, &group->silent); flight;
	     flight = next) {
		next = flight_after(engine->flights, flight);
		if (flight->counted >= needed || flight->tries == TRIES_MAX ||
		    group->lost)
			continue;
		flight_unlist(engine->flights, &group->silent, flight);
		make_ready(engine, group, flight);
		group->open++;
	}
	group->late = 0;
	if (group->open > 0) {
		group->rounds++;
		window_new_sample(&group->window);
	}
	if (group->settled != (group->open == 0)) {
		group->settled = group->open == 0;
		engine->unsettled += group->settled ? -1 : 1;
	}
}

static void group_closed_one(struct engine *engine, struct group *group)
{
	group->open--;
	if (group->open == 0 && group->fresh == group->order.n)
		group_round(engine, group);
}

static void silent_for_now(struct engine *engine, struct group *group,
			   struct flight *flight)
{
	flight->state = FLIGHT_SILENT;
	flight_append(engine->flights, &group->silent, flight);
	group_closed_one(engine, group);
}

bool engine_done(const struct engine *engine)
{
	return engine->unsettled == 0;
}

/* ---- the pace ---- */

static bool sweeping(const struct group *group)
{
	return group->window.phase == WINDOW_SWEEP;
}

/* A group that is found to limit its RSTs: what is to be sent again waits
 * until all are asked, and the open port becomes the measure. */
static void sweep_begun(struct engine *engine, struct group *group)
{
	struct flight *flight;

	group->swept = true;
	while ((flight = flight_first(engine->flights, &group->ready))) {
		flight_unlist(engine->flights, &group->ready, flight);
		silent_for_now(engine, group, flight);
	}
}

static void sweep_over(struct engine *engine, struct group *group,
		       int64_t now_ns)
{
	window_sweep_end(&group->window, now_ns);
	if (group->window.rate_pps >= WINDOW_SWEEP_PPS)
		return;
	engine->stats.limited_groups++;
	engine->stats.limited_pps = group->window.rate_pps;
	engine->stats.limited_target = group->base / engine->config.ports;
}

static void resolved(struct group *group, uint8_t epoch, bool answered,
		     int64_t now_ns)
{
	window_resolved(&group->window, epoch, answered, group->rtt.srtt_ns,
			now_ns);
}

/* ---- sending ---- */

static bool fresh_number(struct group *group, uint64_t *number)
{
	if (group->fresh == group->order.n)
		return false;
	*number = group->base + permute_at(&group->order, group->fresh++);
	return true;
}

static void fill_probe(const struct engine *engine, uint64_t number,
		       unsigned tries, struct engine_probe *probe)
{
	uint32_t ports = engine->config.ports;

	*probe = (struct engine_probe){
		.number = number,
		.target = number / ports,
		.rank = (uint32_t)(number % ports),
		.port_offset = (uint8_t)(tries % engine->config.source_ports),
	};
}

static bool table_full(const struct engine *engine)
{
	return flights_count(engine->flights) >= engine->config.held_limit;
}

/* The table is full: silence that is long enough is told for good, the rest
 * asked on. */
static void make_room(struct engine *engine, struct group *group)
{
	struct flight *flight, *next;
	int budget = 256;

	for (flight = flight_first(engine->flights, &group->silent);
	     flight && budget--; flight = next) {
		next = flight_after(engine->flights, flight);
		flight_unlist(engine->flights, &group->silent, flight);
		if (silent_enough(engine, group, flight)) {
			tell_filtered(engine, flight, REASON_NO_REPLY);
			flight_remove(engine->flights, flight);
		} else {
			make_ready(engine, group, flight);
			group->open++;
		}
	}
	flight = flight_first(engine->flights, &engine->noted);
	if (table_full(engine) && flight) {
		flight_unlist(engine->flights, &engine->noted, flight);
		tell_filtered(engine, flight, flight->reason);
		flight_remove(engine->flights, flight);
	}
}

static struct flight *take_canary(struct engine *engine, struct group *group)
{
	unsigned choice = group->choice % group->n_answered;
	struct flight *flight = flight_add(
		engine->flights, group->open_known && choice == 0
					 ? group->open_number
					 : group->answered[choice]);

	if (!flight)
		return NULL;
	flight->group = (uint16_t)(group - engine->groups);
	flight->state = FLIGHT_CANARY;
	group->want_canary = false;
	group->canary_out = true;
	return flight;
}

static bool canary_waits(const struct group *group)
{
	return group->want_canary && !group->canary_out;
}

/* What this group would send next, taken out of its lists. */
static struct flight *group_take(struct engine *engine, struct group *group)
{
	struct flight *flight = flight_first(engine->flights, &group->ready);
	uint64_t number;

	if (canary_waits(group))
		return take_canary(engine, group);
	if (flight) {
		flight_unlist(engine->flights, &group->ready, flight);
		/* The last of a round: what is silent then will want a proof;
		 * the canary may as well come back meanwhile. */
		if (group->ready.count == 0 && group->n_answered > 0 &&
		    group->fresh == group->order.n &&
		    engine->config.retries != 0)
			group->want_canary = true;
		return flight;
	}
	if (group->fresh == group->order.n)
		return NULL;
	if (table_full(engine))
		make_room(engine, group);
	if (table_full(engine) || !fresh_number(group, &number))
		return NULL;
	flight = flight_add(engine->flights, number);
	if (!flight) {
		group->fresh--; /* no memory just now: later */
		return NULL;
	}
	flight->group = (uint16_t)(group - engine->groups);
	flight->hasty = sweeping(group);
	group->open++;
	if (sweeping(group) && group->open_known &&
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

/* First tries are a fair sample of all ports; once all are out, the tries of
 * one round are one of the ports that are left. */
static bool is_sample(const struct group *group, const struct flight *flight)
{
	if (flight->state == FLIGHT_CANARY)
		return false;
	return flight->tries == 0 || group->rounds > 0;
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
		if (sweeping(group) && group->fresh == group->order.n)
			sweep_over(engine, group, now_ns);
		else if (sweeping(group) && !group->swept)
			sweep_begun(engine, group);
		if (!group_may_send(engine, group, now_ns))
			continue;
		flight = group_take(engine, group);
		if (!flight)
			continue;
		fill_probe(engine, flight->number,
			   flight->state == FLIGHT_CANARY ? group->failures
							  : flight->tries,
			   probe);
		probe->flight = flight;
		pacer_spend(&engine->pacer, now_ns);
		lane_spend(group->lane, now_ns);
		flight->epoch = window_sent(&group->window,
					    is_sample(group, flight),
					    group->rtt.srtt_ns, now_ns);
		return true;
	}
	return false;
}

static void canary_gone(struct engine *engine, struct group *group,
			struct flight *flight)
{
	group->canary_out = false;
	flight_remove(engine->flights, flight);
}

/* It did not leave; it is asked for again when it is missed. */
static void canary_withdrawn(struct engine *engine, struct group *group,
			     struct flight *flight)
{
	group->choice++;
	canary_gone(engine, group, flight);
}

static int64_t rto_ns(const struct engine *engine, const struct group *group)
{
	int64_t rto = rtt_rto_ns(&group->rtt), cap = engine->config.wait_ns;

	return cap >= 0 && rto > cap ? cap : rto;
}

/* Until the RTT is known the flight is looked at more often: the first
 * sample shortens the wait of all that are out. */
static void schedule_timeout(struct engine *engine, struct group *group,
			     struct flight *flight, int64_t now_ns)
{
	int64_t due = flight->sent_ns + rto_ns(engine, group);

	if (!group->rtt.valid && due > now_ns + UNSURE_NS)
		due = now_ns + UNSURE_NS;
	flight_schedule(engine->flights, flight, due);
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
	if (flight->state != FLIGHT_CANARY)
		flight->state = FLIGHT_AIR;
	lane_accepted(group->lane);
	schedule_timeout(engine, group, flight, now_ns);
}

void engine_refused(struct engine *engine, const struct engine_probe *probe,
		    int64_t again_ns, int64_t now_ns)
{
	struct flight *flight = probe->flight;
	struct group *group = group_of(engine, flight);

	engine->stats.send_errors++;
	if (again_ns) {
		engine_parked(engine, probe, again_ns);
		return;
	}
	window_forget(&group->window, flight->epoch);
	lane_refused(group->lane, now_ns);
	if (flight->state == FLIGHT_CANARY)
		canary_withdrawn(engine, group, flight);
	else
		make_ready(engine, group, flight);
}

void engine_parked(struct engine *engine, const struct engine_probe *probe,
		   int64_t again_ns)
{
	struct flight *flight = probe->flight;
	struct group *group = group_of(engine, flight);

	window_forget(&group->window, flight->epoch);
	if (flight->state == FLIGHT_CANARY) {
		canary_withdrawn(engine, group, flight);
		return;
	}
	flight->state = FLIGHT_PARKED;
	flight_schedule(engine->flights, flight, again_ns);
}

void engine_failed(struct engine *engine, const struct engine_probe *probe,
		   enum reason reason)
{
	struct flight *flight = probe->flight;
	struct group *group = group_of(engine, flight);

	window_forget(&group->window, flight->epoch);
	if (flight->state == FLIGHT_CANARY) {
		canary_withdrawn(engine, group, flight);
		return;
	}
	tell_filtered(engine, flight, reason);
	flight_remove(engine->flights, flight);
	group_closed_one(engine, group);
}

/* ---- the canary ---- */

/* Remembers ports that answer, of different targets where there are some. */
static void remember_answer(struct engine *engine, struct group *group,
			    uint64_t number)
{
	uint64_t target = number / engine->config.ports;

	for (unsigned i = 0; i < group->n_answered; i++)
		if (group->answered[i] / engine->config.ports == target)
			return;
	if (group->n_answered < CANARIES)
		group->answered[group->n_answered++] = number;
}

static void path_proved(struct group *group, int64_t sent_ns)
{
	if (sent_ns > group->proved_ns)
		group->proved_ns = sent_ns;
	group->doubted_ns = 0;
	group->failures = 0;
}

static void canary_answered(struct engine *engine, struct group *group,
			    struct flight *flight,
			    const struct engine_reply *reply)
{
	if (reply->verdict == VERDICT_FILTERED ||
	    reply->port_offset !=
		    group->failures % engine->config.source_ports ||
	    (reply->time_ok && reply->at_ns < flight->sent_ns)) {
		engine->stats.duplicates++; /* of the port's own answer */
		return;
	}
	path_proved(group, flight->sent_ns);
	resolved(group, 0, false, reply->at_ns);
	if (sweeping(group) && flight->number == group->open_number)
		window_sweep_canary(&group->window, true);
	flight_unschedule(engine->flights, flight);
	canary_gone(engine, group, flight);
}

/* ---- replies ---- */

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
		       const struct flight *flight, unsigned answered)
{
	unsigned failed = answered ? answered - 1 : flight->tries - 1u;

	if (failed > flight->counted)
		failed = flight->counted;
	group->loss.succeeded++;
	group->loss.failed += failed;
	engine->loss.succeeded++;
	engine->loss.failed += failed;
	group->late += failed > 0;
	window_evidence(&group->window, failed > 0);
}

/* Out of whatever it stands in; true when it was open till now. */
static bool detach(struct engine *engine, struct group *group,
		   struct flight *flight, bool answered, int64_t now_ns)
{
	switch (flight->state) {
	case FLIGHT_AIR:
		resolved(group, flight->epoch, answered, now_ns);
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

void engine_reply(struct engine *engine, const struct engine_reply *reply)
{
	uint64_t number =
		reply->target * engine->config.ports + reply->rank;
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
	learn_loss(engine, group, flight, answered);
	path_proved(group, answered == flight->tries ? flight->sent_ns
						     : flight->first_ns);
	remember_answer(engine, group, number);
	if (reply->verdict == VERDICT_OPEN && !group->open_known) {
		group->open_known = true;
		group->open_number = number;
	}
	was_open = detach(engine, group, flight,
			  answered == flight->tries || answered == 0,
			  reply->at_ns);
	tell(engine, number, &result);
	flight_remove(engine->flights, flight);
	if (was_open)
		group_closed_one(engine, group);
}

/* ---- time ---- */

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

/* Did anything that left no earlier get through? Asks the canary if not. A
 * group that never answered has no canary: its silence is all there is. */
static bool proved(const struct engine *engine, struct group *group,
		   const struct flight *flight)
{
	if (group->n_answered == 0 || group->lost ||
	    engine->config.retries == 0 || group->proved_ns >= flight->sent_ns)
		return true;
	group->want_canary = true;
	return false;
}

/* So many in a row are not loss: what left before tells nothing. */
static void canary_silent(struct engine *engine, struct group *group,
			  struct flight *flight, int64_t now_ns)
{
	int64_t sent_ns = flight->sent_ns;

	resolved(group, 0, false, now_ns);
	if (sweeping(group) && flight->number == group->open_number)
		window_sweep_canary(&group->window, false);
	canary_gone(engine, group, flight);
	group->choice++;
	group->failures++;
	group->want_canary = true;
	if (!group->doubted_ns)
		group->doubted_ns = sent_ns;
	if (pow(loss_bound(&engine->loss), group->failures) < CANARY_DOUBT)
		group->blind_ns = sent_ns;
	if (now_ns - group->doubted_ns < LOST_NS)
		return;
	group->lost = true;
	group->want_canary = false;
	group->fresh = group->order.n;
	while ((flight = flight_first(engine->flights, &group->ready))) {
		flight_unlist(engine->flights, &group->ready, flight);
		silent_for_now(engine, group, flight);
	}
	engine->stats.lost_groups++;
	engine->stats.lost_target =
		group->answered[0] / engine->config.ports;
}

static bool is_blind(const struct engine *engine, const struct group *group,
		     const struct flight *flight)
{
	return flight->sent_ns <= engine->blind_ns ||
	       flight->sent_ns <= group->blind_ns;
}

static void timed_out(struct engine *engine, struct group *group,
		      struct flight *flight, int64_t now_ns)
{
	bool counts = !is_blind(engine, group, flight) && !group->lost;

	if (flight->hasty) {
		resolved(group, flight->epoch, false, now_ns);
		flight->hasty = false;
		silent_for_now(engine, group, flight);
		return;
	}
	if (counts) {
		resolved(group, flight->epoch, false, now_ns);
		flight->counted++;
	} else {
		window_forget(&group->window, flight->epoch);
	}
	if (flight->tries < TRIES_MAX && !group->lost &&
	    (!counts || (flight->counted < LOSS_MIN_TRIES &&
			 !silent_enough(engine, group, flight)))) {
		make_ready(engine, group, flight);
		return;
	}
	silent_for_now(engine, group, flight);
}

/* Late answers may have raised the number of tries that a settled group's
 * silence has to outlast. */
static void look_again(struct engine *engine)
{
	for (uint32_t i = 0; i < engine->n_groups; i++)
		group_round(engine, &engine->groups[i]);
}

void engine_advance(struct engine *engine, int64_t horizon_ns, int64_t now_ns)
{
	struct flight *flight;

	while ((flight = flight_due(engine->flights, horizon_ns))) {
		struct group *group = group_of(engine, flight);

		if (flight->state == FLIGHT_PARKED)
			make_ready(engine, group, flight);
		else if (flight->sent_ns + rto_ns(engine, group) > horizon_ns)
			schedule_timeout(engine, group, flight, now_ns);
		else if (flight->state == FLIGHT_CANARY)
			canary_silent(engine, group, flight, now_ns);
		else if (!proved(engine, group, flight))
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

/* ---- the end ---- */

void engine_finish(struct engine *engine)
{
	struct flight *flight, *next;

	for (flight = flight_first(engine->flights, &engine->noted); flight;
	     flight = flight_after(engine->flights, flight))
		tell_filtered(engine, flight, flight->reason);
	for (uint32_t i = 0; i < engine->n_groups; i++) {
		struct group *group = &engine->groups[i];

		for (flight = flight_first(engine->flights, &group->silent);
		     flight; flight = next) {
			next = flight_after(engine->flights, flight);
			if (silent_enough(engine, group, flight))
				tell_filtered(engine, flight, REASON_NO_REPLY);
		}
	}
}

void engine_stats(const struct engine *engine, struct engine_stats *stats)
{
	*stats = engine->stats;
	stats->srtt_s = -1;
	stats->in_air = flights_count(engine->flights) - engine->noted.count;
	for (uint32_t i = 0; i < engine->n_groups; i++) {
		const struct group *group = &engine->groups[i];
		unsigned needed = tries_needed(engine, group);

		stats->fresh_left += group->order.n - group->fresh;
		stats->ready += group->ready.count;
		stats->silent += group->silent.count;
		if (needed > stats->tries_needed)
			stats->tries_needed = needed;
		if (group->rtt.valid && group->rtt.srtt_ns * 1e-9 > stats->srtt_s)
			stats->srtt_s = (double)group->rtt.srtt_ns * 1e-9;
	}
	stats->in_air -= stats->ready + stats->silent;
}

void engine_quality(const struct engine *engine, double *loss, double *wrong)
{
	*loss = loss_share(&engine->loss);
	*wrong = 0;
	for (uint32_t i = 0; i < engine->n_groups; i++) {
		const struct group *group = &engine->groups[i];

		*wrong += loss_wrong(loss_of(engine, group), group->loss.succeeded,
				     group->silent.count,
				     tries_needed(engine, group));
	}
}

bool engine_peek(struct engine *engine, struct engine_probe *probe)
{
	for (uint32_t i = 0; i < engine->n_groups; i++) {
		struct group *group = &engine->groups[engine->turn];
		uint64_t number;

		engine->turn = (engine->turn + 1) % engine->n_groups;
		if (fresh_number(group, &number)) {
			fill_probe(engine, number, 0, probe);
			return true;
		}
	}
	return false;
}
