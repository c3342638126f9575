/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef APP_STREAM_H
#define APP_STREAM_H

#include <stdbool.h>
#include <stddef.h>

struct event_base;

/*
 * Standard output, or standard error, that never waits: what a pipe or a
 * terminal does not take now goes out from the event loop. The descriptor is
 * shared with other processes, so it is not made non-blocking; a second
 * opening of the same pipe or terminal is. Where that cannot be had, writes
 * wait.
 */

struct stream;

/* emptied() is called from the event loop when what had to wait has gone out,
 * or can never go out. NULL when memory is out. */
struct stream *stream_new(struct event_base *base, int fd,
			  void (*emptied)(void *owner), void *owner);

/* What still waits is lost. */
void stream_free(struct stream *stream);

/* 0; or -1 when it failed, now or before: stream_error() says how. */
int stream_write(struct stream *stream, const char *data, size_t bytes);

/* How much waits. */
size_t stream_waiting(const struct stream *stream);

/* The errno that ended it; 0: none. */
int stream_error(const struct stream *stream);

bool stream_is_terminal(const struct stream *stream);

#endif
