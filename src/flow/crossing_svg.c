/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/crossing_svg.h"

#include <stdio.h>
#include <stdlib.h>

#include "flow/crossing.h"
#include "flow/crossing_layout.h"
#include "flow/crossing_words.h"
#include "flow/ladder_head.h"
#include "flow/markup.h"
#include "flow/proof.h"
#include "flow/say.h"
#include "flow/svg.h"
#include "report/duration.h"

/* From left to right: what the client sent, its state, its bar, the arrows,
 * the server's bar, its state, what it sent. */
enum {
	MARGIN = 16,
	TEXT_WIDTH = 302,
	STATE_WIDTH = 92,
	LEFT_TEXT_X = MARGIN + TEXT_WIDTH, /* ends */
	LEFT_STATE_X = LEFT_TEXT_X + STATE_WIDTH,
	LEFT_BAR_X = LEFT_STATE_X + 6,
	LEFT = LEFT_BAR_X + SVG_BAR,
	RIGHT = CROSSING_SVG_WIDTH - LEFT,
	RIGHT_BAR_X = RIGHT,
	RIGHT_STATE_X = RIGHT + SVG_BAR + 6,
	RIGHT_TEXT_X = RIGHT_STATE_X + STATE_WIDTH,
	MIDDLE = CROSSING_SVG_WIDTH / 2,
	HEAD_HEIGHT = 3 * LAYOUT_LINE,
	LOST_PERCENT = 62, /* of the way that a lost one gets */
	STATE_EVERY = 400, /* pixels after which a state is named again */
	PIECES = 8,
};

/* What is said of a packet, piece by piece: first those that must be said,
 * then those that may find room. */
struct block {
	char text[PIECES][PROOF_BYTES];
	const char *class[PIECES];
	size_t columns[PIECES];
	int count, must;
};

struct drawing {
	const struct crossing *crossing;
	const struct crossing_ladder *ladder;
	const struct crossing_layout *layout;
	struct markup *markup;
};

const char *crossing_svg_legend(void)
{
	return _("Each arrow runs from its measured sending to its measured "
		 "arrival: one that ends in a cross never arrived, one that "
		 "begins in between was not seen leaving, a dashed one is "
		 "a second arrival of the same packet or an ICMP error. Time "
		 "runs downwards, the same for both ends, to scale but for "
		 "pauses that are cut (\u2248) and where text needs room. "
		 "#3 \u2192 #5 are its frames in the sender's and in the "
		 "receiver's capture. The state of each end is that of its "
		 "own capture.");
}

/* ---- what is said ---- */

static char *add_piece(struct block *block, const char *class, int size)
{
	block->class[block->count] = class;
	block->columns[block->count] = svg_columns(TEXT_WIDTH, size);
	block->text[block->count][0] = '\0';
	return block->text[block->count++];
}

static const char *colour_of(const struct crossing_row *row)
{
	const struct segment *segment = crossing_segment(row);

	if (segment)
		return svg_segment_class(segment);
	return "rst"; /* an ICMP error */
}

static void time_text(const struct crossing_row *row, char *text, size_t bytes)
{
	long long us = (row->sent ? row->sent_ns : row->arrived_ns) / 1000;
	char frames[64], fate[PROOF_BYTES];

	snprintf(text, bytes, "%lld.%06lld %s %s", us / 1000000, us % 1000000,
		 crossing_frames_text(row, frames, sizeof(frames)),
		 crossing_fate_text(row, fate, sizeof(fate)));
}

static bool is_missing(const struct crossing_row *row)
{
	return row->passage->fate == PASSAGE_LOST ||
	       row->passage->fate == PASSAGE_UNSENT;
}

