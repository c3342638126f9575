/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/drawing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "flow/crossing.h"
#include "flow/crossing_html.h"
#include "flow/crossing_svg.h"
#include "flow/crossing_words.h"
#include "flow/drawing_crossing.h"
#include "flow/drawing_text.h"
#include "flow/ladder.h"
#include "flow/ladder_head.h"
#include "flow/ladder_html.h"
#include "flow/ladder_svg.h"
#include "flow/markup.h"
#include "flow/page.h"
#include "flow/say.h"
#include "flow/view.h"

/* Ladders as a picture: an SVG, or a page of HTML around them. */

enum {
	TEXT_BYTES = 512,
};

static void put(void *arg, const char *bytes, size_t length)
{
	struct writer *writer = arg;

	writer_begin(writer, length);
	writer_put(writer, bytes, length);
}

static struct ladder_svg_style style_of(const struct drawing *drawing)
{
	return (struct ladder_svg_style){.raw = drawing->config->verbose};
}

/* What is not drawn; NULL where all is. */
static const char *foot(const struct view_summary *summary, size_t count,
			char text[TEXT_BYTES])
{
	if (summary->ladders_left_out > 0)
		snprintf(text, TEXT_BYTES,
			 _("%llu more conversations are not drawn; --stream "
			   "chooses."),
			 (unsigned long long)summary->ladders_left_out);
	else if (count == 0)
		snprintf(text, TEXT_BYTES, "%s",
			 _("No TCP conversation to draw."));
	else
		return NULL;
	return text;
}

static void put_time(struct markup *markup, const struct view_summary *summary)
{
	time_t second = (time_t)(summary->first_ns / 1000000000);
	char text[TEXT_BYTES], time[64];
	struct tm tm;

	if (summary->first_ns <= 0 || !gmtime_r(&second, &tm) ||
	    !strftime(time, sizeof(time), "%Y-%m-%d %H:%M:%S", &tm))
		return;
	snprintf(text, sizeof(text), _("The first frame is of %s UTC."), time);
	page_paragraph(markup, "", text);
}

static void put_links(struct markup *markup, const struct ladder *ladders,
		      size_t count)
{
	char text[TEXT_BYTES];

	page_links_open(markup);
	for (size_t i = 0; i < count; i++)
		page_link(markup, ladders[i].conversation.stream,
			  ladder_title(&ladders[i].conversation, text,
				       sizeof(text)));
	page_links_close(markup);
}

static const char *name_of(const char *source)
{
	return strcmp(source, "-") ? source : _("standard input");
}

static void svg_ladders(struct drawing *drawing, const struct ladder *ladders,
			size_t count, const struct flow *flow,
			const struct view_summary *summary)
{
	const struct ladder_svg_style style = style_of(drawing);
	struct markup markup;
	char text[TEXT_BYTES];

	(void)flow;
	markup_begin(&markup, put, &drawing->writer);
	ladder_svg_document(ladders, count, &style,
			    name_of(drawing->config->source),
			    foot(summary, count, text), &markup);
	markup_end(&markup);
}

static void html_ladders(struct drawing *drawing, const struct ladder *ladders,
			 size_t count, const struct flow *flow,
			 const struct view_summary *summary)
{
	const struct ladder_svg_style style = style_of(drawing);
	struct markup markup;
	char text[TEXT_BYTES];
	const char *last;

	markup_begin(&markup, put, &drawing->writer);
	page_open(&markup, name_of(drawing->config->source));
	page_paragraph(&markup, "", text_counts(flow, text, sizeof(text)));
	put_time(&markup, summary);
	if (count > 1)
		put_links(&markup, ladders, count);
	if (count > 0) {
		page_paragraph(&markup, "q", ladder_level());
		page_paragraph(&markup, "q", ladder_caveat(ladders, 0));
	}
	for (size_t i = 0; i < count; i++)
		ladder_html(&ladders[i], &style, &markup);
	last = foot(summary, count, text);
	if (last)
		page_paragraph(&markup, "q", last);
	page_close(&markup);
	markup_end(&markup);
}

/* ---- two captures ---- */

static const char *crossing_foot(const struct crossing *crossing,
				 char text[TEXT_BYTES])
{
	const struct view_summary summary = {
		.ladders_left_out = crossing_left_out(crossing),
	};

	return foot(&summary, crossing_count(crossing), text);
}

static const char *crossing_title(const struct drawing *drawing,
				  char text[TEXT_BYTES])
{
	snprintf(text, TEXT_BYTES, "%s \u2194 %s",
		 name_of(drawing->config->source),
		 name_of(drawing->config->second_source));
	return text;
}

static void out_of_memory(struct drawing *drawing)
{
	if (!drawing->writer.failed)
		drawing->writer.failed = ENOMEM;
}

void svg_crossing(struct drawing *drawing, const struct crossing *crossing,
		  const struct view_summary *summary)
{
	char title[TEXT_BYTES], text[TEXT_BYTES];
	struct markup markup;

	(void)summary;
	markup_begin(&markup, put, &drawing->writer);
	if (crossing_svg_document(crossing, crossing_title(drawing, title),
				  crossing_foot(crossing, text), &markup) < 0)
		out_of_memory(drawing);
	markup_end(&markup);
}

static void put_crossing_links(struct markup *markup,
			       const struct crossing *crossing)
{
	char text[TEXT_BYTES];

	page_links_open(markup);
	for (size_t i = 0; i < crossing_count(crossing); i++) {
		const struct ladder *ladder =
			crossing_ladder_of(crossing_at(crossing, i));

		page_link(markup, ladder->conversation.stream,
			  ladder_title(&ladder->conversation, text,
				       sizeof(text)));
	}
	page_links_close(markup);
}

void html_crossing(struct drawing *drawing, const struct crossing *crossing,
		   const struct view_summary *summary)
{
	char text[TEXT_BYTES];
	struct markup markup;
	const char *last;

	markup_begin(&markup, put, &drawing->writer);
	page_open(&markup, crossing_title(drawing, text));
	put_time(&markup, summary);
	page_paragraph(&markup, "",
		       crossing_clock_text(crossing, text, sizeof(text)));
	page_paragraph(&markup, "q", crossing_svg_legend());
	if (crossing_count(crossing) > 1)
		put_crossing_links(&markup, crossing);
	for (size_t i = 0; i < crossing_count(crossing); i++)
		if (crossing_html(crossing, crossing_at(crossing, i), &markup) <
		    0)
			out_of_memory(drawing);
	last = crossing_foot(crossing, text);
	if (last)
		page_paragraph(&markup, "q", last);
	page_close(&markup);
	markup_end(&markup);
}

const struct drawing_ops *drawing_svg(void)
{
	static const struct drawing_ops ops = {
		.name = "svg",
		.ladders = svg_ladders,
		.crossing = svg_crossing,
	};

	return &ops;
}

const struct drawing_ops *drawing_html(void)
{
	static const struct drawing_ops ops = {
		.name = "html",
		.ladders = html_ladders,
		.crossing = html_crossing,
	};

	return &ops;
}
