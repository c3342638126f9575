/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/say.h"

#include <stdint.h>

#include "base/catalogue.h"

static const struct catalogue *spoken; /* NULL: English */

void say_in(const struct catalogue *catalogue)
{
	spoken = catalogue;
}

const char *say(const char *text)
{
	const char *said = spoken ? catalogue_find(spoken, text) : NULL;

	return said && *said ? said : text;
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

/* Chinese may be broken between any two characters, but no line begins with
 * a mark that closes or ends with one that opens. */
static int breaks_between(uint32_t before, uint32_t after)
{
	static const struct span closing[] = {
		{0x3001, 0x3002}, {0x300d, 0x300d}, {0xff01, 0xff01},
		{0xff09, 0xff09}, {0xff0c, 0xff0c}, {0xff1a, 0xff1b},
		{0xff1f, 0xff1f}, {'!', '!'},       {')', ')'},
		{',', '.'},       {':', ';'},
	};
	static const struct span opening[] = {
		{0x300c, 0x300c},
		{0xff08, 0xff08},
		{'(', '('},
	};

	if (before == ' ' || after == ' ')
		return 1;
	return (point_columns(before) == 2 || point_columns(after) == 2) &&
	       !span_has(closing, sizeof(closing) / sizeof(closing[0]),
			 after) &&
	       !span_has(opening, sizeof(opening) / sizeof(opening[0]), before);
}

size_t say_break(const char *text, size_t columns)
{
	size_t fits = say_fit(text, columns), at = 0, last = 0, bytes;
	uint32_t before = 0, point;

	if (text[fits] == '\0')
		return fits;
	while (at <= fits) {
		point = point_at(text + at, &bytes);
		if (at > 0 && breaks_between(before, point))
			last = at;
		before = point;
		at += bytes;
	}
	return last > 0 ? last : fits;
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
