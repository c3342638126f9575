/* SPDX-License-Identifier: BSD-2-Clause */
#include <netinet/in.h>
#include <string.h>

#include "base/error.h"
#include "flow/datagrams.h"
#include "flow/flow.h"
#include "flow/flow_state.h"
#include "flow/flowtable.h"
#include "flow/gaps.h"
#include "flow/notice_fill.h"
#include "flow/segment_fill.h"
#include "flow/tcpoptions.h"
#include "flow/trail.h"

static void evict(struct flow *flow, struct conversation *victim,
		  struct flow_event *event)
{
	event->evicted_copy = *victim;
	event->evicted = &event->evicted_copy;
	gaps_clear(flow->gaps, &victim->side[CLIENT].gaps);
	gaps_clear(flow->gaps, &victim->side[SERVER].gaps);
	flowtable_remove(flow->table, victim);
	flow->counts.conversations_evicted++;
}

/* The client is the sender, but of a SYN,ACK. */
static struct conversation *begin(struct flow *flow, struct flow_event *event,
				  const struct endpoints *sender)
{
	const struct endpoints receiver = {
		.source = sender->dest,
		.dest = sender->source,
		.source_port = sender->dest_port,
		.dest_port = sender->source_port,
	};
	struct conversation *victim = flowtable_victim(flow->table), *begun;
	bool syn_ack = event->frame.kind == FRAME_TCP &&
		       (event->frame.tcp.flags & TCP_SYN) &&
		       (event->frame.tcp.flags & TCP_ACK);

	if (victim)
		evict(flow, victim, event);
	begun = flowtable_add(flow->table, syn_ack ? &receiver : sender);
	if (!begun)
		return NULL;
	begun->stream = flow->counts.conversations++;
	conversation_begin(begun, &event->frame);
	event->began = true;
	return begun;
}

static int which_sent(const struct conversation *conversation,
		      const struct endpoints *ends)
{
	return conversation->port[CLIENT] == ends->source_port &&
			       memcmp(conversation->addr[CLIENT].bytes,
				      ends->source->bytes, 16) == 0
		       ? CLIENT
		       : SERVER;
}

