/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/drawing.h"

#include "flow/drawing_crossing.h"
#include "flow/flow.h"
#include "flow/record.h"
#include "flow/view.h"
#include "report/line.h"

static uint64_t microseconds(int64_t ns)
{
	return ((uint64_t)ns + 500) / 1000;
}

static void conversation_more(struct line *line, const struct drawing *drawing,
			      const struct conversation *conversation,
			      bool evicted)
{
	const struct side *client = &conversation->side[CLIENT];
	const struct side *server = &conversation->side[SERVER];

	record_pair(line, ",\"bytes_sent\":", client->sent_bytes,
		    server->sent_bytes);
	record_pair(line, ",\"gaps\":", client->gaps_seen, server->gaps_seen);
	record_pair(line, ",\"zero_windows\":", client->zero_windows,
		    server->zero_windows);
	record_number(line, ",\"icmp_errors\":", conversation->icmp_errors);
	record_number(line, ",\"fragments\":", conversation->fragments);
	record_number(line, ",\"first_frame\":", conversation->first_frame);
	record_number(line, ",\"last_frame\":", conversation->last_frame);
	record_signed(line,
		      ",\"t_ns\":", conversation->first_ns - drawing->first_ns);
	record_signed(line, ",\"duration_ns\":",
		      conversation->last_ns - conversation->first_ns);
	record_bool(line,
		    ",\"midstream\":", conversation_is_midstream(conversation));
	record_bool(line,
		    ",\"one_sided\":", conversation_is_one_sided(conversation));
	record_bool(line,
		    ",\"offloaded\":", conversation_is_offloaded(conversation));
	record_bool(line, ",\"evicted\":", evicted);
}

static void ndjson_conversation(struct drawing *drawing,
				const struct conversation *conversation,
				bool evicted)
{
	int64_t handshake_ns = conversation_handshake_ns(conversation);
	char text[ENDPOINT_TEXT_BYTES];
	struct line line;

	line_begin(&line);
	record_number(&line, "{\"type\":\"conversation\",\"stream\":",
		      conversation->stream);
	record_string(&line, ",\"client\":",
		      conversation_endpoint(conversation, CLIENT, text));
	record_string(&line, ",\"server\":",
		      conversation_endpoint(conversation, SERVER, text));
	record_number(&line, ",\"frames\":", conversation_frames(conversation));
	record_pair(&line,
		    ",\"bytes\":", conversation->side[CLIENT].unique_bytes,
		    conversation->side[SERVER].unique_bytes);
	record_number(&line, ",\"completeness\":",
		      conversation_completeness(conversation));
	record_string(&line, ",\"history\":", conversation->history);
	if (handshake_ns >= 0)
		record_number(&line, ",\"handshake_rtt_us\":",
			      microseconds(handshake_ns));
	record_number(&line, ",\"retransmissions\":",
		      conversation_retransmissions(conversation));
	record_number(&line, ",\"out_of_order\":",
		      conversation_out_of_order(conversation));
	record_number(&line,
		      ",\"dup_acks\":", conversation_dup_acks(conversation));
	record_string(&line, ",\"close\":",
		      close_name(conversation_close(conversation)));
	conversation_more(&line, drawing, conversation, evicted);
	record_put(drawing, &line);
}

/* ---- the drawing ---- */

static bool is_whole(const struct datagram *datagram)
{
	return !datagram->fragmented || datagram->complete;
}

static void ndjson_event(struct drawing *drawing,
			 const struct flow_event *event)
{
	bool writes = drawing->config->kind == VIEW_SEGMENTS;

	if (event->datagram_evicted)
		record_datagram(drawing, event->datagram_evicted);
	switch (event->kind) {
	case FLOW_SEGMENT:
		record_segment(drawing, &event->segment);
		for (unsigned i = 0; writes && i < event->writes_ended; i++)
			record_write(drawing, &event->writes[i]);
		break;
	case FLOW_DATAGRAM:
	case FLOW_FRAGMENT:
		if (event->datagram && is_whole(event->datagram))
			record_datagram(drawing, event->datagram);
		break;
	case FLOW_NOTICE:
		record_notice(drawing, &event->notice);
		break;
	case FLOW_OTHER:
	case FLOW_FAULT:
		break;
	}
}

static void finish_writes(struct drawing *drawing, const struct flow *flow)
{
	struct write write;

	for (size_t n = 0; n < flow_count(flow); n++) {
		const struct conversation *conversation = flow_at(flow, n);

		if (!view_wants(drawing->config, conversation->stream))
			continue;
		for (int which = CLIENT; which <= SERVER; which++)
			if (flow_open_write(flow, conversation, which, &write))
				record_write(drawing, &write);
	}
}

static void ndjson_summary(struct drawing *drawing, const struct flow *flow,
			   const struct view_summary *summary)
{
	struct flow_counts counts;
	struct line line;

	flow_counts(flow, &counts);
	line_begin(&line);
	record_number(&line,
		      "{\"type\":\"summary\",\"frames\":", counts.frames);
	record_number(&line, ",\"tcp\":", counts.tcp);
	record_number(&line, ",\"udp\":", counts.udp);
	record_number(&line, ",\"icmp_errors\":", counts.icmp_errors);
	record_number(&line, ",\"fragments\":", counts.fragments);
	record_number(&line, ",\"other\":", counts.other);
	record_number(&line, ",\"not_ip\":", counts.not_ip);
	record_number(&line, ",\"faulty\":", counts.faulty);
	record_number(&line, ",\"conversations\":", counts.conversations);
	record_number(&line, ",\"conversations_evicted\":",
		      counts.conversations_evicted);
	record_number(&line, ",\"gaps_capped\":", counts.gaps_capped);
	record_number(&line, ",\"datagrams\":", counts.datagrams);
	record_number(&line,
		      ",\"datagrams_evicted\":", counts.datagrams_evicted);
	record_number(&line, ",\"capture_drops\":", summary->capture_drops);
	record_signed(&line, ",\"first_ns\":", summary->first_ns);
	record_bool(&line, ",\"complete\":", summary->complete);
	record_put(drawing, &line);
}

static void ndjson_finish(struct drawing *drawing, const struct flow *flow,
			  const struct view_summary *summary)
{
	const struct datagram *datagram;

	if (drawing->config->kind == VIEW_SEGMENTS)
		finish_writes(drawing, flow);
	for (size_t n = 0; drawing->config->kind != VIEW_CONVERSATIONS &&
			   (datagram = flow_open_datagram(flow, n));
	     n++)
		record_datagram(drawing, datagram);
	ndjson_summary(drawing, flow, summary);
}

const struct drawing_ops *drawing_ndjson(void)
{
	static const struct drawing_ops ops = {
		.name = "ndjson",
		.event = ndjson_event,
		.conversation = ndjson_conversation,
		.crossing = ndjson_crossing,
		.finish = ndjson_finish,
	};

	return &ops;
}
