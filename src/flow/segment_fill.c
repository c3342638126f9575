/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/segment_fill.h"

#include "flow/frame.h"
#include "flow/reset_judge.h"
#include "flow/segment.h"
#include "flow/sequence.h"
#include "flow/tcpoptions.h"
#include "flow/trail.h"

static void fill_header(struct segment *segment,
			const struct segment_source *source)
{
	const struct conversation *conversation = source->conversation;
	const struct side *from = &conversation->side[source->which];
	const struct side *to = &conversation->side[!source->which];
	const struct tcp_view *tcp = &source->frame->tcp;

	*segment = (struct segment){
		.frame = source->frame->number,
		.time_ns = source->frame->time_ns,
		.since_ns = source->frame->time_ns - conversation->first_ns,
		.stream = conversation->stream,
		.from_client = source->which == CLIENT,
		.midstream = conversation_is_midstream(conversation),
		.flags = tcp->flags,
		.seq_raw = tcp->seq,
		.ack_raw = tcp->ack,
		.seq = tcp->seq - from->base,
		.ack = tcp->flags & TCP_ACK ? tcp->ack - to->base : tcp->ack,
		.len = (uint32_t)tcp->data_length,
		.window = tcp->window,
		.window_scaled = tcp->window,
		.scale = 0,
		.client_state = conversation->side[CLIENT].state,
		.server_state = conversation->side[SERVER].state,
		.window_scale = -1,
		.mss_peer = to->mss,
	};
	if (!(tcp->flags & TCP_SYN)) {
		segment->scale =
			(int8_t)(from->scale == SCALE_NONE ? 0 : from->scale);
		if (segment->scale > 0)
			segment->window_scaled <<= segment->scale;
	}
}

static void fill_options(struct segment *segment,
			 const struct segment_source *source)
{
	const struct tcpoptions *options = source->options;
	uint32_t base = source->conversation->side[!source->which].base;

	segment->mss = options->mss;
	segment->window_scale = options->window_scale;
	segment->sack_permitted = options->sack_permitted;
	segment->timestamps = options->timestamps;
	segment->ts_value = options->ts_value;
	segment->ts_echo = options->ts_echo;
	segment->sacks = options->sacks;
	for (unsigned i = 0; i < options->sacks; i++) {
		segment->sack[i].left = options->sack[i].left - base;
		segment->sack[i].right = options->sack[i].right - base;
	}
	if (options->amiss || source->frame->fault == FRAME_TCP_CUT)
		segment->notes |= NOTE_CUT_OPTIONS;
}

/* What the segment acknowledges that was not so before. */
static void fill_acked(struct segment *segment,
		       const struct segment_source *source)
{
	const struct conversation_step *step = source->step;
	const struct side *to = &source->conversation->side[!source->which];
	uint32_t before = step->ack_before, acked;

	if (!(segment->flags & TCP_ACK))
		return;
	segment->acks_syn = step->acks_syn;
	segment->acks_fin = step->acks_fin;
	segment->ack_before = before ? before - to->base : 0;
	if (sequence_after(step->peer_next, segment->ack_raw))
		segment->acked_open = step->peer_next - segment->ack_raw;
	if (!before)
		before = to->base;
	if (!sequence_after(segment->ack_raw, before))
		return;
	acked = segment->ack_raw - before;
	if (to->marks & SIDE_SYN && before == to->base)
		acked--; /* the SYN */
	if (step->acks_fin && acked > 0)
		acked--;
	segment->acked_data = acked;
	segment->answers = trail_acked(source->trail, !source->which, before,
				       segment->ack_raw);
}

static void remember(const struct segment *segment,
		     const struct segment_source *source)
{
	const struct trail_segment kept = {
		.frame = segment->frame,
		.seq = segment->seq_raw,
		.ack = segment->ack_raw,
		.end = segment->seq_raw + segment->next - segment->seq,
		.len = segment->len,
		.flags = segment->flags,
		.which = (uint8_t)source->which,
	};

	trail_add(source->trail, &kept);
}

void segment_fill(struct segment *segment, const struct segment_source *source,
		  struct write ended[2])
{
	const struct conversation *conversation = source->conversation;
	const struct side *from = &conversation->side[source->which];
	const struct conversation_step *step = source->step;
	struct trail *trail = source->trail;

	fill_header(segment, source);
	segment->notes = step->notes;
	fill_options(segment, source);
	segment->next = segment->seq + segment->len +
			!!(segment->flags & TCP_SYN) +
			!!(segment->flags & TCP_FIN);
	if (step->next_before)
		segment->expected = step->next_before - from->base;
	if (segment->notes & NOTE_DUP_ACK) {
		segment->dup_ack = from->dup_acks;
		segment->dup_frame = from->fresh_ack;
	}
	fill_acked(segment, source);
	if (segment->flags & TCP_RST)
		reset_judge(&segment->reset, segment, source);
	writes_take(&trail->writes[source->which],
		    &trail->writes[!source->which], segment,
		    (uint8_t)source->frame->tcp.options_bytes, &segment->write,
		    &ended[0], &ended[1]);
	remember(segment, source);
}

void segment_fill_fragment(struct segment *segment,
			   const struct segment_source *source)
{
	fill_header(segment, source);
	segment->next = segment->seq;
	segment->notes = NOTE_FRAGMENTED;
	fill_options(segment, source);
}