/* The same packet once more: a duplicate, or pieces of it. */
static void add_again(struct block *block, const struct crossing *crossing,
		      const struct crossing_ladder *ladder, size_t nth)
{
	while (++nth < ladder->count && block->count < PIECES - 2) {
		char frames[64], fate[PROOF_BYTES];
		struct crossing_row row;
		char *text;

		crossing_row(crossing, ladder, nth, &row);
		if (!row.again)
			return;
		text = add_piece(block, is_missing(&row) ? "rst" : "",
				 SVG_SMALL);
		snprintf(text, PROOF_BYTES, "%s %s",
			 crossing_frames_text(&row, frames, sizeof(frames)),
			 crossing_fate_text(&row, fate, sizeof(fate)));
	}
}

static void fill_block(struct block *block, const struct crossing *crossing,
		       const struct crossing_ladder *ladder, size_t nth)
{
	const struct segment *segment;
	struct crossing_row row;

	crossing_row(crossing, ladder, nth, &row);
	segment = crossing_segment(&row);
	block->count = 0;
	crossing_label_text(&row, add_piece(block, colour_of(&row), SVG_PLAIN),
			    PROOF_BYTES);
	if (is_missing(&row))
		time_text(&row, add_piece(block, "rst", SVG_SMALL),
			  PROOF_BYTES);
	if (segment && segment->notes)
		proof_notes(segment,
			    add_piece(block, colour_of(&row), SVG_SMALL),
			    PROOF_BYTES);
	add_again(block, crossing, ladder, nth);
	block->must = block->count;
	if (!is_missing(&row))
		time_text(&row, add_piece(block, "", SVG_SMALL), PROOF_BYTES);
	if (segment)
		proof_text(segment, add_piece(block, "", SVG_SMALL),
			   PROOF_BYTES);
}

static int lines_needed(const struct crossing *crossing,
			const struct crossing_ladder *ladder, size_t nth)
{
	struct block block;
	int lines = 0;

	fill_block(&block, crossing, ladder, nth);
	for (int i = 0; i < block.must; i++)
		lines += svg_lines(block.columns[i], block.text[i]);
	return lines;
}

/* ---- where it stands ---- */

/* Between texts on both sides. */
static bool is_free(const struct crossing_layout *layout,
		    const struct crossing *crossing,
		    const struct crossing_ladder *ladder, const int *needs,
		    int y)
{
	for (size_t i = 0; i < ladder->count; i++) {
		const struct crossing_place *place = &layout->places[i];
		struct crossing_row row;
		int top;

		if (!needs[i])
			continue;
		crossing_row(crossing, ladder, i, &row);
		top = (row.sent ? place->sent_y : place->arrived_y) -
		      LAYOUT_LINE + 2;
		if (y > top && y < top + needs[i] * LAYOUT_LINE)
			return false;
	}
	return true;
}

static void find_cuts(const struct crossing_layout *layout,
		      const struct crossing *crossing,
		      const struct crossing_ladder *ladder, const int *needs,
		      struct svg_cuts *cuts)
{
	int last = 0;

	for (size_t i = 0; i < ladder->count; i++) {
		struct crossing_row row;
		int y;

		if (!needs[i])
			continue;
		crossing_row(crossing, ladder, i, &row);
		y = (row.sent ? layout->places[i].sent_y
			      : layout->places[i].arrived_y) -
		    LAYOUT_LINE + 2;
		if (y > last && is_free(layout, crossing, ladder, needs, y))
			cuts->at[cuts->count++] = last = y;
	}
}

int crossing_svg_layout(struct crossing_layout *layout,
			const struct crossing *crossing,
			const struct crossing_ladder *ladder, int y,
			struct svg_cuts *cuts)
{
	int *needs = calloc(ladder->count + 1, sizeof(*needs));
	int result = -1;

