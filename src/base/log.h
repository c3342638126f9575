/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_LOG_H
#define BASE_LOG_H

/*
 * Notes for the person at the terminal, on stderr, one whole line a call:
 * "PROGRAM: text". Results never come this way. Any thread.
 */

enum log_level {
	LOG_ERROR = -1, /* the one line before a non-zero exit */
	LOG_WARN = 0,   /* shown unless -q */
	LOG_INFO = 1,   /* -v */
	LOG_DEBUG = 2,  /* -vv */
};

/* Call once, before threads. verbosity: -1 for -q, 0, 1 for -v, 2 for -vv.
 * program is kept by reference. */
void log_init(const char *program, int verbosity);

int log_shows(enum log_level level);

/* Control bytes in the text reach stderr escaped (\xNN), UTF-8 passes. */
void log_line(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A status line (progress) that is rewritten in place on a terminal; the
 * next log_line() erases it first. NULL takes it away. */
void log_status(const char *text);

#endif
