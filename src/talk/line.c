/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/line.h"

#include <stdlib.h>
#include <string.h>

#include "talk/utf8.h"

void line_init(struct line *line)
{
	*line = (struct line){.text = NULL};
}

void line_fini(struct line *line)
{
	free(line->text);
	line->text = NULL;
}

/* What the last call handed out makes room. */
static void settle(struct line *line)
{
	if (line->handed == 0)
		return;
	line->used -= line->handed;
	memmove(line->text, line->text + line->handed, line->used);
	line->handed = 0;
}

static int keep(struct line *line, const char *data, size_t bytes)
{
	if (bytes == 0)
		return 0;
	if (!line->text)
		line->text = malloc(LINE_BYTES);
	if (!line->text)
		return -1;
	memcpy(line->text + line->used, data, bytes);
	line->used += bytes;
	return 0;
}

static void hand(struct line *line, const char *text, size_t bytes, bool last,
		 struct line_piece *piece)
{
	*piece = (struct line_piece){
		.text = text,
		.bytes = bytes,
		.first = !line->within,
		.last = last,
		.lf = last,
	};
	line->within = !last;
	if (text == line->text)
		line->handed = bytes;
}

ssize_t line_feed(struct line *line, const char *data, size_t bytes,
		  struct line_piece *piece, bool *whole)
{
	size_t room, taken;
	const char *lf;

	settle(line);
	*whole = true;
	room = LINE_BYTES - line->used;
	/* A full line may have its LF as the very next byte. */
	lf = memchr(data, '\n', bytes > room ? room + 1 : bytes);
	taken = lf ? (size_t)(lf - data) : bytes > room ? room : bytes;
	if (lf && line->used == 0) {
		hand(line, data, taken, true, piece);
		return (ssize_t)taken + 1;
	}
	if (keep(line, data, taken) < 0)
		return -1;
	if (lf) {
		hand(line, line->text, line->used, true, piece);
		return (ssize_t)taken + 1;
	}
	if (bytes > room)
		hand(line, line->text, utf8_whole(line->text, line->used),
		     false, piece);
	else
		*whole = false;
	/* With no room left nothing is taken, but then a piece was made. */
	return (ssize_t)taken;
}

bool line_flush(struct line *line, struct line_piece *piece)
{
	size_t bytes;

	settle(line);
	bytes = utf8_whole(line->text, line->used);
	if (bytes == 0)
		return false;
	hand(line, line->text, bytes, false, piece);
	return true;
}

bool line_finish(struct line *line, struct line_piece *piece)
{
	settle(line);
	if (line->used == 0 && !line->within)
		return false;
	hand(line, line->used ? line->text : "", line->used, true, piece);
	piece->lf = false;
	return true;
}

bool line_is_end(const struct line_piece *piece)
{
	size_t bytes = piece->bytes;

	if (!piece->first || !piece->last)
		return false;
	if (bytes == 4 && piece->text[3] == '\r')
		bytes--;
	return bytes == 3 && memcmp(piece->text, "end", 3) == 0;
}
