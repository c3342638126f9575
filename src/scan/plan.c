/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/plan.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "net/pathset.h"
#include "scan/engine.h"
#include "scan/synscan.h"
#include "spec/portset.h"
#include "spec/targetset.h"

#define HELD_MOST (1u << 21) /* flights of 64 bytes */
/* The own link takes what it can; behind a gateway stands equipment that is
 * not ours to fill: see "Rate" in synscan(8). */
#define LINK_CEILING_PPS    1000000.0
#define GATEWAY_CEILING_PPS 50000.0

struct spans {
	struct engine_span *at;
	size_t n, room;
};

static int spans_add(struct spans *spans, uint64_t targets, uint32_t lane)
{
	struct engine_span *more;

	if (spans->n > 0 && spans->at[spans->n - 1].lane == lane) {
		spans->at[spans->n - 1].targets += targets;
		return 0;
	}
	if (spans->n == spans->room) {
		spans->room = spans->room ? 2 * spans->room : 16;
		more = reallocarray(spans->at, spans->room, sizeof(*more));
		if (!more)
			return -1;
		spans->at = more;
	}
	spans->at[spans->n++] = (struct engine_span){targets, lane};
	return 0;
}

/* The target ranges cut where the path changes; a path is a lane. */
static int cut_spans(const struct synscan_config *config, struct spans *spans)
{
	const struct target_range *ranges;
	size_t n = targetset_ranges(config->targets, &ranges);

	for (size_t i = 0; i < n; i++) {
		addr_value at = addr_to_value(&ranges[i].first);
		addr_value end = addr_to_value(&ranges[i].last);

		for (;;) {
			struct addr from =
				addr_from_value(&ranges[i].first, at);
			struct addr last;
			const struct path *path =
				pathset_run(config->paths, &from, &last);
			addr_value upto = addr_to_value(&last);

			if (upto > end)
				upto = end;
			if (spans_add(spans, (uint64_t)(upto - at + 1),
				      (uint32_t)pathset_index(config->paths,
							      path)) < 0)
				return -1;
			if (upto == end)
				break;
			at = upto + 1;
		}
	}
	return 0;
}

static double ceiling_pps(const struct path *path)
{
	switch (path->route.type) {
	case ROUTE_GATEWAY:
		return GATEWAY_CEILING_PPS;
	case ROUTE_ON_LINK:
		return LINK_CEILING_PPS;
	default:
		return 0;
	}
}

static void one_result(void *context, uint64_t target, uint32_t rank,
		       const struct result *result)
{
	const struct synscan_config *config = context;
	struct result whole = *result;

	whole.addr = targetset_nth(config->targets, target);
	whole.port = portset_nth(config->ports, rank);
	config->result(config->context, &whole);
}

/* Room for what a fixed rate has in the air within the first RTO of a second
 * and a quarter more; 0 for the engine's own limit. */
static uint32_t held_limit(const struct synscan_config *config)
{
	uint64_t wanted = config->rate_pps + config->rate_pps / 4;

	if (wanted <= 1u << 19)
		return 0;
	return wanted > HELD_MOST ? HELD_MOST : (uint32_t)wanted;
}

struct engine *plan_engine(const struct synscan_config *config,
			   unsigned source_ports, unsigned canary_ports,
			   struct error *error)
{
	struct engine *engine = NULL;
	size_t lanes = pathset_count(config->paths);
	double *ceilings = calloc(lanes, sizeof(*ceilings));
	struct spans spans = {0};

	if (!ceilings || cut_spans(config, &spans) < 0) {
		error_errno(error, "paths");
		goto out;
	}
	for (size_t i = 0; i < lanes; i++)
		/* Who names a rate knows the path better than we do. */
		ceilings[i] =
			config->rate_pps || config->max_rate_pps
				? 0
				: ceiling_pps(pathset_nth(config->paths, i));
	engine = engine_new(
		&(struct engine_config){
			.targets = targetset_count(config->targets),
			.ports = config->ports->count,
			.key = {config->order_key[0], config->order_key[1]},
			.spans = spans.at,
			.n_spans = spans.n,
			.ceilings_pps = ceilings,
			.n_lanes = lanes,
			.rate_pps = (double)config->rate_pps,
			.max_rate_pps = (double)config->max_rate_pps,
			.spares_open = config->spares_open,
			.held_limit = held_limit(config),
			.retries = config->retries,
			.wait_ns = config->wait_ns,
			.source_ports = source_ports,
			.canary_ports = canary_ports,
			.result = one_result,
			.context = (void *)config,
		},
		clock_now_ns(), error);
out:
	free(spans.at);
	free(ceilings);
	return engine;
}