/* A SYN with another number on known addresses and ports. */
static bool is_reuse(const struct conversation *conversation,
		     const struct endpoints *ends, const struct tcp_view *tcp)
{
	const struct side *side =
		&conversation->side[which_sent(conversation, ends)];

	return (tcp->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN &&
	       side->marks & SIDE_BASE && tcp->seq != side->base;
}

/* The conversation of a frame that has ports; NULL: out of memory. *reused is
 * set where it took over from another. */
static struct conversation *find(struct flow *flow, struct flow_event *event,
				 const struct endpoints *ends, bool *reused)
{
	struct conversation *found = flowtable_find(flow->table, ends);

	*reused = false;
	if (found && event->frame.kind == FRAME_TCP &&
	    !event->frame.packet.more_fragments &&
	    is_reuse(found, ends, &event->frame.tcp)) {
		found->marks |= CONVERSATION_SUPERSEDED;
		gaps_clear(flow->gaps, &found->side[CLIENT].gaps);
		gaps_clear(flow->gaps, &found->side[SERVER].gaps);
		*reused = true;
		found = NULL;
	}
	return found ? found : begin(flow, event, ends);
}

static struct endpoints frame_ends(const struct frame *frame)
{
	return (struct endpoints){
		.source = &frame->packet.source,
		.dest = &frame->packet.dest,
		.source_port = frame->tcp.source_port,
		.dest_port = frame->tcp.dest_port,
	};
}

static void collect_ended(struct flow_event *event, const struct write ended[2])
{
	event->writes_ended = 0;
	for (int i = 0; i < 2; i++) {
		if (ended[i].number)
			event->writes[event->writes_ended++] = ended[i];
	}
}

static void take_details(struct flow_event *event,
			 struct conversation *conversation, int which,
			 const struct tcpoptions *options,
			 const struct conversation_step *step)
{
	const struct segment_source source = {
		.conversation = conversation,
		.which = which,
		.frame = &event->frame,
		.options = options,
		.step = step,
		.trail = flowtable_extra(conversation),
	};
	struct write ended[2] = {{.number = 0}, {.number = 0}};

	if (step)
		segment_fill(&event->segment, &source, ended);
	else
		segment_fill_fragment(&event->segment, &source);
	collect_ended(event, ended);
}

/* The first fragment of a segment: how long the whole is it does not say. */
static int take_first_fragment(struct flow *flow, struct flow_event *event,
			       struct conversation *conversation, int which)
{
	struct datagram *datagram;
	struct tcpoptions options;

	datagram = datagrams_take(flow->datagrams, &event->frame,
				  &event->datagram_evicted);
	datagram->ports_known = true;
	datagram->source_port = event->frame.tcp.source_port;
	datagram->dest_port = event->frame.tcp.dest_port;
	datagram->stream = conversation->stream;
	datagram->stream_known = true;
	event->datagram = datagram;
	conversation_touch(conversation, which, &event->frame);
	if (flow->details) {
		tcpoptions_parse(&options, &event->frame.tcp);
		take_details(event, conversation, which, &options, NULL);
	}
	return 0;
}

static int take_tcp(struct flow *flow, struct flow_event *event)
{
	const struct frame *frame = &event->frame;
	const struct endpoints ends = frame_ends(frame);
	struct conversation_step step;
	struct conversation *conversation;
	struct tcpoptions options;
	bool parsed = flow->details || frame->tcp.flags & TCP_SYN, reused;
	int which;

	flow->counts.tcp++;
	event->kind = FLOW_SEGMENT;
	conversation = find(flow, event, &ends, &reused);
	if (!conversation)
		return -1;
	event->conversation = conversation;
	which = which_sent(conversation, &ends);
	if (frame->packet.more_fragments)
		return take_first_fragment(flow, event, conversation, which);
	if (parsed)
		tcpoptions_parse(&options, &frame->tcp);
	conversation_take(conversation, which, frame, parsed ? &options : NULL,
			  flow->gaps, &step);
	if (reused)
		step.notes |= NOTE_PORT_REUSED;
	if (flow->details)
		take_details(event, conversation, which, &options, &step);
	return 0;
}

/* A header that cannot be belongs to its conversation still, and begins one
 * as in Wireshark, so that streams have the same numbers. */
static int take_faulty(struct flow *flow, struct flow_event *event)
{
	const struct frame *frame = &event->frame;
	struct conversation *conversation;
	struct endpoints ends;
	bool reused;

	flow->counts.faulty++;
	event->kind = FLOW_FAULT;
	if (frame->fault != FRAME_TCP_BAD || frame->packet.payload_bytes < 20)
		return 0;
	ends = frame_ends(frame);
	conversation = find(flow, event, &ends, &reused);
	if (!conversation)
		return -1;
	event->conversation = conversation;
	conversation_touch(conversation, which_sent(conversation, &ends),
			   frame);
	return 0;
}

static void take_udp(struct flow *flow, struct flow_event *event)
{
	flow->counts.udp++;
	event->kind = FLOW_DATAGRAM;
	event->datagram = datagrams_take(flow->datagrams, &event->frame,
					 &event->datagram_evicted);
}

static void take_fragment(struct flow *flow, struct flow_event *event)
{
	const struct datagram *datagram;
	struct conversation *conversation;
	struct endpoints ends;

	flow->counts.fragments++;
	datagram = datagrams_take(flow->datagrams, &event->frame,
				  &event->datagram_evicted);
	event->datagram = datagram;
	event->kind = datagram->protocol == IPPROTO_UDP ? FLOW_DATAGRAM
							: FLOW_FRAGMENT;
	if (!datagram->stream_known)
		return;
	ends = (struct endpoints){
		.source = &datagram->source,
		.dest = &datagram->dest,
		.source_port = datagram->source_port,
		.dest_port = datagram->dest_port,
	};
	conversation = flowtable_peek(flow->table, &ends);
	if (!conversation || conversation->stream != datagram->stream)
		return;
	conversation->fragments++;
	event->conversation = conversation;
}

static bool has_seq(const struct trail_segment *segment, const void *arg)
{
	return segment->seq == *(const uint32_t *)arg;
}

/* The segment that an ICMP error quotes. */
static void place_tcp(struct flow *flow, struct flow_event *event,
		      const struct endpoints *ends)
{
	struct conversation *conversation = flowtable_peek(flow->table, ends);
	struct notice *notice = &event->notice;
	const struct trail_segment *quoted;
	int which;

	if (!conversation)
		return;
	which = which_sent(conversation, ends);
	event->conversation = conversation;
	notice->stream_known = true;
	notice->stream = conversation->stream;
	notice->since_ns = notice->time_ns - conversation->first_ns;
	notice->quotes_client = which == CLIENT;
	if (conversation->icmp_errors++ == 0)
		conversation->icmp_frame = notice->frame;
	if (notice_is_final(notice))
		conversation->marks |= CONVERSATION_ICMP_LAST;
	if (!notice->quoted_seq_ok)
		return;
	notice->quoted_seq =
		notice->quoted_seq_raw - conversation->side[which].base;
	if (!flow->details)
		return;
	quoted = trail_latest(flowtable_extra(conversation), which, has_seq,
			      &notice->quoted_seq_raw);
	notice->quoted_frame = quoted ? quoted->frame : 0;
}

static void place_udp(struct flow *flow, struct notice *notice)
{
	const struct datagram_quote quote = {
		.source = &notice->quoted_source,
		.dest = &notice->quoted_dest,
		.source_port = notice->quoted_source_port,
		.dest_port = notice->quoted_dest_port,
		.id = notice->quoted_id,
	};
	struct datagram_place place;

	if (!datagrams_find(flow->datagrams, &quote, &place))
		return;
	notice->datagram = place.number;
	notice->quoted_frame = place.frame;
}

static void take_notice(struct flow *flow, struct flow_event *event)
{
	struct notice *notice = &event->notice;
	struct endpoints ends;

	flow->counts.icmp_errors++;
	event->kind = FLOW_NOTICE;
	notice_fill(notice, &event->frame);
	if (!notice->quoted_ports_ok)
		return;
	ends = (struct endpoints){
		.source = &notice->quoted_source,
		.dest = &notice->quoted_dest,
		.source_port = notice->quoted_source_port,
		.dest_port = notice->quoted_dest_port,
	};
	if (notice->quoted_protocol == IPPROTO_TCP)
		place_tcp(flow, event, &ends);
	else
		place_udp(flow, notice);
}

static int take_frame(struct flow *flow, struct flow_event *event)
{
	switch (event->frame.kind) {
	case FRAME_TCP:
		return take_tcp(flow, event);
	case FRAME_FAULTY:
		return take_faulty(flow, event);
	case FRAME_UDP:
		take_udp(flow, event);
		break;
	case FRAME_FRAGMENT:
		take_fragment(flow, event);
		break;
	case FRAME_ICMP_ERROR:
		take_notice(flow, event);
		break;
	case FRAME_NOT_IP:
		flow->counts.not_ip++;
		event->kind = FLOW_OTHER;
		break;
	case FRAME_OTHER:
		flow->counts.other++;
		event->kind = FLOW_OTHER;
		break;
	}
	return 0;
}

int flow_take(struct flow *flow, const struct frame_input *input,
	      struct flow_event *event, struct error *error)
{
	event->conversation = NULL;
	event->began = false;
	event->writes_ended = 0;
	event->datagram = NULL;
	event->datagram_evicted = NULL;
	event->evicted = NULL;
	flow->counts.frames++;
	frame_dissect(&event->frame, input);
	if (take_frame(flow, event))
		return error_set(error, STATUS_FAILED, "out of memory");
	return 0;
}
