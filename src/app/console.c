/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/console.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/editor.h"
#include "app/stream.h"
#include "app/typing.h"
#include "base/error.h"
#include "base/escape.h"
#include "talk/call.h"
#include "talk/line.h"
#include "talk/person.h"

enum {
	BEHIND_BYTES = 256 * 1024,
	ESCAPED_BYTES = 4 * LINE_BYTES + 8,
};

struct console {
	struct console_config config;
	struct person person;
	struct narrator narrator;
	struct stream *out, *err; /* the same where both are one terminal */
	struct editor *editor;    /* NULL: none */
	struct typing *typing;
	const struct talk_ops *ops; /* NULL: nobody is told */
	void *talk;
	unsigned long long left_out; /* and not yet said */
	bool is_partial;
};

/* ---- writing ---- */

static void show_editor(struct console *console)
{
	/* Only behind all that is to stand above it. */
	if (!console->editor || !typing_is_wanted(console->typing) ||
	    stream_waiting(console->out) > 0 ||
	    editor_is_shown(console->editor))
		return;
	editor_show(console->editor);
	typing_want(console->typing, true);
}

static void hide_editor(struct console *console)
{
	char sequence[32];

	if (!console->editor || !editor_is_shown(console->editor))
		return;
	editor_hide(console->editor, sequence, sizeof(sequence));
	stream_write(console->out, sequence, strlen(sequence));
}

/* Whole lines. */
static void write_lines(struct console *console, struct stream *stream,
			const char *text, size_t bytes)
{
	bool over_editor = stream_is_terminal(stream);

	if (over_editor)
		hide_editor(console);
	if (stream_write(stream, text, bytes) < 0 && stream == console->out &&
	    console->ops)
		console->config.failed(console->config.owner);
	if (over_editor)
		show_editor(console);
}

static bool is_full(const struct stream *stream)
{
	return stream_waiting(stream) > CONSOLE_QUEUE_BYTES;
}

static void show(void *context, const struct line_piece *piece)
{
	struct console *console = context;
	bool escapes = stream_is_terminal(console->out);
	bool ends = escapes || piece->lf;
	char text[ESCAPED_BYTES];
	size_t bytes = piece->bytes, taken = 0;

	if (is_full(console->out)) {
		console->left_out++;
		console->is_partial = true;
		return;
	}
	if (escapes && piece->last && bytes && piece->text[bytes - 1] == '\r')
		bytes--;
	/* One write for a line, a few for one that is too long. */
	do {
		size_t n = bytes - taken, length;

		if (escapes) {
			n = escape_text(piece->text + taken, n, text,
					sizeof(text) - 1);
			length = strlen(text);
		} else {
			n = n < sizeof(text) - 1 ? n : sizeof(text) - 1;
			memcpy(text, piece->text + taken, n);
			length = n;
		}
		taken += n;
		if (taken == bytes && ends)
			text[length++] = '\n';
		write_lines(console, console->out, text, length);
	} while (taken < bytes);
}

static void write_remark(struct console *console, const char *before,
			 const char *text)
{
	char line[2048];
	size_t length = (size_t)snprintf(line, sizeof(line), "%s", before);

	if (is_full(console->err))
		return;
	escape_line(text, line + length, sizeof(line) - length - 1);
	length += strlen(line + length);
	line[length++] = '\n';
	write_lines(console, console->err, line, length);
}

static void note(void *context, enum log_level level, const char *text)
{
	struct console *console = context;

	if ((int)level <= console->config.verbosity)
		write_remark(console, "synchat: ", text);
}

static void narrate(void *context, const char *text)
{
	write_remark(context, "  ", text);
}

static bool is_behind(void *context)
{
	struct console *console = context;

	return stream_waiting(console->out) > BEHIND_BYTES;
}

static void out_emptied(void *owner)
{
	struct console *console = owner;
	unsigned long long left_out = console->left_out;

	console->left_out = 0;
	if (left_out > 0)
		person_note(&console->person, LOG_WARN,
			    "%llu lines were not shown: standard output did "
			    "not take them",
			    left_out);
	show_editor(console);
	if (stream_error(console->out) && console->ops)
		console->config.failed(console->config.owner);
	if (console->ops)
		console->ops->caught_up(console->talk);
	console->config.emptied(console->config.owner);
}

