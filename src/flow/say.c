/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/say.h"

#include <libintl.h>
#include <stdint.h>

#define CATALOGUE "synscan"

const char *say(const char *text)
{
	return dgettext(CATALOGUE, text);
}

struct span {
	uint32_t first, last;
};

static int span_has(const struct span *spans, size_t count, uint32_t point)
{
	for (size_t i = 0; i < count; i++) {
		if (point >= spans[i].first && point <= spans[i].last)
			return 1;
	}
	return 0;
}

/* By hand: wcwidth() would ask a locale that may not be there. */
static size_t point_columns(uint32_t point)
{
	static const struct span wide[] = {
		{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},
		{0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
		{0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
		{0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
	};
	static const struct span none[] = {
		{0x0300, 0x036f},
		{0x200b, 0x200f},
		{0xfe00, 0xfe0f},
	};

	if (point < 0x300)
		return 1;
	if (span_has(none, sizeof(none) / sizeof(none[0]), point))
		return 0;
	return span_has(wide, sizeof(wide) / sizeof(wide[0]), point) ? 2 : 1;
}

/* The character at text and how many bytes it has: at least 1. */
static uint32_t point_at(const char *text, size_t *bytes)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t more = at[0] >= 0xf0   ? 3
		      : at[0] >= 0xe0 ? 2
		      : at[0] >= 0xc0 ? 1
				      : 0;
	uint32_t point = more ? at[0] & (0x3fu >> more) : at[0];

	*bytes = 1;
	for (size_t i = 1; i <= more; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return '?';
		point = point << 6 | (at[i] & 0x3fu);
	}
	*bytes = more + 1;
	return point;
}

size_t say_fit(const char *text, size_t columns)
{
	size_t at = 0, bytes, takes;

	while (text[at]) {
		takes = point_columns(point_at(text + at, &bytes));
		if (takes > columns)
			break;
		columns -= takes;
		at += bytes;
	}
	return at;
}

size_t say_columns(const char *text)
{
	size_t columns = 0, at = 0, bytes;

	while (text[at]) {
		columns += point_columns(point_at(text + at, &bytes));
		at += bytes;
	}
	return columns;
}
