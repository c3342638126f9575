/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"

#define LINE_BYTES   4096
#define ERASE_STATUS "\r\033[K"

static const char *log_program = "";
static int log_verbosity;

/* Holds a status line and a log line apart; nobody waits for long, since
 * there is one write under it. */
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static bool log_status_shown;

void log_init(const char *program, int verbosity)
{
	log_program = program;
	log_verbosity = verbosity;
}

int log_shows(enum log_level level)
{
	return (int)level <= log_verbosity;
}

/* One write(2), so that lines of several processes do not mix. When stderr
 * fails there is nobody left to tell. */
static void write_stderr(const char *text, size_t bytes)
{
	while (bytes) {
		ssize_t n = write(STDERR_FILENO, text, bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		text += n;
		bytes -= (size_t)n;
	}
}

/* "PROGRAM: text\n", behind the code that erases a status line. */
static void write_line(const char *text)
{
	char named[LINE_BYTES];
	char safe[LINE_BYTES];
	char line[sizeof(ERASE_STATUS) + LINE_BYTES + 1];
	int bytes;

	snprintf(named, sizeof(named), "%s: %s", log_program, text);
	escape_line(named, safe, sizeof(safe));
	bytes = snprintf(line, sizeof(line), "%s%s\n",
			 log_status_shown ? ERASE_STATUS : "", safe);
	log_status_shown = false;
	if (bytes > 0)
		write_stderr(line, (size_t)bytes);
}

void log_line(enum log_level level, const char *format, ...)
{
	char text[LINE_BYTES];
	va_list args;
	int number = errno;

	if (!log_shows(level))
		return;
	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		snprintf(text, sizeof(text), "(unprintable message)");
	va_end(args);
	pthread_mutex_lock(&log_lock);
	write_line(text);
	pthread_mutex_unlock(&log_lock);
	errno = number;
}

static void draw_status(const char *text)
{
	char safe[LINE_BYTES];
	char line[LINE_BYTES + sizeof(ERASE_STATUS)];
	int bytes;

	if (!text && !log_status_shown)
		return;
	escape_line(text ? text : "", safe, sizeof(safe));
	/* Erasing behind the text instead of before it does not flicker. */
	bytes = snprintf(line, sizeof(line), "\r%s\033[K", safe);
	log_status_shown = text != NULL;
	if (bytes > 0)
		write_stderr(line, (size_t)bytes);
}

void log_status(const char *text)
{
	int number = errno;

	pthread_mutex_lock(&log_lock);
	if (isatty(STDERR_FILENO))
		draw_status(text);
	else if (text)
		write_line(text); /* into a file: one under the other */
	pthread_mutex_unlock(&log_lock);
	errno = number;
}
