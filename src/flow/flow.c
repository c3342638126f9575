/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/flow.h"

#include <stdlib.h>

#include "base/error.h"
#include "flow/datagrams.h"
#include "flow/flow_state.h"
#include "flow/flowtable.h"
#include "flow/gaps.h"
#include "flow/trail.h"

static uint32_t conversations_max(const struct flow_config *config)
{
	if (config->conversations_max)
		return config->conversations_max;
	return config->details ? FLOW_CONVERSATIONS_DETAILED_MAX
			       : FLOW_CONVERSATIONS_MAX;
}

static int out_of_memory(struct error *error)
{
	return error_set(error, STATUS_FAILED, "out of memory");
}

struct flow *flow_new(const struct flow_config *config, struct error *error)
{
	struct flow *flow = calloc(1, sizeof(*flow));

	if (flow) {
		flow->details = config->details;
		flow->table = flowtable_new(
			&config->key, conversations_max(config),
			config->details ? sizeof(struct trail) : 0);
		flow->gaps = gaps_new();
		flow->datagrams = datagrams_new();
	}
	if (flow && flow->table && flow->gaps && flow->datagrams)
		return flow;
	flow_free(flow);
	out_of_memory(error);
	return NULL;
}

void flow_free(struct flow *flow)
{
	if (!flow)
		return;
	flowtable_free(flow->table);
	gaps_free(flow->gaps);
	datagrams_free(flow->datagrams);
	free(flow->list);
	free(flow);
}

int flow_finish(struct flow *flow, struct error *error)
{
	size_t count = flowtable_count(flow->table);

	free(flow->list);
	flow->list = malloc((count + 1) * sizeof(struct conversation *));
	if (!flow->list)
		return out_of_memory(error);
	flowtable_list(flow->table, flow->list);
	flow->list_count = count;
	return 0;
}

size_t flow_count(const struct flow *flow)
{
	return flow->list_count;
}

const struct conversation *flow_at(const struct flow *flow, size_t nth)
{
	return flow->list[nth];
}

bool flow_open_write(const struct flow *flow,
		     const struct conversation *conversation, int which,
		     struct write *write)
{
	const struct trail *trail;

	if (!flow->details)
		return false;
	trail = flowtable_extra(conversation);
	*write = trail->writes[which].now;
	return write->number && write->end == WRITE_OPEN;
}

const struct datagram *flow_open_datagram(const struct flow *flow, size_t nth)
{
	return datagrams_open(flow->datagrams, nth);
}

void flow_counts(const struct flow *flow, struct flow_counts *counts)
{
	*counts = flow->counts;
	counts->gaps_capped = gaps_capped(flow->gaps);
	counts->datagrams = datagrams_count(flow->datagrams);
	counts->datagrams_evicted = datagrams_evicted(flow->datagrams);
}
