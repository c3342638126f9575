/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/writer.h"

/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "random.h"

/* A record of these tests: its length in four bytes, then that many less four
 * of the same letter. */

static char directory[] = "/tmp/test_writer.XXXXXX";
static char path[64];
static struct writer writer;

static int setup(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/out", directory);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return rmdir(directory);
}

static void put_record(uint32_t length, char letter)
{
	static char bytes[3 * WRITER_BUFFER_BYTES];

	assert_true(length <= sizeof(bytes));
	memset(bytes, letter, length);
	writer_begin(&writer, length);
	writer_put(&writer, &length, 4);
	writer_put(&writer, bytes, length - 4);
}

/* How many whole records the bytes are; fails where half a one is left. */
static unsigned whole_records(const char *bytes, size_t length)
{
	unsigned n = 0;
	uint32_t record;

	while (length > 0) {
		assert_true(length >= 4);
		memcpy(&record, bytes, 4);
		assert_true(record >= 4 && record <= length);
		for (uint32_t i = 5; i < record; i++)
			assert_int_equal(bytes[i], bytes[4]);
		bytes += record;
		length -= record;
		n++;
	}
	return n;
}

static unsigned records_of_file(void)
{
	static char bytes[1 << 22];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, bytes, sizeof(bytes));

	assert_true(n >= 0);
	close(fd);
	return whole_records(bytes, (size_t)n);
}

static uint32_t draw_length(struct random *dice)
{
	switch (random_below(dice, 20)) {
	case 0:
		return 4 +
		       (uint32_t)random_below(dice, 2 * WRITER_BUFFER_BYTES);
	case 1:
		return PIPE_BUF;
	case 2:
		return WRITER_BUFFER_BYTES;
	default:
		return 4 + (uint32_t)random_below(dice, 300);
	}
}

/* What goes in comes out, whatever the lengths. */
static void test_file(void **state)
{
	struct random dice = random_new();
	struct error error = ERROR_INIT;

	(void)state;
	for (unsigned round = 0; round < 20; round++) {
		unsigned n = (unsigned)random_below(&dice, 500);

		assert_int_equal(writer_open(&writer, path, &error), 0);
		for (unsigned i = 0; i < n; i++) {
			put_record(draw_length(&dice), (char)('a' + i % 26));
			if (random_below(&dice, 50) == 0)
				writer_flush(&writer);
		}
		assert_int_equal(writer_finish(&writer, &error), 0);
		writer_free(&writer);
		assert_int_equal(records_of_file(), n);
		unlink(path);
	}
}

/* The disk is full in the middle of a record, small or huge: no half one is
 * left, and the error names the file. */
static void test_full(void **state)
{
	struct random dice = random_new();
	struct rlimit limit, none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &none), 0);
	for (unsigned round = 0; round < 20; round++) {
		struct error error = ERROR_INIT;

		limit = none;
		limit.rlim_cur = 1 + random_below(&dice, 300000);
		assert_int_equal(writer_open(&writer, path, &error), 0);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
		for (unsigned i = 0; i < 3000; i++)
			put_record(draw_length(&dice), 'x');
		assert_int_equal(writer.failed, EFBIG);
		assert_int_equal(writer_finish(&writer, &error), -1);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
		assert_int_equal(error.status, STATUS_FAILED);
		assert_non_null(strstr(error.text, path));
		writer_free(&writer);
		records_of_file();
		unlink(path);
	}
}

/* A pipe that keeps writes apart: each is whole records, and no more of them
 * than the pipe takes as a whole; or one that is larger than that. */
static void each_write(bool regular)
{
	static char bytes[4 * PIPE_BUF];
	struct random dice = random_new();
	int fds[2];
	size_t n, offset = 0;

	for (unsigned i = 0; i < 20000; i++) {
		if (i % 100 == 0) { /* drained: it never blocks */
			assert_int_equal(pipe2(fds, O_DIRECT | O_NONBLOCK), 0);
			assert_int_equal(writer_open(&writer, NULL, NULL), 0);
			writer.fd = fds[1];
			writer.regular = regular;
			writer.offset = (off_t)offset;
		}
		put_record(4 + (uint32_t)random_below(&dice, 300), 'x');
		if (i % 100 != 99)
			continue;
		writer_flush(&writer);
		assert_int_equal(writer.failed, 0);
		close(fds[1]);
		while ((n = (size_t)read(fds[0], bytes, sizeof(bytes))) > 0) {
			unsigned records = whole_records(bytes, n);

			assert_true(n <= PIPE_BUF);
			if (regular && records > 1)
				assert_int_equal(offset / 4096,
						 (offset + n - 1) / 4096);
			offset += n;
		}
		close(fds[0]);
	}
}

static void test_pipe(void **state)
{
	(void)state;
	each_write(false);
}

/* The same seen through a pipe for what a file would get: one record alone
 * lies across two pages. */
static void test_pages(void **state)
{
	(void)state;
	each_write(true);
}

/* What was there before is somebody else's, and stays. */
static void test_appended(void **state)
{
	int out = dup(STDOUT_FILENO), fd = open(path, O_RDWR | O_CREAT, 0600);
	struct error error = ERROR_INIT;
	uint32_t length = 100;
	char before[100] = {0};

	(void)state;
	fflush(stdout);
	memcpy(before, &length, 4);
	assert_int_equal(write(fd, before, sizeof(before)), sizeof(before));
	close(fd);
	fd = open(path, O_WRONLY | O_APPEND);
	dup2(fd, STDOUT_FILENO);
	close(fd);
	assert_int_equal(writer_open(&writer, NULL, &error), 0);
	put_record(50, 'x');
	put_record(5000, 'y');
	assert_int_equal(writer_finish(&writer, &error), 0);
	dup2(out, STDOUT_FILENO);
	close(out);
	assert_int_equal(records_of_file(), 3);
	unlink(path);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),     cmocka_unit_test(test_full),
		cmocka_unit_test(test_pipe),     cmocka_unit_test(test_pages),
		cmocka_unit_test(test_appended),
	};

	return cmocka_run_group_tests_name("writer", tests, setup, teardown);
}
