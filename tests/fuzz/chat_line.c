/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a chat reads, made into lines and shown at a terminal. The input is a
 * row of reads: a byte says how many bytes it has (0: what there is of a line
 * is asked for), or, with its highest bit set, that they come 64 times over,
 * so that a short input makes lines of any length.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "fuzz/failing.h"
#include "talk/line.h"

enum {
	LENGTH_MASK = 0x7f,
	REPEATED = 0x80,
	REPEATS = 64,
	STREAM_BYTES = 1 << 15, /* no more is fed */
	ESCAPED_BYTES = 256,
};

/* What went in, and what of it has come out. */
struct chat {
	struct line line;
	bool within; /* the last piece did not end its line */
	size_t fed, out;
	char stream[STREAM_BYTES];
};

/* Nothing that a terminal obeys, and no byte that is not UTF-8: else it would
 * be changed by a second pass. */
static void check_escaped(const char *text, size_t room)
{
	char again[ESCAPED_BYTES];
	size_t bytes = strlen(text);

	if (bytes >= room || room > sizeof(again))
		abort();
	for (size_t i = 0; i < bytes; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			abort();
	if (escape_text(text, bytes, again, bytes + 1) != bytes ||
	    strcmp(again, text) != 0)
		abort();
}

/* Into room of all sizes from the least that holds a character. */
static void show(const struct line_piece *piece)
{
	size_t room = 5 + piece->bytes % 250, taken = 0;
	char *out = malloc(room);

	while (out && taken < piece->bytes) {
		size_t n = escape_text(piece->text + taken,
				       piece->bytes - taken, out, room);

		if (n == 0)
			abort();
		check_escaped(out, room);
		taken += n;
	}
	free(out);
}

/* As a remark or an error line has it. */
static void quote(const struct line_piece *piece)
{
	char *text = strndup(piece->text, piece->bytes);
	char line[100], quoted[ESCAPE_QUOTE_BYTES];

	if (!text)
		return;
	escape_line(text, line, sizeof(line));
	check_escaped(line, sizeof(line));
	check_escaped(escape_quote(text, quoted), sizeof(quoted));
	free(text);
}

static bool is_end(const struct line_piece *piece)
{
	size_t bytes = piece->bytes;

	if (bytes > 0 && piece->text[bytes - 1] == '\r')
		bytes--;
	return piece->first && piece->last && bytes == 3 &&
	       !memcmp(piece->text, "end", 3);
}

/* Does the end of the piece part a character of the stream, as far as that
 * was fed? A lead byte that is followed by no continuation makes none. */
static bool is_parted(const struct chat *chat, size_t end)
{
	for (size_t back = 1; back <= 3 && back <= end - chat->out; back++) {
		const unsigned char *lead =
			(const unsigned char *)chat->stream + end - back;
		size_t bytes = *lead >= 0xf0 ? 4 : *lead >= 0xe0 ? 3 : 2, n = 1;

		if (*lead < 0xc2 || *lead > 0xf4 || bytes <= back)
			continue;
		while (n < bytes && end - back + n < chat->fed &&
		       (lead[n] & 0xc0) == 0x80)
			n++;
		if (n == bytes || end - back + n == chat->fed)
			return true;
	}
	return false;
}

/* It is what was fed, from where the last one ended. */
static void check(struct chat *chat, const struct line_piece *piece)
{
	const char *expected = chat->stream + chat->out;

	if (piece->bytes > LINE_BYTES ||
	    piece->bytes + piece->lf > chat->fed - chat->out ||
	    memcmp(piece->text, expected, piece->bytes) != 0 ||
	    memchr(piece->text, '\n', piece->bytes) ||
	    (piece->lf && expected[piece->bytes] != '\n'))
		abort();
	if (piece->first == chat->within || (piece->lf && !piece->last))
		abort();
	if (!piece->last &&
	    (piece->bytes == 0 || is_parted(chat, chat->out + piece->bytes)))
		abort();
	if (line_is_end(piece) != is_end(piece))
		abort();
	chat->out += piece->bytes + piece->lf;
	chat->within = !piece->last;
	show(piece);
	quote(piece);
}

/* One read. False when memory is out. */
static bool feed(struct chat *chat, const char *data, size_t bytes)
{
	memcpy(chat->stream + chat->fed, data, bytes);
	chat->fed += bytes;
	while (bytes > 0) {
		struct line_piece piece;
		bool whole;
		ssize_t n = line_feed(&chat->line, data, bytes, &piece, &whole);

		if (n < 0)
			return false;
		if ((size_t)n > bytes || (n == 0 && !whole))
			abort();
		data += n;
		bytes -= (size_t)n;
		if (whole)
			check(chat, &piece);
	}
	return true;
}

/* In a buffer that ends where the read does. */
static bool feed_copies(struct chat *chat, const uint8_t *data, size_t bytes,
			size_t copies)
{
	char *read = malloc(bytes * copies);
	bool fed = false;

	for (size_t i = 0; read && i < copies; i++)
		memcpy(read + i * bytes, data, bytes);
	if (read)
		fed = feed(chat, read, bytes * copies);
	free(read);
	return fed;
}

static void flush(struct chat *chat)
{
	struct line_piece piece;

	if (line_flush(&chat->line, &piece))
		check(chat, &piece);
}

static void finish(struct chat *chat)
{
	struct line_piece piece;

	if (line_finish(&chat->line, &piece)) {
		if (!piece.last || piece.lf)
			abort();
		check(chat, &piece);
	}
	if (chat->out != chat->fed || chat->within)
		abort();
}

static void run(const uint8_t *data, size_t size)
{
	static struct chat chat;
	bool fed = true;

	chat.fed = chat.out = 0;
	chat.within = false;
	line_init(&chat.line);
	while (fed && size > 0) {
		size_t n = data[0] & LENGTH_MASK;
		size_t copies = data[0] & REPEATED ? REPEATS : 1;

		data++;
		size--;
		n = n < size ? n : size;
		if (n * copies > STREAM_BYTES - chat.fed)
			break;
		if (n > 0)
			fed = feed_copies(&chat, data, n, copies);
		else
			flush(&chat);
		data += n;
		size -= n;
	}
	if (fed)
		finish(&chat);
	line_fini(&chat.line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	failing_run(run, data, size);
	return 0;
}
