/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/markup.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"

void markup_begin(struct markup *markup,
		  void (*put)(void *arg, const char *bytes, size_t length),
		  void *arg)
{
	markup->put = put;
	markup->arg = arg;
	markup->used = 0;
}

void markup_end(struct markup *markup)
{
	if (markup->put && markup->used)
		markup->put(markup->arg, markup->bytes, markup->used);
	markup->used = 0;
}

static void add_bytes(struct markup *markup, const char *bytes, size_t length)
{
	if (!markup->put)
		return;
	if (markup->used + length > sizeof(markup->bytes))
		markup_end(markup);
	memcpy(markup->bytes + markup->used, bytes, length);
	markup->used += length;
}

void markup_add(struct markup *markup, const char *format, ...)
{
	char piece[1024];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(piece, sizeof(piece), format, arguments);
	va_end(arguments);
	assert(length >= 0 && (size_t)length < sizeof(piece));
	add_bytes(markup, piece, (size_t)length);
}

/* U+FFFE and U+FFFF, which XML (2.2 Characters) does not allow. */
static bool is_no_character(const char *text)
{
	return !strncmp(text, "\xef\xbf\xbe", 3) ||
	       !strncmp(text, "\xef\xbf\xbf", 3);
}

static void add_escaped(struct markup *markup, const char *text)
{
	for (; *text; text++) {
		if (is_no_character(text)) {
			add_bytes(markup, "?", 1);
			text += 2;
			continue;
		}
		switch (*text) {
		case '&':
			add_bytes(markup, "&amp;", 5);
			break;
		case '<':
			add_bytes(markup, "&lt;", 4);
			break;
		case '>':
			add_bytes(markup, "&gt;", 4);
			break;
		case '"':
			add_bytes(markup, "&quot;", 6);
			break;
		case '\'':
			add_bytes(markup, "&#39;", 5);
			break;
		default:
			add_bytes(markup, text, 1);
		}
	}
}

void markup_text_n(struct markup *markup, const char *text, size_t length)
{
	char shown[512];

	while (length > 0) {
		size_t taken = escape_text(text, length, shown, sizeof(shown));

		add_escaped(markup, shown);
		text += taken;
		length -= taken;
	}
}

void markup_text(struct markup *markup, const char *text)
{
	markup_text_n(markup, text, strlen(text));
}
