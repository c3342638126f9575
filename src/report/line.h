/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef REPORT_LINE_H
#define REPORT_LINE_H

#include <stddef.h>
#include <stdint.h>

struct writer;

/*
 * One line of output in the making. By hand and not by printf: a full scan
 * of a host is 65,535 of them, and no locale may put a comma into a number.
 * Pure, caller storage. A line that grows beyond its bytes is our own bug.
 */
struct line {
	size_t used;
	char bytes[4096];
};

void line_begin(struct line *line);

void line_text(struct line *line, const char *text);
/* Blanks behind (left) or before (right) the text up to the width. */
void line_left(struct line *line, const char *text, unsigned width);
void line_right(struct line *line, const char *text, unsigned width);

/* "65535", and "65,535" for people. */
void line_number(struct line *line, uint64_t value);
void line_grouped(struct line *line, uint64_t value);
/* value / 10^decimals: (352, 3) is "0.352". */
void line_decimal(struct line *line, uint64_t value, unsigned decimals);

/* A JSON string with its quotes. The text is printable UTF-8 (escape_text()),
 * so that RFC 8259 7 leaves the quote and the backslash to escape. */
void line_json(struct line *line, const char *text);
/* A field, quoted where RFC 4180 2 asks for it. */
void line_csv(struct line *line, const char *text);

/* The line and its LF to the writer. */
void line_end(struct line *line, struct writer *writer);

#endif
