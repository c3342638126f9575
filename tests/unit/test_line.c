/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "talk/utf8.h"

/* What came out, one after the other: a piece, then '|' where its line ended
 * by an LF, '!' by the end of the stream, ',' where it goes on. */
struct collected {
	char text[4 * LINE_BYTES];
	size_t used;
};

static void collect(struct collected *out, const struct line_piece *piece)
{
	assert_true(out->used + piece->bytes + 1 < sizeof(out->text));
	memcpy(out->text + out->used, piece->text, piece->bytes);
	out->used += piece->bytes;
	out->text[out->used++] = !piece->last ? ',' : piece->lf ? '|' : '!';
	out->text[out->used] = '\0';
}

/* The data in reads of `step` bytes, each in a block of its exact size. */
static void feed(struct line *line, struct collected *out, const char *data,
		 size_t bytes, size_t step)
{
	for (size_t at = 0; at < bytes; at += step) {
		size_t n = bytes - at < step ? bytes - at : step, used = 0;
		char *read = malloc(n);

		assert_non_null(read);
		memcpy(read, data + at, n);
		while (used < n) {
			struct line_piece piece;
			bool whole;
			ssize_t taken = line_feed(line, read + used, n - used,
						  &piece, &whole);

			assert_true(taken >= 0);
			assert_true(taken > 0 || whole);
			used += (size_t)taken;
			if (whole)
				collect(out, &piece);
		}
		free(read);
	}
}

static void finish(struct line *line, struct collected *out)
{
	struct line_piece piece;

	if (line_finish(line, &piece))
		collect(out, &piece);
	assert_false(line_finish(line, &piece));
}

static void test_any_reads(void **state)
{
	static const char data[] = "one\n\ntw\xc3\xb6\r\n\xe4\xbd\xa0\xe5\xa5"
				   "\xbd\nlast";

	(void)state;
	for (size_t step = 1; step < sizeof(data); step++) {
		struct collected out = {.used = 0};
		struct line line;

		line_init(&line);
		feed(&line, &out, data, sizeof(data) - 1, step);
		finish(&line, &out);
		assert_string_equal(out.text, "one||tw\xc3\xb6\r|\xe4\xbd\xa0"
					      "\xe5\xa5\xbd|last!");
		line_fini(&line);
	}
}

static void test_nul(void **state)
{
	struct collected out = {.used = 0};
	struct line line;

	(void)state;
	line_init(&line);
	feed(&line, &out, "a\0b\n", 4, 3);
	assert_int_equal(out.used, 4);
	assert_memory_equal(out.text, "a\0b|", 4);
	line_fini(&line);
}

/* A line of exactly the limit is one piece; one more byte makes two. */
static void test_limit(void **state)
{
	static const size_t steps[] = {1,    2,    4095, 4096,
				       8191, 8192, 8193, 9000};
	char *data = malloc(LINE_BYTES + 2);

	(void)state;
	assert_non_null(data);
	memset(data, 'x', LINE_BYTES + 2);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct collected *out = calloc(1, sizeof(*out));
		struct line line;

		assert_non_null(out);
		line_init(&line);
		data[LINE_BYTES] = '\n';
		feed(&line, out, data, LINE_BYTES + 1, steps[i]);
		assert_int_equal(out->used, LINE_BYTES + 1);
		assert_int_equal(out->text[LINE_BYTES], '|');
		out->used = 0;
		data[LINE_BYTES] = 'x';
		data[LINE_BYTES + 1] = '\n';
		feed(&line, out, data, LINE_BYTES + 2, steps[i]);
		assert_string_equal(out->text + LINE_BYTES, ",x|");
		data[LINE_BYTES + 1] = 'x';
		line_fini(&line);
		free(out);
	}
	free(data);
}

