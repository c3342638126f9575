/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

/*
 * An error on its way up to main, which prints it once. Library code fills
 * it and returns -1 (or NULL); it never prints and never exits. Every
 * function here takes a NULL error and then does nothing. Any thread, each
 * with an error of its own.
 */

/* Exit codes of every program: a promise to scripts. */
enum status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,     /* no privilege, no route, device gone */
	STATUS_USAGE = 2,      /* unknown option or bad value */
	STATUS_INCOMPLETE = 3, /* interrupted, or results known to be partial */
};

struct error {
	enum status status; /* what main is to exit with */
	char text[512];     /* one line without its newline; control bytes
			       are shown escaped */
};

#define ERROR_INIT                                                             \
	{                                                                      \
		.status = STATUS_OK, .text = ""                                \
	}

/* Set the text; returns -1 so that `return error_set(...)` reads well. */
int error_set(struct error *error, enum status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* As error_set with STATUS_FAILED, and ": strerror(errno)" behind the text. */
int error_errno(struct error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Put "context: " before what is there. Returns -1. */
int error_context(struct error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
