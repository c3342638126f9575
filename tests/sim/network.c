/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/network.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"

#define LIMIT_NS   (3600 * NS_PER_S)
#define BATCH_MAX  64
#define TRY_PORTS  16
#define HELD_LOOKS 1024 /* steps between looks at the table */

struct pending {
	int64_t at_ns;
	uint64_t target;
	uint32_t rank;
	uint8_t port_offset, verdict, reason;
};

struct sim {
	const struct sim_config *config;
	struct sim_result *result;
	uint64_t random;
	struct pending *heap;
	size_t n, room;
	uint8_t *told;      /* per probe */
	uint8_t *asked;     /* the same; of them */
	uint8_t *delivered; /* and of replies */
	double police_tokens;
	int64_t police_ns;
	double *rst_tokens; /* per target */
	int64_t *rst_ns;
	int64_t now_ns;
	uint64_t sent;
};

/* xorshift64* */
static uint64_t next_random(struct sim *sim)
{
	sim->random ^= sim->random >> 12;
	sim->random ^= sim->random << 25;
	sim->random ^= sim->random >> 27;
	return sim->random * 0x2545f4914f6cdd1dULL;
}

static double chance(struct sim *sim)
{
	return (double)(next_random(sim) >> 11) / 9007199254740992.0;
}

static void heap_push(struct sim *sim, const struct pending *item)
{
	size_t i = sim->n++;

	if (sim->n > sim->room) {
		sim->room = sim->room ? 2 * sim->room : 1024;
		sim->heap = realloc(sim->heap, sim->room * sizeof(*sim->heap));
		if (!sim->heap)
			abort();
	}
	while (i > 0 && sim->heap[(i - 1) / 2].at_ns > item->at_ns) {
		sim->heap[i] = sim->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	sim->heap[i] = *item;
}

static struct pending heap_pop(struct sim *sim)
{
	struct pending top = sim->heap[0], last = sim->heap[--sim->n];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < sim->n) {
		if (child + 1 < sim->n &&
		    sim->heap[child + 1].at_ns < sim->heap[child].at_ns)
			child++;
		if (sim->heap[child].at_ns >= last.at_ns)
			break;
		sim->heap[i] = sim->heap[child];
		i = child;
	}
	sim->heap[i] = last;
	return top;
}

/* A token bucket that passes pps packets a second and bursts of `burst`. */
static bool passes(double *tokens, int64_t *last_ns, double pps, double burst,
		   int64_t now_ns)
{
	*tokens += (double)(now_ns - *last_ns) * 1e-9 * pps;
	*last_ns = now_ns;
	if (*tokens > burst)
		*tokens = burst;
	if (*tokens < 1)
		return false;
	*tokens -= 1;
	return true;
}

static enum sim_port port_of(const struct sim_config *config, uint64_t target,
			     uint32_t rank)
{
	return config->port ? config->port(target, rank) : SIM_CLOSED;
}

static void cross(struct sim *sim, const struct engine_probe *probe)
{
	const struct sim_config *config = sim->config;
	enum sim_port port = port_of(config, probe->target, probe->rank);
	int64_t rtt =
		config->rtt_of ? config->rtt_of(probe->target) : config->rtt_ns;
	struct pending reply = {
		.target = probe->target,
		.rank = probe->rank,
		.port_offset = probe->port_offset,
		.verdict = port == SIM_OPEN     ? VERDICT_OPEN
			   : port == SIM_CLOSED ? VERDICT_CLOSED
						: VERDICT_FILTERED,
		.reason = port == SIM_OPEN     ? REASON_SYN_ACK
			  : port == SIM_CLOSED ? REASON_RST
					       : REASON_ICMP_ADMIN_PROHIBITED,
	};

	if (config->police_pps > 0 &&
	    !passes(&sim->police_tokens, &sim->police_ns, config->police_pps, 5,
		    sim->now_ns)) {
		sim->result->policed++;
		return;
	}
	if (chance(sim) < config->loss || port == SIM_SILENT)
		return;
	if (port == SIM_CLOSED && config->rst_pps > 0 &&
	    !passes(&sim->rst_tokens[probe->target],
		    &sim->rst_ns[probe->target], config->rst_pps,
		    config->rst_pps, sim->now_ns))
		return;
	if (chance(sim) < config->loss)
		return;
	reply.at_ns = sim->now_ns + rtt +
		      (int64_t)(chance(sim) * (double)config->jitter_ns);
	if (sim->now_ns >= config->blind_from_ns &&
	    sim->now_ns < config->blind_to_ns)
		return;
	heap_push(sim, &reply);
	if (chance(sim) < config->duplicates) {
		reply.at_ns += (int64_t)(chance(sim) * 1e8);
		heap_push(sim, &reply);
	}
}

