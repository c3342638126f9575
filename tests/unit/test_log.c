/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

/* stderr is put aside while a test writes, and what it wrote is read back. */
static int saved_stderr;

static void divert(int to)
{
	saved_stderr = dup(STDERR_FILENO);
	assert_true(saved_stderr >= 0);
	assert_int_equal(dup2(to, STDERR_FILENO), STDERR_FILENO);
}

static void restore(void)
{
	assert_int_equal(dup2(saved_stderr, STDERR_FILENO), STDERR_FILENO);
	close(saved_stderr);
}

static int open_file(void)
{
	char name[] = "/tmp/test_log.XXXXXX";
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	unlink(name);
	return fd;
}

static void read_file(int fd, char *text, size_t bytes)
{
	ssize_t n = pread(fd, text, bytes - 1, 0);

	assert_true(n >= 0);
	text[n] = '\0';
	close(fd);
}

static void test_levels(void **state)
{
	char text[512];
	int fd = open_file();

	(void)state;
	divert(fd);
	for (int verbosity = -1; verbosity <= 2; verbosity++) {
		log_init("prog", verbosity);
		log_line(LOG_ERROR, "error %d", verbosity);
		log_line(LOG_WARN, "warn %d", verbosity);
		log_line(LOG_INFO, "info %d", verbosity);
		log_line(LOG_DEBUG, "debug %d", verbosity);
	}
	restore();
	read_file(fd, text, sizeof(text));
	assert_string_equal(text, "prog: error -1\n"
				  "prog: error 0\nprog: warn 0\n"
				  "prog: error 1\nprog: warn 1\nprog: info 1\n"
				  "prog: error 2\nprog: warn 2\nprog: info 2\n"
				  "prog: debug 2\n");
	assert_true(log_shows(LOG_DEBUG));
	log_init("prog", 0);
	assert_true(log_shows(LOG_WARN));
	assert_false(log_shows(LOG_INFO));
}

static void test_escapes(void **state)
{
	char text[512];
	int fd = open_file();

	(void)state;
	log_init("prog", 0);
	divert(fd);
	errno = EXDEV;
	log_line(LOG_WARN, "a\nb %s", "\033[31m \xc3\xa4 \x80");
	assert_int_equal(errno, EXDEV);
	restore();
	read_file(fd, text, sizeof(text));
	assert_string_equal(text, "prog: a\\x0ab \\x1b[31m \xc3\xa4 \\x80\n");
}

static void test_long(void **state)
{
	static char big[20000], text[20000];
	int fd = open_file();
	size_t length;

	(void)state;
	memset(big, 'a', sizeof(big) - 1);
	log_init("prog", 0);
	divert(fd);
	log_line(LOG_WARN, "%s", big);
	memset(big, '\n', sizeof(big) - 1);
	log_line(LOG_WARN, "%s", big);
	restore();
	read_file(fd, text, sizeof(text));
	length = strlen(text);
	assert_true(length > 4000 && length < 10000);
	assert_ptr_equal(strstr(strchr(text, '\n') + 1, "prog: \\x0a"),
			 strchr(text, '\n') + 1);
	assert_int_equal(text[length - 1], '\n');
}

/* Into a file, each status line is a line. */
static void test_status_file(void **state)
{
	char text[512];
	int fd = open_file();

	(void)state;
	log_init("prog", 0);
	divert(fd);
	log_status("10%");
	log_line(LOG_WARN, "note");
	log_status("20%\n");
	log_status(NULL);
	restore();
	read_file(fd, text, sizeof(text));
	assert_string_equal(text, "prog: 10%\nprog: note\nprog: 20%\\x0a\n");
}

static int open_terminal(int *slave)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	struct termios raw;

	if (master < 0 || grantpt(master) || unlockpt(master))
		return -1;
	*slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	if (*slave < 0 || tcgetattr(*slave, &raw))
		return -1;
	cfmakeraw(&raw); /* LF stays LF */
	return tcsetattr(*slave, TCSANOW, &raw) ? -1 : master;
}

/* Ends when all that is expected has come, or something else. */
static void expect_terminal(int master, const char *expected)
{
	char text[512];
	size_t length = 0;

	while (length < strlen(expected)) {
		ssize_t n =
			read(master, text + length, sizeof(text) - 1 - length);

		assert_true(n > 0);
		length += (size_t)n;
	}
	text[length] = '\0';
	assert_string_equal(text, expected);
}

static void test_status_terminal(void **state)
{
	int slave = -1;
	int master = open_terminal(&slave);

	(void)state;
	if (master < 0)
		skip(); /* no /dev/pts here */
	log_init("prog", 0);
	divert(slave);
	log_status(NULL); /* nothing there yet */
	log_status("10%");
	log_status("20%");
	log_line(LOG_WARN, "note");
	log_line(LOG_WARN, "more");
	log_status("30%\033");
	log_status(NULL);
	log_status(NULL);
	log_line(LOG_WARN, "end");
	restore();
	expect_terminal(master, "\r10%\033[K"
				"\r20%\033[K"
				"\r\033[Kprog: note\n"
				"prog: more\n"
				"\r30%\\x1b\033[K"
				"\r\033[K"
				"prog: end\n");
	close(slave);
	close(master);
}

static void *write_lines(void *argument)
{
	for (int i = 0; i < 500; i++)
		log_line(LOG_WARN, "%s", (const char *)argument);
	return NULL;
}

static void test_whole_lines(void **state)
{
	static char a[101], b[101], text[300000];
	int fd = open_file();
	pthread_t thread;
	unsigned lines = 0;

	(void)state;
	memset(a, 'a', 100);
	memset(b, 'b', 100);
	log_init("p", 0);
	divert(fd);
	assert_int_equal(pthread_create(&thread, NULL, write_lines, a), 0);
	write_lines(b);
	assert_int_equal(pthread_join(thread, NULL), 0);
	restore();
	read_file(fd, text, sizeof(text));
	for (char *at = text; *at; at += 104, lines++) {
		assert_memory_equal(at, "p: ", 3);
		assert_memory_equal(at + 3, at[3] == 'a' ? a : b, 100);
		assert_int_equal(at[103], '\n');
	}
	assert_int_equal(lines, 1000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_status_file),
		cmocka_unit_test(test_status_terminal),
		cmocka_unit_test(test_whole_lines),
	};

	alarm(60);
	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
