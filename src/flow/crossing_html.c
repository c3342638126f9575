/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/crossing_html.h"

#include <stdlib.h>

#include "flow/crossing.h"
#include "flow/crossing_layout.h"
#include "flow/crossing_svg.h"
#include "flow/crossing_words.h"
#include "flow/ladder_head.h"
#include "flow/ladder_html.h"
#include "flow/markup.h"
#include "flow/page.h"
#include "flow/proof.h"
#include "flow/say.h"
#include "flow/svg.h"

/* ---- the table ---- */

/* A time with the frame of that capture under it. */
static void put_time(struct markup *markup, const struct sighting *sighting,
		     int64_t ns)
{
	unsigned long long us = (unsigned long long)(ns < 0 ? -ns : ns) / 1000;

	if (!sighting) {
		markup_add(markup, "<td class=\"n\">\u2013</td>");
		return;
	}
	markup_add(markup,
		   "<td class=\"n\">%s%llu.%06llu<small>#%llu</small>"
		   "</td>",
		   ns < 0 ? "-" : "", us / 1000000, us % 1000000,
		   (unsigned long long)sighting->frame);
}

static void put_fate(struct markup *markup, const struct crossing_row *row)
{
	char text[PROOF_BYTES];

	markup_add(markup, row->passage->fate == PASSAGE_LOST
				   ? "<td><b class=\"rst\">"
				   : "<td><b class=\"q\">");
	markup_text(markup, crossing_fate_text(row, text, sizeof(text)));
	markup_add(markup, "</b></td>");
}

static void put_row(struct markup *markup, const struct crossing_row *row)
{
	const struct segment *segment = crossing_segment(row);
	char text[PROOF_BYTES];

	markup_add(markup, "<tr><td><b class=\"%s\">",
		   row->from_client ? "client" : "server");
	markup_text(markup, row->from_client ? _("client") : _("server"));
	markup_add(markup, "</b></td>");
	put_time(markup, row->sent, row->sent_ns);
	put_time(markup, row->arrived, row->arrived_ns);
	put_fate(markup, row);
	if (segment) {
		ladder_html_numbers(segment, markup);
		ladder_html_why(segment, markup);
	} else {
		markup_add(markup, "<td colspan=\"6\">");
		markup_text(markup,
			    crossing_label_text(row, text, sizeof(text)));
		markup_add(markup, "</td>");
	}
	markup_add(markup, "</tr>\n");
}

static void put_table(const struct crossing *crossing,
		      const struct crossing_ladder *ladder,
		      struct markup *markup)
{
	const char *const names[] = {
		_("from"),  _(">sent"), _(">arrived"), _("what became of it"),
		_("flags"), ">seq",     ">ack",        ">len",
		">win",     _("why"),   NULL,
	};

	page_table_open(markup, _("The same in numbers (relative, raw below)"),
			names);
	for (size_t i = 0; i < ladder->count; i++) {
		struct crossing_row row;

		crossing_row(crossing, ladder, i, &row);
		if (row.sent_row || row.arrived_row)
			put_row(markup, &row);
	}
	page_table_close(markup);
}

/* ---- the section ---- */

static void put_head(const struct crossing_ladder *ladder,
		     struct markup *markup)
{
	const struct ladder *first = crossing_ladder_of(ladder);
	char text[PROOF_BYTES * 2];

	markup_add(markup, "<h2>");
	markup_text(markup,
		    ladder_title(&first->conversation, text, sizeof(text)));
	markup_add(markup, "</h2>\n");
	for (int which = CLIENT; which <= SERVER; which++)
		page_paragraph(
			markup, "",
			ladder_end_text(first, which, text, sizeof(text)));
	for (int which = CLIENT; which <= SERVER; which++)
		page_paragraph(
			markup, "",
			crossing_way_text(ladder, which, text, sizeof(text)));
	page_paragraph(markup, "",
		       close_text(conversation_close(&first->conversation)));
}

struct figure {
	const struct crossing *crossing;
	const struct crossing_ladder *ladder;
	const struct crossing_layout *layout;
};

static void draw(void *arg, struct markup *markup)
{
	const struct figure *figure = arg;

	crossing_svg_draw(figure->layout, figure->crossing, figure->ladder, 0,
			  markup);
}

static void put_section(struct figure *figure, const struct svg_cuts *cuts,
			struct markup *markup)
{
	const struct conversation *conversation =
		&crossing_ladder_of(figure->ladder)->conversation;
	struct markup measure;
	char title[PROOF_BYTES];
	int height;

	markup_begin(&measure, NULL, NULL);
	height = crossing_svg_draw(figure->layout, figure->crossing,
				   figure->ladder, 0, &measure);
	markup_add(markup, "<section id=\"stream%llu\">\n",
		   (unsigned long long)conversation->stream);
	put_head(figure->ladder, markup);
	page_figure(markup, conversation->stream, CROSSING_SVG_WIDTH, height,
		    ladder_title(conversation, title, sizeof(title)), cuts,
		    draw, figure);
	put_table(figure->crossing, figure->ladder, markup);
	markup_add(markup, "</section>\n");
}

int crossing_html(const struct crossing *crossing,
		  const struct crossing_ladder *ladder, struct markup *markup)
{
	struct crossing_layout layout = {0};
	struct figure figure = {crossing, ladder, &layout};
	struct svg_cuts cuts = {calloc(ladder->count + 1, sizeof(*cuts.at)), 0};
	int result = -1;

	if (cuts.at &&
	    crossing_svg_layout(&layout, crossing, ladder, 0, &cuts) == 0) {
		put_section(&figure, &cuts, markup);
		result = 0;
	}
	crossing_layout_fini(&layout);
	free(cuts.at);
	return result;
}
