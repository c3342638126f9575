/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_CROSSING_HTML_H
#define FLOW_CROSSING_HTML_H

struct crossing;
struct crossing_ladder;
struct markup;

/* One ladder of two captures as a section of a page (flow/page.h): what stands
 * above it, the drawing, the table of its numbers. -1 when memory is out.
 * Pure but for malloc(). */
int crossing_html(const struct crossing *crossing,
		  const struct crossing_ladder *ladder, struct markup *markup);

#endif
