/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_NETWORK_H
#define SIM_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "scan/engine.h"

/*
 * A network on virtual time: what leaves the engine comes back as replies,
 * later, twice, or never, and the clock jumps from event to event. Everything
 * follows from the seed.
 */

enum sim_port { SIM_OPEN, SIM_CLOSED, SIM_SILENT, SIM_ICMP };

struct sim_config {
	uint64_t seed;
	uint64_t targets;
	uint32_t ports;
	/* What a port is; NULL: closed. */
	enum sim_port (*port)(uint64_t target, uint32_t rank);
	double loss;       /* share of packets lost, each way */
	double duplicates; /* share of replies that come twice */
	int64_t rtt_ns;
	int64_t jitter_ns; /* added, uniform: replies overtake each other */
	/* The round trip of one target; NULL: rtt_ns for all. */
	int64_t (*rtt_of)(uint64_t target);
	double police_pps;     /* > 0: probes above it are dropped, burst 5 */
	double rst_pps;        /* > 0: each host sends so many RSTs a second */
	double device_pps;     /* > 0: the sender's device; else 10 million */
	unsigned source_ports; /* 0: 16, and 16 for canaries */
	double rate_pps, ceiling_pps;
	int retries; /* as -R; -1 for as many as needed */
	int64_t blind_from_ns, blind_to_ns; /* nothing comes back */
	bool unannounced;                   /* and the engine is not told so */
	uint64_t stop_after; /* > 0: interrupt after so many probes */
	bool quiet_check;    /* do not keep a verdict per port */
	int64_t limit_ns;    /* of virtual time; 0: an hour */
	/* As in struct engine_config. */
	const struct engine_span *spans; /* NULL: one, on one lane */
	size_t n_spans, n_lanes;
	const double *ceilings_pps; /* one a lane of the spans */
	double max_rate_pps;
	int64_t wait_ns; /* 0: from the RTT */
	uint32_t held_limit;
	/* What becomes of sending: shares of the probes, and how many leave as
	 * one batch at most (0: one by one). */
	double refused, deferred, parked;
	unsigned batch;
	bool (*failed)(uint64_t target); /* cannot be asked */
	/* Each result; may be NULL. */
	void (*told)(void *context, int64_t after_ns, uint64_t target,
		     uint32_t rank, const struct result *result);
	void *context;
};

struct sim_result {
	uint64_t right, wrong, twice; /* results told */
	uint64_t missing;             /* without a result */
	int64_t elapsed_ns;
	double loss, expected_wrong;
	struct engine_stats stats;
	uint64_t most_tries; /* of a silent port */
	bool ended;          /* within the limit of steps */
	uint64_t policed;
	uint32_t most_held;   /* in the engine's table, of samples */
	uint64_t repeated;    /* replies delivered for a port once more */
	uint64_t fingerprint; /* of the order of probes and their tries */
	uint64_t first_tries; /* ports that were asked at all */
	uint64_t misnamed;    /* probes from a canary's port that are none,
				 or the other way round */
	int64_t first_open_ns, last_open_ns;
};

void sim_run(const struct sim_config *config, struct sim_result *result);

#endif