static void tell(void *context, uint64_t target, uint32_t rank,
		 const struct result *result)
{
	static const enum verdict right[] = {VERDICT_OPEN, VERDICT_CLOSED,
					     VERDICT_FILTERED,
					     VERDICT_FILTERED};
	struct sim *sim = context;
	enum sim_port port = port_of(sim->config, target, rank);
	uint64_t number = target * sim->config->ports + rank;

	if (sim->config->failed && sim->config->failed(target))
		port = SIM_SILENT;
	if (sim->config->told)
		sim->config->told(sim->config->context, sim->now_ns - NS_PER_S,
				  target, rank, result);
	if (sim->told && sim->told[number]++)
		sim->result->twice++;
	else if (result->verdict == right[port])
		sim->result->right++;
	else
		sim->result->wrong++;
	if (port == SIM_SILENT && result->tries > sim->result->most_tries)
		sim->result->most_tries = result->tries;
	if (result->verdict == VERDICT_OPEN) {
		if (!sim->result->first_open_ns)
			sim->result->first_open_ns = sim->now_ns;
		sim->result->last_open_ns = sim->now_ns;
	}
}

static void deliver(struct sim *sim, struct engine *engine)
{
	while (sim->n > 0 && sim->heap[0].at_ns <= sim->now_ns) {
		struct pending item = heap_pop(sim);
		uint64_t number = item.target * sim->config->ports + item.rank;

		if (sim->delivered) {
			sim->result->repeated += sim->delivered[number];
			sim->delivered[number] = 1;
		}
		engine_reply(engine, &(struct engine_reply){
					     .target = item.target,
					     .rank = item.rank,
					     .port_offset = item.port_offset,
					     .verdict = item.verdict,
					     .reason = item.reason,
					     .ttl = 64,
					     .at_ns = item.at_ns,
					     .time_ok = true,
				     });
	}
}

/* One probe that was handed out: true when it left. */
static bool hand_over(struct sim *sim, struct engine *engine,
		      const struct engine_probe *probe)
{
	const struct sim_config *config = sim->config;
	double dice = config->refused + config->deferred + config->parked > 0
			      ? chance(sim)
			      : 1;

	if (config->failed && config->failed(probe->target)) {
		engine_failed(engine, probe, REASON_NO_NEIGHBOUR);
		return false;
	}
	if (dice < config->refused) {
		engine_refused(engine, probe, 0, sim->now_ns);
		return false;
	}
	dice -= config->refused;
	if (dice < config->deferred) {
		engine_refused(engine, probe, sim->now_ns + 3 * NS_PER_MS,
			       sim->now_ns);
		return false;
	}
	dice -= config->deferred;
	if (dice < config->parked) {
		engine_parked(engine, probe, true,
			      sim->now_ns + 20 * NS_PER_MS);
		return false;
	}
	if (sim->asked && !sim->asked[probe->number]) {
		sim->asked[probe->number] = 1;
		sim->result->first_tries++;
	}
	/* Only what has answered is a canary. */
	if (sim->told && !config->source_ports)
		sim->result->misnamed += (probe->port_offset >= TRY_PORTS) !=
					 (sim->told[probe->number] > 0);
	sim->result->fingerprint = (sim->result->fingerprint ^
				    (probe->number << 8 | probe->port_offset)) *
				   0x9e3779b97f4a7c15ULL;
	cross(sim, probe);
	engine_sent(engine, probe, sim->now_ns);
	sim->sent++;
	return true;
}

/* All that may leave now, up to a batch; false when nothing may. */
static bool send_batch(struct sim *sim, struct engine *engine)
{
	const struct sim_config *config = sim->config;
	int64_t cost_ns = config->device_pps > 0
				  ? (int64_t)(1e9 / config->device_pps)
				  : 100;
	struct engine_probe probes[BATCH_MAX];
	unsigned room = config->batch > 0 ? config->batch : 1, n = 0;

	while (n < room && engine_next(engine, sim->now_ns, &probes[n]))
		n++;
	for (unsigned i = 0; i < n; i++) {
		if (hand_over(sim, engine, &probes[i]))
			sim->now_ns += cost_ns;
		else
			sim->now_ns += 100;
	}
	return n > 0;
}

