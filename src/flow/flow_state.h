/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_FLOW_STATE_H
#define FLOW_FLOW_STATE_H

#include "flow/flow.h"

struct datagrams;
struct flowtable;
struct gaps;

/* Inside flow/: what a struct flow is made of. */
struct flow {
	bool details;
	struct flowtable *table;
	struct gaps *gaps;
	struct datagrams *datagrams;
	const struct conversation **list; /* after flow_finish() */
	size_t list_count;
	struct flow_counts counts;
};

#endif
