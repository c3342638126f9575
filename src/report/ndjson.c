/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/format.h"

#include <string.h>

#include "base/escape.h"
#include "report/line.h"
#include "spec/comparison.h"
#include "spec/portset.h"
#include "spec/targetset.h"

/* Objects of one line each. Field names and their order are promised; more
 * may come at the end. */

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

static void ndjson_row(struct format_context *context,
		       const struct format_row *row)
{
	const struct result *result = row->result;
	struct line line;

	line_begin(&line);
	line_text(&line, "{\"type\":\"port\"");
	field_string(&line, ",\"ip\":", row->address);
	field_number(&line, ",\"proto\":\"tcp\",\"port\":", result->port);
	field_string(&line, ",\"state\":", verdict_name(result->verdict));
	field_string(&line, ",\"reason\":", reason_name(result->reason));
	if (result->ttl >= 0)
		field_number(&line, ",\"ttl\":", (uint64_t)result->ttl);
	if (result->rtt_ns >= 0)
		field_number(&line,
			     ",\"rtt_us\":", format_rtt_us(result->rtt_ns));
	field_number(&line, ",\"tries\":", result->tries);
	if (row->service)
		field_string(&line, ",\"service\":", row->service);
	if (result->mode)
		field_string(&line, ",\"mode\":", result->mode);
	line_text(&line, "}");
	line_end(&line, context->writer);
}

static void summary_counts(struct line *line, const struct summary *summary)
{
	const struct {
		const char *key;
		uint64_t value;
	} fields[] = {
		{",\"targets\":", summary->targets},
		{",\"ports\":", summary->ports},
		{",\"open\":", summary->verdicts[VERDICT_OPEN]},
		{",\"closed\":", summary->verdicts[VERDICT_CLOSED]},
		{",\"filtered\":", summary->verdicts[VERDICT_FILTERED]},
		{",\"unasked\":", summary->unasked},
		{",\"probes_sent\":", summary->probes_sent},
		{",\"retransmissions\":", summary->retransmissions},
		{",\"send_errors\":", summary->send_errors},
		{",\"replies\":", summary->replies},
		{",\"replies_rejected\":", summary->replies_rejected},
		{",\"duplicates\":", summary->duplicates},
		{",\"capture_drops\":", summary->capture_drops},
	};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		field_number(line, fields[i].key, fields[i].value);
}

static void one_summary(struct format_context *context,
			const struct summary *summary)
{
	uint64_t elapsed_ms = (uint64_t)summary->elapsed_ns / 1000000;
	struct line line;

	line_begin(&line);
	field_string(&line, "{\"type\":\"summary\",\"mode\":", summary->mode);
	summary_counts(&line, summary);
	line_text(&line, ",\"elapsed_s\":");
	line_decimal(&line, elapsed_ms, 3);
	line_text(&line, ",\"complete\":");
	line_text(&line, summary->complete ? "true" : "false");
	if (summary->loss >= 0) {
		line_text(&line, ",\"loss\":");
		line_decimal(&line, format_millionths(summary->loss), 6);
	}
	line_text(&line, ",\"expected_wrong\":");
	line_decimal(&line, format_millionths(summary->expected_wrong), 6);
	if (summary->recorded) {
		field_number(&line,
			     ",\"record_packets\":", summary->record_packets);
		field_number(&line,
			     ",\"record_drops\":", summary->record_drops);
	}
	line_text(&line, "}");
	line_end(&line, context->writer);
}

static void finding(struct line *line, const char *side,
		    const struct finding *finding)
{
	line_text(line, ",\"");
	line_text(line, side);
	field_string(line, "_state\":", verdict_name(finding->verdict));
	line_text(line, ",\"");
	line_text(line, side);
	field_string(line, "_reason\":", reason_name(finding->reason));
}

static void differences(struct format_context *context,
			const struct comparison *comparison)
{
	char raw[ADDR_TEXT_BYTES], address[4 * ADDR_TEXT_BYTES];
	struct difference difference;
	struct line line;
	uint64_t at = 0;

	while (comparison_next(comparison, &at, &difference)) {
		addr_format(&difference.addr, raw);
		escape_text(raw, strlen(raw), address, sizeof(address));
		line_begin(&line);
		field_string(&line,
			     "{\"type\":\"difference\",\"ip\":", address);
		field_number(&line,
			     ",\"proto\":\"tcp\",\"port\":", difference.port);
		finding(&line, "syn", &difference.sides[SIDE_SYN]);
		finding(&line, "connect", &difference.sides[SIDE_CONNECT]);
		line_text(&line, "}");
		line_end(&line, context->writer);
	}
}

static void cost(struct line *line, const struct comparison *comparison,
		 enum comparison_side side)
{
	const struct summary *summary = &comparison->summaries[side];
	const struct wire_cost *cost = &comparison->costs[side];

	line_text(line, ",\"");
	line_text(line, summary->mode);
	line_text(line, "\":{\"elapsed_s\":");
	line_decimal(line, (uint64_t)summary->elapsed_ns / 1000000, 3);
	field_number(line, ",\"packets_sent\":", cost->packets_sent);
	field_number(line, ",\"packets_received\":", cost->packets_received);
	field_number(line, ",\"bytes_sent\":", cost->bytes_sent);
	field_number(line, ",\"bytes_received\":", cost->bytes_received);
	field_number(line, ",\"packets_missed\":", cost->missed);
	field_number(line, ",\"handshakes\":", cost->handshakes);
	line_text(line, "}");
}

static void compared(struct format_context *context,
		     const struct comparison *comparison)
{
	struct line line;

	differences(context, comparison);
	for (int side = 0; side < SIDES; side++)
		one_summary(context, &comparison->summaries[side]);
	line_begin(&line);
	field_number(&line, "{\"type\":\"compare\",\"targets\":",
		     targetset_count(comparison->targets));
	field_number(&line, ",\"ports\":", comparison->ports->count);
	field_number(&line, ",\"same\":", comparison->same);
	field_number(&line, ",\"different\":", comparison->different);
	field_number(&line, ",\"unknown\":", comparison->unknown);
	cost(&line, comparison, SIDE_SYN);
	cost(&line, comparison, SIDE_CONNECT);
	line_text(&line, "}");
	line_end(&line, context->writer);
}

static void ndjson_summary(struct format_context *context,
			   const struct summary *summary)
{
	if (summary->comparison)
		compared(context, summary->comparison);
	else
		one_summary(context, summary);
}

const struct format *format_ndjson(void)
{
	static const struct format format = {
		.name = "ndjson",
		.row = ndjson_row,
		.summary = ndjson_summary,
	};

	return &format;
}
