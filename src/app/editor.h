/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef APP_EDITOR_H
#define APP_EDITOR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Line editing and history (libedit) at a terminal that other things are
 * written to as well: the line can be taken away and put back at any time.
 * Never waits for a key but for the rest of one that sends several bytes.
 * One at a time in a process.
 */

struct editor;

/* On standard input and output. NULL where these are no terminal that can be
 * edited on, or not ours: the process is in the background. */
struct editor *editor_new(const char *prompt);

/* Gives the terminal back as it was. */
void editor_free(struct editor *editor);

/* Draws the prompt, and the line with its cursor. */
void editor_show(struct editor *editor);
bool editor_is_shown(const struct editor *editor);

/* What takes the line off the screen, written to the terminal before anything
 * else is: into out, `room` at least 32 bytes. From here on it is hidden, and
 * the cursor at the beginning of a row. */
const char *editor_hide(struct editor *editor, char *out, size_t room);

enum editor_event {
	EDITOR_NOTHING,
	EDITOR_LINE, /* without its LF, until the next call; now hidden */
	EDITOR_END,  /* end of file */
};

/* A key was pressed, while it is shown. */
enum editor_event editor_read(struct editor *editor, const char **line,
			      size_t *bytes);

/* The terminal has another size. */
void editor_resize(struct editor *editor);

/* Lends the terminal to the shell, while hidden; editor_show() takes it
 * back, and does nothing while the process is in the background. */
void editor_suspend(struct editor *editor);

#endif
