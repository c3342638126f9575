/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_LADDER_LINES_H
#define FLOW_LADDER_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ladder_style;
struct segment;

/*
 * The lines that a ladder in text is made of. Inside flow/ only; pure.
 *
 *   1.000000 SYN_SENT     ─── SYN seq 0 win 64240 ───────────▶ LISTEN
 *   ^ time   ^ client     ^ arrow                              ^ server
 *   #1       SYN consumes one sequence number
 */
struct ladder_lines {
	unsigned columns; /* of a line */
	unsigned arrow;   /* columns of it */
	bool ascii;
	const char *client, *server; /* states, for the next row */
	void (*put)(void *arg, const char *line);
	void *arg;
};

enum ladder_arrow {
	LADDER_ARROW_WHOLE,
	LADDER_ARROW_LOST, /* ends in a cross on the way */
	LADDER_ARROW_HALF, /* begins on the way */
};

void ladder_lines_begin(struct ladder_lines *lines,
			const struct ladder_style *style,
			void (*put)(void *arg, const char *line), void *arg);

/* A row; the label is one of ladder_lines_label(), or not longer than
 * ladder_lines_room(). */
void ladder_lines_row(const struct ladder_lines *lines, int64_t since_ns,
		      const char *label, bool to_server,
		      enum ladder_arrow arrow);
size_t ladder_lines_room(const struct ladder_lines *lines);

/* Flags and numbers, and the window where it finds room: true. */
bool ladder_lines_label(const struct ladder_lines *lines,
			const struct segment *segment, char *label,
			size_t bytes);

/* Text under an arrow, on as many lines as it needs; `margin` ("#1" or "")
 * stands before the first. */
void ladder_lines_below(const struct ladder_lines *lines, const char *margin,
			const char *text);
/* The same from the first column on. */
void ladder_lines_text(const struct ladder_lines *lines, const char *text);

/* What lies under the arrow of a segment: the window where the arrow had no
 * room, the proof, the notes. */
void ladder_lines_proof(const struct segment *segment, bool window_shown,
			char *text, size_t bytes);

/* "   seconds client      server" */
void ladder_lines_heading(const struct ladder_lines *lines);

#endif
