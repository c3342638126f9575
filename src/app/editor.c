/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/editor.h"

#include <errno.h>
#include <histedit.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "app/rows.h"

enum {
	HISTORY_LINES = 500,
	/* A key that sends several bytes sends them at once. */
	KEY_REST_MS = 30,
	CONTROL_D = 4,
};

struct editor {
	EditLine *edit;
	History *history;
	const char *prompt;
	bool is_begun; /* a line is being edited, shown or not */
	bool is_shown;
	bool is_suspended;
	bool is_gone; /* the terminal has hung up */
	mbstate_t decoding;
	char *line; /* the last one, for the caller */
};

/* libedit asks for the prompt with nothing but its own handle. */
static char *draw_prompt(EditLine *edit)
{
	struct editor *editor = NULL;

	el_get(edit, EL_CLIENTDATA, &editor);
	return (char *)editor->prompt;
}

/* One character. A key such as an arrow sends ESC and more; ESC alone must
 * not keep everybody waiting, so libedit is told that no more comes. */
static int read_character(EditLine *edit, wchar_t *out)
{
	struct editor *editor = NULL;
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	char byte;

	el_get(edit, EL_CLIENTDATA, &editor);
	while (poll(&input, 1, KEY_REST_MS) > 0) {
		ssize_t n = read(STDIN_FILENO, &byte, 1);
		size_t decoded;

		if (n <= 0) {
			editor->is_gone = n == 0 || errno == EIO;
			return 0;
		}
		decoded = mbrtowc(out, &byte, 1, &editor->decoding);
		if (decoded == (size_t)-1)
			memset(&editor->decoding, 0, sizeof(editor->decoding));
		else if (decoded != (size_t)-2)
			return 1;
	}
	return 0;
}

static int set_up(struct editor *editor)
{
	/* These wait for more keys, and with them everybody. */
	static const char *const waiting[] = {"^R", "^S",  "^V",
					      "^Q", "^[x", "^[X"};
	EditLine *edit = editor->edit;
	HistEvent event;

	if (el_set(edit, EL_CLIENTDATA, editor) < 0 ||
	    el_set(edit, EL_PROMPT, draw_prompt) < 0 ||
	    el_set(edit, EL_EDITOR, "emacs") < 0 ||
	    el_set(edit, EL_GETCFN, read_character) < 0 ||
	    el_set(edit, EL_HIST, history, editor->history) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(waiting) / sizeof(waiting[0]); i++)
		el_set(edit, EL_BIND, waiting[i], "ed-unassigned", NULL);
	el_set(edit, EL_BIND, "^I", "ed-insert", NULL);
	el_set(edit, EL_BIND, "^[[3~", "ed-delete-next-char", NULL);
	/* A terminal that Ctrl-S holds up would hold up the chat. */
	el_set(edit, EL_SETTY, "-d", "-ixon", NULL);
	if (history(editor->history, &event, H_SETSIZE, HISTORY_LINES) < 0)
		return -1;
	history(editor->history, &event, H_SETUNIQUE, 1);
	return 0;
}

static bool is_foreground(void)
{
	return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

static bool is_editable(void)
{
	const char *term = getenv("TERM");

	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term && *term &&
	       strcmp(term, "dumb") != 0 && is_foreground();
}

struct editor *editor_new(const char *prompt)
{
	struct editor *editor;

	if (!is_editable())
		return NULL;
	editor = calloc(1, sizeof(*editor));
	if (!editor)
		return NULL;
	editor->prompt = prompt;
	editor->history = history_init();
	editor->edit = el_init("synchat", stdin, stdout, stderr);
	if (editor->history && editor->edit && set_up(editor) == 0)
		return editor;
	editor_free(editor);
	return NULL;
}

void editor_free(struct editor *editor)
{
	if (!editor)
		return;
	if (editor->edit) {
		el_set(editor->edit, EL_UNBUFFERED, 0);
		el_end(editor->edit);
	}
	if (editor->history)
		history_end(editor->history);
	free(editor->line);
	free(editor);
}

void editor_show(struct editor *editor)
{
	if (editor->is_shown || (editor->is_suspended && !is_foreground()))
		return;
	editor->is_shown = true;
	if (editor->is_suspended)
		el_set(editor->edit, EL_PREP_TERM, 1);
	editor->is_suspended = false;
	if (editor->is_begun) {
		el_set(editor->edit, EL_REFRESH);
		return;
	}
	/* This takes the terminal and draws the prompt. */
	el_set(editor->edit, EL_UNBUFFERED, 0);
	el_set(editor->edit, EL_UNBUFFERED, 1);
	editor->is_begun = true;
}

bool editor_is_shown(const struct editor *editor)
{
	return editor->is_shown;
}

static unsigned terminal_columns(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

const char *editor_hide(struct editor *editor, char *out, size_t room)
{
	const LineInfoW *line = el_wline(editor->edit);
	unsigned rows;

	*out = '\0';
	if (!editor->is_shown)
		return out;
	editor->is_shown = false;
	rows = rows_below((unsigned)strlen(editor->prompt), line->buffer,
			  (size_t)(line->cursor - line->buffer),
			  terminal_columns());
	/* To the beginning of the first row, and all behind it away. */
	if (rows > 0)
		snprintf(out, room, "\r\033[%uA\033[J", rows);
	else
		snprintf(out, room, "\r\033[J");
	return out;
}

/* The line is there: the next one begins with editor_show(). */
static void end_line(struct editor *editor)
{
	editor->is_begun = false;
	editor->is_shown = false;
}

enum editor_event editor_read(struct editor *editor, const char **line,
			      size_t *bytes)
{
	HistEvent event;
	int count = 0;
	const char *text = el_gets(editor->edit, &count);

	if (editor->is_gone || (text && count == 1 && text[0] == CONTROL_D))
		return EDITOR_END;
	if (!text || count <= 0)
		return EDITOR_NOTHING;
	if (text[count - 1] != '\n' && text[count - 1] != '\r')
		return EDITOR_NOTHING;
	free(editor->line);
	editor->line = strndup(text, (size_t)count - 1);
	end_line(editor);
	if (!editor->line)
		return EDITOR_NOTHING;
	if (editor->line[0])
		history(editor->history, &event, H_ENTER, editor->line);
	*line = editor->line;
	*bytes = strlen(editor->line);
	return EDITOR_LINE;
}

void editor_resize(struct editor *editor)
{
	el_resize(editor->edit);
}

void editor_suspend(struct editor *editor)
{
	el_set(editor->edit, EL_PREP_TERM, 0);
	editor->is_suspended = true;
}
