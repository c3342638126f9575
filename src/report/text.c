/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/format.h"

#include <stdio.h>

#include "report/duration.h"
#include "report/line.h"
#include "report/versus.h"

/*
 * ADDRESS          PORT  STATE     REASON       RTT  SERVICE
 * 10.9.0.2           22  open      syn-ack    21 us  ssh
 * 10.9.0.2           80  open      syn-ack  1.24 ms  http
 * not shown: 65,529 closed (rst), 4 filtered (no-reply)
 * 65,535 probes, 4 retransmissions, 0 drops, 0.352 s
 *
 * Lines go out as they come, so the widths are fixed beforehand: 80 columns
 * hold the longest reason and a service name of 15 (RFC 6335 5.1), beside an
 * IPv4 address. Longer addresses push their line to the right.
 */
enum {
	WIDTH_ADDRESS = 15,
	WIDTH_PORT = 5,
	WIDTH_STATE = 8,
	WIDTH_REASON = 7,         /* "syn-ack" */
	WIDTH_REASON_MIDDLE = 12, /* "conn-refused" */
	WIDTH_REASON_LONG = 21,   /* "icmp-admin-prohibited" */
	WIDTH_RTT = 7,
};

static unsigned reason_width(const struct format_context *context)
{
	if (context->shown[VERDICT_FILTERED])
		return WIDTH_REASON_LONG;
	return context->shown[VERDICT_CLOSED] ? WIDTH_REASON_MIDDLE
					      : WIDTH_REASON;
}

static void text_heading(struct format_context *context)
{
	struct line line;

	line_begin(&line);
	if (context->colour)
		line_text(&line, "\033[1m");
	if (!context->single)
		line_left(&line, "ADDRESS", WIDTH_ADDRESS + 2);
	line_right(&line, "PORT", WIDTH_PORT);
	line_text(&line, "  ");
	line_left(&line, "STATE", WIDTH_STATE + 2);
	line_left(&line, "REASON", reason_width(context) + 1);
	line_right(&line, "RTT", WIDTH_RTT);
	line_text(&line, "  SERVICE");
	if (context->colour)
		line_text(&line, "\033[0m");
	line_end(&line, context->writer);
	context->headed = true;
}

static void text_state(struct line *line, const struct format_context *context,
		       enum verdict verdict)
{
	static const char *const colours[VERDICT_COUNT] = {
		[VERDICT_OPEN] = "\033[32m",     /* green */
		[VERDICT_FILTERED] = "\033[33m", /* yellow */
	};

	bool coloured = context->colour && colours[verdict];

	if (coloured)
		line_text(line, colours[verdict]);
	line_left(line, verdict_name(verdict), WIDTH_STATE + 2);
	if (coloured)
		line_text(line, "\033[0m");
}

static void text_address(struct line *line, const char *address)
{
	line_left(line, address, WIDTH_ADDRESS);
	line_text(line, "  ");
}

static void text_row(struct format_context *context,
		     const struct format_row *row)
{
	const struct result *result = row->result;
	char rtt[32], port[8];
	struct line line;

	if (result->mode) /* there will be one table, of both scans */
		return;
	if (!context->headed)
		text_heading(context);
	duration_text(result->rtt_ns, rtt, sizeof(rtt));
	snprintf(port, sizeof(port), "%u", (unsigned)result->port);
	line_begin(&line);
	if (!context->single)
		text_address(&line, row->address);
	line_right(&line, port, WIDTH_PORT);
	line_text(&line, "  ");
	text_state(&line, context, result->verdict);
	line_left(&line, reason_name(result->reason),
		  reason_width(context) + 1);
	line_right(&line, rtt, WIDTH_RTT);
	if (row->service) {
		line_text(&line, "  ");
		line_text(&line, row->service);
	}
	line_end(&line, context->writer);
}

/* "4 filtered (no-reply)", or with more than one reason
 * "6 filtered (4 no-reply, 2 no-route)". */
static void text_not_shown(struct line *line, const struct summary *summary,
			   enum verdict verdict)
{
	const uint64_t *reasons = summary->reasons[verdict];
	unsigned kinds = 0, i, n = 0;

