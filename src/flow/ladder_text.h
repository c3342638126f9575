/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_LADDER_TEXT_H
#define FLOW_LADDER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ladder;

/*
 * A ladder as lines of text, two a row: time, client state, arrow with flags
 * and numbers, server state; then the proof. No line is wider than `columns`.
 * Pure.
 *
 *    0.000000 SYN_SENT     ─── SYN  seq 0  win 64240 ──────▶ LISTEN
 *             SYN consumes one sequence number
 */
struct ladder_style {
	unsigned columns; /* 0: 80; at least 60 is used */
	bool ascii;       /* no arrows and lines of UTF-8 */
	bool raw;         /* raw numbers and windows beside the relative */
	bool headless;    /* no heading (addresses, options, legend) */
};

/* The columns that the style comes to: 60 to 240. */
unsigned ladder_columns(const struct ladder_style *style);

/* put() gets each line, without LF, valid only during the call. */
void ladder_text(const struct ladder *ladder, const struct ladder_style *style,
		 void (*put)(void *arg, const char *line), void *arg);

#endif
