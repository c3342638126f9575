/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/paragraph.h"

#include <string.h>

#include "flow/say.h"
#include "report/line.h"

enum {
	COLUMNS_MIN = 40,
	TEXT_MIN = 20, /* columns, however deep the indentation */
};

static void put_bytes(struct line *line, const char *text, size_t bytes)
{
	char piece[256];

	while (bytes > 0) {
		size_t n = bytes < sizeof(piece) ? bytes : sizeof(piece) - 1;

		memcpy(piece, text, n);
		piece[n] = '\0';
		line_text(line, piece);
		text += n;
		bytes -= n;
	}
}

/* How much of the text goes on a line of so many columns, without the blanks
 * where it is cut; all of it where it fits. */
static size_t cut(const char *text, size_t columns)
{
	size_t fits = say_fit(text, columns), at = fits;

	if (!text[fits])
		return fits;
	while (at > 0 && text[at] != ' ')
		at--;
	while (at > 0 && text[at - 1] == ' ')
		at--;
	return at > 0 ? at : fits;
}

void paragraph_put(const struct paragraph *paragraph, const char *text,
		   struct writer *writer)
{
	unsigned columns = paragraph->columns, indent = paragraph->first;
	struct line line;

	if (columns < COLUMNS_MIN)
		columns = COLUMNS_MIN;
	while (*text) {
		size_t room = indent + TEXT_MIN < columns ? columns - indent
							  : TEXT_MIN;
		size_t bytes = cut(text, room);

		if (bytes == 0) /* a character wider than the room */
			bytes = 1;
		line_begin(&line);
		line_left(&line, "", indent);
		put_bytes(&line, text, bytes);
		line_end(&line, writer);
		text += bytes;
		text += strspn(text, " ");
		indent = paragraph->rest;
	}
}
