/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/ladder_svg.h"

#include <stdint.h>
#include <stdio.h>

#include "flow/ladder.h"
#include "flow/ladder_head.h"
#include "flow/markup.h"
#include "flow/phrase.h"
#include "flow/proof.h"
#include "flow/say.h"
#include "flow/svg.h"
#include "report/duration.h"
#include "wire/packet.h"

/* Columns from left to right: frame, time, client's state and its bar, the
 * arrows, server's bar and its state. */
enum {
	FRAME_X = 72, /* ends */
	TIME_X = 160, /* ends */
	CLIENT_STATE_X = 260,
	CLIENT_BAR_X = 268,
	LEFT = CLIENT_BAR_X + SVG_BAR,
	RIGHT = 1036,
	SERVER_STATE_X = RIGHT + SVG_BAR + 8,
	MIDDLE = (LEFT + RIGHT) / 2,
	MARGIN = 16,
	LABEL_Y = 14, /* within a row */
	ARROW_Y = 22,
	BELOW_Y = 38,
	ROW_GAP = 8,
	STATE_AGAIN = 12, /* rows after which its name is said again */
};

struct state_bar {
	int x, name_x;
	const char *class; /* of the name */
	enum endstate state;
	int from_y;     /* where its piece begins; < 0: none yet */
	unsigned since; /* rows since its name was said */
};

struct drawing {
	const struct ladder *ladder;
	const struct ladder_svg_style *style;
	struct markup *markup;
	struct svg_cuts *cuts;
	struct state_bar bar[2]; /* CLIENT, SERVER */
	int64_t before_ns;
	bool begun;
	int y; /* where the row begins */
};

/* Everything that is said of a row. */
struct row_text {
	uint64_t frame;
	int64_t since_ns;
	bool to_server;
	const char *class;
	const char *dash; /* " dash" for what is no segment */
	int from_x;       /* < 0: from the end that sent it */
	char label[160];
	char notes[PROOF_BYTES];
	char proof[PROOF_BYTES];
	char more[PROOF_BYTES];
};

/* ---- words ---- */

static void say_window(struct phrase *phrase, const struct segment *segment)
{
	phrase_add(phrase, " win %u", segment->window_scaled);
	if (segment->scale > 0)
		phrase_add(phrase, " (%u \u00d7 %u)", (unsigned)segment->window,
			   1u << segment->scale);
}

static void fill_segment(const struct drawing *drawing, struct row_text *row,
			 const struct segment *segment)
{
	struct phrase phrase;
	char flags[40];

	row->frame = segment->frame;
	row->since_ns = segment->since_ns;
	row->to_server = segment->from_client;
	row->class = svg_segment_class(segment);
	phrase_begin(&phrase, row->label, sizeof(row->label));
	phrase_add(&phrase, "%s seq %u",
		   flags_text(segment->flags, flags, sizeof(flags)),
		   segment->seq);
	if (segment->flags & TCP_ACK)
		phrase_add(&phrase, " ack %u", segment->ack);
	if (segment->len)
		phrase_add(&phrase, " len %u", segment->len);
	say_window(&phrase, segment);
	proof_notes(segment, row->notes, sizeof(row->notes));
	proof_text(segment, row->proof, sizeof(row->proof));
	if (drawing->style->raw)
		snprintf(row->more, sizeof(row->more),
			 _("raw: seq %1$u ack %2$u"), segment->seq_raw,
			 segment->ack_raw);
}

/* From the end itself, or from somewhere between. */
static void fill_notice(const struct drawing *drawing, struct row_text *row,
			const struct notice *notice)
{
	const struct conversation *conversation =
		&drawing->ladder->conversation;
	char address[ADDR_TEXT_BYTES];
	struct phrase phrase;
	int from = notice->quotes_client ? SERVER : CLIENT;

	row->frame = notice->frame;
	row->since_ns = notice->since_ns;
	row->to_server = !notice->quotes_client;
	row->class = "rst";
	row->dash = " dash";
	if (!addr_equal(&notice->source, &conversation->addr[from]))
		row->from_x = MIDDLE;
	phrase_begin(&phrase, row->label, sizeof(row->label));
	phrase_add(&phrase, "ICMP %s", notice_name(notice));
	phrase_begin(&phrase, row->proof, sizeof(row->proof));
	phrase_add(&phrase, _("from %1$s, type %2$u code %3$u: "),
		   addr_format(&notice->source, address),
		   (unsigned)notice->type, (unsigned)notice->code);
	notice_quote(notice, row->proof + phrase.used,
		     sizeof(row->proof) - phrase.used);
	notice_why(notice, row->more, sizeof(row->more));
}