static void look_at_table(struct sim *sim, const struct engine *engine)
{
	struct engine_stats stats;
	uint32_t held;

	engine_stats(engine, &stats);
	held = stats.in_air + stats.ready + stats.silent;
	if (held > sim->result->most_held)
		sim->result->most_held = held;
}

static void loop(struct sim *sim, struct engine *engine)
{
	const struct sim_config *config = sim->config;
	int64_t limit_ns =
		NS_PER_S + (config->limit_ns ? config->limit_ns : LIMIT_NS);

	for (uint64_t step = 0; sim->now_ns < limit_ns; step++) {
		int64_t next_ns;

		deliver(sim, engine);
		if (sim->now_ns >= config->blind_from_ns &&
		    sim->now_ns < config->blind_to_ns && !config->unannounced)
			engine_blind_until(engine, sim->now_ns);
		engine_advance(engine, sim->now_ns, sim->now_ns);
		if (step % HELD_LOOKS == 0)
			look_at_table(sim, engine);
		if (engine_done(engine)) {
			sim->result->ended = true;
			return;
		}
		if (send_batch(sim, engine)) {
			if (config->stop_after &&
			    sim->sent >= config->stop_after)
				return;
			continue;
		}
		next_ns = engine_wake_ns(engine);
		if (sim->n > 0 && sim->heap[0].at_ns < next_ns)
			next_ns = sim->heap[0].at_ns;
		if (next_ns == INT64_MAX)
			return; /* a dead end: ended stays false */
		sim->now_ns =
			next_ns > sim->now_ns ? next_ns : sim->now_ns + 1000;
	}
}

static uint8_t *counters(uint64_t n)
{
	uint8_t *counters = calloc(n, 1);

	if (!counters)
		abort();
	return counters;
}

void sim_run(const struct sim_config *config, struct sim_result *result)
{
	struct sim sim = {.config = config,
			  .result = result,
			  .random = config->seed * 2 + 1,
			  .police_tokens = 5,
			  .now_ns = NS_PER_S};
	struct engine_span span = {config->targets, 0};
	struct error error = ERROR_INIT;
	struct engine *engine = engine_new(
		&(struct engine_config){
			.targets = config->targets,
			.ports = config->ports,
			.key = {config->seed, 1},
			.spans = config->spans ? config->spans : &span,
			.n_spans = config->spans ? config->n_spans : 1,
			.ceilings_pps = config->spans ? config->ceilings_pps
						      : &config->ceiling_pps,
			.n_lanes = config->spans ? config->n_lanes : 1,
			.rate_pps = config->rate_pps,
			.max_rate_pps = config->max_rate_pps,
			.held_limit = config->held_limit,
			.retries = config->retries,
			.wait_ns = config->wait_ns ? config->wait_ns : -1,
			.source_ports = config->source_ports
						? config->source_ports
						: TRY_PORTS,
			.canary_ports = config->source_ports ? 0 : TRY_PORTS,
			.result = tell,
			.context = &sim,
		},
		sim.now_ns, &error);
	uint64_t total = config->targets * config->ports;

	memset(result, 0, sizeof(*result));
	if (!engine)
		abort();
	sim.police_ns = sim.now_ns;
	if (!config->quiet_check) {
		sim.told = counters(total);
		sim.asked = counters(total);
		sim.delivered = counters(total);
	}
	if (config->rst_pps > 0) {
		sim.rst_tokens = calloc(config->targets, sizeof(double));
		sim.rst_ns = calloc(config->targets, sizeof(int64_t));
	}
	loop(&sim, engine);
	engine_finish(engine);
	engine_quality(engine, &result->loss, &result->expected_wrong);
	engine_stats(engine, &result->stats);
	result->elapsed_ns = sim.now_ns - NS_PER_S;
	result->missing = total - result->right - result->wrong;
	engine_free(engine);
	free(sim.heap);
	free(sim.told);
	free(sim.asked);
	free(sim.delivered);
	free(sim.rst_tokens);
	free(sim.rst_ns);
}
