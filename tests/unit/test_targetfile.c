/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/targetfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "spec/targetspec.h"

/* What was taken: "10.0.0.1-10.0.0.1 ". */
static char taken[1024];

static int take(void *owner, const struct addr *first, const struct addr *last,
		bool single)
{
	size_t used = strlen(taken);
	char a[ADDR_TEXT_BYTES], b[ADDR_TEXT_BYTES];

	(void)owner;
	(void)single;
	snprintf(taken + used, sizeof(taken) - used, "%s-%s ",
		 addr_format(first, a), addr_format(last, b));
	return 0;
}

static int read_path(const char *path, struct error *error)
{
	const struct targetspec how = {
		.noun = "target",
		.families = TARGETSET_BOTH,
		.hosts = true,
		.take = take,
	};

	taken[0] = '\0';
	*error = (struct error)ERROR_INIT;
	return targetfile_read(&how, path, error);
}

static int read_bytes(const char *bytes, size_t n, char name[32],
		      struct error *error)
{
	int fd, result;

	strcpy(name, "/tmp/test_targetfile.XXXXXX");
	fd = mkstemp(name);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	close(fd);
	result = read_path(name, error);
	unlink(name);
	return result;
}

static void test_lines(void **state)
{
	static const char text[] = "\xef\xbb\xbf# a list\n"
				   "10.0.0.1 10.0.0.3\t10.0.0.5,7 # more\r\n"
				   "\n"
				   "  10.0.0.9, fd00::1,fd00::3 ,10.0.0.11,\n"
				   ",\n"
				   "10.0.1.0/31#glued\n"
				   "10.0.2.1";
	struct error error;
	char name[32];

	(void)state;
	if (read_bytes(text, sizeof(text) - 1, name, &error))
		fail_msg("%s", error.text);
	assert_string_equal(taken, "10.0.0.1-10.0.0.1 10.0.0.3-10.0.0.3 "
				   "10.0.0.5-10.0.0.5 10.0.0.7-10.0.0.7 "
				   "10.0.0.9-10.0.0.9 fd00::1-fd00::1 "
				   "fd00::3-fd00::3 10.0.0.11-10.0.0.11 "
				   "10.0.1.0-10.0.1.1 10.0.2.1-10.0.2.1 ");
	assert_int_equal(read_bytes("", 0, name, &error), 0);
	assert_string_equal(taken, "");
}

static void test_bad_lines(void **state)
{
	struct error error;
	char name[32], expected[100];

	(void)state;
	assert_int_equal(read_bytes("10.0.0.1\n\n10.0.0.2 10.0.0.300\n", 31,
				    name, &error),
			 -1);
	assert_int_equal(error.status, STATUS_USAGE);
	snprintf(expected, sizeof(expected),
		 "%s:3: bad target \"10.0.0.300\": an octet is", name);
	assert_memory_equal(error.text, expected, strlen(expected));
	assert_string_equal(taken, "10.0.0.1-10.0.0.1 10.0.0.2-10.0.0.2 ");

	assert_int_equal(read_bytes("10.0.0.1\n1\0002\n", 13, name, &error),
			 -1);
	snprintf(expected, sizeof(expected), "%s:2: a NUL byte is not text",
		 name);
	assert_string_equal(error.text, expected);
	assert_int_equal(error.status, STATUS_USAGE);
}

static void test_no_file(void **state)
{
	struct error error;

	(void)state;
	assert_int_equal(read_path("/nonexistent/list", &error), -1);
	assert_int_equal(error.status, STATUS_FAILED);
	assert_string_equal(error.text, "open /nonexistent/list: No such file "
					"or directory");
	assert_int_equal(read_path("/", &error), -1);
	assert_int_equal(error.status, STATUS_FAILED);
	assert_string_equal(error.text, "read /: Is a directory");
}

static void test_stdin(void **state)
{
	static const char expected[] = "stdin:2: bad target \"10.0.0.0/40\": "
				       "the prefix";
	int ends[2], saved = dup(STDIN_FILENO);
	struct error error;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "10.0.0.1\n10.0.0.0/40\n", 21), 21);
	close(ends[1]);
	assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(read_path("-", &error), -1);
	assert_memory_equal(error.text, expected, sizeof(expected) - 1);
	close(ends[0]);
	if (saved >= 0) {
		dup2(saved, STDIN_FILENO);
		close(saved);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_stdin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
