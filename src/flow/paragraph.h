/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_PARAGRAPH_H
#define FLOW_PARAGRAPH_H

struct writer;

/* The shape of a piece of text on a screen. */
struct paragraph {
	unsigned columns; /* of a line; at least 40 are used */
	unsigned first;   /* blanks before the first line */
	unsigned rest;    /* ... before each other */
};

/* Writes the text in lines that end at a blank where there is one; a word
 * without end, or one of Chinese, is cut. Nothing for an empty text. */
void paragraph_put(const struct paragraph *paragraph, const char *text,
		   struct writer *writer);

#endif
