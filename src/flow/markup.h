/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_MARKUP_H
#define FLOW_MARKUP_H

#include <stddef.h>

/*
 * SVG and HTML in the making: bytes go out in pieces of some kilobytes. What
 * comes from outside passes markup_text() and nothing else. Caller storage.
 */
struct markup {
	/* Gets each piece, valid during the call. NULL: nothing is put, as
	 * when a drawing is only measured. */
	void (*put)(void *arg, const char *bytes, size_t length);
	void *arg;
	size_t used;
	char bytes[4096];
};

void markup_begin(struct markup *markup,
		  void (*put)(void *arg, const char *bytes, size_t length),
		  void *arg);
/* What is left goes out. */
void markup_end(struct markup *markup);

/* Tags of our own, with numbers. At most 1000 bytes at a time. */
void markup_add(struct markup *markup, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Text of whatever origin: control bytes and what is not UTF-8 are shown
 * escaped (base/escape.h), then & < > and quotes become entities, so that it
 * may stand in an attribute too. */
void markup_text(struct markup *markup, const char *text);
void markup_text_n(struct markup *markup, const char *text, size_t length);

#endif
