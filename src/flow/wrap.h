/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_WRAP_H
#define FLOW_WRAP_H

/* Text broken into lines that fit, where say_break() has it. Pure. */
struct wrap {
	unsigned columns; /* of a line; at most WRAP_COLUMNS_MAX */
	unsigned indent;  /* where the text begins on every line */
	void (*put)(void *arg, const char *line);
	void *arg;
};

enum {
	WRAP_COLUMNS_MAX = 240,
	WRAP_LINE_BYTES = WRAP_COLUMNS_MAX * 4 + 1, /* of UTF-8 */
};

/* `margin` stands before the text on its first line, within the indent. A word
 * that is longer than a line is broken. */
void wrap_text(const struct wrap *wrap, const char *margin, const char *text);

#endif
