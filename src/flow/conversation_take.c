/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "flow/conversation.h"
#include "flow/frame.h"
#include "flow/gaps.h"
#include "flow/history.h"
#include "flow/notes.h"
#include "flow/segment.h"
#include "flow/sequence.h"
#include "flow/tcpoptions.h"

enum {
	SCALE_MAX = 14, /* RFC 7323 2.3 */
};

/* The parts that the steps below hand on. */
struct take {
	struct conversation *conversation;
	const struct frame *frame;
	const struct tcp_view *tcp;
	int which;
	struct side *from, *to;
	uint32_t len, end; /* end: raw, SYN and FIN counted */
	struct history_input history;
};

void conversation_begin(struct conversation *conversation,
			const struct frame *frame)
{
	struct side *side = conversation->side;

	side[CLIENT].scale = side[SERVER].scale = SCALE_UNKNOWN;
	side[CLIENT].state = ENDSTATE_CLOSED;
	side[SERVER].state = ENDSTATE_LISTEN;
	conversation->first_frame = frame->number;
	conversation->first_ns = frame->time_ns;
	conversation->handshake_ns = -1;
	if (frame->kind == FRAME_TCP && frame->tcp.flags & TCP_SYN) {
		if (!(frame->tcp.flags & TCP_ACK))
			return;
		/* The SYN before it was sent, though not captured. */
		conversation->history[0] = '^';
		side[CLIENT].state = ENDSTATE_SYN_SENT;
	} else {
		side[CLIENT].state = side[SERVER].state = ENDSTATE_ESTABLISHED;
	}
	conversation->marks = CONVERSATION_MIDSTREAM;
}

/* Relative numbers count from a direction's SYN; where that was not captured
 * the first segment has number 1, and so has what the first ACK asks for. */
static void set_bases(struct take *take, struct conversation_step *step)
{
	const struct tcp_view *tcp = take->tcp;
	bool syn = tcp->flags & TCP_SYN;

	if (!(take->from->marks & SIDE_BASE)) {
		take->from->base = syn ? tcp->seq : tcp->seq - 1;
		take->from->marks |= SIDE_BASE;
	} else if (syn && tcp->seq != take->from->base) {
		/* Of a SYN alone this would be another conversation. */
		take->from->base = tcp->seq;
		step->notes |= NOTE_PORT_REUSED;
	} else if (syn && take->from->marks & SIDE_SYN) {
		take->history.syn_again = true;
		/* A RST may have gone far ahead; a SYN begins anew. */
		if (!(tcp->flags & TCP_ACK) && take->from->solid)
			take->from->next = take->from->solid;
	}
	if (!(take->to->marks & SIDE_BASE) && tcp->flags & TCP_ACK) {
		take->to->base = tcp->ack - 1;
		take->to->marks |= SIDE_BASE;
	}
}

/* What the SYNs agree on. RFC 7323 2.2: the scale holds when both offer. */
static void take_syn(struct take *take, const struct tcpoptions *options)
{
	struct side *from = take->from, *to = take->to;

	if (!(take->tcp->flags & TCP_SYN))
		return;
	from->marks |= SIDE_SYN;
	if (options && options->mss)
		from->mss = options->mss;
	if (options && options->window_scale >= 0 && from->scale != SCALE_NONE)
		from->scale = (int8_t)(options->window_scale > SCALE_MAX
					       ? SCALE_MAX
					       : options->window_scale);
	else if (from->scale == SCALE_UNKNOWN)
		from->scale = to->scale = SCALE_NONE;
}

