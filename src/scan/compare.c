/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/compare.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "scan/connscan.h"
#include "scan/recorder.h"
#include "scan/synscan.h"
#include "scan/tally.h"
#include "spec/comparison.h"
#include "spec/portset.h"
#include "spec/targetset.h"

static const char *const modes[SIDES] = {"syn", "connect"};

struct compare {
	struct synscan_config config; /* as given */
	struct comparison *comparison;
	struct synscan *synscan;
	struct connscan *connscan;
	struct recorder *recorders[SIDES];
	struct tally *tallies[SIDES];
	enum comparison_side side; /* the one that runs */
	atomic_bool interrupted;
};

/* Both, since either may be about to begin. */
void compare_interrupt(struct compare *compare)
{
	atomic_store(&compare->interrupted, true);
	synscan_interrupt(compare->synscan);
	connscan_interrupt(compare->connscan);
}

/* ---- what the scans call ---- */

static void one_result(void *context, const struct result *result)
{
	struct compare *compare = context;
	struct result named = *result;

	named.mode = modes[compare->side];
	comparison_put(compare->comparison, compare->side, &named);
	compare->config.result(compare->config.context, &named);
}

static void one_tick(void *context, const struct engine_stats *stats,
		     int64_t now_ns)
{
	const struct compare *compare = context;

	compare->config.tick(compare->config.context, stats, now_ns);
}

static bool given_up(void *context)
{
	const struct compare *compare = context;

	return compare->config.gave_up(compare->config.context);
}

/* ---- the whole ---- */

static int open_tallies(struct compare *compare, struct error *error)
{
	for (int side = 0; side < SIDES; side++) {
		compare->recorders[side] = recorder_new(error);
		compare->tallies[side] = tally_new(error);
		if (!compare->recorders[side] || !compare->tallies[side])
			return -1;
		recorder_add(compare->recorders[side],
			     tally_recording(compare->tallies[side]));
	}
	return 0;
}

static int open_scans(struct compare *compare, struct error *error)
{
	struct synscan_config config = compare->config;

	config.result = one_result;
	config.tick = one_tick;
	config.gave_up = given_up;
	config.context = compare;
	config.record = true;
	compare->synscan = synscan_open(&config, error);
	if (!compare->synscan)
		return -1;
	synscan_record(compare->synscan, compare->recorders[SIDE_SYN]);
	compare->connscan = connscan_open(&config, error);
	if (!compare->connscan)
		return -1;
	connscan_record(compare->connscan, compare->recorders[SIDE_CONNECT]);
	return 0;
}

struct compare *compare_open(const struct synscan_config *config,
			     struct error *error)
{
	struct compare *compare = calloc(1, sizeof(*compare));

	if (!compare) {
		error_errno(error, "comparison");
		return NULL;
	}
	compare->config = *config;
	compare->comparison =
		comparison_new(config->targets, config->ports, error);
	if (compare->comparison && open_tallies(compare, error) == 0 &&
	    open_scans(compare, error) == 0)
		return compare;
	compare_close(compare);
	return NULL;
}

void compare_close(struct compare *compare)
{
	if (!compare)
		return;
	connscan_close(compare->connscan);
	synscan_close(compare->synscan);
	for (int side = 0; side < SIDES; side++) {
		recorder_free(compare->recorders[side]);
		tally_free(compare->tallies[side]);
	}
	comparison_free(compare->comparison);
	free(compare);
}

static void fill_cost(struct compare *compare, enum comparison_side side)
{
	const struct tally_counts *counts =
		tally_counts(compare->tallies[side]);

	compare->comparison->costs[side] = (struct wire_cost){
		.packets_sent = counts->packets_out,
		.packets_received = counts->packets_in,
		.bytes_sent = counts->bytes_out,
		.bytes_received = counts->bytes_in,
		.handshakes = counts->handshakes,
		.missed = counts->missing,
	};
}

/* Of a side that has not begun. */
static void fill_unasked(struct compare *compare, enum comparison_side side)
{
	compare->comparison->summaries[side] = (struct summary){
		.mode = modes[side],
		.targets = targetset_count(compare->config.targets),
		.ports = compare->config.ports->count,
		.unasked = compare->comparison->count,
		.loss = -1,
	};
}

static int run_side(struct compare *compare, enum comparison_side side,
		    struct error *error)
{
	struct summary *summary = &compare->comparison->summaries[side];
	int status;

	log_line(LOG_INFO, "the %s scan begins",
		 side == SIDE_SYN ? "SYN" : "connect");
	compare->side = side;
	status = side == SIDE_SYN
			 ? synscan_run(compare->synscan, summary, error)
			 : connscan_run(compare->connscan, summary, error);
	fill_cost(compare, side);
	return status;
}

/* Of both together, for who looks at one summary only. */
static void add_up(const struct comparison *comparison, struct summary *sum)
{
	sum->complete = true;
	sum->loss = -1;
	for (int side = 0; side < SIDES; side++) {
		const struct summary *one = &comparison->summaries[side];

		sum->unasked += one->unasked;
		sum->probes_sent += one->probes_sent;
		sum->retransmissions += one->retransmissions;
		sum->capture_drops += one->capture_drops;
		sum->elapsed_ns += one->elapsed_ns;
		sum->complete &= one->complete;
	}
	sum->comparison = comparison;
}

int compare_run(struct compare *compare, struct summary *summary,
		struct error *error)
{
	struct error second = ERROR_INIT;
	int status;

	fill_unasked(compare, SIDE_SYN);
	fill_unasked(compare, SIDE_CONNECT);
	status = run_side(compare, SIDE_SYN, error);
	if (!atomic_load(&compare->interrupted) &&
	    (status == 0 || error->status == STATUS_INCOMPLETE) &&
	    !given_up(compare) &&
	    run_side(compare, SIDE_CONNECT, &second) < 0 && status == 0) {
		*error = second;
		status = -1;
	}
	comparison_count(compare->comparison);
	add_up(compare->comparison, summary);
	if (status == 0 && !summary->complete) /* between the two */
		return error_set(error, STATUS_INCOMPLETE, "interrupted");
	return status;
}