	*layout = (struct crossing_layout){0};
	if (!needs)
		return -1;
	for (size_t i = 0; i < ladder->count; i++) {
		struct crossing_row row;

		crossing_row(crossing, ladder, i, &row);
		if (!row.again && (row.sent_row || row.arrived_row))
			needs[i] = lines_needed(crossing, ladder, i);
	}
	result = crossing_layout_make(layout, crossing, ladder, needs,
				      y + HEAD_HEIGHT);
	if (result == 0 && cuts)
		find_cuts(layout, crossing, ladder, needs, cuts);
	free(needs);
	return result;
}

/* ---- arrows ---- */

static void put_arrow(const struct drawing *drawing, size_t nth,
		      const struct crossing_row *row)
{
	const struct crossing_place *place = &drawing->layout->places[nth];
	int from = row->from_client ? LEFT : RIGHT;
	int to = row->from_client ? RIGHT : LEFT;
	int percent = LOST_PERCENT;
	char class[32];

	snprintf(class, sizeof(class), "%s%s", colour_of(row),
		 row->passage->fate == PASSAGE_AGAIN || !crossing_segment(row)
			 ? " dash"
			 : "");
	if (row->passage->fate == PASSAGE_LOST)
		svg_lost(drawing->markup, from, place->sent_y,
			 from + (to - from) * percent / 100,
			 place->sent_y + (place->arrived_y - place->sent_y) *
						 percent / 100,
			 class);
	else if (row->passage->fate == PASSAGE_UNSENT)
		svg_arrow(drawing->markup, MIDDLE,
			  (place->sent_y + place->arrived_y) / 2, to,
			  place->arrived_y, class);
	else
		svg_arrow(drawing->markup, from, place->sent_y, to,
			  place->arrived_y, class);
}

/* ---- text ---- */

static void put_block(const struct drawing *drawing, size_t nth,
		      const struct crossing_row *row)
{
	const struct crossing_place *place = &drawing->layout->places[nth];
	bool left = row->sent ? row->from_client : !row->from_client;
	int y = (row->sent ? place->sent_y : place->arrived_y) + 4;
	int x = left ? LEFT_TEXT_X : RIGHT_TEXT_X, room = place->lines;
	struct block block;

	fill_block(&block, drawing->crossing, drawing->ladder, nth);
	markup_add(drawing->markup, "<g class=\"row\">\n");
	for (int i = 0; i < block.count; i++) {
		char class[48];
		int lines = svg_lines(block.columns[i], block.text[i]);

		if (lines > room)
			continue; /* a shorter one may fit */
		room -= lines;
		snprintf(class, sizeof(class), "%s %s%s", left ? "e" : "t",
			 i == 0 ? "b " : "s ", block.class[i]);
		y = svg_paragraph(drawing->markup, x, y, block.columns[i],
				  class, block.text[i]);
	}
	markup_add(drawing->markup, "</g>\n");
}

static void put_pauses(const struct drawing *drawing)
{
	const struct crossing_layout *layout = drawing->layout;
	char text[64], duration[32];

	for (size_t i = 0; i < layout->pause_count; i++) {
		snprintf(text, sizeof(text), "\u2248 %s \u2248",
			 duration_text(layout->pauses[i].ns, duration,
				       sizeof(duration)));
		svg_text(drawing->markup, MIDDLE, layout->pauses[i].y, "s m",
			 text);
	}
}

/* ---- states ---- */

struct bar {
	const struct drawing *drawing;
	bool client;
	bool begun;
	enum endstate state;
	int from_y, named_y;
};

static void name_state(struct bar *bar, int y)
{
	svg_text(bar->drawing->markup,
		 bar->client ? LEFT_STATE_X : RIGHT_STATE_X, y + 4,
		 bar->client ? "s e" : "s", endstate_name(bar->state));
	bar->named_y = y;
}

static void end_piece(const struct bar *bar, int y)
{
	svg_bar(bar->drawing->markup, bar->client ? LEFT_BAR_X : RIGHT_BAR_X,
		bar->from_y, y - bar->from_y, bar->state);
}