	for (i = 0; i < REASON_COUNT; i++)
		kinds += reasons[i] != 0;
	line_grouped(line, summary->verdicts[verdict]);
	line_text(line, " ");
	line_text(line, verdict_name(verdict));
	for (i = 0; i < REASON_COUNT; i++) {
		if (!reasons[i])
			continue;
		line_text(line, n++ ? ", " : " (");
		if (kinds > 1) {
			line_grouped(line, reasons[i]);
			line_text(line, " ");
		}
		line_text(line, reason_name((enum reason)i));
	}
	if (kinds)
		line_text(line, ")");
}

static void text_rest(struct format_context *context,
		      const struct summary *summary)
{
	struct line line;
	unsigned v, n = 0;

	line_begin(&line);
	for (v = 0; v < VERDICT_COUNT; v++) {
		if (context->shown[v] || !summary->verdicts[v])
			continue;
		line_text(&line, n++ ? ", " : "not shown: ");
		text_not_shown(&line, summary, (enum verdict)v);
	}
	if (n)
		line_end(&line, context->writer);
}

/* What "filtered" is worth: only where a lost packet can have made one. */
static void text_loss(struct format_context *context,
		      const struct summary *summary)
{
	const uint64_t *filtered = summary->reasons[VERDICT_FILTERED];
	uint64_t loss, wrong;
	struct line line;

	if (!(summary->loss > 0) && !filtered[REASON_NO_REPLY] &&
	    !filtered[REASON_TIMEOUT])
		return;
	/* In thousandths; the loss in thousandths of a percent. */
	loss = format_millionths(summary->loss) / 10;
	wrong = (format_millionths(summary->expected_wrong) + 500) / 1000;
	line_begin(&line);
	line_text(&line, "loss ");
	if (!(summary->loss >= 0)) {
		line_text(&line, "unknown: nothing answered");
		line_end(&line, context->writer);
		return;
	}
	line_decimal(&line, (loss + 50) / 100, 1);
	line_text(&line, "%, wrong verdicts to be expected: ");
	line_decimal(&line, wrong, 3);
	line_end(&line, context->writer);
}

/* "1 probe", "2 probes" */
static void text_count(struct line *line, uint64_t value, const char *noun)
{
	line_grouped(line, value);
	line_text(line, " ");
	line_text(line, noun);
	if (value != 1)
		line_text(line, "s");
}

static void text_incomplete(struct format_context *context,
			    const struct summary *summary)
{
	struct line line;

	line_begin(&line);
	line_text(&line, "incomplete: ");
	text_count(&line, summary->unasked, "port");
	line_text(&line, " unasked");
	line_end(&line, context->writer);
}

static void text_recorded(struct format_context *context,
			  const struct summary *summary)
{
	struct line line;

	line_begin(&line);
	text_count(&line, summary->record_packets, "packet");
	line_text(&line, " recorded, ");
	line_grouped(&line, summary->record_drops);
	line_text(&line, " dropped");
	line_end(&line, context->writer);
}

static void text_summary(struct format_context *context,
			 const struct summary *summary)
{
	struct line line;

	if (summary->comparison) {
		versus_write(summary->comparison, context->writer);
		return;
	}
	text_rest(context, summary);
	text_loss(context, summary);
	if (!summary->complete)
		text_incomplete(context, summary);
	if (summary->recorded)
		text_recorded(context, summary);
	line_begin(&line);
	text_count(&line, summary->probes_sent, "probe");
	line_text(&line, ", ");
	text_count(&line, summary->retransmissions, "retransmission");
	line_text(&line, ", ");
	text_count(&line, summary->capture_drops, "drop");
	line_text(&line, ", ");
	line_decimal(&line, (uint64_t)summary->elapsed_ns / 1000000, 3);
	line_text(&line, " s");
	line_end(&line, context->writer);
}

const struct format *format_text(void)
{
	static const struct format format = {
		.name = "text",
		.row = text_row,
		.summary = text_summary,
	};

	return &format;
}
