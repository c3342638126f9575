/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_PERSON_H
#define TALK_PERSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"

struct line_piece;

/*
 * The one who sits at this end: what a talk needs of them, and what they may
 * do to it. A talk neither prints nor reads standard input by itself.
 */

/* What a talk asks for. */
struct person {
	bool interactive; /* typed and read at a terminal, not by a program */

	/* A line that came, or a piece of one. Never waits. */
	void (*show)(void *context, const struct line_piece *piece);

	/* So much was shown and not yet read that the talk had better wait
	 * for talk_ops.caught_up before it shows more. */
	bool (*is_behind)(void *context);

	/* A remark: LOG_WARN unless -q, LOG_INFO with -v. */
	void (*note)(void *context, enum log_level level, const char *text);

	/* Whether what is typed is wanted now. */
	void (*hear)(void *context, bool wanted);
	void *context;
};

void person_note(const struct person *person, enum log_level level,
		 const char *format, ...) __attribute__((format(printf, 3, 4)));

/* What a talk is told. Not before it asked to hear; all but interrupted()
 * never after it said that it is over. */
struct talk_ops {
	/* A line that was typed, or a piece of one. */
	void (*typed)(void *talk, const struct line_piece *piece);
	void (*typed_end)(void *talk); /* end of file */
	void (*caught_up)(void *talk);
	void (*interrupt)(void *talk); /* Ctrl-C: end within a second */
};

#endif