static void err_emptied(void *owner)
{
	struct console *console = owner;

	console->config.emptied(console->config.owner);
}

/* ---- typing ---- */

static void typed(void *owner, const struct line_piece *piece)
{
	struct console *console = owner;

	if (console->ops)
		console->ops->typed(console->talk, piece);
}

static void typed_end(void *owner)
{
	struct console *console = owner;

	if (console->ops)
		console->ops->typed_end(console->talk);
}

static void typing_failed(void *owner)
{
	struct console *console = owner;

	if (console->ops)
		console->config.failed(console->config.owner);
}

static void line_done(void *owner)
{
	struct console *console = owner;

	if (!typing_is_wanted(console->typing))
		hide_editor(console);
	show_editor(console);
}

static void hear(void *context, bool wanted)
{
	struct console *console = context;

	if (!wanted)
		hide_editor(console);
	typing_want(console->typing, wanted);
	show_editor(console);
}

/* ---- the interface ---- */

static bool is_same_terminal(void)
{
	struct stat out, err;

	return isatty(STDOUT_FILENO) && isatty(STDERR_FILENO) &&
	       fstat(STDOUT_FILENO, &out) == 0 &&
	       fstat(STDERR_FILENO, &err) == 0 && out.st_rdev == err.st_rdev;
}

struct console *console_new(const struct console_config *config,
			    struct error *error)
{
	struct console *console = calloc(1, sizeof(*console));

	if (!console) {
		error_errno(error, "console");
		return NULL;
	}
	console->config = *config;
	console->person = (struct person){
		.interactive = isatty(STDIN_FILENO),
		.show = show,
		.is_behind = is_behind,
		.note = note,
		.hear = hear,
		.context = console,
	};
	if (config->narrates)
		console->narrator = (struct narrator){
			.tell = narrate,
			.context = console,
		};
	console->out =
		stream_new(config->base, STDOUT_FILENO, out_emptied, console);
	console->err = is_same_terminal()
			       ? console->out
			       : stream_new(config->base, STDERR_FILENO,
					    err_emptied, console);
	console->editor = editor_new("> ");
	console->typing = typing_new(&(struct typing_config){
		.base = config->base,
		.editor = console->editor,
		.typed = typed,
		.typed_end = typed_end,
		.failed = typing_failed,
		.line_done = line_done,
		.owner = console,
	});
	if (console->out && console->err && console->typing)
		return console;
	error_errno(error, "console");
	console_free(console);
	return NULL;
}

void console_free(struct console *console)
{
	if (!console)
		return;
	console->ops = NULL;
	if (console->out)
		hide_editor(console);
	typing_free(console->typing);
	editor_free(console->editor);
	if (console->err != console->out)
		stream_free(console->err);
	stream_free(console->out);
	free(console);
}

void console_attach(struct console *console, const struct talk_ops *ops,
		    void *talk)
{
	console->ops = ops;
	console->talk = talk;
}

void console_detach(struct console *console)
{
	console->ops = NULL;
	hear(console, false);
}

const struct person *console_person(const struct console *console)
{
	return &console->person;
}

const struct narrator *console_narrator(const struct console *console)
{
	return &console->narrator;
}

bool console_is_empty(const struct console *console)
{
	return stream_waiting(console->out) == 0 &&
	       stream_waiting(console->err) == 0;
}

int console_check(const struct console *console, struct error *error)
{
	errno = stream_error(console->out);
	if (errno)
		return error_errno(error, "standard output");
	errno = typing_error(console->typing);
	if (errno)
		return error_errno(error, "standard input");
	if (!console->is_partial && stream_waiting(console->out) == 0)
		return 0;
	if (error->status != STATUS_OK) /* that says more */
		return -1;
	return error_set(error, STATUS_INCOMPLETE,
			 "standard output did not take all of it");
}

void console_resize(struct console *console)
{
	if (!console->editor)
		return;
	hide_editor(console);
	editor_resize(console->editor);
	show_editor(console);
}

void console_stop(struct console *console)
{
	hide_editor(console);
	if (console->editor)
		editor_suspend(console->editor);
	raise(SIGSTOP);
	show_editor(console);
}

void console_continue(struct console *console)
{
	show_editor(console);
}
