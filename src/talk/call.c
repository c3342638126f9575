/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/call.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/escape.h"
#include "talk/endpoint.h"
#include "talk/failure.h"
#include "talk/tcpstate.h"

enum {
	LINE_ROOM = 512,
	STATE_COLUMN = 60, /* with the longest state behind: 80 columns */
	EXCERPT_BYTES = 24,
	EXCERPT_ROOM = 4 * EXCERPT_BYTES + 8,
};

static bool listens(const struct narrator *narrator)
{
	return narrator && narrator->tell;
}

void call_remark(const struct narrator *narrator, const char *format, ...)
{
	char text[LINE_ROOM];
	va_list args;

	if (!listens(narrator))
		return;
	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) >= 0)
		narrator->tell(narrator->context, text);
	va_end(args);
}

/* "CALL = RESULT", and in a column of its own the state of fd; -1: none. */
__attribute__((format(printf, 4, 5))) static void
tell(const struct narrator *narrator, int fd, ssize_t result,
     const char *format, ...)
{
	int number = errno;
	char call[LINE_ROOM], text[LINE_ROOM + FAILURE_BYTES + 64];
	char returned[FAILURE_BYTES + 8], name[FAILURE_BYTES];
	int state;
	va_list args;

	if (!listens(narrator))
		return;
	va_start(args, format);
	if (vsnprintf(call, sizeof(call), format, args) < 0)
		call[0] = '\0';
	va_end(args);
	if (result < 0)
		snprintf(returned, sizeof(returned), "-1 %s",
			 failure_name(number, name));
	else
		snprintf(returned, sizeof(returned), "%zd", result);
	state = fd < 0 ? -1 : tcpstate_of(fd);
	snprintf(text, sizeof(text), "%s = %s", call, returned);
	if (state > 0)
		call_remark(narrator, "%-*s  %s", STATE_COLUMN, text,
			    tcpstate_name(state));
	else
		call_remark(narrator, "%s", text);
	errno = number;
}

/* The beginning of the data in quotes. */
static const char *excerpt(const char *data, size_t bytes,
			   char text[EXCERPT_ROOM])
{
	size_t shown = bytes < EXCERPT_BYTES ? bytes : EXCERPT_BYTES;
	char inner[4 * EXCERPT_BYTES + 1];

	escape_text(data, shown, inner, sizeof(inner));
	snprintf(text, EXCERPT_ROOM, "\"%s\"%s", inner,
		 shown < bytes ? "..." : "");
	return text;
}

int call_socket(const struct narrator *narrator, int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	tell(narrator, fd, fd, "socket(%s, SOCK_STREAM)",
	     family == AF_INET6 ? "AF_INET6" : "AF_INET");
	return fd;
}

int call_set(const struct narrator *narrator, int fd, int level, int option,
	     int value, const char *name)
{
	int result = setsockopt(fd, level, option, &value, sizeof(value));

	tell(narrator, fd, result, "setsockopt(%d, %s, %d)", fd, name, value);
	return result;
}

int call_bind(const struct narrator *narrator, int fd,
	      const struct endpoint *endpoint)
{
	char text[ENDPOINT_TEXT_BYTES];
	struct sockaddr_storage storage;
	socklen_t bytes =
		addr_to_sockaddr(&endpoint->addr, endpoint->port, &storage);
	int result = bind(fd, (struct sockaddr *)&storage, bytes);

	tell(narrator, fd, result, "bind(%d, %s)", fd,
	     endpoint_format(endpoint, text));
	return result;
}

int call_listen(const struct narrator *narrator, int fd, int backlog)
{
	int result = listen(fd, backlog);

	tell(narrator, fd, result, "listen(%d, %d)", fd, backlog);
	return result;
}

