/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_PHRASE_H
#define FLOW_PHRASE_H

#include <stddef.h>

/* A line put together by printf() pieces into the caller's bytes; what does
 * not fit is cut, never within a character of UTF-8. */
struct phrase {
	char *text;
	size_t used, bytes;
};

/* bytes >= 1. */
void phrase_begin(struct phrase *phrase, char *text, size_t bytes);
void phrase_add(struct phrase *phrase, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
