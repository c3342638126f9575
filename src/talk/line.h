/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_LINE_H
#define TALK_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Lines out of a stream of bytes, however it was cut into reads. A line is
 * its bytes and LF; one that is longer than LINE_BYTES comes in pieces, so
 * that nobody can fill our memory. A piece never ends in the middle of a
 * UTF-8 character.
 */

enum {
	LINE_BYTES = 8192, /* without the LF */
};

struct line {
	char *text;    /* of a line whose end has not come; LINE_BYTES */
	size_t used;   /* bytes in it */
	size_t handed; /* of these, handed out by the last call */
	bool within;   /* a piece of this line was handed out before */
};

struct line_piece {
	const char *text; /* without the LF; valid until the next call, and as
			     long as the data that were fed */
	size_t bytes;
	bool first; /* a line begins with it */
	bool last;  /* a line ends with it */
	bool lf;    /* ... by an LF, and not by the end of the stream */
};

void line_init(struct line *line);
void line_fini(struct line *line);

/* Takes from the data up to where a piece is whole. Returns how many bytes
 * it took; the rest is for the next call. None are taken only where the piece
 * is of bytes that were kept. True in *whole when there is a piece. -1 when
 * memory is out. */
ssize_t line_feed(struct line *line, const char *data, size_t bytes,
		  struct line_piece *piece, bool *whole);

/* What there is of a line whose end is not in sight, as a piece; false when
 * there is not one whole character. */
bool line_flush(struct line *line, struct line_piece *piece);

/* At the end of the stream: true, and a last piece, where a line was left
 * without its LF. */
bool line_finish(struct line *line, struct line_piece *piece);

/* Whether it is the line that ends a talk: "end", with or without the CR that
 * some systems put before the LF. */
bool line_is_end(const struct line_piece *piece);

#endif
