/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/stream.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "talk/loop.h"

struct stream {
	int fd;
	int own_fd; /* opened here, or -1 */
	bool is_socket;
	bool is_terminal;
	int error;
	struct evbuffer *waiting;
	struct event *writable;
	void (*emptied)(void *owner);
	void *owner;
};

/* A non-blocking descriptor of our own for the same pipe or terminal. */
static void open_again(struct stream *stream, int fd)
{
	char path[64];
	struct stat status;

	if (fstat(fd, &status) < 0)
		return;
	stream->is_socket = S_ISSOCK(status.st_mode);
	if (!S_ISFIFO(status.st_mode) && !stream->is_terminal)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	stream->own_fd =
		open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (stream->own_fd >= 0)
		stream->fd = stream->own_fd;
}

static ssize_t put(struct stream *stream, const char *data, size_t bytes)
{
	if (stream->is_socket)
		return send(stream->fd, data, bytes,
			    MSG_DONTWAIT | MSG_NOSIGNAL);
	return write(stream->fd, data, bytes);
}

static void fail(struct stream *stream, int error)
{
	stream->error = error;
	evbuffer_drain(stream->waiting, evbuffer_get_length(stream->waiting));
}

/* How much of the data went out. */
static size_t put_some(struct stream *stream, const char *data, size_t bytes)
{
	size_t done = 0;

	while (done < bytes) {
		ssize_t n = put(stream, data + done, bytes - done);

		if (n > 0) {
			done += (size_t)n;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0 || errno != EAGAIN)
			fail(stream, n == 0 ? EIO : errno);
		break;
	}
	return done;
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
	struct stream *stream = context;

	(void)fd;
	(void)what;
	for (;;) {
		size_t bytes = evbuffer_get_contiguous_space(stream->waiting);
		const char *data = (char *)evbuffer_pullup(stream->waiting,
							   (ev_ssize_t)bytes);
		size_t done = bytes ? put_some(stream, data, bytes) : 0;

		if (stream->error || bytes == 0)
			break;
		evbuffer_drain(stream->waiting, done);
		if (done < bytes) {
			loop_add(stream->writable, NULL);
			return;
		}
	}
	stream->emptied(stream->owner);
}

struct stream *stream_new(struct event_base *base, int fd,
			  void (*emptied)(void *owner), void *owner)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return NULL;
	stream->fd = fd;
	stream->own_fd = -1;
	stream->emptied = emptied;
	stream->owner = owner;
	stream->is_terminal = isatty(fd);
	open_again(stream, fd);
	stream->waiting = evbuffer_new();
	stream->writable =
		event_new(base, stream->fd, EV_WRITE, on_writable, stream);
	if (stream->waiting && stream->writable)
		return stream;
	stream_free(stream);
	return NULL;
}

void stream_free(struct stream *stream)
{
	if (!stream)
		return;
	if (stream->writable)
		event_free(stream->writable);
	if (stream->waiting)
		evbuffer_free(stream->waiting);
	if (stream->own_fd >= 0)
		close(stream->own_fd);
	free(stream);
}

int stream_write(struct stream *stream, const char *data, size_t bytes)
{
	size_t done = 0;

	if (stream->error)
		return -1;
	if (evbuffer_get_length(stream->waiting) == 0)
		done = put_some(stream, data, bytes);
	if (stream->error)
		return -1;
	if (done == bytes)
		return 0;
	if (evbuffer_add(stream->waiting, data + done, bytes - done) < 0 ||
	    event_add(stream->writable, NULL) < 0)
		fail(stream, ENOMEM);
	return stream->error ? -1 : 0;
}

size_t stream_waiting(const struct stream *stream)
{
	return evbuffer_get_length(stream->waiting);
}

int stream_error(const struct stream *stream)
{
	return stream->error;
}

bool stream_is_terminal(const struct stream *stream)
{
	return stream->is_terminal;
}
