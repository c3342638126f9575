/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_CROSSING_PARTS_H
#define FLOW_CROSSING_PARTS_H

#include "flow/crossing.h"

/* Inside flow/crossing*.c only: what a crossing is made of. */

/* What one capture brought. */
struct capture {
	struct sighting *sightings;
	size_t count, room;
	uint64_t unpaired;
	bool begun;
	int64_t first_ns, last_ns;
	struct ladder *ladders;
	size_t ladder_count;
	uint64_t left_out;
};

struct crossing {
	struct crossing_config config;
	struct capture capture[2];
	uint64_t *tuples; /* of the streams that were chosen */
	size_t tuple_count;
	struct pairing pairing;
	struct crossing_ladder *ladders;
	size_t ladder_count;
};

/* The ladder of that stream of the capture, or NULL. */
struct ladder *crossing_find(struct capture *capture, uint64_t stream);

/* After the pairing: ladders of both captures put together, with the passages
 * of each. -1 when memory is out. */
int crossing_join(struct crossing *crossing);

#endif
