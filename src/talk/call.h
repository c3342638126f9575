/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_CALL_H
#define TALK_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

struct endpoint;

/*
 * The socket calls of a talk, and somebody who is told of each: what was
 * called with what, what it returned, and the TCP state that the socket is in
 * after it. Each returns what the system call returns and leaves its errno.
 * All sockets are non-blocking and closed on exec.
 *
 *   connect(7, 10.9.0.2:8000) = -1 EINPROGRESS           SYN_SENT
 */

struct narrator {
	void (*tell)(void *context, const char *text); /* NULL: silent */
	void *context;
};

/* A line that is no call. */
void call_remark(const struct narrator *narrator, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

int call_socket(const struct narrator *narrator, int family);

/* An option whose value is an int; `name` is what the narrator says. */
int call_set(const struct narrator *narrator, int fd, int level, int option,
	     int value, const char *name);

int call_bind(const struct narrator *narrator, int fd,
	      const struct endpoint *endpoint);
int call_listen(const struct narrator *narrator, int fd, int backlog);

/* peer: who it is, also of an IPv4 client at an IPv6 socket. */
int call_accept(const struct narrator *narrator, int fd, struct endpoint *peer);

int call_connect(const struct narrator *narrator, int fd,
		 const struct endpoint *endpoint);

/* connect() to AF_UNSPEC: breaks the connection off, keeps the socket. */
int call_disconnect(const struct narrator *narrator, int fd);

/* SO_ERROR, which it clears: 0 or an errno. */
int call_error(const struct narrator *narrator, int fd);

/* Never raises SIGPIPE. */
ssize_t call_send(const struct narrator *narrator, int fd,
		  const struct iovec *data, size_t count);

/* is_broken: it is known that the connection is no more, so that the end of
 * the stream is not the peer's FIN. */
ssize_t call_recv(const struct narrator *narrator, int fd, char *data,
		  size_t room, bool is_broken);

/* How many bytes lie unread in the receive queue (FIONREAD); 0 on error. */
int call_unread(const struct narrator *narrator, int fd);

/* The FIN. */
int call_shutdown(const struct narrator *narrator, int fd);

/* With `reset`, SO_LINGER {1, 0} first: a RST instead of a FIN. */
int call_close(const struct narrator *narrator, int fd, bool reset);

#endif