static void fill_fragment(struct row_text *row,
			  const struct ladder_fragment *fragment)
{
	row->frame = fragment->frame;
	row->since_ns = fragment->since_ns;
	row->to_server = fragment->from_client;
	row->class = fragment->from_client ? "client" : "server";
	row->dash = " dash";
	snprintf(row->label, sizeof(row->label),
		 _("fragment: %1$u bytes from %2$u"), fragment->bytes,
		 fragment->offset);
	snprintf(row->proof, sizeof(row->proof),
		 fragment->more ? _("of the segment with ID %1$u; more follow")
				: _("of the segment with ID %1$u; the last"),
		 fragment->id);
}

static void fill_row(const struct drawing *drawing, struct row_text *row,
		     const struct ladder_row *data)
{
	*row = (struct row_text){.dash = "", .from_x = -1};
	switch (data->kind) {
	case LADDER_SEGMENT:
		fill_segment(drawing, row, &data->segment);
		break;
	case LADDER_NOTICE:
		fill_notice(drawing, row, &data->notice);
		break;
	case LADDER_FRAGMENT:
		fill_fragment(row, &data->fragment);
		break;
	}
}

/* ---- the bars of the states ---- */

static void end_piece(struct drawing *drawing, struct state_bar *bar, int y)
{
	if (bar->from_y >= 0)
		svg_bar(drawing->markup, bar->x, bar->from_y, y - bar->from_y,
			bar->state);
	bar->from_y = y;
}

static void show_state(struct drawing *drawing, struct state_bar *bar,
		       enum endstate state)
{
	int y = drawing->y + ARROW_Y;
	bool changed = bar->from_y < 0 || bar->state != state;

	if (changed)
		end_piece(drawing, bar, y);
	bar->state = state;
	bar->since++;
	if (!changed && bar->since < STATE_AGAIN)
		return;
	bar->since = 0;
	svg_text(drawing->markup, bar->name_x, y + 4, bar->class,
		 endstate_name(state));
}

/* ---- rows ---- */

static void put_time(struct drawing *drawing, const struct row_text *row)
{
	char text[64], duration[32];
	long long us = row->since_ns / 1000;
	int y = drawing->y + ARROW_Y + 4;

	snprintf(text, sizeof(text), "#%llu", (unsigned long long)row->frame);
	svg_text(drawing->markup, FRAME_X, y, "s e", text);
	snprintf(text, sizeof(text), "%s%lld.%06lld", us < 0 ? "-" : "",
		 (us < 0 ? -us : us) / 1000000, (us < 0 ? -us : us) % 1000000);
	svg_text(drawing->markup, TIME_X, y, "e", text);
	if (drawing->begun && row->since_ns >= drawing->before_ns) {
		snprintf(text, sizeof(text), "+%s",
			 duration_text(row->since_ns - drawing->before_ns,
				       duration, sizeof(duration)));
		svg_text(drawing->markup, TIME_X, y + SVG_LEADING, "s e", text);
	}
	drawing->begun = true;
	drawing->before_ns = row->since_ns;
}

static void put_arrow(struct drawing *drawing, const struct row_text *row)
{
	int y = drawing->y + ARROW_Y;
	int from = row->to_server ? LEFT : RIGHT;
	int to = row->to_server ? RIGHT : LEFT;
	char class[32];

	snprintf(class, sizeof(class), "%s%s", row->class, row->dash);
	svg_arrow(drawing->markup, row->from_x < 0 ? from : row->from_x, y, to,
		  y, class);
}

/* The lines under the arrow. */
static int put_below(struct drawing *drawing, const struct row_text *row)
{
	size_t columns = svg_columns(RIGHT - LEFT - 2 * MARGIN, SVG_PLAIN);
	int y = drawing->y + BELOW_Y;
	char class[32];

	snprintf(class, sizeof(class), "m b %s", row->class);
	y = svg_paragraph(drawing->markup, MIDDLE, y, columns, class,
			  row->notes);
	y = svg_paragraph(drawing->markup, MIDDLE, y, columns, "m q",
			  row->proof);
	return svg_paragraph(drawing->markup, MIDDLE, y, columns, "m q",
			     row->more);
}

static void put_row(struct drawing *drawing, const struct ladder_row *data)
{
	struct row_text row;
	char class[32];
	int below;

	fill_row(drawing, &row, data);
	if (drawing->cuts)
		drawing->cuts->at[drawing->cuts->count++] = drawing->y;
	markup_add(drawing->markup, "<g class=\"row\">\n");
	if (data->kind == LADDER_SEGMENT) {
		show_state(drawing, &drawing->bar[CLIENT],
			   data->segment.client_state);
		show_state(drawing, &drawing->bar[SERVER],
			   data->segment.server_state);
	}
	put_time(drawing, &row);
	snprintf(class, sizeof(class), "m l b %s", row.class);
	row.label[say_fit(row.label, svg_columns(RIGHT - LEFT, SVG_LABEL))] =
		'\0';
	svg_text(drawing->markup, MIDDLE, drawing->y + LABEL_Y, class,
		 row.label);
	put_arrow(drawing, &row);
	below = put_below(drawing, &row);
	markup_add(drawing->markup, "</g>\n");
	if (below < drawing->y + BELOW_Y + 2 * SVG_LEADING)
		below = drawing->y + BELOW_Y + SVG_LEADING;
	drawing->y = below + ROW_GAP;
}

