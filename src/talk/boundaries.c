/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/boundaries.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

enum {
	WAIT_MS = 5000, /* loopback needs microseconds */
	ROOM = 64,
	ROOM_SMALL = 4,
};

static const char *const texts[] = {"first", "second"};

/* Two sockets that speak to each other; listens is for TCP alone. */
struct pair {
	bool stream;
	int listens, sends, receives;
	void (*step)(void *context, const struct boundary_step *step);
	void *context;
	struct error *error;
};

static int fail(const struct pair *pair, const char *what)
{
	return error_errno(pair->error, "%s on loopback: %s",
			   pair->stream ? "TCP" : "UDP", what);
}

static int bind_any(const struct pair *pair, int fd, struct sockaddr_in *own)
{
	socklen_t length = sizeof(*own);

	*own = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	if (bind(fd, (struct sockaddr *)own, sizeof(*own)) < 0 ||
	    getsockname(fd, (struct sockaddr *)own, &length) < 0)
		return fail(pair, "bind");
	return 0;
}

static int pair_open(struct pair *pair)
{
	int type = (pair->stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC;
	struct sockaddr_in own;
	int end = socket(AF_INET, type, 0);

	if (pair->stream)
		pair->listens = end;
	else
		pair->receives = end;
	pair->sends = socket(AF_INET, type, 0);
	if (end < 0 || pair->sends < 0)
		return fail(pair, "socket");
	if (bind_any(pair, end, &own) < 0)
		return -1;
	if (pair->stream && listen(end, 1) < 0)
		return fail(pair, "listen");
	if (connect(pair->sends, (struct sockaddr *)&own, sizeof(own)) < 0)
		return fail(pair, "connect");
	if (!pair->stream)
		return 0;
	pair->receives = accept(end, NULL, NULL);
	return pair->receives < 0 ? fail(pair, "accept") : 0;
}

static void pair_close(const struct pair *pair)
{
	const int fds[] = {pair->listens, pair->sends, pair->receives};

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* Both texts, one send() each; how many bytes that is. */
static int send_both(const struct pair *pair, size_t *sum)
{
	*sum = 0;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t length = strlen(texts[i]);

		if (send(pair->sends, texts[i], length, MSG_NOSIGNAL) !=
		    (ssize_t)length)
			return fail(pair, "send");
		pair->step(pair->context, &(struct boundary_step){
						  .stream = pair->stream,
						  .sends = true,
						  .length = length,
						  .bytes = texts[i],
					  });
		*sum += length;
	}
	return 0;
}

/* Until there are `expected` bytes in a stream, or any datagram. */
static int wait_for(const struct pair *pair, size_t expected)
{
	struct pollfd pollfd = {.fd = pair->receives, .events = POLLIN};
	int low = (int)expected;

	if (pair->stream && setsockopt(pair->receives, SOL_SOCKET, SO_RCVLOWAT,
				       &low, sizeof(low)) < 0)
		return fail(pair, "SO_RCVLOWAT");
	if (poll(&pollfd, 1, WAIT_MS) > 0)
		return 0;
	errno = ETIMEDOUT;
	return fail(pair, "poll");
}

/* Whatever is there. */
static int receive(const struct pair *pair, size_t room)
{
	char bytes[ROOM + 1];
	ssize_t length = recv(pair->receives, bytes, room,
			      MSG_DONTWAIT | (pair->stream ? 0 : MSG_TRUNC));
	struct boundary_step step = {
		.stream = pair->stream,
		.room = room,
		.nothing = length < 0 && errno == EAGAIN,
		.bytes = bytes,
	};

	if (length < 0 && !step.nothing)
		return fail(pair, "recv");
	if (length > 0) {
		/* MSG_TRUNC: how long the datagram was, not what was copied */
		step.length = (size_t)length < room ? (size_t)length : room;
		step.cut = (size_t)length - step.length;
	}
	bytes[step.length] = '\0';
	pair->step(pair->context, &step);
	return 0;
}

/* Twice: with room for all, then with little. The second read of a stream
 * takes what the first has left, if anything. */
static int show(struct pair *pair)
{
	size_t sum;

	if (pair_open(pair) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		if (send_both(pair, &sum) < 0 || wait_for(pair, sum) < 0 ||
		    receive(pair, i ? ROOM_SMALL : ROOM) < 0)
			return -1;
		if (!pair->stream && wait_for(pair, 0) < 0)
			return -1;
		if (receive(pair, ROOM) < 0)
			return -1;
	}
	return 0;
}

int boundaries_show(void (*step)(void *context,
				 const struct boundary_step *step),
		    void *context, struct error *error)
{
	for (int stream = 0; stream < 2; stream++) {
		struct pair pair = {
			.stream = stream,
			.listens = -1,
			.sends = -1,
			.receives = -1,
			.step = step,
			.context = context,
			.error = error,
		};
		int status = show(&pair);

		pair_close(&pair);
		if (status < 0)
			return -1;
	}
	return 0;
}