static void take_completeness(struct take *take)
{
	struct conversation *conversation = take->conversation;
	uint8_t flags = take->tcp->flags;
	bool first = conversation_frames(conversation) == 0;
	unsigned bits = 0;

	if ((flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
		if (first)
			bits = COMPLETE_SYN | (take->len ? COMPLETE_DATA : 0);
	} else if (flags & TCP_SYN) {
		bits = COMPLETE_SYN_ACK;
	} else if (flags & TCP_ACK) {
		bits = take->len ? COMPLETE_DATA : COMPLETE_ACK;
	}
	if (flags & TCP_FIN && flags & TCP_ACK)
		bits |= COMPLETE_FIN;
	if (flags & TCP_RST)
		bits |= COMPLETE_RST;
	conversation->completeness |= (uint8_t)bits;
}

/* From the last SYN to the first ACK after it that is no SYN,ACK: as long as a
 * round trip takes, wherever the capture was made. */
static void take_handshake(struct take *take)
{
	struct conversation *conversation = take->conversation;
	uint8_t flags = take->tcp->flags;

	if (flags & TCP_SYN && !(flags & TCP_ACK)) {
		conversation->syn_ns = take->frame->time_ns;
		conversation->marks |= CONVERSATION_SYN;
	} else if (!(flags & TCP_SYN) && flags & TCP_ACK &&
		   conversation->handshake_ns < 0 &&
		   conversation->marks & CONVERSATION_SYN)
		conversation->handshake_ns =
			take->frame->time_ns - conversation->syn_ns;
}

static void take_notes(struct take *take, struct gaps *gaps,
		       struct conversation_step *step)
{
	struct side *from = take->from;
	const struct note_input in = {
		.frame = take->frame->number,
		.time_ns = take->frame->time_ns,
		.rtt_ns = take->conversation->handshake_ns,
		.seq = take->tcp->seq,
		.ack = take->tcp->ack,
		.len = take->len,
		.window = take->tcp->window,
		.flags = take->tcp->flags,
	};
	uint32_t notes;

	step->next_before = from->next;
	step->ack_before = from->ack;
	step->notes |= notes_take(from, take->to, gaps, &in);
	step->peer_next = take->to->next;
	if (take->len > take->to->mss && take->to->mss) {
		step->notes |= NOTE_OFFLOAD;
		take->conversation->marks |= CONVERSATION_OFFLOAD;
	}
	notes = step->notes;
	from->retransmissions += (notes & NOTE_ANY_RETRANSMISSION) != 0;
	from->out_of_order += (notes & NOTE_OUT_OF_ORDER) != 0;
	from->dup_acks_total += (notes & NOTE_DUP_ACK) != 0;
	from->zero_windows += (notes & NOTE_ZERO_WINDOW) != 0;
	from->gaps_seen += (notes & NOTE_GAP) != 0;
}

/* Does the ACK newly cover the SYN and the FIN of the other end? */
static void take_acks(struct take *take, struct conversation_step *step)
{
	struct conversation *conversation = take->conversation;
	struct side *to = take->to;

	if (!(take->tcp->flags & TCP_ACK))
		return;
	if ((to->marks & (SIDE_SYN | SIDE_SYN_ACKED)) == SIDE_SYN &&
	    sequence_after(take->tcp->ack, to->base)) {
		to->marks |= SIDE_SYN_ACKED;
		step->acks_syn = true;
	}
	if ((to->marks & (SIDE_FIN | SIDE_FIN_ACKED)) == SIDE_FIN &&
	    !sequence_before(take->tcp->ack, to->fin)) {
		to->marks |= SIDE_FIN_ACKED;
		step->acks_fin = true;
		if (!((take->from->marks & SIDE_FIN) ||
		      take->tcp->flags & TCP_FIN))
			conversation->marks |= CONVERSATION_FIN_ALONE;
	}
}

static void take_fin(struct take *take)
{
	struct side *from = take->from;

	if (!(take->tcp->flags & TCP_FIN))
		return;
	take->history.fin_again =
		from->marks & SIDE_FIN && from->fin == take->end;
	if (!(from->marks & SIDE_FIN) && take->to->marks & SIDE_FIN &&
	    !(take->to->marks & SIDE_FIN_ACKED))
		take->conversation->marks |= CONVERSATION_FIN_CROSSED;
	from->marks |= SIDE_FIN;
	from->fin = take->end;
}

/* RFC 9293 3.10.7.3 and .4: in SYN_SENT a RST must acknowledge the SYN, later
 * it must lie in the window. What was sent and not yet acknowledged may have
 * arrived by then. */
static bool is_believed(const struct take *take)
{
	const struct tcp_view *tcp = take->tcp;
	const struct side *to = take->to;

	if (!(tcp->flags & TCP_RST))
		return false;
	if (to->state == ENDSTATE_SYN_SENT &&
	    !(take->from->marks & SIDE_TALKED))
		return tcp->flags & TCP_ACK &&
		       (tcp->ack == to->next ||
			(to->marks & SIDE_FIN && tcp->ack == to->fin));
	if (!(to->marks & SIDE_TALKED) || !to->ack)
		return true;
	return !sequence_before(tcp->seq, to->ack) &&
	       (!take->from->next ||
		!sequence_after(tcp->seq, take->from->next));
}

static bool is_over(const struct conversation *conversation)
{
	return conversation->close != CLOSE_NONE ||
	       (conversation->side[CLIENT].marks &
		conversation->side[SERVER].marks & SIDE_FIN_ACKED);
}

static void take_rst(struct take *take, const struct conversation_step *step)
{
	struct conversation *conversation = take->conversation;
	const struct tcp_view *tcp = take->tcp;

	if (!(tcp->flags & TCP_RST))
		return;
	take->history.rst_again =
		take->from->marks & SIDE_RST && take->from->rst == tcp->seq;
	take->from->marks |= SIDE_RST;
	take->from->rst = tcp->seq;
	if (!step->believed || is_over(conversation))
		return;
	if (step->before[!take->which] == ENDSTATE_SYN_SENT &&
	    !(take->from->marks & SIDE_TALKED))
		conversation->close = CLOSE_RST_REFUSED;
	else if (!(tcp->flags & TCP_ACK) || (tcp->seq == 0 && tcp->window == 0))
		conversation->close = CLOSE_RST_NO_SOCKET;
	else
		conversation->close = CLOSE_RST_ABORT;
}

static void take_states(struct take *take, struct conversation_step *step)
{
	enum endstate sender = take->from->state, receiver = take->to->state;
	const struct endstate_event event = {
		.flags = take->tcp->flags,
		.acks_peer_syn = step->acks_syn,
		.acks_peer_fin = step->acks_fin,
		.acceptable = step->believed,
	};

	endstate_step(&sender, &receiver, &event);
	take->from->state = (uint8_t)sender;
	take->to->state = (uint8_t)receiver;
}

static void take_counts(struct take *take)
{
	struct conversation *conversation = take->conversation;
	struct side *from = take->from;

	from->frames++;
	if (take->len) {
		from->marks |= SIDE_DATA;
		if (take->len > from->largest)
			from->largest =
				(uint16_t)(take->len > UINT16_MAX ? UINT16_MAX
								  : take->len);
	}
	if (!(take->tcp->flags & TCP_RST))
		from->marks |= SIDE_TALKED;
	conversation->last_frame = take->frame->number;
	conversation->last_ns = take->frame->time_ns;
	conversation->marks &= (uint8_t)~CONVERSATION_ICMP_LAST;
}

void conversation_touch(struct conversation *conversation, int which,
			const struct frame *frame)
{
	conversation->side[which].frames++;
	conversation->last_frame = frame->number;
	conversation->last_ns = frame->time_ns;
}

void conversation_take(struct conversation *conversation, int which,
		       const struct frame *frame,
		       const struct tcpoptions *options, struct gaps *gaps,
		       struct conversation_step *step)
{
	const struct tcp_view *tcp = &frame->tcp;
	struct take take = {
		.conversation = conversation,
		.frame = frame,
		.tcp = tcp,
		.which = which,
		.from = &conversation->side[which],
		.to = &conversation->side[!which],
		.len = (uint32_t)tcp->data_length,
		.history = {.flags = tcp->flags,
			    .len = (uint32_t)tcp->data_length},
	};

	take.end = tcp->seq + take.len + !!(tcp->flags & TCP_SYN) +
		   !!(tcp->flags & TCP_FIN);
	step->notes = 0;
	step->acks_syn = step->acks_fin = false;
	step->before[CLIENT] = conversation->side[CLIENT].state;
	step->before[SERVER] = conversation->side[SERVER].state;

	set_bases(&take, step);
	take_syn(&take, options);
	take_completeness(&take);
	step->believed = is_believed(&take);
	take_handshake(&take);
	take_notes(&take, gaps, step);
	take_acks(&take, step);
	take_fin(&take);
	take_states(&take, step);
	take_rst(&take, step);
	take_counts(&take);
	take.history.notes = step->notes;
	history_take(conversation, which, &take.history);
}