int call_accept(const struct narrator *narrator, int fd, struct endpoint *peer)
{
	struct sockaddr_storage storage;
	socklen_t bytes = sizeof(storage);
	char text[ENDPOINT_TEXT_BYTES] = "";
	int result = accept4(fd, (struct sockaddr *)&storage, &bytes,
			     SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (result >= 0 && endpoint_from_sockaddr(&storage, peer) < 0) {
		close(result);
		result = -1;
		errno = EAFNOSUPPORT;
	}
	if (result >= 0)
		endpoint_format(peer, text);
	tell(narrator, result, result, "accept(%d%s%s)", fd, *text ? ", " : "",
	     text);
	return result;
}

int call_connect(const struct narrator *narrator, int fd,
		 const struct endpoint *endpoint)
{
	char text[ENDPOINT_TEXT_BYTES];
	struct sockaddr_storage storage;
	socklen_t bytes =
		addr_to_sockaddr(&endpoint->addr, endpoint->port, &storage);
	int result = connect(fd, (struct sockaddr *)&storage, bytes);

	tell(narrator, fd, result, "connect(%d, %s)", fd,
	     endpoint_format(endpoint, text));
	return result;
}

int call_disconnect(const struct narrator *narrator, int fd)
{
	const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
	int result = connect(fd, &nobody, sizeof(nobody));

	tell(narrator, fd, result, "connect(%d, AF_UNSPEC)", fd);
	return result;
}

int call_error(const struct narrator *narrator, int fd)
{
	char text[FAILURE_BYTES] = "0";
	socklen_t bytes = sizeof(int);
	int error;
	int result = getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes);

	if (result < 0)
		error = errno;
	else if (error)
		failure_name(error, text);
	tell(narrator, fd, result, "getsockopt(%d, SO_ERROR: %s)", fd, text);
	return error;
}

ssize_t call_send(const struct narrator *narrator, int fd,
		  const struct iovec *data, size_t count)
{
	struct msghdr message = {
		.msg_iov = (struct iovec *)data,
		.msg_iovlen = count,
	};
	ssize_t result = count == 1 ? send(fd, data->iov_base, data->iov_len,
					   MSG_NOSIGNAL)
				    : sendmsg(fd, &message, MSG_NOSIGNAL);
	char text[EXCERPT_ROOM];
	size_t bytes = 0;

	if (!listens(narrator))
		return result;
	for (size_t i = 0; i < count; i++)
		bytes += data[i].iov_len;
	excerpt(data[0].iov_base, data[0].iov_len, text);
	if (count == 1)
		tell(narrator, fd, result, "send(%d, %s, %zu)", fd, text,
		     bytes);
	else
		tell(narrator, fd, result, "sendmsg(%d, %s and %zu more, %zu)",
		     fd, text, count - 1, bytes);
	return result;
}

ssize_t call_recv(const struct narrator *narrator, int fd, char *data,
		  size_t room, bool is_broken)
{
	ssize_t result = recv(fd, data, room, 0);
	char text[EXCERPT_ROOM] = "";
	const char *what = "";

	if (!listens(narrator) || (result < 0 && errno == EAGAIN))
		return result;
	if (result > 0)
		what = excerpt(data, (size_t)result, text);
	else if (result == 0)
		what = is_broken ? "nothing more" : "the peer's FIN";
	tell(narrator, fd, result, "recv(%d, %zu%s%s)", fd, room,
	     *what ? ", " : "", what);
	return result;
}

int call_unread(const struct narrator *narrator, int fd)
{
	int bytes = 0;
	int result = ioctl(fd, FIONREAD, &bytes);

	tell(narrator, fd, result, "ioctl(%d, FIONREAD: %d)", fd, bytes);
	return result < 0 ? 0 : bytes;
}

int call_shutdown(const struct narrator *narrator, int fd)
{
	int result = shutdown(fd, SHUT_WR);

	tell(narrator, fd, result, "shutdown(%d, SHUT_WR)", fd);
	return result;
}

int call_close(const struct narrator *narrator, int fd, bool reset)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
	int result;

	if (reset) {
		result = setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once,
				    sizeof(at_once));
		tell(narrator, fd, result, "setsockopt(%d, SO_LINGER, {1, 0})",
		     fd);
	}
	result = close(fd);
	tell(narrator, -1, result, "close(%d)", fd);
	return result;
}
