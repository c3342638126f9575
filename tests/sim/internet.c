/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine at the scale of the Internet, on virtual time: 2^BITS targets,
 * one port, one try each, ten million probes a second. Four in a hundred
 * targets answer, after 20 to 300 ms; one packet in a hundred is lost each
 * way; routers speak for some of the silent ones, a thousand times a second
 * and no more. Prints what came of it against the ideal, and fails when a
 * target was told twice or never, a verdict was invented, or memory grew.
 *
 * internet [BITS]   22 without; 32 takes about half an hour
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/error.h"
#include "scan/engine.h"

#define RATE_PPS   1e7
#define LOSS       0.01
#define ICMP_PPS   1000
#define BUCKETS    1024 /* of a millisecond: no reply takes longer */
#define HELD       (1u << 23)
#define MEMORY_MIB 1024 /* the bitmap of 2^32 targets apart */

/* A sanitizer has a memory of its own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

enum host { SILENT, CLOSED, OPEN, ROUTER };

struct reply {
	uint32_t target;
	uint8_t host;
};

struct bucket {
	struct reply *at;
	size_t n, room;
};

struct internet {
	struct bucket buckets[BUCKETS];
	uint64_t *told; /* a bit a target */
	uint64_t random, targets, now_ns;
	uint64_t twice, invented, found, alive, icmp_told, icmp_sent;
	double icmp_tokens;
	uint64_t icmp_ns;
};

static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ULL;
	return x ^ x >> 33;
}

static enum host host_of(uint64_t target)
{
	unsigned kind = (unsigned)(mix(target) % 1000);

	return kind < 4    ? OPEN
	       : kind < 40 ? CLOSED
	       : kind < 60 ? ROUTER
			   : SILENT;
}

static uint64_t rtt_ns(uint64_t target)
{
	return (20 + mix(target ^ 0x5eed) % 281) * NS_PER_MS;
}

static bool lost(struct internet *net)
{
	net->random = net->random * 6364136223846793005ULL + 1;
	return (double)(net->random >> 40) < LOSS * (1 << 24);
}

/* All routers together: a thousand a second, bursts of as many. */
static bool icmp_allowed(struct internet *net)
{
	net->icmp_tokens +=
		(double)(net->now_ns - net->icmp_ns) * 1e-9 * ICMP_PPS;
	net->icmp_ns = net->now_ns;
	if (net->icmp_tokens > ICMP_PPS)
		net->icmp_tokens = ICMP_PPS;
	if (net->icmp_tokens < 1)
		return false;
	net->icmp_tokens--;
	net->icmp_sent++;
	return true;
}

static void cross(struct internet *net, uint64_t target)
{
	enum host host = host_of(target);
	uint64_t at = (net->now_ns + rtt_ns(target)) / NS_PER_MS % BUCKETS;
	struct bucket *bucket = &net->buckets[at];

	if (host == SILENT || lost(net) || lost(net) ||
	    (host == ROUTER && !icmp_allowed(net)))
		return;
	if (bucket->n == bucket->room) {
		bucket->room = bucket->room ? 2 * bucket->room : 64;
		bucket->at =
			realloc(bucket->at, bucket->room * sizeof(*bucket->at));
		if (!bucket->at)
			abort();
	}
	bucket->at[bucket->n++] =
		(struct reply){(uint32_t)target, (uint8_t)host};
}

static void deliver(struct internet *net, struct engine *engine)
{
	struct bucket *bucket =
		&net->buckets[net->now_ns / NS_PER_MS % BUCKETS];

	for (size_t i = 0; i < bucket->n; i++) {
		enum host host = (enum host)bucket->at[i].host;

		engine_reply(
			engine,
			&(struct engine_reply){
				.target = bucket->at[i].target,
				.verdict = host == OPEN     ? VERDICT_OPEN
					   : host == CLOSED ? VERDICT_CLOSED
							    : VERDICT_FILTERED,
				.reason = host == OPEN ? REASON_SYN_ACK
					  : host == CLOSED
						  ? REASON_RST
						  : REASON_ICMP_HOST_UNREACH,
				.at_ns = (int64_t)net->now_ns,
				.time_ok = true,
			});
	}
	bucket->n = 0;
}

static void tell(void *context, uint64_t target, uint32_t rank,
		 const struct result *result)
{
	struct internet *net = context;
	uint64_t bit = 1ULL << target % 64;
	enum host host = host_of(target);

	(void)rank;
	net->twice += (net->told[target / 64] & bit) != 0;
	net->told[target / 64] |= bit;
	if (result->verdict == VERDICT_FILTERED) {
		net->icmp_told += result->reason != REASON_NO_REPLY;
		return;
	}
	net->found++;
	net->invented += result->verdict !=
			 (host == OPEN ? VERDICT_OPEN : VERDICT_CLOSED);
	net->invented += host != OPEN && host != CLOSED;
}

