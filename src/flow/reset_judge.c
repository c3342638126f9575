/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/reset_judge.h"

#include <stddef.h>

#include "flow/frame.h"
#include "flow/segment.h"
#include "flow/segment_fill.h"
#include "flow/sequence.h"
#include "flow/trail.h"
#include "wire/packet.h"

/* RFC 9293 3.10.7.1, to a segment without ACK. */
static bool asked_for_p0(const struct trail_segment *segment, const void *arg)
{
	const struct segment *rst = arg;

	return !(segment->flags & (TCP_ACK | TCP_RST)) &&
	       segment->end == rst->ack_raw;
}

/* The same, to one with ACK. */
static bool asked_for_p1(const struct trail_segment *segment, const void *arg)
{
	const struct segment *rst = arg;

	return segment->flags & TCP_ACK && !(segment->flags & TCP_RST) &&
	       segment->ack == rst->seq_raw;
}

/* What a live socket has just received. */
static bool came_last(const struct trail_segment *segment, const void *arg)
{
	const struct segment *rst = arg;

	return !(segment->flags & TCP_RST) &&
	       !sequence_after(segment->end, rst->ack_raw);
}

/* Of several that fit, the first that it has not answered yet is the likelier
 * one; the capture cannot tell, and the numbers are the same. */
static const struct trail_segment *find_provoker(const struct reset *reset,
						 const struct segment *segment,
						 const struct trail *trail)
{
	int other = segment->from_client ? SERVER : CLIENT;

	switch (reset->shape) {
	case RESET_P0:
		return trail_latest(trail, other, asked_for_p0, segment);
	case RESET_P1:
		return trail_latest(trail, other, asked_for_p1, segment);
	case RESET_A:
		return trail_latest(trail, other, came_last, segment);
	default:
		return NULL;
	}
}

static enum reset_shape shape_of(const struct segment *segment,
				 const struct segment_source *source)
{
	const struct side *to = &source->conversation->side[!source->which];
	bool bare = source->frame->tcp.options_bytes == 0;

	if (segment->flags & (TCP_SYN | TCP_FIN))
		return RESET_ODD;
	if (segment->flags & TCP_ACK) {
		if (segment->seq_raw == 0 && segment->window == 0 && bare)
			return RESET_P0;
		return RESET_A;
	}
	if (segment->window != 0 || !bare)
		return RESET_ODD;
	/* Nothing to hold it against: the shape alone. */
	if (to->frames == 0 || segment->seq_raw == to->ack)
		return RESET_P1;
	return trail_latest(source->trail, !source->which, asked_for_p1,
			    segment)
		       ? RESET_P1
		       : RESET_ODD;
}

static enum reset_setting setting_of(const struct segment_source *source)
{
	const struct conversation *conversation = source->conversation;
	const struct side *from = &conversation->side[source->which];
	const struct side *to = &conversation->side[!source->which];
	const enum endstate *before = source->step->before;

	if (to->frames == 0 && !(from->marks & SIDE_TALKED))
		return RESET_OF_STRANGER;
	if (before[CLIENT] == ENDSTATE_CLOSED &&
	    before[SERVER] == ENDSTATE_CLOSED)
		return RESET_OF_CLOSED;
	if (to->marks & SIDE_SYN && !(from->marks & SIDE_TALKED))
		return RESET_OF_SYN;
	if (from->marks & to->marks & SIDE_FIN)
		return RESET_OF_CLOSED;
	if (from->marks & SIDE_FIN)
		return RESET_AFTER_OWN_FIN;
	if (to->marks & SIDE_FIN)
		return RESET_AFTER_PEER_FIN;
	if (before[source->which] == ENDSTATE_SYN_SENT)
		return RESET_OF_SYN_ACK;
	if (from->marks & to->marks & SIDE_SYN &&
	    !((from->marks | to->marks) & SIDE_DATA) && source->which == SERVER)
		return RESET_OF_HANDSHAKE;
	if (!(from->marks & SIDE_TALKED))
		return RESET_OF_STRANGER;
	return RESET_OF_OPEN;
}

void reset_judge(struct reset *reset, const struct segment *segment,
		 const struct segment_source *source)
{
	const struct conversation *conversation = source->conversation;
	const struct side *to = &conversation->side[!source->which];
	const struct trail_segment *provoker;

	*reset = (struct reset){
		.shape = shape_of(segment, source),
		.setting = setting_of(source),
		.by_client = segment->from_client,
		.has_ack = segment->flags & TCP_ACK,
		.timestamps = segment->timestamps,
		.window = segment->window,
		.in_window = source->step->believed,
		.peer_data = to->unique_bytes,
	};
	provoker = find_provoker(reset, segment, source->trail);
	if (!provoker)
		return;
	reset->provoker = provoker->frame;
	reset->provoker_flags = provoker->flags;
	reset->provoker_seq = provoker->seq - to->base;
	reset->provoker_len = provoker->len;
	reset->provoker_next = provoker->end - to->base;
	reset->provoker_ack =
		provoker->flags & TCP_ACK
			? provoker->ack - conversation->side[source->which].base
			: 0;
}
