/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/record.h"

#include "flow/drawing.h"
#include "flow/flow.h"
#include "flow/proof.h"
#include "flow/view.h"
#include "report/line.h"

/* Objects of one line each. Field names are promised; more may come. */

void record_string(struct line *line, const char *key, const char *value)
{
	line_text(line, key);
	line_json(line, value);
}

void record_number(struct line *line, const char *key, uint64_t value)
{
	line_text(line, key);
	line_number(line, value);
}

void record_signed(struct line *line, const char *key, int64_t value)
{
	line_text(line, key);
	if (value < 0)
		line_text(line, "-");
	line_number(line, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void record_bool(struct line *line, const char *key, bool value)
{
	line_text(line, key);
	line_text(line, value ? "true" : "false");
}

void record_endpoint(struct line *line, const char *key,
		     const struct addr *addr, bool has_port, uint16_t port)
{
	bool bracket = has_port && addr->family == AF_INET6;
	char text[ADDR_TEXT_BYTES];

	line_text(line, key);
	line_text(line, bracket ? "\"[" : "\"");
	line_text(line, addr_format(addr, text));
	line_text(line, bracket ? "]" : "");
	if (has_port)
		record_number(line, ":", port);
	line_text(line, "\"");
}

void record_pair(struct line *line, const char *key, uint64_t client,
		 uint64_t server)
{
	line_text(line, key);
	line_text(line, "[");
	line_number(line, client);
	line_text(line, ",");
	line_number(line, server);
	line_text(line, "]");
}

void record_put(struct drawing *drawing, struct line *line)
{
	line_text(line, "}");
	line_end(line, &drawing->writer);
}

static const char *end_name(bool from_client)
{
	return from_client ? "client" : "server";
}

/* ---- a segment ---- */

static void segment_numbers(struct line *line, const struct segment *segment)
{
	char flags[16];

	record_string(line, ",\"from\":", end_name(segment->from_client));
	record_string(line, ",\"flags\":",
		      flags_short(segment->flags, flags, sizeof(flags)));
	record_number(line, ",\"seq\":", segment->seq);
	record_number(line, ",\"seq_raw\":", segment->seq_raw);
	record_number(line, ",\"ack\":", segment->ack);
	record_number(line, ",\"ack_raw\":", segment->ack_raw);
	record_number(line, ",\"len\":", segment->len);
	record_number(line, ",\"win\":", segment->window);
	record_number(line, ",\"win_scaled\":", segment->window_scaled);
	record_string(line, ",\"client_state\":",
		      endstate_name(segment->client_state));
	record_string(line, ",\"server_state\":",
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
		record_number(line, ",\"dup_ack\":", segment->dup_ack);
		record_number(line, ",\"dup_frame\":", segment->dup_frame);
	}
}

static void segment_options(struct line *line, const struct segment *segment)
{
	if (segment->mss)
		record_number(line, ",\"mss\":", segment->mss);
	if (segment->window_scale >= 0)
		record_number(line, ",\"window_scale\":",
			      (uint64_t)segment->window_scale);
	if (segment->sack_permitted)
		record_bool(line, ",\"sack_permitted\":", true);
	if (segment->timestamps)
		record_pair(line, ",\"timestamps\":", segment->ts_value,
			    segment->ts_echo);
	for (unsigned i = 0; i < segment->sacks; i++)
		record_pair(line, i ? "," : ",\"sack\":[",
			    segment->sack[i].left, segment->sack[i].right);
	if (segment->sacks)
		line_text(line, "]");
}

static void segment_write(struct line *line, const struct write_part *part)
{
	record_number(line, ",\"write\":{\"number\":", part->number);
	record_number(line, ",\"from\":", part->from);
	record_number(line, ",\"to\":", part->to);
	record_bool(line, ",\"last\":", part->last);
	line_text(line, "}");
}

static void segment_reset(struct line *line, const struct reset *reset)
{
	const char *causes[RESET_REASONS_MAX];
	size_t count = reset_cause_names(reset, causes);
	char text[PROOF_BYTES];

	record_string(line,
		      ",\"reset\":{\"shape\":", reset_shape_name(reset->shape));
	record_string(line,
		      ",\"setting\":", reset_setting_name(reset->setting));
	if (reset->provoker)
		record_number(line, ",\"provoked_by\":", reset->provoker);
	record_bool(line, ",\"in_window\":", reset->in_window);
	line_text(line, ",\"causes\":[");
	for (size_t i = 0; i < count; i++) {
		line_text(line, i ? "," : "");
		line_json(line, causes[i]);
	}
	record_string(line,
		      "],\"why\":", reset_text(reset, text, sizeof(text)));
	line_text(line, "}");
}

void record_segment(struct drawing *drawing, const struct segment *segment)
{
	enum view_kind kind = drawing->config->kind;
	char text[PROOF_BYTES];
	struct line line;

	line_begin(&line);
	record_number(&line,
		      "{\"type\":\"segment\",\"frame\":", segment->frame);
	record_number(&line, ",\"stream\":", segment->stream);
	record_signed(&line,
		      ",\"t_ns\":", segment->time_ns - drawing->first_ns);
	segment_numbers(&line, segment);
	segment_notes(&line, segment);
	record_string(&line,
		      ",\"why\":", proof_text(segment, text, sizeof(text)));
	segment_options(&line, segment);
	if (kind == VIEW_SEGMENTS && segment->write.number)
		segment_write(&line, &segment->write);
	if (kind == VIEW_RESETS && segment->reset.shape != RESET_NONE)
		segment_reset(&line, &segment->reset);
	record_put(drawing, &line);
}

/* ---- a write: how it was cut ---- */

void record_write(struct drawing *drawing, const struct write *write)
{
	char text[PROOF_BYTES];
	struct line line;

	line_begin(&line);
	record_number(&line, "{\"type\":\"write\",\"stream\":", write->stream);
	record_string(&line, ",\"from\":", end_name(write->from_client));
	record_number(&line, ",\"number\":", write->number);
	record_number(&line, ",\"bytes\":", write->bytes);
	record_number(&line, ",\"segments\":", write->segments);
	line_text(&line, ",\"cut\":[");
	for (unsigned i = 0; i < write->runs_used; i++) {
		record_number(&line, i ? ",{\"segments\":" : "{\"segments\":",
			      write->runs[i].segments);
		record_number(&line, ",\"bytes\":", write->runs[i].bytes);
		line_text(&line, "}");
	}
	record_bool(&line, "],\"cut_more\":", write->runs_more);
	record_number(&line, ",\"first_frame\":", write->first_frame);
	record_number(&line, ",\"last_frame\":", write->last_frame);
	if (write->mss)
		record_number(&line, ",\"mss\":", write->mss);
	record_number(&line, ",\"options_bytes\":", write->options_bytes);
	record_bool(&line, ",\"offload\":", write->offload);
	record_string(&line,
		      ",\"why\":", write_text(write, text, sizeof(text)));
	record_put(drawing, &line);
}

/* ---- datagrams and ICMP errors ---- */

static void datagram_fragments(struct line *line,
			       const struct datagram *datagram)
{
	uint32_t listed = datagram->fragments;

	if (listed > DATAGRAM_FRAGMENTS_MAX)
		listed = DATAGRAM_FRAGMENTS_MAX;
	record_number(line, ",\"fragment_count\":", datagram->fragments);
	line_text(line, ",\"fragments\":[");
	for (uint32_t i = 0; i < listed; i++) {
		const struct fragment *fragment = &datagram->fragment[i];

		line_text(line, i ? "," : "");
		record_number(line, "{\"frame\":", fragment->frame);
		record_number(line, ",\"offset\":", fragment->offset);
		record_number(line, ",\"len\":", fragment->bytes);
		line_text(line, "}");
	}
	line_text(line, "]");
}

void record_datagram(struct drawing *drawing, const struct datagram *datagram)
{
	char text[PROOF_BYTES];
	struct line line;

	line_begin(&line);
	record_number(&line, "{\"type\":\"datagram\",\"frame\":",
		      datagram->first_frame);
	if (datagram->number)
		record_number(&line, ",\"number\":", datagram->number);
	if (datagram->stream_known)
		record_number(&line, ",\"stream\":", datagram->stream);
	record_signed(&line,
		      ",\"t_ns\":", datagram->first_ns - drawing->first_ns);
	record_number(&line, ",\"protocol\":", datagram->protocol);
	record_endpoint(&line, ",\"source\":", &datagram->source,
			datagram->ports_known, datagram->source_port);
	record_endpoint(&line, ",\"dest\":", &datagram->dest,
			datagram->ports_known, datagram->dest_port);
	if (datagram->udp_length >= 8)
		record_number(&line, ",\"len\":", datagram->udp_length - 8);
	if (datagram->ip_payload)
		record_number(&line, ",\"ip_payload\":", datagram->ip_payload);
	record_bool(&line, ",\"complete\":", datagram->complete);
	if (datagram->fragmented)
		datagram_fragments(&line, datagram);
	record_string(&line,
		      ",\"why\":", datagram_text(datagram, text, sizeof(text)));
	record_put(drawing, &line);
}

static void notice_quoted(struct line *line, const struct notice *notice)
{
	bool ports = notice->quoted_ports_ok;

	record_endpoint(line, ",\"quoted_source\":", &notice->quoted_source,
			ports, notice->quoted_source_port);
	record_endpoint(line, ",\"quoted_dest\":", &notice->quoted_dest, ports,
			notice->quoted_dest_port);
	record_number(line, ",\"quoted_protocol\":", notice->quoted_protocol);
	if (notice->quoted_seq_ok)
		record_number(line,
			      ",\"quoted_seq_raw\":", notice->quoted_seq_raw);
	if (notice->quoted_frame)
		record_number(line, ",\"quoted_frame\":", notice->quoted_frame);
	if (notice->datagram)
		record_number(line, ",\"datagram\":", notice->datagram);
	if (notice->stream_known) {
		record_number(line, ",\"stream\":", notice->stream);
		record_string(line,
			      ",\"quotes\":", end_name(notice->quotes_client));
	}
}

void record_notice(struct drawing *drawing, const struct notice *notice)
{
	char text[PROOF_BYTES];
	struct line line;

	line_begin(&line);
	record_number(&line, "{\"type\":\"icmp\",\"frame\":", notice->frame);
	record_signed(&line, ",\"t_ns\":", notice->time_ns - drawing->first_ns);
	record_endpoint(&line, ",\"source\":", &notice->source, false, 0);
	record_endpoint(&line, ",\"dest\":", &notice->dest, false, 0);
	record_number(&line, ",\"icmp_type\":", notice->type);
	record_number(&line, ",\"icmp_code\":", notice->code);
	record_string(&line, ",\"name\":", notice_name(notice));
	if (notice->mtu)
		record_number(&line, ",\"mtu\":", notice->mtu);
	if (notice->quote_ok)
		notice_quoted(&line, notice);
	record_string(&line,
		      ",\"why\":", notice_why(notice, text, sizeof(text)));
	record_put(drawing, &line);
}
