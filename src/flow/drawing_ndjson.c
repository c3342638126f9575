/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/drawing.h"

#include "flow/flow.h"
#include "flow/proof.h"
#include "flow/view.h"
#include "report/line.h"

/* Objects of one line each. Field names are promised; more may come. */

static void field_string(struct line *line, const char *key, const char *value)
{
	line_text(line, key);
	line_json(line, value);
}

static void field_number(struct line *line, const char *key, uint64_t value)
{
	line_text(line, key);
	line_number(line, value);
}

static void field_signed(struct line *line, const char *key, int64_t value)
{
	line_text(line, key);
	if (value < 0)
		line_text(line, "-");
	line_number(line, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

static void field_bool(struct line *line, const char *key, bool value)
{
	line_text(line, key);
	line_text(line, value ? "true" : "false");
}

/* "10.9.0.1:40000", "[fd00::1]:80"; without a port the address alone. */
static void field_endpoint(struct line *line, const char *key,
			   const struct addr *addr, bool has_port,
			   uint16_t port)
{
	bool bracket = has_port && addr->family == AF_INET6;
	char text[ADDR_TEXT_BYTES];

	line_text(line, key);
	line_text(line, bracket ? "\"[" : "\"");
	line_text(line, addr_format(addr, text));
	line_text(line, bracket ? "]" : "");
	if (has_port)
		field_number(line, ":", port);
	line_text(line, "\"");
}

static const char *end_name(bool from_client)
{
	return from_client ? "client" : "server";
}

static void put(struct drawing *drawing, struct line *line)
{
	line_text(line, "}");
	line_end(line, &drawing->writer);
}

static uint64_t microseconds(int64_t ns)
{
	return ((uint64_t)ns + 500) / 1000;
}

/* ---- a conversation ---- */

static void pair(struct line *line, const char *key, uint64_t client,
		 uint64_t server)
{
	line_text(line, key);
	line_text(line, "[");
	line_number(line, client);
	line_text(line, ",");
	line_number(line, server);
	line_text(line, "]");
}

static void conversation_more(struct line *line, const struct drawing *drawing,
			      const struct conversation *conversation,
			      bool evicted)
{
	const struct side *client = &conversation->side[CLIENT];
	const struct side *server = &conversation->side[SERVER];

	pair(line, ",\"bytes_sent\":", client->sent_bytes, server->sent_bytes);
	pair(line, ",\"gaps\":", client->gaps_seen, server->gaps_seen);
	pair(line, ",\"zero_windows\":", client->zero_windows,
	     server->zero_windows);
	field_number(line, ",\"icmp_errors\":", conversation->icmp_errors);
	field_number(line, ",\"fragments\":", conversation->fragments);
	field_number(line, ",\"first_frame\":", conversation->first_frame);
	field_number(line, ",\"last_frame\":", conversation->last_frame);
	field_signed(line,
		     ",\"t_ns\":", conversation->first_ns - drawing->first_ns);
	field_signed(line, ",\"duration_ns\":",
		     conversation->last_ns - conversation->first_ns);
	field_bool(line,
		   ",\"midstream\":", conversation_is_midstream(conversation));
	field_bool(line,
		   ",\"one_sided\":", conversation_is_one_sided(conversation));
	field_bool(line,
		   ",\"offloaded\":", conversation_is_offloaded(conversation));
	field_bool(line, ",\"evicted\":", evicted);
}

static void ndjson_conversation(struct drawing *drawing,
				const struct conversation *conversation,
				bool evicted)
{
	int64_t handshake_ns = conversation_handshake_ns(conversation);
	char text[ENDPOINT_TEXT_BYTES];
	struct line line;

	line_begin(&line);
	field_number(&line, "{\"type\":\"conversation\",\"stream\":",
		     conversation->stream);
	field_string(&line, ",\"client\":",
		     conversation_endpoint(conversation, CLIENT, text));
	field_string(&line, ",\"server\":",
		     conversation_endpoint(conversation, SERVER, text));
	field_number(&line, ",\"frames\":", conversation_frames(conversation));
	pair(&line, ",\"bytes\":", conversation->side[CLIENT].unique_bytes,
	     conversation->side[SERVER].unique_bytes);
	field_number(&line, ",\"completeness\":",
		     conversation_completeness(conversation));
	field_string(&line, ",\"history\":", conversation->history);
	if (handshake_ns >= 0)
		field_number(&line, ",\"handshake_rtt_us\":",
			     microseconds(handshake_ns));
	field_number(&line, ",\"retransmissions\":",
		     conversation_retransmissions(conversation));
	field_number(&line, ",\"out_of_order\":",
		     conversation_out_of_order(conversation));
	field_number(&line,
		     ",\"dup_acks\":", conversation_dup_acks(conversation));
	field_string(&line, ",\"close\":",
		     close_name(conversation_close(conversation)));
	conversation_more(&line, drawing, conversation, evicted);
	put(drawing, &line);
}

/* ---- a segment ---- */

static void segment_numbers(struct line *line, const struct segment *segment)
{
	char flags[16];

	field_string(line, ",\"from\":", end_name(segment->from_client));
	field_string(line, ",\"flags\":",
		     flags_short(segment->flags, flags, sizeof(flags)));
	field_number(line, ",\"seq\":", segment->seq);
	field_number(line, ",\"seq_raw\":", segment->seq_raw);
	field_number(line, ",\"ack\":", segment->ack);
	field_number(line, ",\"ack_raw\":", segment->ack_raw);
	field_number(line, ",\"len\":", segment->len);
	field_number(line, ",\"win\":", segment->window);
	field_number(line, ",\"win_scaled\":", segment->window_scaled);
	field_string(line, ",\"client_state\":",
		     endstate_name(segment->client_state));
	field_string(line, ",\"server_state\":",
		     endstate_name(segment->server_state));
}

static void segment_notes(struct line *line, const struct segment *segment)
{
	const char *comma = "";

	line_text(line, ",\"notes\":[");
	for (unsigned n = 0; n < NOTE_COUNT; n++) {
		if (!(segment->notes >> n & 1))
			continue;
		line_text(line, comma);
		line_json(line, note_name(n));
		comma = ",";
	}
	line_text(line, "]");
	if (segment->notes & NOTE_DUP_ACK) {
		field_number(line, ",\"dup_ack\":", segment->dup_ack);
		field_number(line, ",\"dup_frame\":", segment->dup_frame);
	}
}

static void segment_options(struct line *line, const struct segment *segment)
{
	if (segment->mss)
		field_number(line, ",\"mss\":", segment->mss);
	if (segment->window_scale >= 0)
		field_number(line, ",\"window_scale\":",
			     (uint64_t)segment->window_scale);
	if (segment->sack_permitted)
		field_bool(line, ",\"sack_permitted\":", true);
	if (segment->timestamps)
		pair(line, ",\"timestamps\":", segment->ts_value,
		     segment->ts_echo);
	for (unsigned i = 0; i < segment->sacks; i++)
		pair(line, i ? "," : ",\"sack\":[", segment->sack[i].left,
		     segment->sack[i].right);
	if (segment->sacks)
		line_text(line, "]");
}

static void segment_write(struct line *line, const struct write_part *part)
{
	field_number(line, ",\"write\":{\"number\":", part->number);
	field_number(line, ",\"from\":", part->from);
	field_number(line, ",\"to\":", part->to);
	field_bool(line, ",\"last\":", part->last);
	line_text(line, "}");
}

static void segment_reset(struct line *line, const struct reset *reset)
{
	const char *causes[RESET_REASONS_MAX];
	size_t count = reset_cause_names(reset, causes);
	char text[PROOF_BYTES];

	field_string(line,
		     ",\"reset\":{\"shape\":", reset_shape_name(reset->shape));
	field_string(line, ",\"setting\":", reset_setting_name(reset->setting));
	if (reset->provoker)
		field_number(line, ",\"provoked_by\":", reset->provoker);
	field_bool(line, ",\"in_window\":", reset->in_window);
	line_text(line, ",\"causes\":[");
	for (size_t i = 0; i < count; i++) {
		line_text(line, i ? "," : "");
		line_json(line, causes[i]);
	}
	field_string(line, "],\"why\":", reset_text(reset, text, sizeof(text)));
	line_text(line, "}");
}

static void ndjson_segment(struct drawing *drawing,
			   const struct segment *segment)
{
	enum view_kind kind = drawing->config->kind;
	char text[PROOF_BYTES];
	struct line line;

	line_begin(&line);
	field_number(&line, "{\"type\":\"segment\",\"frame\":", segment->frame);
	field_number(&line, ",\"stream\":", segment->stream);
	field_signed(&line, ",\"t_ns\":", segment->time_ns - drawing->first_ns);
	segment_numbers(&line, segment);
	segment_notes(&line, segment);
	field_string(&line,
		     ",\"why\":", proof_text(segment, text, sizeof(text)));
	segment_options(&line, segment);
	if (kind == VIEW_SEGMENTS && segment->write.number)
		segment_write(&line, &segment->write);
	if (kind == VIEW_RESETS && segment->reset.shape != RESET_NONE)
		segment_reset(&line, &segment->reset);
	put(drawing, &line);
}

/* ---- a write: how it was cut ---- */

static void ndjson_write(struct drawing *drawing, const struct write *write)
{
	char text[PROOF_BYTES];
	struct line line;

	line_begin(&line);
	field_number(&line, "{\"type\":\"write\",\"stream\":", write->stream);
	field_string(&line, ",\"from\":", end_name(write->from_client));
	field_number(&line, ",\"number\":", write->number);
	field_number(&line, ",\"bytes\":", write->bytes);
	field_number(&line, ",\"segments\":", write->segments);
	line_text(&line, ",\"cut\":[");
	for (unsigned i = 0; i < write->runs_used; i++) {
		field_number(&line, i ? ",{\"segments\":" : "{\"segments\":",
			     write->runs[i].segments);
		field_number(&line, ",\"bytes\":", write->runs[i].bytes);
		line_text(&line, "}");
	}
	field_bool(&line, "],\"cut_more\":", write->runs_more);
	field_number(&line, ",\"first_frame\":", write->first_frame);
	field_number(&line, ",\"last_frame\":", write->last_frame);
	if (write->mss)
		field_number(&line, ",\"mss\":", write->mss);
	field_number(&line, ",\"options_bytes\":", write->options_bytes);
	field_bool(&line, ",\"offload\":", write->offload);
	field_string(&line, ",\"why\":", write_text(write, text, sizeof(text)));
	put(drawing, &line);
}

/* ---- datagrams and ICMP errors ---- */

static void datagram_fragments(struct line *line,
			       const struct datagram *datagram)
{
	uint32_t listed = datagram->fragments;

	if (listed > DATAGRAM_FRAGMENTS_MAX)
		listed = DATAGRAM_FRAGMENTS_MAX;
	field_number(line, ",\"fragment_count\":", datagram->fragments);
	line_text(line, ",\"fragments\":[");
	for (uint32_t i = 0; i < listed; i++) {
		const struct fragment *fragment = &datagram->fragment[i];

		line_text(line, i ? "," : "");
		field_number(line, "{\"frame\":", fragment->frame);
		field_number(line, ",\"offset\":", fragment->offset);
		field_number(line, ",\"len\":", fragment->bytes);
		line_text(line, "}");
	}
	line_text(line, "]");
}

static void ndjson_datagram(struct drawing *drawing,
			    const struct datagram *datagram)
{
	char text[PROOF_BYTES];
	struct line line;

	line_begin(&line);
	field_number(&line, "{\"type\":\"datagram\",\"frame\":",
		     datagram->first_frame);
	if (datagram->number)
		field_number(&line, ",\"number\":", datagram->number);
	if (datagram->stream_known)
		field_number(&line, ",\"stream\":", datagram->stream);
	field_signed(&line,
		     ",\"t_ns\":", datagram->first_ns - drawing->first_ns);
	field_number(&line, ",\"protocol\":", datagram->protocol);
	field_endpoint(&line, ",\"source\":", &datagram->source,
		       datagram->ports_known, datagram->source_port);
	field_endpoint(&line, ",\"dest\":", &datagram->dest,
		       datagram->ports_known, datagram->dest_port);
	if (datagram->udp_length >= 8)
		field_number(&line, ",\"len\":", datagram->udp_length - 8);
	if (datagram->ip_payload)
		field_number(&line, ",\"ip_payload\":", datagram->ip_payload);
	field_bool(&line, ",\"complete\":", datagram->complete);
	if (datagram->fragmented)
		datagram_fragments(&line, datagram);
	field_string(&line,
		     ",\"why\":", datagram_text(datagram, text, sizeof(text)));
	put(drawing, &line);
}

static void notice_quoted(struct line *line, const struct notice *notice)
{
	bool ports = notice->quoted_ports_ok;

	field_endpoint(line, ",\"quoted_source\":", &notice->quoted_source,
		       ports, notice->quoted_source_port);
	field_endpoint(line, ",\"quoted_dest\":", &notice->quoted_dest, ports,
		       notice->quoted_dest_port);
	field_number(line, ",\"quoted_protocol\":", notice->quoted_protocol);
	if (notice->quoted_seq_ok)
		field_number(line,
			     ",\"quoted_seq_raw\":", notice->quoted_seq_raw);
	if (notice->quoted_frame)
		field_number(line, ",\"quoted_frame\":", notice->quoted_frame);
	if (notice->datagram)
		field_number(line, ",\"datagram\":", notice->datagram);
	if (notice->stream_known) {
		field_number(line, ",\"stream\":", notice->stream);
		field_string(line,
			     ",\"quotes\":", end_name(notice->quotes_client));
	}
}

static void ndjson_notice(struct drawing *drawing, const struct notice *notice)
{
	char text[PROOF_BYTES];
	struct line line;

	line_begin(&line);
	field_number(&line, "{\"type\":\"icmp\",\"frame\":", notice->frame);
	field_signed(&line, ",\"t_ns\":", notice->time_ns - drawing->first_ns);
	field_endpoint(&line, ",\"source\":", &notice->source, false, 0);
	field_endpoint(&line, ",\"dest\":", &notice->dest, false, 0);
	field_number(&line, ",\"icmp_type\":", notice->type);
	field_number(&line, ",\"icmp_code\":", notice->code);
	field_string(&line, ",\"name\":", notice_name(notice));
	if (notice->mtu)
		field_number(&line, ",\"mtu\":", notice->mtu);
	if (notice->quote_ok)
		notice_quoted(&line, notice);
	field_string(&line,
		     ",\"why\":", notice_why(notice, text, sizeof(text)));
	put(drawing, &line);
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
		ndjson_datagram(drawing, event->datagram_evicted);
	switch (event->kind) {
	case FLOW_SEGMENT:
		ndjson_segment(drawing, &event->segment);
		for (unsigned i = 0; writes && i < event->writes_ended; i++)
			ndjson_write(drawing, &event->writes[i]);
		break;
	case FLOW_DATAGRAM:
	case FLOW_FRAGMENT:
		if (event->datagram && is_whole(event->datagram))
			ndjson_datagram(drawing, event->datagram);
		break;
	case FLOW_NOTICE:
		ndjson_notice(drawing, &event->notice);
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
				ndjson_write(drawing, &write);
	}
}

static void ndjson_summary(struct drawing *drawing, const struct flow *flow,
			   const struct view_summary *summary)
{
	struct flow_counts counts;
	struct line line;

	flow_counts(flow, &counts);
	line_begin(&line);
	field_number(&line, "{\"type\":\"summary\",\"frames\":", counts.frames);
	field_number(&line, ",\"tcp\":", counts.tcp);
	field_number(&line, ",\"udp\":", counts.udp);
	field_number(&line, ",\"icmp_errors\":", counts.icmp_errors);
	field_number(&line, ",\"fragments\":", counts.fragments);
	field_number(&line, ",\"other\":", counts.other);
	field_number(&line, ",\"not_ip\":", counts.not_ip);
	field_number(&line, ",\"faulty\":", counts.faulty);
	field_number(&line, ",\"conversations\":", counts.conversations);
	field_number(&line, ",\"conversations_evicted\":",
		     counts.conversations_evicted);
	field_number(&line, ",\"gaps_capped\":", counts.gaps_capped);
	field_number(&line, ",\"datagrams\":", counts.datagrams);
	field_number(&line,
		     ",\"datagrams_evicted\":", counts.datagrams_evicted);
	field_number(&line, ",\"capture_drops\":", summary->capture_drops);
	field_signed(&line, ",\"first_ns\":", summary->first_ns);
	field_bool(&line, ",\"complete\":", summary->complete);
	put(drawing, &line);
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
		ndjson_datagram(drawing, datagram);
	ndjson_summary(drawing, flow, summary);
}

const struct drawing_ops *drawing_ndjson(void)
{
	static const struct drawing_ops ops = {
		.name = "ndjson",
		.event = ndjson_event,
		.conversation = ndjson_conversation,
		.finish = ndjson_finish,
	};

	return &ops;
}
