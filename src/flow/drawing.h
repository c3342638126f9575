/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_DRAWING_H
#define FLOW_DRAWING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"

/* Inside flow/ only: what the views ask of each format. */

struct conversation;
struct crossing;
struct flow;
struct flow_event;
struct ladder;
struct view_config;
struct view_summary;

struct drawing {
	const struct drawing_ops *ops;
	const struct view_config *config;
	struct writer writer;
	int64_t first_ns; /* of the first frame of the capture */
	bool headed;      /* text: a heading is out, ... */
	uint64_t stream;  /* ... of this one, in a ladder */
};

/* Any but name may be NULL. */
struct drawing_ops {
	const char *name;
	/* Segments, datagrams and the like, but of the view of
	 * conversations. */
	void (*event)(struct drawing *drawing, const struct flow_event *event);
	/* In the view of conversations: one that made room for another, or
	 * that the capture left. */
	void (*conversation)(struct drawing *drawing,
			     const struct conversation *conversation,
			     bool evicted);
	/* In the view of ladders, at the end; not of a live capture. */
	void (*ladder)(struct drawing *drawing, const struct ladder *ladder);
	/* ... all of them at once instead. */
	void (*ladders)(struct drawing *drawing, const struct ladder *ladders,
			size_t count, const struct flow *flow,
			const struct view_summary *summary);
	/* Two captures: everything. */
	void (*crossing)(struct drawing *drawing,
			 const struct crossing *crossing,
			 const struct view_summary *summary);
	/* What no event has ended, and the summary. */
	void (*finish)(struct drawing *drawing, const struct flow *flow,
		       const struct view_summary *summary);
};

const struct drawing_ops *drawing_text(void);
const struct drawing_ops *drawing_ndjson(void);
const struct drawing_ops *drawing_svg(void);
const struct drawing_ops *drawing_html(void);

/* Was this stream asked for? */
bool view_wants(const struct view_config *config, uint64_t stream);

#endif
