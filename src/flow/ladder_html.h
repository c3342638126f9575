/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_LADDER_HTML_H
#define FLOW_LADDER_HTML_H

struct ladder;
struct ladder_svg_style;
struct markup;
struct segment;

/* One ladder as a section of a page (flow/page.h): what stands above it (but
 * not ladder_level() and the first ladder_caveat(), which are the same for all
 * and stand above all), the drawing, the table of its numbers. Pure. */
void ladder_html(const struct ladder *ladder,
		 const struct ladder_svg_style *style, struct markup *markup);

/* Cells of a row of the table, for whoever has a table of segments: flags,
 * seq, ack, len, window; the last one with notes and proof. */
void ladder_html_numbers(const struct segment *segment, struct markup *markup);
void ladder_html_why(const struct segment *segment, struct markup *markup);

#endif
