/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/crossing_text.h"

#include <stdio.h>

#include "flow/crossing.h"
#include "flow/crossing_words.h"
#include "flow/ladder_head.h"
#include "flow/ladder_lines.h"
#include "flow/ladder_text.h"
#include "flow/phrase.h"
#include "flow/proof.h"
#include "flow/say.h"

struct drawing {
	const struct crossing_ladder *ladder;
	const struct ladder_style *style;
	struct ladder_lines lines;
};

enum {
	TEXT_BYTES = PROOF_BYTES * 3,
};

/* Each end's state is that which its own capture shows. */
static void note_states(struct ladder_lines *lines,
			const struct crossing_row *row)
{
	const struct ladder_row *client =
		row->from_client ? row->sent_row : row->arrived_row;
	const struct ladder_row *server =
		row->from_client ? row->arrived_row : row->sent_row;

	if (client && client->kind == LADDER_SEGMENT)
		lines->client = endstate_name(client->segment.client_state);
	if (server && server->kind == LADDER_SEGMENT)
		lines->server = endstate_name(server->segment.server_state);
}

static enum ladder_arrow arrow_of(const struct crossing_row *row)
{
	if (row->passage->fate == PASSAGE_LOST)
		return LADDER_ARROW_LOST;
	return row->sent ? LADDER_ARROW_WHOLE : LADDER_ARROW_HALF;
}

/* "#3 → #5" where there is room for it. */
static const char *margin_of(const struct drawing *drawing,
			     const struct crossing_row *row, char *text,
			     size_t bytes)
{
	enum { ROOM = 11 };

	if (drawing->style->ascii)
		snprintf(text, bytes, "#%llu",
			 (unsigned long long)(row->sent ? row->sent->frame
							: row->arrived->frame));
	else
		crossing_frames_text(row, text, bytes);
	return say_columns(text) <= ROOM ? text : "";
}

static void say_below(const struct crossing_row *row, bool window_shown,
		      char *text, size_t bytes)
{
	const struct segment *segment = crossing_segment(row);
	char fate[PROOF_BYTES], proof[PROOF_BYTES * 2];
	struct phrase phrase;

	phrase_begin(&phrase, text, bytes);
	phrase_add(&phrase, "%s", crossing_fate_text(row, fate, sizeof(fate)));
	if (!segment || row->again)
		return;
	ladder_lines_proof(segment, window_shown, proof, sizeof(proof));
	phrase_add(&phrase, _("; %1$s"), proof);
}

static void draw_row(struct drawing *drawing, const struct crossing_row *row)
{
	struct ladder_lines *lines = &drawing->lines;
	const struct segment *segment = crossing_segment(row);
	char text[TEXT_BYTES], margin[64];
	bool window_shown = true;

	note_states(lines, row);
	if (!row->again) {
		if (segment)
			window_shown = ladder_lines_label(lines, segment, text,
							  sizeof(text));
		else
			crossing_label_text(row, text, sizeof(text));
		text[say_fit(text, ladder_lines_room(lines))] = '\0';
		ladder_lines_row(lines,
				 row->sent ? row->sent_ns : row->arrived_ns,
				 text, row->from_client, arrow_of(row));
	}
	say_below(row, window_shown, text, sizeof(text));
	ladder_lines_below(
		lines, margin_of(drawing, row, margin, sizeof(margin)), text);
}

static void draw_head(const struct drawing *drawing)
{
	const struct ladder_lines *lines = &drawing->lines;
	const struct ladder *ladder = crossing_ladder_of(drawing->ladder);
	char text[TEXT_BYTES];

	for (int which = CLIENT; which <= SERVER; which++)
		ladder_lines_text(lines, ladder_end_text(ladder, which, text,
							 sizeof(text)));
	for (int which = CLIENT; which <= SERVER; which++)
		ladder_lines_text(lines,
				  crossing_way_text(drawing->ladder, which,
						    text, sizeof(text)));
	ladder_lines_heading(lines);
}

void crossing_text(const struct crossing *crossing,
		   const struct crossing_ladder *ladder,
		   const struct ladder_style *style,
		   void (*put)(void *arg, const char *line), void *arg)
{
	const struct ladder *first = crossing_ladder_of(ladder);
	struct drawing drawing = {ladder, style, .lines = {0}};
	uint64_t left_out = 0;
	char text[TEXT_BYTES];

	ladder_lines_begin(&drawing.lines, style, put, arg);
	draw_head(&drawing);
	for (size_t i = 0; i < ladder->count; i++) {
		struct crossing_row row;

		crossing_row(crossing, ladder, i, &row);
		if (row.sent_row || row.arrived_row)
			draw_row(&drawing, &row);
		else
			left_out += !row.again;
	}
	if (left_out > 0) {
		snprintf(text, sizeof(text),
			 _("... and %1$llu more rows, left out."),
			 (unsigned long long)left_out);
		ladder_lines_below(&drawing.lines, "", text);
	}
	ladder_lines_below(
		&drawing.lines, "",
		close_text(conversation_close(&first->conversation)));
}
