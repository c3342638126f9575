/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef APP_TYPING_H
#define APP_TYPING_H

#include <stdbool.h>

struct editor;
struct event_base;
struct line_piece;

/*
 * Lines from standard input on the event loop: keys through an editor, or
 * what a terminal, a pipe or a file has. Only while they are wanted; what was
 * read and not wanted any more waits.
 */

struct typing_config {
	struct event_base *base;
	struct editor *editor; /* NULL: none */
	void (*typed)(void *owner, const struct line_piece *piece);
	void (*typed_end)(void *owner); /* once */
	/* Instead of that: it cannot be read on. */
	void (*failed)(void *owner);
	/* After a key: the editor may have to be shown again, or hidden. */
	void (*line_done)(void *owner);
	void *owner;
};

struct typing;

/* Not wanted at first. NULL with errno. */
struct typing *typing_new(const struct typing_config *config);
void typing_free(struct typing *typing);

/* Calls nobody: the event loop does. To be called, too, when the editor is
 * shown again. */
void typing_want(struct typing *typing, bool wanted);

/* False also after the end of file. */
bool typing_is_wanted(const struct typing *typing);

/* The errno by which it failed, or 0. */
int typing_error(const struct typing *typing);

#endif
