/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/typing.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/editor.h"
#include "talk/line.h"
#include "talk/loop.h"

enum {
	READ_BYTES = 4096,
	KEYS_AT_ONCE = 256, /* of a paste; then the others have their turn */
};

struct typing {
	struct typing_config config;
	struct line line;
	struct event *readable; /* NULL when stdin is always ready */
	struct event *pump;     /* works on what is there, soon */
	char data[READ_BYTES];
	size_t at, used; /* of data: read and not yet told */
	bool is_ready;   /* always, as a file is */
	bool is_wanted;
	bool is_ended; /* end of file was read */
	bool is_told;  /* ... and told */
	int error;
};

static void fail(struct typing *typing, int error)
{
	typing->at = typing->used;
	typing->is_ended = typing->is_told = true;
	typing->error = error;
	typing->config.failed(typing->config.owner);
}

/* What was read. False when it is wanted no more. */
static bool tell_read(struct typing *typing)
{
	while (typing->is_wanted && typing->at < typing->used) {
		struct line_piece piece;
		bool whole;
		ssize_t n =
			line_feed(&typing->line, typing->data + typing->at,
				  typing->used - typing->at, &piece, &whole);

		if (n < 0) {
			fail(typing, ENOMEM);
			return false;
		}
		typing->at += (size_t)n;
		if (whole)
			typing->config.typed(typing->config.owner, &piece);
	}
	return typing->is_wanted;
}

static void tell_end(struct typing *typing)
{
	struct line_piece piece;

	if (typing->is_told)
		return;
	if (line_finish(&typing->line, &piece))
		typing->config.typed(typing->config.owner, &piece);
	if (!typing->is_wanted || typing->is_told)
		return;
	typing->is_told = true;
	typing->config.typed_end(typing->config.owner);
}

/* A terminal that is gone has ended; what nohup(1) gives cannot be read. */
static bool is_end(int error)
{
	return error == EBADF || (error == EIO && isatty(STDIN_FILENO));
}

static void read_some(struct typing *typing)
{
	ssize_t n = read(STDIN_FILENO, typing->data, sizeof(typing->data));
	int error = errno;

	if (n < 0 && (error == EAGAIN || error == EINTR))
		return;
	if (n < 0 && !is_end(error)) {
		fail(typing, error);
		return;
	}
	typing->at = 0;
	typing->used = n > 0 ? (size_t)n : 0;
	typing->is_ended = n <= 0;
}

static void pump_soon(struct typing *typing)
{
	event_active(typing->pump, EV_TIMEOUT, 1);
}

/* Reading goes on where it is wanted. */
static void go_on(struct typing *typing)
{
	if (!typing->is_wanted || typing->is_told)
		return;
	if (!typing->is_ready && typing->at == typing->used &&
	    !typing->is_ended)
		loop_add(typing->readable, NULL);
	else
		pump_soon(typing);
}

static void on_pump(evutil_socket_t fd, short what, void *context)
{
	struct typing *typing = context;

	(void)fd;
	(void)what;
	if (!typing->is_wanted || typing->is_told)
		return;
	if (typing->is_ready && typing->at == typing->used && !typing->is_ended)
		read_some(typing);
	if (tell_read(typing) && typing->is_ended)
		tell_end(typing);
	go_on(typing);
}

/* An edited line, however long, in pieces as from anywhere else. */
static void tell_edited(struct typing *typing, const char *text, size_t bytes)
{
	const char *const parts[] = {text, "\n"};
	const size_t lengths[] = {bytes, 1};

	for (int i = 0; i < 2; i++) {
		for (size_t at = 0; at < lengths[i];) {
			struct line_piece piece;
			bool whole;
			ssize_t n = line_feed(&typing->line, parts[i] + at,
					      lengths[i] - at, &piece, &whole);

			if (n < 0) {
				fail(typing, ENOMEM);
				return;
			}
			at += (size_t)n;
			if (whole)
				typing->config.typed(typing->config.owner,
						     &piece);
		}
	}
}

/* All keys that were pressed; not more than there are. */
static void read_keys(struct typing *typing)
{
	struct editor *editor = typing->config.editor;
	int waiting = 1;

	for (int i = 0; i < KEYS_AT_ONCE && waiting > 0 && typing->is_wanted &&
			editor_is_shown(editor);
	     i++) {
		const char *text;
		size_t bytes;

		switch (editor_read(editor, &text, &bytes)) {
		case EDITOR_LINE:
			tell_edited(typing, text, bytes);
			break;
		case EDITOR_END:
			typing->is_ended = typing->is_told = true;
			typing->config.line_done(typing->config.owner);
			typing->config.typed_end(typing->config.owner);
			return;
		case EDITOR_NOTHING:
			break;
		}
		typing->config.line_done(typing->config.owner);
		if (ioctl(STDIN_FILENO, FIONREAD, &waiting) < 0)
			break;
	}
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct typing *typing = context;

	(void)fd;
	(void)what;
	if (!typing->is_wanted)
		return;
	if (typing->config.editor) {
		/* What is hidden is not edited; typing_want() comes again. */
		read_keys(typing);
		if (typing_is_wanted(typing) &&
		    editor_is_shown(typing->config.editor))
			loop_add(typing->readable, NULL);
		return;
	}
	read_some(typing);
	if (tell_read(typing) && typing->is_ended)
		tell_end(typing);
	go_on(typing);
}

/* The shell reads the terminal, not we. */
static bool is_background(void)
{
	return isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) != getpgrp();
}

/* A regular file, or /dev/null, cannot be waited for (EPERM), and need not be.
 * -1 with errno where that cannot be told. */
static int is_waitable(int fd)
{
	struct epoll_event event = {.events = EPOLLIN};
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int result = epoll < 0 ? -1 : 1;

	if (result > 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		result = errno == EPERM ? 0 : -1;
	if (epoll >= 0)
		close(epoll);
	return result;
}

struct typing *typing_new(const struct typing_config *config)
{
	int waitable = is_waitable(STDIN_FILENO);
	struct typing *typing;

	if (waitable < 0)
		return NULL;
	typing = calloc(1, sizeof(*typing));
	if (!typing)
		return NULL;
	typing->config = *config;
	line_init(&typing->line);
	typing->is_told = is_background();
	typing->pump = event_new(config->base, -1, 0, on_pump, typing);
	if (waitable)
		typing->readable = event_new(config->base, STDIN_FILENO,
					     EV_READ, on_readable, typing);
	else
		typing->is_ready = true;
	if (typing->pump && (typing->readable || typing->is_ready))
		return typing;
	typing_free(typing);
	errno = ENOMEM;
	return NULL;
}

void typing_free(struct typing *typing)
{
	if (!typing)
		return;
	if (typing->readable)
		event_free(typing->readable);
	if (typing->pump)
		event_free(typing->pump);
	line_fini(&typing->line);
	free(typing);
}

void typing_want(struct typing *typing, bool wanted)
{
	typing->is_wanted = wanted;
	if (wanted)
		go_on(typing);
	else if (typing->readable)
		event_del(typing->readable);
}

bool typing_is_wanted(const struct typing *typing)
{
	return typing->is_wanted && !typing->is_told;
}

int typing_error(const struct typing *typing)
{
	return typing->error;
}
