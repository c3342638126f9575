/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "talk/call.h"
#include "talk/endpoint.h"
#include "talk/failure.h"
#include "talk/locals.h"
#include "talk/loop.h"
#include "talk/person.h"

enum {
	ACCEPTS_AT_ONCE = 64, /* then the others have their turn */
};

struct listener {
	struct listener_config config;
	int fd;
	struct event *readable, *retry;
	bool is_full; /* and the person was told */
};

int keepalive_set(const struct narrator *narrator, int fd,
		  const struct keepalive *keepalive)
{
	if (keepalive->idle_s == 0)
		return 0;
	if (call_set(narrator, fd, SOL_SOCKET, SO_KEEPALIVE, 1,
		     "SO_KEEPALIVE") < 0 ||
	    call_set(narrator, fd, IPPROTO_TCP, TCP_KEEPIDLE, keepalive->idle_s,
		     "TCP_KEEPIDLE") < 0 ||
	    call_set(narrator, fd, IPPROTO_TCP, TCP_KEEPINTVL,
		     keepalive->interval_s, "TCP_KEEPINTVL") < 0)
		return -1;
	return call_set(narrator, fd, IPPROTO_TCP, TCP_KEEPCNT,
			keepalive->count, "TCP_KEEPCNT");
}

/* ---- opening ---- */

/* What an accepted socket is to have, the listening one has: the kernel hands
 * it down, and a thousand clients cost no calls of their own. */
static int set_options(const struct listener_config *config, int fd,
		       const struct addr *addr)
{
	const struct narrator *narrator = config->narrator;

	if (call_set(narrator, fd, SOL_SOCKET, SO_REUSEADDR, 1,
		     "SO_REUSEADDR") < 0 ||
	    call_set(narrator, fd, IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY") <
		    0)
		return -1;
	/* IPv4 too, unless an address was asked for. */
	if (addr->family == AF_INET6 &&
	    call_set(narrator, fd, IPPROTO_IPV6, IPV6_V6ONLY,
		     config->addr != NULL, "IPV6_V6ONLY") < 0)
		return -1;
	return keepalive_set(narrator, fd, &config->keepalive);
}

/* A bound socket; -1 with errno. */
static int bind_socket(const struct listener_config *config,
		       const struct addr *addr)
{
	struct endpoint here = {.addr = *addr, .port = config->port};
	int fd = call_socket(config->narrator, addr->family);
	int number;

	if (fd < 0)
		return -1;
	if (set_options(config, fd, addr) == 0 &&
	    call_bind(config->narrator, fd, &here) == 0 &&
	    call_listen(config->narrator, fd, config->backlog) == 0)
		return fd;
	number = errno;
	close(fd);
	errno = number;
	return -1;
}

static int open_socket(const struct listener_config *config)
{
	const struct addr any_ipv4 = {.family = AF_INET};
	const struct addr any_ipv6 = {.family = AF_INET6};
	int fd;

	if (config->addr)
		return bind_socket(config, config->addr);
	fd = bind_socket(config, &any_ipv6);
	if (fd < 0 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
		fd = bind_socket(config, &any_ipv4);
	return fd;
}

static int open_failed(const struct listener_config *config,
		       struct error *error)
{
	char text[FAILURE_BYTES], name[ENDPOINT_TEXT_BYTES];
	struct endpoint here = {.port = config->port};

	failure_format(errno, text);
	if (!config->addr)
		return error_set(error, STATUS_FAILED,
				 "cannot listen on port %u: %s",
				 (unsigned)config->port, text);
	here.addr = *config->addr;
	return error_set(error, STATUS_FAILED, "cannot listen on %s: %s",
			 endpoint_format(&here, name), text);
}

/* ---- accepting ---- */

static bool is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS ||
	       error == ENOMEM;
}

static void wait_for_room(struct listener *listener)
{
	const struct timeval second = {.tv_sec = 1};
	char text[FAILURE_BYTES];

	if (!listener->is_full)
		person_note(listener->config.person, LOG_WARN,
			    "callers have to wait: %s",
			    failure_format(errno, text));
	listener->is_full = true;
	event_del(listener->readable);
	loop_add(listener->retry, &second);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct listener *listener = context;
	const struct listener_config *config = &listener->config;

	(void)what;
	for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
		struct endpoint peer;
		int caller;

		caller = call_accept(config->narrator, fd, &peer);
		if (caller < 0 && is_shortage(errno)) {
			wait_for_room(listener);
			return;
		}
		if (caller < 0 && errno == EAGAIN)
			return;
		if (caller < 0) /* this caller is gone already: the next */
			continue;
		listener->is_full = false;
		config->accepted(config->owner, caller, &peer);
		if (listener->fd < 0) /* the owner has had enough */
			return;
	}
}

static void on_retry(evutil_socket_t fd, short what, void *context)
{
	struct listener *listener = context;

	(void)fd;
	(void)what;
	loop_add(listener->readable, NULL);
}

void listener_retry(struct listener *listener)
{
	if (event_pending(listener->retry, EV_TIMEOUT, NULL)) {
		event_del(listener->retry);
		loop_add(listener->readable, NULL);
	}
}

/* ---- the interface ---- */

struct listener *listener_new(const struct listener_config *config,
			      struct error *error)
{
	struct listener *listener = calloc(1, sizeof(*listener));

	if (!listener) {
		error_errno(error, "listener");
		return NULL;
	}
	listener->config = *config;
	listener->fd = open_socket(config);
	if (listener->fd < 0) {
		open_failed(config, error);
		goto failed;
	}
	listener->readable =
		event_new(config->base, listener->fd, EV_READ | EV_PERSIST,
			  on_readable, listener);
	listener->retry = event_new(config->base, -1, 0, on_retry, listener);
	if (!listener->readable || !listener->retry ||
	    (!config->never_accepts && event_add(listener->readable, NULL))) {
		error_set(error, STATUS_FAILED, "listener: out of memory");
		goto failed;
	}
	locals_tell(listener->fd, config->person);
	return listener;
failed:
	listener_free(listener);
	return NULL;
}

void listener_close(struct listener *listener)
{
	if (listener->fd < 0)
		return;
	if (listener->readable)
		event_del(listener->readable);
	if (listener->retry)
		event_del(listener->retry);
	call_close(listener->config.narrator, listener->fd, false);
	listener->fd = -1;
}

void listener_free(struct listener *listener)
{
	if (!listener)
		return;
	listener_close(listener);
	if (listener->readable)
		event_free(listener->readable);
	if (listener->retry)
		event_free(listener->retry);
	free(listener);
}
