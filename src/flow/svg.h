/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_SVG_H
#define FLOW_SVG_H

#include <stddef.h>
#include <stdint.h>

#include "flow/endstate.h"

struct markup;
struct segment;

/*
 * What drawings in SVG are made of. Lengths are CSS pixels, y grows downwards.
 * All text is in a monospace font, so that its width is known without a
 * browser: a column takes at most 0.605 of the size in every such font in
 * use, a Chinese character at most two of them. Colours are variables of
 * the style sheet, light or dark as the reader's system is. Pure.
 */
enum {
	SVG_SMALL = 11, /* sizes of type */
	SVG_PLAIN = 12,
	SVG_LABEL = 13,
	SVG_LEADING = 15, /* from line to line */
};

/* Where a drawing may be cut to fit on pages: between rows. */
struct svg_cuts {
	int *at; /* y, ascending; room for all rows and one more */
	size_t count;
};

/* Pixels that so many columns of that size may take, and how many columns
 * surely fit into so many pixels. */
int svg_width(size_t columns, int size);
size_t svg_columns(int pixels, int size);

/* The style sheet, without its <style>. */
void svg_style(struct markup *markup);

/* <svg>, with a title for those who do not see it. style: with the sheet, so
 * that it may stand alone. */
void svg_open(struct markup *markup, int width, int height, const char *title,
	      int with_style);
void svg_close(struct markup *markup);

/* class: "t" text, with "e" or "m" it ends at x or has its middle there. */
void svg_text(struct markup *markup, int x, int y, const char *class,
	      const char *text);

/* In lines of so many columns, the first on y. Returns the y of the line that
 * would be next. */
int svg_paragraph(struct markup *markup, int x, int y, size_t columns,
		  const char *class, const char *text);
/* The lines it would have. */
int svg_lines(size_t columns, const char *text);

/* class as svg_segment_class() has it. The head is at the end. */
void svg_arrow(struct markup *markup, int x1, int y1, int x2, int y2,
	       const char *class);
/* The same without a head, but with a cross where it ends. */
void svg_lost(struct markup *markup, int x1, int y1, int x2, int y2,
	      const char *class);

/* A piece of the bar of an end's states. */
void svg_bar(struct markup *markup, int x, int y, int height,
	     enum endstate state);

/* The colour of a segment: of its sender, or of what is remarkable. */
const char *svg_segment_class(const struct segment *segment);

enum {
	SVG_BAR = 10, /* its width */
};

#endif
