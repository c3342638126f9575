/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef APP_CONSOLE_H
#define APP_CONSOLE_H

#include <stdbool.h>

struct error;
struct event_base;
struct narrator;
struct person;
struct talk_ops;

/*
 * Standard input, output and error as the person of a talk
 * (talk/person.h): lines that come on stdout, remarks and the narration on
 * stderr, typed lines from stdin, edited where that is a terminal. To a
 * terminal all goes escaped (base/escape.h), to anything else lines go as
 * they came. Nothing here waits, however slow the reader: what a pipe does
 * not take is kept up to CONSOLE_QUEUE_BYTES and then left out, and counted.
 */

enum {
	CONSOLE_QUEUE_BYTES = 1 << 20,
};

struct console_config {
	struct event_base *base;
	int verbosity; /* as of log_init() */
	bool narrates;
	/* Standard output cannot be written any more, or input not read. */
	void (*failed)(void *owner);
	/* All that had to wait is out, or never will be. */
	void (*emptied)(void *owner);
	void *owner;
};

struct console;

/* NULL with STATUS_FAILED. */
struct console *console_new(const struct console_config *config,
			    struct error *error);

/* Gives the terminal back. */
void console_free(struct console *console);

/* Before the talk starts: who is told of what is typed. */
void console_attach(struct console *console, const struct talk_ops *ops,
		    void *talk);

/* Nobody is told any more. */
void console_detach(struct console *console);

const struct person *console_person(const struct console *console);
const struct narrator *console_narrator(const struct console *console);

/* Whether something still has to go out. */
bool console_is_empty(const struct console *console);

/* At the end: 0; or -1 with STATUS_FAILED when standard output could not be
 * written, or input not read; STATUS_INCOMPLETE when it has not got all of it.
 * An error that is there already stays, but for a failure to write. */
int console_check(const struct console *console, struct error *error);

/* SIGWINCH. SIGTSTP: stops the process as the default action does, with the
 * terminal lent to the shell. SIGCONT. */
void console_resize(struct console *console);
void console_stop(struct console *console);
void console_continue(struct console *console);

#endif
