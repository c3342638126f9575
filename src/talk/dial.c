/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/dial.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/error.h"
#include "talk/call.h"
#include "talk/endpoint.h"
#include "talk/failure.h"
#include "talk/loop.h"
#include "talk/person.h"

struct dial {
	struct dial_config config;
	size_t next; /* the address after the one that is being tried */
	int fd;
	struct event *ready; /* of that fd; NULL without one */
	struct event *again;
	int error;        /* of the last address */
	bool was_refused; /* one of them, in this round */
	bool is_told;     /* that we keep trying */
};

static void drop_socket(struct dial *dial)
{
	int number = errno;

	if (dial->ready)
		event_free(dial->ready);
	dial->ready = NULL;
	if (dial->fd >= 0)
		call_close(dial->config.narrator, dial->fd, false);
	dial->fd = -1;
	errno = number;
}

static struct endpoint current(const struct dial *dial)
{
	return (struct endpoint){
		.addr = dial->config.addrs[dial->next - 1],
		.port = dial->config.port,
	};
}

static void failed_one(struct dial *dial, int error)
{
	const struct endpoint there = current(dial);
	char name[ENDPOINT_TEXT_BYTES], text[FAILURE_BYTES];

	drop_socket(dial);
	dial->error = error;
	dial->was_refused = dial->was_refused || error == ECONNREFUSED;
	/* The last one is what it fails with. */
	if (dial->config.count > 1 && !dial->is_told)
		person_note(dial->config.person, LOG_WARN, "%s: %s",
			    endpoint_format(&there, name),
			    failure_format(error, text));
}

/* A port of this host that nobody listens on can be dialled from itself: TCP
 * then connects the socket to itself (RFC 9293, 3.5, simultaneous open). */
static bool is_self(int fd)
{
	struct endpoint here, there;

	return endpoint_here(fd, &here) == 0 &&
	       endpoint_there(fd, &there) == 0 && here.port == there.port &&
	       addr_equal(&here.addr, &there.addr);
}

static int prepare(const struct dial *dial)
{
	const struct dial_config *config = &dial->config;
	const struct narrator *narrator = config->narrator;
	struct endpoint here = {.port = config->source_port};

	if (call_set(narrator, dial->fd, IPPROTO_TCP, TCP_NODELAY, 1,
		     "TCP_NODELAY") < 0 ||
	    keepalive_set(narrator, dial->fd, &config->keepalive) < 0)
		return -1;
	/* The kernel begins with room for 16 KiB. */
	if (config->write_bytes > 16384 &&
	    call_set(narrator, dial->fd, SOL_SOCKET, SO_SNDBUF,
		     (int)config->write_bytes, "SO_SNDBUF") < 0)
		return -1;
	if (config->source_port == 0)
		return 0;
	here.addr.family = current(dial).addr.family;
	if (call_set(narrator, dial->fd, SOL_SOCKET, SO_REUSEADDR, 1,
		     "SO_REUSEADDR") < 0)
		return -1;
	return call_bind(narrator, dial->fd, &here);
}

static void next_address(struct dial *dial);

static void hand_over(struct dial *dial)
{
	const struct endpoint there = current(dial);
	int fd = dial->fd;

	dial->fd = -1;
	drop_socket(dial);
	dial->config.connected(dial->config.owner, fd, &there);
}

static bool has_spoken(const struct dial *dial)
{
	int unread = 0;

	return ioctl(dial->fd, FIONREAD, &unread) == 0 && unread > 0;
}

/* How the connect ended: 0 or an errno. A peer may have spoken and broken off
 * already; then the error waits behind what was said, and stays there. (Should
 * it do both between the two calls, what was said counts all the same.) */
static int connect_result(const struct dial *dial)
{
	int error;

	if (has_spoken(dial))
		return 0;
	error = call_error(dial->config.narrator, dial->fd);
	return error == ECONNRESET && has_spoken(dial) ? 0 : error;
}

static void on_ready(evutil_socket_t fd, short what, void *context)
{
	struct dial *dial = context;
	int error = ETIMEDOUT;

	if (what & EV_WRITE)
		error = connect_result(dial);
	if (!error && is_self(fd))
		error = ECONNREFUSED;
	if (!error) {
		hand_over(dial);
		return;
	}
	failed_one(dial, error);
	next_address(dial);
}

/* 0 when it is under way; -1 with errno. */
static int start_one(struct dial *dial)
{
	const struct dial_config *config = &dial->config;
	const struct timeval limit = {
		.tv_sec = config->timeout_ms / 1000,
		.tv_usec = config->timeout_ms % 1000 * 1000,
	};
	const struct endpoint there = current(dial);

	dial->fd = call_socket(config->narrator, there.addr.family);
	if (dial->fd < 0 || prepare(dial) < 0)
		return -1;
	if (call_connect(config->narrator, dial->fd, &there) < 0 &&
	    errno != EINPROGRESS)
		return -1;
	dial->ready =
		event_new(config->base, dial->fd, EV_WRITE, on_ready, dial);
	if (dial->ready &&
	    event_add(dial->ready, config->timeout_ms ? &limit : NULL) == 0)
		return 0;
	errno = ENOMEM;
	return -1;
}

static void give_up(struct dial *dial)
{
	const struct endpoint there = current(dial);
	char name[ENDPOINT_TEXT_BYTES], text[FAILURE_BYTES];
	struct error error = ERROR_INIT;

	error_set(&error, STATUS_FAILED, "cannot connect to %s: %s",
		  endpoint_format(&there, name),
		  failure_format(dial->error, text));
	dial->config.failed(dial->config.owner, &error);
}

static void round_over(struct dial *dial)
{
	const struct timeval second = {.tv_sec = 1};
	const struct endpoint there = current(dial);
	char name[ENDPOINT_TEXT_BYTES];

	if (!dial->config.retry || !dial->was_refused) {
		give_up(dial);
		return;
	}
	if (!dial->is_told)
		person_note(dial->config.person, LOG_WARN,
			    "%s refuses; asking again every second",
			    endpoint_format(&there, name));
	dial->is_told = true;
	dial->was_refused = false;
	dial->next = 0;
	loop_add(dial->again, &second);
}

static void next_address(struct dial *dial)
{
	while (dial->next < dial->config.count) {
		dial->next++;
		if (start_one(dial) == 0)
			return;
		failed_one(dial, errno);
	}
	round_over(dial);
}

static void on_again(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	next_address(context);
}

struct dial *dial_new(const struct dial_config *config)
{
	struct dial *dial = calloc(1, sizeof(*dial));

	if (!dial)
		return NULL;
	dial->config = *config;
	dial->fd = -1;
	dial->again = event_new(config->base, -1, 0, on_again, dial);
	if (!dial->again) {
		free(dial);
		return NULL;
	}
	event_active(dial->again, EV_TIMEOUT, 1);
	return dial;
}

void dial_free(struct dial *dial)
{
	if (!dial)
		return;
	drop_socket(dial);
	event_free(dial->again);
	free(dial);
}