static void run(struct internet *net, struct engine *engine)
{
	uint64_t tick = 0;

	while (!engine_done(engine)) {
		struct engine_probe probe;

		if (net->now_ns / NS_PER_MS != tick) {
			tick = net->now_ns / NS_PER_MS;
			deliver(net, engine);
			engine_advance(engine, (int64_t)net->now_ns,
				       (int64_t)net->now_ns);
		}
		if (engine_next(engine, (int64_t)net->now_ns, &probe)) {
			engine_sent(engine, &probe, (int64_t)net->now_ns);
			cross(net, probe.target);
			net->now_ns += (uint64_t)(1e9 / RATE_PPS);
		} else {
			/* On to the next millisecond. */
			net->now_ns = (tick + 1) * NS_PER_MS;
		}
	}
}

static uint64_t told_in_all(const struct internet *net)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i <= (net->targets - 1) / 64; i++)
		sum += (uint64_t)__builtin_popcountll(net->told[i]);
	return sum;
}

int main(int argc, char **argv)
{
	unsigned bits = argc > 1 ? (unsigned)atoi(argv[1]) : 22;
	struct internet net = {
		.random = 1, .targets = 1ULL << bits, .now_ns = NS_PER_S};
	struct engine_span span = {net.targets, 0};
	struct engine_stats stats;
	struct engine *engine;
	struct error error = ERROR_INIT;
	struct rusage usage;
	double ceiling = 0, ideal, took;
	bool good;
	long mib;

	if (bits < 6 || bits > 32)
		return 2;
	net.told = calloc(net.targets / 64, sizeof(*net.told));
	engine = engine_new(&(struct engine_config){.targets = net.targets,
						    .ports = 1,
						    .key = {1, 2},
						    .spans = &span,
						    .n_spans = 1,
						    .ceilings_pps = &ceiling,
						    .n_lanes = 1,
						    .rate_pps = RATE_PPS,
						    .retries = 0,
						    .wait_ns = -1,
						    .source_ports = 16,
						    .held_limit = HELD,
						    .result = tell,
						    .context = &net},
			    (int64_t)net.now_ns, &error);
	if (!engine || !net.told)
		abort();
	run(&net, engine);
	engine_finish(engine);
	engine_stats(engine, &stats);
	engine_free(engine);
	for (uint64_t i = 0; i < net.targets; i++)
		net.alive += host_of(i) == OPEN || host_of(i) == CLOSED;
	getrusage(RUSAGE_SELF, &usage);
	mib = usage.ru_maxrss / 1024 - (long)(net.targets / 8 >> 20);
	ideal = (double)net.targets / RATE_PPS;
	took = (double)(net.now_ns - NS_PER_S) * 1e-9;
	printf("# %-22s %14s %14s\n", "", "ideal", "engine");
	printf("# %-22s %14llu %14llu\n", "probes",
	       (unsigned long long)net.targets,
	       (unsigned long long)stats.probes_sent);
	printf("# %-22s %14.3f %14.3f\n", "virtual seconds", ideal, took);
	printf("# %-22s %14llu %14llu\n", "targets told once",
	       (unsigned long long)net.targets,
	       (unsigned long long)told_in_all(&net));
	printf("# %-22s %14.0f %14llu\n", "answers found",
	       (double)net.alive * (1 - LOSS) * (1 - LOSS),
	       (unsigned long long)net.found);
	printf("# %-22s %14llu %14llu\n", "ICMP reasons",
	       (unsigned long long)net.icmp_sent,
	       (unsigned long long)net.icmp_told);
	printf("# %-22s %14d %14ld\n", "MiB", MEMORY_MIB, mib);
	good = net.twice == 0 && net.invented == 0 &&
	       told_in_all(&net) == net.targets &&
	       stats.probes_sent == net.targets &&
	       (SANITIZED || mib < MEMORY_MIB) && took < 1.05 * ideal + 2 &&
	       (double)net.found >
		       0.99 * (double)net.alive * (1 - LOSS) * (1 - LOSS);
	printf("1..1\n%sok 1 - each target once, in bounded memory\n",
	       good ? "" : "not ");
	free(net.told);
	for (size_t i = 0; i < BUCKETS; i++)
		free(net.buckets[i].at);
	return good ? 0 : 1;
}
