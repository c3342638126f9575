/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_SEGMENT_FILL_H
#define FLOW_SEGMENT_FILL_H

#include "flow/conversation.h"
#include "flow/writes.h"

struct frame;
struct tcpoptions;
struct segment;
struct trail;

/* Inside flow/: how a struct segment comes about, after the conversation has
 * moved on. Pure. */
struct segment_source {
	const struct conversation *conversation;
	int which; /* who sent it */
	const struct frame *frame;
	const struct tcpoptions *options;
	const struct conversation_step *step;
	struct trail *trail;
};

/* Fills all of it, and remembers it in the trail. The writes that it ends:
 * ended[0] before it, ended[1] with it; number 0: none. */
void segment_fill(struct segment *segment, const struct segment_source *source,
		  struct write ended[2]);

/* One whose length is not known (the first fragment of more): numbers, flags
 * and states alone. */
void segment_fill_fragment(struct segment *segment,
			   const struct segment_source *source);

#endif
