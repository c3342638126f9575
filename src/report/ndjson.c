/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/format.h"

#include "report/line.h"

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

static void ndjson_summary(struct format_context *context,
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

const struct format *format_ndjson(void)
{
	static const struct format format = {
		.name = "ndjson",
		.row = ndjson_row,
		.summary = ndjson_summary,
	};

	return &format;
}