/* ---- around the rows ---- */

static void put_columns(struct drawing *drawing)
{
	const struct conversation *conversation =
		&drawing->ladder->conversation;
	char text[ENDPOINT_TEXT_BYTES], named[ENDPOINT_TEXT_BYTES + 64];
	struct markup *markup = drawing->markup;
	int y = drawing->y + SVG_LEADING;

	svg_text(markup, FRAME_X, y, "s e", _("frame"));
	svg_text(markup, TIME_X, y, "s e", _("seconds"));
	snprintf(named, sizeof(named), _("client %1$s"),
		 conversation_endpoint(conversation, CLIENT, text));
	svg_text(markup, CLIENT_BAR_X, y, "b client", named);
	snprintf(named, sizeof(named), _("server %1$s"),
		 conversation_endpoint(conversation, SERVER, text));
	svg_text(markup, RIGHT + SVG_BAR, y, "b e server", named);
	drawing->y = y + SVG_LEADING;
}

static void put_end(struct drawing *drawing)
{
	int y = drawing->y;
	char text[128];

	for (int which = CLIENT; which <= SERVER; which++)
		if (drawing->bar[which].from_y >= 0)
			end_piece(drawing, &drawing->bar[which], y);
	drawing->y += SVG_LEADING;
	if (drawing->ladder->left_out > 0) {
		snprintf(text, sizeof(text),
			 _("... and %1$llu more rows, left out."),
			 (unsigned long long)drawing->ladder->left_out);
		svg_text(drawing->markup, MIDDLE, drawing->y, "m b", text);
		drawing->y += SVG_LEADING;
	}
}

int ladder_svg_draw(const struct ladder *ladder,
		    const struct ladder_svg_style *style, struct markup *markup,
		    int y, struct svg_cuts *cuts)
{
	struct drawing drawing = {
		.ladder = ladder,
		.style = style,
		.markup = markup,
		.cuts = cuts,
		.y = y,
		.bar =
			{
				{CLIENT_BAR_X, CLIENT_STATE_X, "e",
				 ENDSTATE_CLOSED, -1, 0},
				{RIGHT, SERVER_STATE_X, "t", ENDSTATE_CLOSED,
				 -1, 0},
			},
	};

	put_columns(&drawing);
	for (size_t i = 0; i < ladder->count; i++)
		put_row(&drawing, &ladder->rows[i]);
	put_end(&drawing);
	if (cuts)
		cuts->at[cuts->count++] = drawing.y;
	return drawing.y;
}

/* ---- a document ---- */

static int put_head(const struct ladder *ladder, struct markup *markup, int y)
{
	size_t columns = svg_columns(LADDER_SVG_WIDTH - 2 * MARGIN, SVG_PLAIN);
	char text[PROOF_BYTES];
	const char *caveat;

	y = svg_paragraph(
		    markup, MARGIN, y + SVG_LEADING, columns * 3 / 4, "h",
		    ladder_title(&ladder->conversation, text, sizeof(text))) +
	    SVG_LEADING / 2;
	for (int which = CLIENT; which <= SERVER; which++)
		y = svg_paragraph(
			markup, MARGIN, y, columns, "t",
			ladder_end_text(ladder, which, text, sizeof(text)));
	y = svg_paragraph(
		markup, MARGIN, y, columns, "t",
		close_text(conversation_close(&ladder->conversation)));
	y = svg_paragraph(markup, MARGIN, y, columns, "q", ladder_level());
	for (unsigned n = 0; (caveat = ladder_caveat(ladder, n)); n++)
		y = svg_paragraph(markup, MARGIN, y, columns, "q", caveat);
	return y + SVG_LEADING / 2;
}

static int put_all(const struct ladder *ladders, size_t count,
		   const struct ladder_svg_style *style, const char *foot,
		   struct markup *markup)
{
	int y = MARGIN;

	for (size_t i = 0; i < count; i++) {
		y = put_head(&ladders[i], markup, y);
		y = ladder_svg_draw(&ladders[i], style, markup, y, NULL) +
		    MARGIN;
	}
	if (foot)
		y = svg_paragraph(
			markup, MARGIN, y + SVG_LEADING,
			svg_columns(LADDER_SVG_WIDTH - 2 * MARGIN, SVG_PLAIN),
			"q", foot);
	return y + MARGIN;
}

void ladder_svg_document(const struct ladder *ladders, size_t count,
			 const struct ladder_svg_style *style,
			 const char *title, const char *foot,
			 struct markup *markup)
{
	struct markup measure;

	markup_begin(&measure, NULL, NULL);
	svg_open(markup, LADDER_SVG_WIDTH,
		 put_all(ladders, count, style, foot, &measure), title, 1);
	put_all(ladders, count, style, foot, markup);
	svg_close(markup);
}