static void set_state(struct bar *bar, int y, enum endstate state)
{
	if (bar->begun && bar->state == state) {
		if (y - bar->named_y > STATE_EVERY)
			name_state(bar, y);
		return;
	}
	if (bar->begun)
		end_piece(bar, y);
	bar->begun = true;
	bar->state = state;
	bar->from_y = y;
	name_state(bar, y);
}

static int by_frame(const void *a, const void *b)
{
	const struct crossing_turn *x = a, *y = b;

	return (x->frame > y->frame) - (x->frame < y->frame);
}

/* What happened at one end, in the order of its capture. */
static size_t collect_turns(const struct drawing *drawing, bool client)
{
	struct crossing_turn *turns = drawing->layout->turns;
	size_t count = 0;

	for (size_t i = 0; i < drawing->ladder->count; i++) {
		const struct crossing_place *place =
			&drawing->layout->places[i];
		const struct ladder_row *data;
		struct crossing_row row;
		bool sends;

		crossing_row(drawing->crossing, drawing->ladder, i, &row);
		sends = row.from_client == client;
		data = sends ? row.sent_row : row.arrived_row;
		if (!data || data->kind != LADDER_SEGMENT ||
		    (sends && row.again))
			continue;
		turns[count++] = (struct crossing_turn){
			.frame = data->segment.frame,
			.y = sends ? place->sent_y : place->arrived_y,
			.state = client ? data->segment.client_state
					: data->segment.server_state,
		};
	}
	qsort(turns, count, sizeof(*turns), by_frame);
	return count;
}

static void put_bar(const struct drawing *drawing, bool client, int bottom)
{
	const struct crossing_turn *turns = drawing->layout->turns;
	struct bar bar = {.drawing = drawing, .client = client};
	size_t count = collect_turns(drawing, client);

	for (size_t i = 0; i < count; i++)
		set_state(&bar, turns[i].y, turns[i].state);
	if (bar.begun)
		end_piece(&bar, bottom);
}

/* ---- all of it ---- */

static void put_columns(const struct drawing *drawing, int y, int bottom)
{
	const struct conversation *conversation =
		&crossing_ladder_of(drawing->ladder)->conversation;
	char text[ENDPOINT_TEXT_BYTES], named[ENDPOINT_TEXT_BYTES + 64];
	struct markup *markup = drawing->markup;

	snprintf(named, sizeof(named), _("client %1$s"),
		 conversation_endpoint(conversation, CLIENT, text));
	svg_text(markup, LEFT, y + SVG_LEADING, "b e client", named);
	snprintf(named, sizeof(named), _("server %1$s"),
		 conversation_endpoint(conversation, SERVER, text));
	svg_text(markup, RIGHT, y + SVG_LEADING, "b server", named);
	markup_add(markup,
		   "<line class=\"end\" x1=\"%d\" y1=\"%d\" x2=\"%d\" "
		   "y2=\"%d\"/>\n<line class=\"end\" x1=\"%d\" y1=\"%d\" "
		   "x2=\"%d\" y2=\"%d\"/>\n",
		   LEFT, y + 2 * SVG_LEADING, LEFT, bottom, RIGHT,
		   y + 2 * SVG_LEADING, RIGHT, bottom);
}

static uint64_t put_rows(const struct drawing *drawing,
			 void (*put)(const struct drawing *drawing, size_t nth,
				     const struct crossing_row *row),
			 bool repeated)
{
	uint64_t left_out = 0;

	for (size_t i = 0; i < drawing->ladder->count; i++) {
		struct crossing_row row;

		crossing_row(drawing->crossing, drawing->ladder, i, &row);
		if (row.again && !repeated)
			continue;
		if (row.sent_row || row.arrived_row)
			put(drawing, i, &row);
		else
			left_out++;
	}
	return left_out;
}

