/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_RESET_JUDGE_H
#define FLOW_RESET_JUDGE_H

struct reset;
struct segment;
struct segment_source;

/* Inside flow/: shape, setting and provoker of a RST, from the conversation
 * as it was before it. segment: all but .reset and .write filled. Pure. */
void reset_judge(struct reset *reset, const struct segment *segment,
		 const struct segment_source *source);

#endif
