/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_CROSSING_SVG_H
#define FLOW_CROSSING_SVG_H

struct crossing;
struct crossing_ladder;
struct crossing_layout;
struct markup;
struct svg_cuts;

/*
 * Ladders of two captures as SVG: each arrow from its measured sending to its
 * measured arrival, what is said of it outside, beside the end that sent it.
 * Pure.
 *
 *   SYN seq 0 | SYN_SENT |---___            |
 *                        |      ---___      |
 *                        |            --->  | SYN_RECEIVED | SYN,ACK ...
 */
enum {
	CROSSING_SVG_WIDTH = 1216,
};

/* Lays the drawing out from y on. Into cuts (may be NULL; room for all
 * passages and one more) go the places where no line of text is cut. -1 when
 * memory is out. */
int crossing_svg_layout(struct crossing_layout *layout,
			const struct crossing *crossing,
			const struct crossing_ladder *ladder, int y,
			struct svg_cuts *cuts);

/* Draws what was laid out. Returns the y behind it. */
int crossing_svg_draw(const struct crossing_layout *layout,
		      const struct crossing *crossing,
		      const struct crossing_ladder *ladder, int y,
		      struct markup *markup);

/* A whole document. foot: a sentence at the end, or NULL. -1 when memory is
 * out. */
int crossing_svg_document(const struct crossing *crossing, const char *title,
			  const char *foot, struct markup *markup);

/* How to read the drawing, in the user's language. */
const char *crossing_svg_legend(void);

#endif
