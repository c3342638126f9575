/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/format.h"

#include "report/line.h"

/* RFC 4180, but with LF alone, so that cut(1) and awk(1) find no CR in the
 * last field. Only ports: a summary line would be a record of another kind. */

static void csv_begin(struct format_context *context)
{
	struct line line;

	line_begin(&line);
	line_text(&line, "ip,proto,port,state,reason,ttl,rtt_us,tries,service");
	line_end(&line, context->writer);
}

/* Unknown (negative) is the empty field. */
static void field_number(struct line *line, int64_t value)
{
	line_text(line, ",");
	if (value >= 0)
		line_number(line, (uint64_t)value);
}

static void csv_row(struct format_context *context,
		    const struct format_row *row)
{
	const struct result *result = row->result;
	int64_t rtt_us = -1;
	struct line line;

	if (result->rtt_ns >= 0)
		rtt_us = (int64_t)format_rtt_us(result->rtt_ns);
	line_begin(&line);
	line_csv(&line, row->address);
	line_text(&line, ",tcp");
	field_number(&line, result->port);
	line_text(&line, ",");
	line_csv(&line, verdict_name(result->verdict));
	line_text(&line, ",");
	line_csv(&line, reason_name(result->reason));
	field_number(&line, result->ttl);
	field_number(&line, rtt_us);
	field_number(&line, result->tries);
	line_text(&line, ",");
	if (row->service)
		line_csv(&line, row->service);
	line_end(&line, context->writer);
}

const struct format *format_csv(void)
{
	static const struct format format = {
		.name = "csv",
		.begin = csv_begin,
		.row = csv_row,
	};

	return &format;
}