static void test_overlong_keeps_characters(void **state)
{
	struct line line;
	struct line_piece piece;
	char data[LINE_BYTES + 2];
	bool whole;

	(void)state;
	/* The limit falls into the middle of a character of three bytes. */
	memset(data, 'x', sizeof(data));
	memcpy(data + LINE_BYTES - 1, "\xe4\xbd\xa0", 3);
	line_init(&line);
	assert_int_equal(line_feed(&line, data, sizeof(data), &piece, &whole),
			 LINE_BYTES);
	assert_true(whole);
	assert_true(piece.first);
	assert_false(piece.last);
	assert_int_equal(piece.bytes, LINE_BYTES - 1);
	assert_int_equal(line_feed(&line, "\xbd\xa0\n", 3, &piece, &whole), 3);
	assert_true(whole);
	assert_false(piece.first);
	assert_true(piece.last);
	assert_int_equal(piece.bytes, 3);
	assert_memory_equal(piece.text, "\xe4\xbd\xa0", 3);
	line_fini(&line);
}

static void test_flush(void **state)
{
	struct line line;
	struct line_piece piece;
	bool whole;

	(void)state;
	line_init(&line);
	assert_false(line_flush(&line, &piece));
	assert_int_equal(line_feed(&line, "ab\xe4\xbd", 4, &piece, &whole), 4);
	assert_false(whole);
	assert_true(line_flush(&line, &piece));
	assert_int_equal(piece.bytes, 2);
	assert_true(piece.first);
	assert_false(piece.last);
	assert_false(line_flush(&line, &piece)); /* half a character */
	assert_int_equal(line_feed(&line, "\xa0\n", 2, &piece, &whole), 2);
	assert_true(whole);
	assert_int_equal(piece.bytes, 3);
	assert_false(piece.first);
	assert_true(piece.last);
	line_fini(&line);
}

static void is_end(const char *text, bool expected)
{
	const struct line_piece piece = {
		.text = text,
		.bytes = strlen(text),
		.first = true,
		.last = true,
	};

	assert_int_equal(line_is_end(&piece), expected);
}

static void test_is_end(void **state)
{
	const struct line_piece rest = {
		.text = "end", .bytes = 3, .first = false, .last = true};

	(void)state;
	is_end("end", true);
	is_end("end\r", true);
	is_end("End", false);
	is_end("end ", false);
	is_end(" end", false);
	is_end("en", false);
	is_end("", false);
	is_end("endr", false);
	assert_false(line_is_end(&rest));
}

/* Whatever comes, however it is cut into reads: all bytes come out in order,
 * and a piece is cut inside of a character only where there is none. */
static void test_random(void **state)
{
	static const char alphabet[] = "ab\n\n\r\xe4\xbd\xa0\xc3\xff\0";
	struct random random = random_new();

	(void)state;
	for (int round = 0; round < 300; round++) {
		size_t bytes = random_below(&random, 2 * LINE_BYTES);
		size_t step = 1 + random_below(&random, 3 * LINE_BYTES / 2);
		char *data = malloc(bytes + 1);
		struct collected *one = calloc(1, sizeof(*one));
		struct collected *two = calloc(1, sizeof(*two));
		struct line line;
		bool rare = random_below(&random, 2);

		assert_non_null(data);
		assert_non_null(one);
		assert_non_null(two);
		for (size_t i = 0; i < bytes; i++)
			data[i] = rare && random_below(&random, 5000)
					  ? 'x'
					  : alphabet[random_below(
						    &random,
						    sizeof(alphabet) - 1)];
		line_init(&line);
		feed(&line, one, data, bytes, step);
		finish(&line, one);
		feed(&line, two, data, bytes, bytes + 1);
		finish(&line, two);
		assert_int_equal(one->used, two->used);
		assert_memory_equal(one->text, two->text, one->used);
		line_fini(&line);
		free(data);
		free(one);
		free(two);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_reads),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_overlong_keeps_characters),
		cmocka_unit_test(test_flush),
		cmocka_unit_test(test_is_end),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("line", tests, NULL, NULL);
}
