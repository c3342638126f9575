/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/drawing_text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "flow/drawing.h"
#include "flow/drawing_crossing.h"
#include "flow/flow.h"
#include "flow/ladder.h"
#include "flow/ladder_head.h"
#include "flow/ladder_text.h"
#include "flow/say.h"
#include "flow/view.h"
#include "flow/wrap.h"
#include "report/line.h"

void text_append(char *text, size_t bytes, const char *format, ...)
{
	size_t used = strlen(text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text + used, bytes - used, format, arguments);
	va_end(arguments);
}

char *text_time(const struct drawing *drawing, int64_t time_ns, char *text,
		size_t bytes)
{
	int64_t since_ns = time_ns - drawing->first_ns;
	uint64_t us = (uint64_t)(since_ns < 0 ? -since_ns : since_ns) / 1000;

	snprintf(text, bytes, "%s%llu.%06llu", since_ns < 0 ? "-" : "",
		 (unsigned long long)(us / 1000000),
		 (unsigned long long)(us % 1000000));
	return text;
}

void text_line(struct drawing *drawing, const char *text)
{
	struct line line;

	line_begin(&line);
	line_text(&line, text);
	line_end(&line, &drawing->writer);
}

static void put_line(void *arg, const char *text)
{
	text_line(arg, text);
}

void text_wrapped(struct drawing *drawing, const char *margin, unsigned indent,
		  const char *text)
{
	const struct wrap wrap = {
		.columns = drawing->config->columns,
		.indent = indent,
		.put = put_line,
		.arg = drawing,
	};

	wrap_text(&wrap, margin, text);
}

static void one_conversation(struct drawing *drawing,
			     const struct conversation *conversation,
			     bool evicted)
{
	(void)evicted; /* those left over are counted at the end */
	text_conversation(drawing, conversation);
}

static struct ladder_style ladder_style(const struct drawing *drawing)
{
	return (struct ladder_style){
		.columns = drawing->config->columns,
		.ascii = drawing->config->ascii,
		.raw = drawing->config->verbose,
		.headless = drawing->config->live,
	};
}

static void ladder_heading(struct drawing *drawing,
			   const struct conversation *conversation)
{
	char text[256];

	if (drawing->headed)
		text_line(drawing, "");
	drawing->headed = true;
	drawing->stream = conversation->stream;
	text_wrapped(drawing, "", 0,
		     ladder_title(conversation, text, sizeof(text)));
}

static void one_ladder(struct drawing *drawing, const struct ladder *ladder)
{
	const struct ladder_style style = ladder_style(drawing);

	ladder_heading(drawing, &ladder->conversation);
	ladder_text(ladder, &style, put_line, drawing);
}

/* Live: row by row as they come, whatever the conversation. */
static void one_row(struct drawing *drawing, const struct flow_event *event)
{
	const struct conversation *conversation = event->conversation;
	const struct ladder_style style = ladder_style(drawing);
	struct ladder ladder;

	if (!conversation || event->kind == FLOW_FAULT)
		return;
	if (!drawing->headed || drawing->stream != conversation->stream)
		ladder_heading(drawing, conversation);
	ladder_init(&ladder, 1);
	if (ladder_add(&ladder, event) == 0)
		ladder_text(&ladder, &style, put_line, drawing);
	else
		drawing->writer.failed = ENOMEM; /* a row is missing */
	ladder_fini(&ladder);
}

static void text_event(struct drawing *drawing, const struct flow_event *event)
{
	if (drawing->config->kind == VIEW_SEGMENTS)
		text_segments_event(drawing, event);
	if (drawing->config->kind == VIEW_RESETS)
		text_resets_event(drawing, event);
	if (drawing->config->kind == VIEW_LADDER && drawing->config->live)
		one_row(drawing, event);
}

/* ---- the end ---- */

/* What no event has ended. */
static void finish_segments(struct drawing *drawing, const struct flow *flow)
{
	const struct datagram *datagram;
	struct write write;

	for (size_t n = 0; n < flow_count(flow); n++) {
		const struct conversation *conversation = flow_at(flow, n);

		if (!view_wants(drawing->config, conversation->stream))
			continue;
		for (int which = CLIENT; which <= SERVER; which++)
			if (flow_open_write(flow, conversation, which, &write))
				text_write(drawing, &write);
	}
	for (size_t n = 0; drawing->config->stream_count == 0 &&
			   (datagram = flow_open_datagram(flow, n));
	     n++)
		text_datagram(drawing, datagram);
}

static void part(char *text, size_t bytes, uint64_t n, const char *name)
{
	if (n > 0)
		text_append(text, bytes, _(", %llu %s"), (unsigned long long)n,
			    name);
}

char *text_counts(const struct flow *flow, char *text, size_t bytes)
{
	struct flow_counts counts;

	flow_counts(flow, &counts);
	snprintf(text, bytes,
		 counts.conversations == 1 ? _("%llu frames: %llu conversation")
					   : _("%llu frames: %llu "
					       "conversations"),
		 (unsigned long long)counts.frames,
		 (unsigned long long)counts.conversations);
	part(text, bytes, counts.tcp, "TCP");
	part(text, bytes, counts.udp, "UDP");
	part(text, bytes, counts.icmp_errors, _("ICMP errors"));
	part(text, bytes, counts.fragments, _("later fragments"));
	part(text, bytes, counts.other, _("other IP"));
	part(text, bytes, counts.not_ip, _("not IP"));
	part(text, bytes, counts.faulty, _("damaged"));
	return text;
}

static void text_finish(struct drawing *drawing, const struct flow *flow,
			const struct view_summary *summary)
{
	char text[512];

	if (drawing->config->kind == VIEW_SEGMENTS)
		finish_segments(drawing, flow);
	if (drawing->config->kind == VIEW_RESETS && !drawing->headed)
		text_wrapped(drawing, "", 0, _("No RST."));
	if (summary->ladders_left_out > 0) {
		snprintf(text, sizeof(text),
			 _("%llu more conversations are not drawn; --stream "
			   "chooses."),
			 (unsigned long long)summary->ladders_left_out);
		text_line(drawing, "");
		text_wrapped(drawing, "", 0, text);
	}
	text_wrapped(drawing, "", 0, text_counts(flow, text, sizeof(text)));
}

const struct drawing_ops *drawing_text(void)
{
	static const struct drawing_ops ops = {
		.name = "text",
		.event = text_event,
		.conversation = one_conversation,
		.ladder = one_ladder,
		.crossing = text_crossing,
		.finish = text_finish,
	};

	return &ops;
}
