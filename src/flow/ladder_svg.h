/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_LADDER_SVG_H
#define FLOW_LADDER_SVG_H

#include <stdbool.h>
#include <stddef.h>

struct ladder;
struct markup;
struct svg_cuts;

/*
 * Ladders as SVG. From one point of capture there is no time of flight:
 * arrows are level. Pure.
 *
 *   #1  0.000000  SYN_SENT |      SYN seq 0 win 64240      | LISTEN
 *                          |------------------------------>|
 *                          | SYN consumes one ...          |
 */
enum {
	LADDER_SVG_WIDTH = 1150,
};

struct ladder_svg_style {
	bool raw; /* raw numbers and windows beside the relative */
};

/* The drawing alone, from y on, into an <svg> of that width. cuts may be NULL.
 * Returns the y behind it. */
int ladder_svg_draw(const struct ladder *ladder,
		    const struct ladder_svg_style *style, struct markup *markup,
		    int y, struct svg_cuts *cuts);

/* A whole document of any number of ladders, each with what stands above it.
 * foot: a sentence at the end, or NULL. */
void ladder_svg_document(const struct ladder *ladders, size_t count,
			 const struct ladder_svg_style *style,
			 const char *title, const char *foot,
			 struct markup *markup);

#endif
