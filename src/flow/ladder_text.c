/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/ladder_text.h"

#include <stdio.h>

#include "flow/ladder.h"
#include "flow/ladder_head.h"
#include "flow/ladder_lines.h"
#include "flow/phrase.h"
#include "flow/proof.h"
#include "flow/say.h"
#include "flow/wrap.h"

enum {
	COLUMNS = 80,
	COLUMNS_MIN = 60,
};

struct drawing {
	const struct ladder *ladder;
	struct ladder_style style;
	struct ladder_lines lines;
};

static void raw_line(const struct segment *segment, char *text, size_t bytes)
{
	struct phrase phrase;

	phrase_begin(&phrase, text, bytes);
	phrase_add(&phrase, _("raw: seq %1$u ack %2$u"), segment->seq_raw,
		   segment->ack_raw);
	if (segment->scale > 0)
		phrase_add(&phrase, _(", win %1$u x %2$u = %3$u"),
			   (unsigned)segment->window, 1u << segment->scale,
			   segment->window_scaled);
	else
		phrase_add(&phrase,
			   segment->scale < 0
				   ? _(", win %1$u (scale not known)")
				   : _(", win %1$u"),
			   (unsigned)segment->window);
}

static const char *frame_margin(uint64_t frame, char text[32])
{
	snprintf(text, 32, " #%llu", (unsigned long long)frame);
	return text;
}

static void draw_segment(struct drawing *drawing, const struct segment *segment)
{
	char text[PROOF_BYTES * 2 + 64], margin[32];
	struct ladder_lines *lines = &drawing->lines;
	bool window_shown =
		ladder_lines_label(lines, segment, text, sizeof(text));

	lines->client = endstate_name(segment->client_state);
	lines->server = endstate_name(segment->server_state);
	ladder_lines_row(lines, segment->since_ns, text, segment->from_client,
			 LADDER_ARROW_WHOLE);
	ladder_lines_proof(segment, window_shown, text, sizeof(text));
	ladder_lines_below(&drawing->lines,
			   frame_margin(segment->frame, margin), text);
	if (!drawing->style.raw)
		return;
	raw_line(segment, text, sizeof(text));
	ladder_lines_below(&drawing->lines, "", text);
}

/* The arrow ends at the end whose packet is quoted: it goes back to it. */
static void draw_notice(const struct drawing *drawing,
			const struct notice *notice)
{
	char text[PROOF_BYTES], margin[32], address[ADDR_TEXT_BYTES];
	struct phrase phrase;

	phrase_begin(&phrase, text, sizeof(text));
	phrase_add(&phrase, "ICMP %s", notice_name(notice));
	text[say_fit(text, ladder_lines_room(&drawing->lines))] = '\0';
	ladder_lines_row(&drawing->lines, notice->since_ns, text,
			 !notice->quotes_client, LADDER_ARROW_WHOLE);
	phrase_begin(&phrase, text, sizeof(text));
	phrase_add(&phrase, _("from %1$s, type %2$u code %3$u: "),
		   addr_format(&notice->source, address),
		   (unsigned)notice->type, (unsigned)notice->code);
	notice_quote(notice, text + phrase.used, sizeof(text) - phrase.used);
	ladder_lines_below(&drawing->lines, frame_margin(notice->frame, margin),
			   text);
	ladder_lines_below(&drawing->lines, "",
			   notice_why(notice, text, sizeof(text)));
}

static void draw_fragment(const struct drawing *drawing,
			  const struct ladder_fragment *fragment)
{
	char text[PROOF_BYTES], margin[32];

	snprintf(text, sizeof(text), _("fragment: %1$u bytes from %2$u"),
		 fragment->bytes, fragment->offset);
	text[say_fit(text, ladder_lines_room(&drawing->lines))] = '\0';
	ladder_lines_row(&drawing->lines, fragment->since_ns, text,
			 fragment->from_client, LADDER_ARROW_WHOLE);
	snprintf(text, sizeof(text),
		 fragment->more ? _("of the segment with ID %1$u; more follow")
				: _("of the segment with ID %1$u; the last"),
		 fragment->id);
	ladder_lines_below(&drawing->lines,
			   frame_margin(fragment->frame, margin), text);
}

static void draw_row(struct drawing *drawing, const struct ladder_row *row)
{
	switch (row->kind) {
	case LADDER_SEGMENT:
		draw_segment(drawing, &row->segment);
		break;
	case LADDER_NOTICE:
		draw_notice(drawing, &row->notice);
		break;
	case LADDER_FRAGMENT:
		draw_fragment(drawing, &row->fragment);
		break;
	}
}

static void draw_end(const struct drawing *drawing, int which)
{
	char text[PROOF_BYTES];

	ladder_lines_text(
		&drawing->lines,
		ladder_end_text(drawing->ladder, which, text, sizeof(text)));
}

static void draw_caveats(const struct drawing *drawing)
{
	const char *caveat;

	for (unsigned n = 0; (caveat = ladder_caveat(drawing->ladder, n)); n++)
		ladder_lines_text(&drawing->lines, caveat);
}

static void draw_head(const struct drawing *drawing)
{
	draw_end(drawing, CLIENT);
	draw_end(drawing, SERVER);
	draw_caveats(drawing);
	ladder_lines_heading(&drawing->lines);
}

static void draw_foot(const struct drawing *drawing)
{
	const struct ladder *ladder = drawing->ladder;
	char text[PROOF_BYTES];

	if (ladder->left_out > 0) {
		snprintf(text, sizeof(text),
			 _("... and %1$llu more rows, left out."),
			 (unsigned long long)ladder->left_out);
		ladder_lines_below(&drawing->lines, "", text);
	}
	if (!drawing->style.headless)
		ladder_lines_below(
			&drawing->lines, "",
			close_text(conversation_close(&ladder->conversation)));
}

unsigned ladder_columns(const struct ladder_style *style)
{
	if (style->columns == 0)
		return COLUMNS;
	if (style->columns < COLUMNS_MIN)
		return COLUMNS_MIN;
	return style->columns < WRAP_COLUMNS_MAX ? style->columns
						 : WRAP_COLUMNS_MAX;
}

void ladder_text(const struct ladder *ladder, const struct ladder_style *style,
		 void (*put)(void *arg, const char *line), void *arg)
{
	struct drawing drawing = {.ladder = ladder, .style = *style};

	ladder_lines_begin(&drawing.lines, style, put, arg);
	if (!style->headless)
		draw_head(&drawing);
	for (size_t i = 0; i < ladder->count; i++)
		draw_row(&drawing, &ladder->rows[i]);
	draw_foot(&drawing);
}
