/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/ladder_html.h"

#include <stdio.h>

#include "flow/ladder.h"
#include "flow/ladder_head.h"
#include "flow/ladder_svg.h"
#include "flow/markup.h"
#include "flow/page.h"
#include "flow/proof.h"
#include "flow/say.h"
#include "flow/svg.h"
#include "wire/packet.h"

/* ---- the table ---- */

/* A relative number with the raw one under it. */
static void put_pair(struct markup *markup, uint32_t relative, uint32_t raw)
{
	markup_add(markup, "<td class=\"n\">%u<small>%u</small></td>", relative,
		   raw);
}

static void put_window(struct markup *markup, const struct segment *segment)
{
	markup_add(markup, "<td class=\"n\">%u", segment->window_scaled);
	if (segment->scale > 0)
		markup_add(markup, "<small>%u \u00d7 %u</small>",
			   (unsigned)segment->window, 1u << segment->scale);
	markup_add(markup, "</td>");
}

void ladder_html_numbers(const struct segment *segment, struct markup *markup)
{
	char flags[40];

	page_cell(markup, "", flags_text(segment->flags, flags, sizeof(flags)));
	put_pair(markup, segment->seq, segment->seq_raw);
	if (segment->flags & TCP_ACK)
		put_pair(markup, segment->ack, segment->ack_raw);
	else
		markup_add(markup, "<td></td>");
	page_number(markup, segment->len);
	put_window(markup, segment);
}

void ladder_html_why(const struct segment *segment, struct markup *markup)
{
	char text[PROOF_BYTES];

	markup_add(markup, "<td class=\"w\">");
	if (segment->notes) {
		markup_add(markup, "<b class=\"%s\">",
			   svg_segment_class(segment));
		markup_text(markup, proof_notes(segment, text, sizeof(text)));
		markup_add(markup, "</b><br>");
	}
	markup_text(markup, proof_text(segment, text, sizeof(text)));
	markup_add(markup, "</td>");
}

static void put_time(struct markup *markup, uint64_t frame, int64_t since_ns)
{
	unsigned long long us =
		(unsigned long long)(since_ns < 0 ? -since_ns : since_ns) /
		1000;

	page_number(markup, frame);
	markup_add(markup, "<td class=\"n\">%s%llu.%06llu</td>",
		   since_ns < 0 ? "-" : "", us / 1000000, us % 1000000);
}

static void put_sender(struct markup *markup, bool from_client)
{
	markup_add(markup, "<td><b class=\"%s\">",
		   from_client ? "client" : "server");
	markup_text(markup, from_client ? _("client") : _("server"));
	markup_add(markup, "</b></td>");
}

static void put_segment(struct markup *markup, const struct segment *segment)
{
	put_time(markup, segment->frame, segment->since_ns);
	put_sender(markup, segment->from_client);
	ladder_html_numbers(segment, markup);
	page_cell(markup, "", endstate_name(segment->client_state));
	page_cell(markup, "", endstate_name(segment->server_state));
	ladder_html_why(segment, markup);
}

static void put_notice(struct markup *markup, const struct notice *notice)
{
	char text[PROOF_BYTES], address[ADDR_TEXT_BYTES];

	put_time(markup, notice->frame, notice->since_ns);
	page_cell(markup, "", addr_format(&notice->source, address));
	markup_add(markup, "<td colspan=\"7\"><b class=\"rst\">ICMP ");
	markup_text(markup, notice_name(notice));
	markup_add(markup, "</b></td><td class=\"w\">");
	markup_text(markup, notice_quote(notice, text, sizeof(text)));
	markup_add(markup, "<br>");
	markup_text(markup, notice_why(notice, text, sizeof(text)));
	markup_add(markup, "</td>");
}

static void put_fragment(struct markup *markup,
			 const struct ladder_fragment *fragment)
{
	char text[PROOF_BYTES];

	put_time(markup, fragment->frame, fragment->since_ns);
	put_sender(markup, fragment->from_client);
	snprintf(text, sizeof(text), _("fragment: %1$u bytes from %2$u"),
		 fragment->bytes, fragment->offset);
	markup_add(markup, "<td colspan=\"7\">");
	markup_text(markup, text);
	snprintf(text, sizeof(text),
		 fragment->more ? _("of the segment with ID %1$u; more follow")
				: _("of the segment with ID %1$u; the last"),
		 fragment->id);
	markup_add(markup, "</td>");
	page_cell(markup, "w", text);
}

static void put_table(const struct ladder *ladder, struct markup *markup)
{
	const char *const names[] = {
		_(">frame"), _(">seconds"), _("from"), _("flags"),
		">seq",      ">ack",        ">len",    ">win",
		_("client"), _("server"),   _("why"),  NULL,
	};

	page_table_open(markup, _("The same in numbers (relative, raw below)"),
			names);
	for (size_t i = 0; i < ladder->count; i++) {
		const struct ladder_row *row = &ladder->rows[i];

		markup_add(markup, "<tr>");
		if (row->kind == LADDER_SEGMENT)
			put_segment(markup, &row->segment);
		else if (row->kind == LADDER_NOTICE)
			put_notice(markup, &row->notice);
		else
			put_fragment(markup, &row->fragment);
		markup_add(markup, "</tr>\n");
	}
	page_table_close(markup);
}

/* ---- the section ---- */

static void put_head(const struct ladder *ladder, struct markup *markup)
{
	char text[PROOF_BYTES];
	const char *caveat;

	markup_add(markup, "<h2>");
	markup_text(markup,
		    ladder_title(&ladder->conversation, text, sizeof(text)));
	markup_add(markup, "</h2>\n");
	for (int which = CLIENT; which <= SERVER; which++)
		page_paragraph(
			markup, "",
			ladder_end_text(ladder, which, text, sizeof(text)));
	page_paragraph(markup, "",
		       close_text(conversation_close(&ladder->conversation)));
	for (unsigned n = 1; (caveat = ladder_caveat(ladder, n)); n++)
		page_paragraph(markup, "q", caveat);
}

struct figure {
	const struct ladder *ladder;
	const struct ladder_svg_style *style;
};

static void draw(void *arg, struct markup *markup)
{
	const struct figure *figure = arg;

	ladder_svg_draw(figure->ladder, figure->style, markup, 0, NULL);
}

void ladder_html(const struct ladder *ladder,
		 const struct ladder_svg_style *style, struct markup *markup)
{
	struct figure figure = {ladder, style};
	int at[LADDER_ROWS_MAX + 1], height;
	struct svg_cuts cuts = {at, 0};
	struct markup measure;
	char title[PROOF_BYTES];

	markup_begin(&measure, NULL, NULL);
	height = ladder_svg_draw(ladder, style, &measure, 0, &cuts);
	markup_add(markup, "<section id=\"stream%llu\">\n",
		   (unsigned long long)ladder->conversation.stream);
	put_head(ladder, markup);
	page_figure(markup, ladder->conversation.stream, LADDER_SVG_WIDTH,
		    height,
		    ladder_title(&ladder->conversation, title, sizeof(title)),
		    &cuts, draw, &figure);
	put_table(ladder, markup);
	markup_add(markup, "</section>\n");
}