int crossing_svg_draw(const struct crossing_layout *layout,
		      const struct crossing *crossing,
		      const struct crossing_ladder *ladder, int y,
		      struct markup *markup)
{
	struct drawing drawing = {crossing, ladder, layout, markup};
	int bottom = layout->bottom + 4 * LAYOUT_LINE;
	uint64_t left_out;
	char text[128];

	put_columns(&drawing, y, bottom);
	put_bar(&drawing, true, bottom);
	put_bar(&drawing, false, bottom);
	put_rows(&drawing, put_arrow, true);
	left_out = put_rows(&drawing, put_block, false);
	put_pauses(&drawing);
	if (left_out > 0) {
		snprintf(text, sizeof(text),
			 _("... and %1$llu more rows, left out."),
			 (unsigned long long)left_out);
		svg_text(markup, MIDDLE, bottom + SVG_LEADING, "m b", text);
	}
	return bottom + 2 * SVG_LEADING;
}

/* ---- a document ---- */

static int put_head(const struct crossing_ladder *ladder, struct markup *markup,
		    int y)
{
	const struct ladder *first = crossing_ladder_of(ladder);
	size_t columns =
		svg_columns(CROSSING_SVG_WIDTH - 2 * MARGIN, SVG_PLAIN);
	char text[PROOF_BYTES * 2];

	y = svg_paragraph(
		    markup, MARGIN, y + SVG_LEADING, columns * 3 / 4, "h",
		    ladder_title(&first->conversation, text, sizeof(text))) +
	    SVG_LEADING / 2;
	for (int which = CLIENT; which <= SERVER; which++)
		y = svg_paragraph(
			markup, MARGIN, y, columns, "t",
			ladder_end_text(first, which, text, sizeof(text)));
	for (int which = CLIENT; which <= SERVER; which++)
		y = svg_paragraph(
			markup, MARGIN, y, columns, "t",
			crossing_way_text(ladder, which, text, sizeof(text)));
	y = svg_paragraph(markup, MARGIN, y, columns, "t",
			  close_text(conversation_close(&first->conversation)));
	return y + SVG_LEADING / 2;
}

static int put_top(const struct crossing *crossing, struct markup *markup)
{
	size_t columns =
		svg_columns(CROSSING_SVG_WIDTH - 2 * MARGIN, SVG_PLAIN);
	char text[PROOF_BYTES * 2];
	int y;

	y = svg_paragraph(markup, MARGIN, 2 * MARGIN, columns, "t",
			  crossing_clock_text(crossing, text, sizeof(text)));
	return svg_paragraph(markup, MARGIN, y, columns, "q",
			     crossing_svg_legend());
}

static int put_all(const struct crossing *crossing, const char *foot,
		   struct markup *markup)
{
	int y = put_top(crossing, markup);

	for (size_t i = 0; i < crossing_count(crossing); i++) {
		const struct crossing_ladder *ladder = crossing_at(crossing, i);
		struct crossing_layout layout;
		int result;

		y = put_head(ladder, markup, y);
		result =
			crossing_svg_layout(&layout, crossing, ladder, y, NULL);
		if (result == 0)
			y = crossing_svg_draw(&layout, crossing, ladder, y,
					      markup);
		crossing_layout_fini(&layout);
		if (result < 0)
			return -1;
	}
	if (foot)
		y = svg_paragraph(
			markup, MARGIN, y + SVG_LEADING,
			svg_columns(CROSSING_SVG_WIDTH - 2 * MARGIN, SVG_PLAIN),
			"q", foot);
	return y + MARGIN;
}

int crossing_svg_document(const struct crossing *crossing, const char *title,
			  const char *foot, struct markup *markup)
{
	struct markup measure;
	int height, result;

	markup_begin(&measure, NULL, NULL);
	height = put_all(crossing, foot, &measure);
	if (height < 0)
		return -1;
	svg_open(markup, CROSSING_SVG_WIDTH, height, title, 1);
	result = put_all(crossing, foot, markup);
	svg_close(markup);
	return result < 0 ? -1 : 0;
}
