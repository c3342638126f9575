/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_DRAWING_CROSSING_H
#define FLOW_DRAWING_CROSSING_H

struct crossing;
struct drawing;
struct view_summary;

/* Inside flow/ only: what two captures look like in each format. */
void text_crossing(struct drawing *drawing, const struct crossing *crossing,
		   const struct view_summary *summary);
void ndjson_crossing(struct drawing *drawing, const struct crossing *crossing,
		     const struct view_summary *summary);
void svg_crossing(struct drawing *drawing, const struct crossing *crossing,
		  const struct view_summary *summary);
void html_crossing(struct drawing *drawing, const struct crossing *crossing,
		   const struct view_summary *summary);

#endif
