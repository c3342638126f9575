/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_CROSSING_LAYOUT_H
#define FLOW_CROSSING_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "flow/endstate.h"

struct crossing;
struct crossing_ladder;

/*
 * Where on paper the packets of two captures leave and arrive. The vertical
 * axis is time and never runs backwards, the same for both ends: so arrows
 * that cross were overtaken, and a steep one was long on its way. It is to
 * scale, LAYOUT_FLIGHT pixels for the usual time on the way, with two
 * exceptions: a pause longer than LAYOUT_PAUSE is cut (and marked), and it is
 * stretched where lines of text need the room. Pure but for malloc().
 */
enum {
	LAYOUT_LINE = 15,   /* pixels of a line of text */
	LAYOUT_APART = 16,  /* at least, of what happens at one end */
	LAYOUT_FLIGHT = 72, /* the median flight */
	LAYOUT_PAUSE = 110, /* the longest pause */
};

/* Of one passage. */
struct crossing_place {
	int sent_y, arrived_y; /* LOST: where it would have arrived; UNSENT:
				  where it would have left */
	int lines;             /* that fit beside the end that sent it (UNSENT:
				  where it arrived) */
};

struct crossing_pause {
	int y;
	int64_t ns;
};

/* The state of an end from a frame of its capture on. */
struct crossing_turn {
	uint64_t frame;
	int y;
	enum endstate state;
};

struct crossing_layout {
	struct crossing_place *places; /* by passage of the ladder */
	struct crossing_turn *turns;   /* as many; room for the drawing, which
					  so cannot fail */
	struct crossing_pause *pauses;
	size_t pause_count;
	int bottom;
	int64_t unit_ns; /* of a pixel, where it is to scale */
};

/* needs: for each passage the lines of text that it must have, 0 for none.
 * top: y of the first. -1 when memory is out. */
int crossing_layout_make(struct crossing_layout *layout,
			 const struct crossing *crossing,
			 const struct crossing_ladder *ladder, const int *needs,
			 int top);
void crossing_layout_fini(struct crossing_layout *layout);

#endif
