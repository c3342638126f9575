/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/trail.h"

#include <stddef.h>

#include "flow/sequence.h"

void trail_add(struct trail *trail, const struct trail_segment *segment)
{
	trail->segments[trail->next++ % TRAIL_SEGMENTS] = *segment;
}

const struct trail_segment *
trail_latest(const struct trail *trail, int which,
	     bool (*is)(const struct trail_segment *segment, const void *arg),
	     const void *arg)
{
	for (uint32_t back = 1; back <= TRAIL_SEGMENTS; back++) {
		const struct trail_segment *segment =
			&trail->segments[(trail->next - back) % TRAIL_SEGMENTS];

		if (segment->frame && segment->which == which &&
		    is(segment, arg))
			return segment;
	}
	return NULL;
}

uint64_t trail_acked(const struct trail *trail, int which, uint32_t after,
		     uint32_t upto)
{
	uint64_t oldest = 0;

	for (uint32_t i = 0; i < TRAIL_SEGMENTS; i++) {
		const struct trail_segment *segment = &trail->segments[i];

		if (segment->frame && segment->which == which &&
		    segment->end != segment->seq &&
		    sequence_after(segment->end, after) &&
		    !sequence_after(segment->end, upto) &&
		    (!oldest || segment->frame < oldest))
			oldest = segment->frame;
	}
	return oldest;
}
