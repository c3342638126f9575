/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/line.h"

#include <assert.h>
#include <string.h>

#include "base/number.h"
#include "base/writer.h"

void line_begin(struct line *line)
{
	line->used = 0;
}

static void line_add(struct line *line, const char *bytes, size_t length)
{
	size_t room = sizeof(line->bytes) - line->used;

	assert(length <= room);
	if (length > room)
		length = room;
	memcpy(line->bytes + line->used, bytes, length);
	line->used += length;
}

void line_text(struct line *line, const char *text)
{
	line_add(line, text, strlen(text));
}

static void line_blanks(struct line *line, size_t used, size_t width)
{
	while (used++ < width)
		line_add(line, " ", 1);
}

void line_left(struct line *line, const char *text, unsigned width)
{
	size_t length = strlen(text);

	line_add(line, text, length);
	line_blanks(line, length, width);
}

void line_right(struct line *line, const char *text, unsigned width)
{
	size_t length = strlen(text);

	line_blanks(line, length, width);
	line_add(line, text, length);
}

void line_number(struct line *line, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	line_add(line, digits + at, sizeof(digits) - at);
}

void line_grouped(struct line *line, uint64_t value)
{
	char buffer[32];

	line_text(line, number_group(value, buffer, sizeof(buffer)));
}

void line_decimal(struct line *line, uint64_t value, unsigned decimals)
{
	uint64_t unit = 1;
	unsigned i;

	for (i = 0; i < decimals; i++)
		unit *= 10;
	line_number(line, value / unit);
	line_add(line, ".", 1);
	while (unit > 1) {
		value %= unit;
		unit /= 10;
		line_number(line, value / unit);
	}
}

void line_json(struct line *line, const char *text)
{
	line_add(line, "\"", 1);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			line_add(line, "\\", 1);
		line_add(line, text, 1);
	}
	line_add(line, "\"", 1);
}

void line_csv(struct line *line, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		line_text(line, text);
		return;
	}
	line_add(line, "\"", 1);
	for (; *text; text++) {
		if (*text == '"')
			line_add(line, "\"", 1);
		line_add(line, text, 1);
	}
	line_add(line, "\"", 1);
}

void line_end(struct line *line, struct writer *writer)
{
	if (line->used == sizeof(line->bytes))
		line->used--;
	line->bytes[line->used++] = '\n';
	writer_begin(writer, line->used);
	writer_put(writer, line->bytes, line->used);
}
