/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/drawing_text.h"

#include <stdio.h>

#include "flow/drawing.h"
#include "flow/flow.h"
#include "flow/proof.h"
#include "flow/say.h"
#include "flow/view.h"

/*
 * Frame 2, 0.000035 s, stream 0: RST,ACK from the server, 10.9.0.2:81
 *   P0: seq 0, ack 1 = SEG.SEQ 0 + SEG.LEN 1, window 0
 *   provoked by frame 1: SYN, seq 0
 *   What can cause it:
 *   - no program listens on this port
 *   What would look the same: ...
 */
enum {
	INDENT = 2,
	TEXT_BYTES = 1024,
};

static void put(struct drawing *drawing, const char *text)
{
	text_wrapped(drawing, "", INDENT, text);
}

static void text_heading(struct drawing *drawing,
			 const struct flow_event *event)
{
	const struct segment *segment = &event->segment;
	int from = segment->from_client ? CLIENT : SERVER;
	char text[TEXT_BYTES], time[32], flags[32], end[ENDPOINT_TEXT_BYTES];

	if (drawing->headed)
		text_line(drawing, "");
	drawing->headed = true;
	snprintf(text, sizeof(text),
		 from == CLIENT
			 ? _("Frame %llu, %s s, stream %llu: %s from the "
			     "client, %s")
			 : _("Frame %llu, %s s, stream %llu: %s from the "
			     "server, %s"),
		 (unsigned long long)segment->frame,
		 text_time(drawing, segment->time_ns, time, sizeof(time)),
		 (unsigned long long)segment->stream,
		 flags_text(segment->flags, flags, sizeof(flags)),
		 conversation_endpoint(event->conversation, from, end));
	text_wrapped(drawing, "", 0, text);
}

static void text_provoker(struct drawing *drawing, const struct reset *reset)
{
	char text[TEXT_BYTES], flags[32];

	if (!reset->provoker)
		return;
	snprintf(text, sizeof(text),
		 _("Provoked by frame %llu: %s, seq %u, ack %u, len %u."),
		 (unsigned long long)reset->provoker,
		 flags_text(reset->provoker_flags, flags, sizeof(flags)),
		 reset->provoker_seq, reset->provoker_ack, reset->provoker_len);
	put(drawing, text);
}

static void text_causes(struct drawing *drawing, const struct reset *reset)
{
	const char *causes[RESET_REASONS_MAX];
	size_t count = reset_causes(reset, causes);
	const char *lookalike = reset_lookalike(reset);
	char text[TEXT_BYTES];

	if (count > 0)
		put(drawing, _("What can cause it:"));
	for (size_t i = 0; i < count; i++)
		text_wrapped(drawing, "  - ", INDENT + 2, causes[i]);
	if (!lookalike)
		return;
	snprintf(text, sizeof(text), _("What would look the same: %s"),
		 lookalike);
	put(drawing, text);
}

void text_resets_event(struct drawing *drawing, const struct flow_event *event)
{
	const struct reset *reset = &event->segment.reset;
	char text[TEXT_BYTES];

	if (event->kind != FLOW_SEGMENT || reset->shape == RESET_NONE)
		return;
	text_heading(drawing, event);
	put(drawing, reset_text(reset, text, sizeof(text)));
	text_provoker(drawing, reset);
	text_causes(drawing, reset);
}
