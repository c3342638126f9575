/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/notes.h"

#include "flow/conversation.h"
#include "flow/gaps.h"
#include "flow/segment.h"
#include "flow/sequence.h"
#include "wire/packet.h"

#define FAST_RETRANSMISSION_NS 20000000LL
#define REORDERING_NS          3000000LL /* where no round trip is known */

static bool is_plain(const struct note_input *in)
{
	return !(in->flags & (TCP_SYN | TCP_FIN | TCP_RST));
}

/* A byte beyond what the closed window lets through. */
static bool is_zero_window_probe(const struct side *from, const struct side *to,
				 const struct note_input *in)
{
	return in->len == 1 && in->seq == from->next && to->window == 0 &&
	       to->frames > 0;
}

/* Neither new data nor a new acknowledgement. */
static bool repeats(const struct side *from, const struct note_input *in)
{
	return is_plain(in) && in->len == 0 && in->seq == from->next &&
	       in->ack == from->ack;
}

static bool fills_window(const struct side *to, const struct note_input *in)
{
	uint32_t window = to->window;

	if (in->len == 0 || !is_plain(in) || to->scale == SCALE_UNKNOWN)
		return false;
	if (to->scale > 0 && !to->window_of_syn) /* RFC 7323 2.2 */
		window <<= to->scale;
	return in->seq + in->len == to->ack + window;
}

/* Notes on the segment by itself, in its direction. */
static uint32_t notes_forward(const struct side *from, const struct side *to,
			      const struct note_input *in)
{
	uint32_t notes = 0;

	if (in->window == 0 && is_plain(in))
		notes |= NOTE_ZERO_WINDOW;
	if (from->next && sequence_after(in->seq, from->next) &&
	    !(in->flags & TCP_RST))
		notes |= NOTE_GAP;
	if (in->len <= 1 && in->seq == from->next - 1 && is_plain(in))
		notes |= NOTE_KEEP_ALIVE;
	if (in->window && in->window != from->window && repeats(from, in))
		notes |= NOTE_WINDOW_UPDATE;
	if (fills_window(to, in))
		notes |= NOTE_WINDOW_FULL;
	return notes;
}

/* What a segment that repeats the last acknowledgement answers. */
static uint32_t notes_repeated(struct side *from, struct side *to,
			       const struct note_input *in)
{
	if (!repeats(from, in) || in->window != from->window)
		return 0;
	if (in->window == 0)
		return to->notes & NOTE_ZERO_WINDOW_PROBE
			       ? NOTE_ZERO_WINDOW_PROBE_ACK
			       : 0;
	if (to->notes & NOTE_KEEP_ALIVE)
		return NOTE_KEEP_ALIVE_ACK;
	from->dup_acks++;
	from->settled = true;
	return NOTE_DUP_ACK;
}

/* Acknowledges what the other side was never seen sending. Said once for each
 * gap; beyond all that was seen, once until the other side acknowledges
 * something new, and not while it repeats itself. */
static uint32_t notes_acked(struct side *to, const struct note_input *in)
{
	if (!(in->flags & TCP_ACK) || !to->solid ||
	    !sequence_after(in->ack, to->solid))
		return 0;
	if (to->solid == to->next) {
		to->dup_acks = 0;
		if (to->settled)
			return 0;
		to->settled = true;
	}
	to->solid = to->next;
	return NOTE_ACKED_UNSEEN;
}

/* Which of the three a segment is that brings nothing new. */
static uint32_t notes_again(const struct side *from, const struct side *to,
			    const struct note_input *in)
{
	bool behind = from->next && sequence_before(in->seq, from->next);
	uint32_t end = in->seq + in->len + !!(in->flags & (TCP_SYN | TCP_FIN));
	int64_t reordering_ns = in->rtt_ns > 0 ? in->rtt_ns : REORDERING_NS;

	/* More than a probe's byte, where the last one may have been a probe:
	 * that is new data. */
	if (in->len > 1 && in->seq == from->next - 1)
		behind = false;
	if (in->len > 0 && to->ack &&
	    !sequence_after(in->seq + in->len, to->ack))
		return NOTE_SPURIOUS_RETRANSMISSION;
	if (!behind)
		return 0;
	if (to->dup_acks >= 2 &&
	    in->time_ns - to->ack_ns < FAST_RETRANSMISSION_NS &&
	    to->ack == in->seq)
		return NOTE_FAST_RETRANSMISSION;
	if (in->time_ns - from->next_ns < reordering_ns && end != from->next)
		return NOTE_OUT_OF_ORDER;
	return NOTE_RETRANSMISSION;
}

/* Bytes of data that were not seen before; keeps the gaps. */
static uint32_t unique_bytes(struct side *from, struct gaps *gaps,
			     const struct note_input *in)
{
	uint32_t end = in->seq + in->len;

	if (!from->next || !sequence_before(in->seq, from->next)) {
		if (from->next && in->seq != from->next)
			gaps_add(gaps, &from->gaps, from->next, in->seq);
		return in->len;
	}
	if (!sequence_after(end, from->next))
		return from->gaps ? gaps_fill(gaps, &from->gaps, in->seq, end)
				  : 0;
	return end - from->next +
	       (from->gaps ? gaps_fill(gaps, &from->gaps, in->seq, from->next)
			   : 0);
}

static void remember_sent(struct side *from, struct gaps *gaps,
			  const struct note_input *in, uint32_t notes)
{
	uint32_t next = in->seq + in->len;

	if (in->flags & (TCP_SYN | TCP_FIN))
		next++;
	from->sent_bytes += in->len;
	if (notes & NOTE_ZERO_WINDOW_PROBE)
		return;
	if (in->len > 0 || (notes & NOTE_GAP))
		from->unique_bytes += unique_bytes(from, gaps, in);
	if (!from->next || sequence_after(next, from->next)) {
		from->next = next;
		from->next_ns = in->time_ns;
	}
	if (!from->solid || in->seq == from->solid)
		from->solid = from->next;
}

static void remember_acked(struct side *from, struct side *to,
			   struct gaps *gaps, const struct note_input *in)
{
	from->window = in->window;
	from->window_of_syn = in->flags & TCP_SYN;
	from->ack = in->ack;
	from->ack_ns = in->time_ns;
	if (to->gaps && in->flags & TCP_ACK)
		gaps_forget(gaps, &to->gaps, in->ack);
}

uint32_t notes_take(struct side *from, struct side *to, struct gaps *gaps,
		    const struct note_input *in)
{
	uint32_t notes;

	if (is_zero_window_probe(from, to, in)) {
		notes = NOTE_ZERO_WINDOW_PROBE;
	} else {
		notes = notes_forward(from, to, in);
		notes |= notes_repeated(from, to, in);
	}
	if (in->ack != from->ack) {
		from->fresh_ack = in->frame;
		from->dup_acks = 0;
		from->settled = false;
	}
	notes |= notes_acked(to, in);
	if ((in->len > 0 || in->flags & (TCP_SYN | TCP_FIN)) &&
	    !(notes & NOTE_KEEP_ALIVE))
		notes |= notes_again(from, to, in);
	remember_sent(from, gaps, in, notes);
	remember_acked(from, to, gaps, in);
	from->notes = notes;
	return notes;
}
