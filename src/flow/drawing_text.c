/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/drawing_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "flow/drawing.h"
#include "flow/flow.h"
#include "flow/ladder.h"
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
	char client[ENDPOINT_TEXT_BYTES], server[ENDPOINT_TEXT_BYTES];
	char text[256];

	if (drawing->headed)
		text_line(drawing, "");
	drawing->headed = true;
	drawing->stream = conversation->stream;
	snprintf(text, sizeof(text), _("Stream %llu: %s > %s"),
		 (unsigned long long)conversation->stream,
		 conversation_endpoint(conversation, CLIENT, client),
		 conversation_endpoint(conversation, SERVER, server));
	text_wrapped(drawing, "", 0, text);
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
		text_append(text, bytes, ", %llu %s", (unsigned long long)n,
			    name);
}

/* "11 frames: 1 conversation, 11 TCP"; what there was none of is left out. */
static void text_summary(struct drawing *drawing, const struct flow *flow)
{
	struct flow_counts counts;
	char text[512];

	flow_counts(flow, &counts);
	snprintf(text, sizeof(text),
		 counts.conversations == 1 ? _("%llu frames: %llu conversation")
					   : _("%llu frames: %llu "
					       "conversations"),
		 (unsigned long long)counts.frames,
		 (unsigned long long)counts.conversations);
	part(text, sizeof(text), counts.tcp, "TCP");
	part(text, sizeof(text), counts.udp, "UDP");
	part(text, sizeof(text), counts.icmp_errors, _("ICMP errors"));
	part(text, sizeof(text), counts.fragments, _("later fragments"));
	part(text, sizeof(text), counts.other, _("other IP"));
	part(text, sizeof(text), counts.not_ip, _("not IP"));
	part(text, sizeof(text), counts.faulty, _("damaged"));
	text_wrapped(drawing, "", 0, text);
}

static void text_finish(struct drawing *drawing, const struct flow *flow,
			const struct view_summary *summary)
{
	char text[128];

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
	text_summary(drawing, flow);
}

const struct drawing_ops *drawing_text(void)
{
	static const struct drawing_ops ops = {
		.name = "text",
		.event = text_event,
		.conversation = one_conversation,
		.ladder = one_ladder,
		.finish = text_finish,
	};

	return &ops;
}
