/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_PHRASE_H
#define FLOW_PHRASE_H

#include <stddef.h>

/* A line put together by formatted pieces in the caller's bytes; what does
 * not fit is cut, never within a character of UTF-8. */
struct phrase {
	char *text;
	size_t used, bytes;
};

/* bytes >= 1. */
void phrase_begin(struct phrase *phrase, char *text, size_t bytes);
void phrase_add(struct phrase *phrase, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The text, and blanks up to so many columns. */
void phrase_padded(struct phrase *phrase, const char *text, size_t columns);

/* A sum, term by term: "1448 + 1448 + 38"; more than three alike as
 * "45 x 1448". `first`: it begins the sum. */
void phrase_terms(struct phrase *phrase, int first, unsigned long long term,
		  unsigned long long count);

#endif
