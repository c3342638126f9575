/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/connector.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "net/conncause.h"
#include "net/connway.h"
#include "net/departures.h"
#include "net/errqueue.h"

#define NONE   UINT32_MAX
#define EVENTS 256
#define OTHERS 64 /* idle sockets looked at for one that will do */
#define TRIES  3  /* from as many ports */
#define LOOKS  64 /* connects whose SYN is looked for at once */

union name {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

struct sock {
	int fd;        /* -1: there is none */
	uint32_t next; /* idle one of the same way, or vacant */
	uint16_t way, port;
	bool watched; /* it is in the epoll set */
	bool spare;   /* closed when it is done */
};

struct out {
	uint32_t use;
	uint32_t sock; /* NONE: not pending */
	union name dest;
	int64_t begun_ns;
};

struct way {
	struct connway at;
	uint32_t idle;      /* first; the rest by next */
	uint16_t next_port; /* of the next socket: an offset */
};

struct connector {
	int epoll_fd;
	struct way *ways;
	size_t n_ways;
	struct sock *socks;
	struct out *outs;
	uint32_t ids, pending;
	uint32_t vacant; /* socks without a descriptor */
	uint32_t looked_at, held;
};

static socklen_t name_of(const struct addr *addr, uint16_t port,
			 union name *name)
{
	struct sockaddr_storage storage;
	socklen_t length = addr_to_sockaddr(addr, port, &storage);

	memcpy(name, &storage, sizeof(*name));
	return length;
}

static socklen_t name_length(const union name *name)
{
	return name->any.sa_family == AF_INET ? sizeof(name->in)
					      : sizeof(name->in6);
}

/* ---- the pool ---- */

static void vacate(struct connector *connector, struct sock *sock)
{
	close(sock->fd);
	*sock = (struct sock){.fd = -1, .next = connector->vacant};
	connector->vacant = (uint32_t)(sock - connector->socks);
}

static void give_back(struct connector *connector, struct sock *sock)
{
	struct way *way = &connector->ways[sock->way];

	if (sock->spare) {
		vacate(connector, sock);
		return;
	}
	sock->next = way->idle;
	way->idle = (uint32_t)(sock - connector->socks);
}

/* An idle one of that way, the one that was used last if it will do. */
static struct sock *take_idle(struct connector *connector, struct way *way,
			      const struct connway_avoid *avoid)
{
	uint32_t *link = &way->idle;

	for (int i = 0; i < OTHERS && *link != NONE; i++) {
		struct sock *sock = &connector->socks[*link];

		if (!connway_avoids(avoid, sock->port)) {
			*link = sock->next;
			return sock;
		}
		link = &sock->next;
	}
	return NULL;
}

/* Closes an idle socket of any way; false when there is none. */
static bool make_room(struct connector *connector)
{
	for (size_t i = 0; i < connector->n_ways; i++) {
		struct way *way = &connector->ways[i];

		if (way->idle != NONE) {
			struct sock *sock = &connector->socks[way->idle];

			way->idle = sock->next;
			vacate(connector, sock);
			return true;
		}
	}
	return false;
}

/* NULL with errno. */
static struct sock *take(struct connector *connector, uint16_t index,
			 const struct connway_avoid *avoid)
{
	struct way *way = &connector->ways[index];
	struct sock *sock = take_idle(connector, way, avoid);
	uint16_t port;
	int fd;

	if (sock)
		return sock;
	if (connector->vacant == NONE)
		(void)make_room(connector);
	fd = connway_open(&way->at, &way->next_port, avoid, &port);
	if (fd < 0 && (errno == EMFILE || errno == ENFILE) &&
	    make_room(connector))
		fd = connway_open(&way->at, &way->next_port, avoid, &port);
	if (fd < 0)
		return NULL;
	sock = &connector->socks[connector->vacant];
	connector->vacant = sock->next;
	*sock = (struct sock){
		.fd = fd, .way = index, .port = port, .spare = port == 0};
	return sock;
}

struct connector *connector_new(const struct connway *ways, size_t n_ways,
				uint32_t ids, struct error *error)
{
	struct connector *connector = calloc(1, sizeof(*connector));

	if (!connector)
		goto out;
	connector->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	connector->ways = calloc(n_ways, sizeof(*connector->ways));
	connector->socks = calloc(ids, sizeof(*connector->socks));
	connector->outs = calloc(ids, sizeof(*connector->outs));
	if (connector->epoll_fd < 0 || !connector->ways || !connector->socks ||
	    !connector->outs)
		goto out;
	connector->n_ways = n_ways;
	connector->ids = ids;
	connector->vacant = NONE;
	for (size_t i = 0; i < n_ways; i++)
		connector->ways[i] = (struct way){ways[i], NONE, 0};
	for (uint32_t i = ids; i-- > 0;) {
		connector->outs[i].sock = NONE;
		connector->socks[i] =
			(struct sock){.fd = -1, .next = connector->vacant};
		connector->vacant = i;
	}
	return connector;
out:
	error_errno(error, "connections");
	connector_free(connector);
	return NULL;
}

void connector_free(struct connector *connector)
{
	if (!connector)
		return;
	for (uint32_t i = 0; i < connector->ids; i++)
		if (connector->socks[i].fd >= 0)
			close(connector->socks[i].fd);
	if (connector->epoll_fd >= 0)
		close(connector->epoll_fd);
	free(connector->ways);
	free(connector->socks);
	free(connector->outs);
	free(connector);
}

int connector_fd(const struct connector *connector)
{
	return connector->epoll_fd;
}

uint32_t connector_pending(const struct connector *connector)
{
	return connector->pending;
}

uint32_t connector_held(const struct connector *connector)
{
	return connector->held;
}

/* ---- what came of one ---- */

/* Back to where it was, with a RST if it is connected. */
static void take_back(const struct sock *sock)
{
	const struct sockaddr none = {.sa_family = AF_UNSPEC};

	(void)connect(sock->fd, &none, sizeof(none));
}

static void settled(struct connector *connector, struct out *out)
{
	struct sock *sock = &connector->socks[out->sock];

	out->sock = NONE;
	connector->pending--;
	give_back(connector, sock);
}

/* Looks what a pending one has come to, by another connect() unless the first
 * has said it already. false: it is still pending. */
static bool look(struct connector *connector, struct out *out, int error_number,
		 struct connector_outcome *outcome)
{
	const struct sock *sock = &connector->socks[out->sock];
	struct conncause_icmp icmp;
	struct conncause cause;
	bool waits, is_icmp;

	if (error_number == EINPROGRESS)
		error_number = connect(sock->fd, &out->dest.any,
				       name_length(&out->dest)) < 0
				       ? errno
				       : 0;
	waits = error_number == EALREADY || error_number == EINPROGRESS;
	is_icmp = error_number != 0 &&
		  errqueue_icmp(sock->fd, &out->dest.any,
				&connector->ways[sock->way].at, &icmp);
	if (waits && !is_icmp)
		return false;
	cause = conncause_ended(error_number, is_icmp ? &icmp : NULL);
	/* While we are in the kernel with it, it only notes an ICMP error, and
	 * goes on. */
	if (waits && cause.kind == CONNCAUSE_SILENCE)
		return false;
	if (error_number != ECONNREFUSED) /* by which it is back already */
		take_back(sock);
	outcome->ended = true;
	outcome->answered = cause.kind == CONNCAUSE_VERDICT;
	outcome->blocked = cause.kind == CONNCAUSE_BLOCKED;
	outcome->verdict = cause.verdict;
	outcome->reason = cause.reason;
	outcome->error_number = error_number;
	settled(connector, out);
	return true;
}

/* Has epoll tell of it once. */
static int watch(struct connector *connector, const struct out *out)
{
	struct sock *sock = &connector->socks[out->sock];
	uint64_t id = (uint64_t)(out - connector->outs);
	struct epoll_event event = {
		.events = EPOLLOUT | EPOLLONESHOT,
		.data.u64 = (uint64_t)out->use << 32 | id,
	};

	if (epoll_ctl(connector->epoll_fd,
		      sock->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, sock->fd,
		      &event) < 0)
		return -1;
	sock->watched = true;
	return 0;
}

/* ---- connecting ---- */

/* The first call; from another port where the first is in use for this very
 * target and port. errno, or 0. */
static int begin(struct connector *connector, struct out *out,
		 const struct connector_job *job)
{
	const struct connway *way = &connector->ways[job->way].at;
	struct connway_avoid avoid = {0};
	int error_number = 0;

	if (way->local && addr_equal(&way->source, &job->dest))
		avoid.self = job->port;
	for (int i = 0; i < TRIES; i++) {
		struct sock *sock = take(connector, job->way, &avoid);

		out->begun_ns = clock_now_ns();
		if (!sock)
			return errno;
		error_number = connect(sock->fd, &out->dest.any,
				       name_length(&out->dest)) < 0
				       ? errno
				       : 0;
		if (conncause_taken(error_number) == LINK_OK) {
			out->sock = (uint32_t)(sock - connector->socks);
			connector->pending++;
			break;
		}
		avoid.busy = sock->port;
		give_back(connector, sock);
		if (error_number != EADDRNOTAVAIL || way->ports == 1)
			break;
	}
	return error_number;
}

void connector_connect(struct connector *connector,
		       const struct connector_job *job,
		       struct connector_outcome *outcome)
{
	struct out *out = &connector->outs[job->id];

	*outcome = (struct connector_outcome){.id = job->id, .use = job->use};
	connector_abort(connector, job->id, out->use);
	out->use = job->use;
	(void)name_of(&job->dest, job->port, &out->dest);
	outcome->error_number = begin(connector, out, job);
	outcome->taken = conncause_taken(outcome->error_number);
	outcome->begun_ns = outcome->at_ns = out->begun_ns;
	if (outcome->taken != LINK_OK)
		return;
	if (look(connector, out, outcome->error_number, outcome)) {
		outcome->at_ns = clock_now_ns();
		return;
	}
	if (connector->looked_at < LOOKS) {
		connector->looked_at++;
		connector->held +=
			departures_is_held(connector->socks[out->sock].fd);
	}
	if (watch(connector, out) == 0)
		return;
	outcome->error_number = errno;
	outcome->taken = LINK_BUSY;
	connector_abort(connector, job->id, job->use);
}

void connector_abort(struct connector *connector, uint32_t id, uint32_t use)
{
	struct out *out = &connector->outs[id];

	if (out->sock == NONE || out->use != use)
		return;
	connector->held += departures_is_held(connector->socks[out->sock].fd);
	take_back(&connector->socks[out->sock]);
	settled(connector, out);
}

static void one_event(struct connector *connector, uint64_t data,
		      struct connector_outcome *outcome)
{
	struct out *out = &connector->outs[(uint32_t)data];

	*outcome = (struct connector_outcome){
		.id = (uint32_t)data,
		.use = (uint32_t)(data >> 32),
	};
	/* Its socket tells of what we did to it, too. */
	if (out->sock == NONE || out->use != outcome->use)
		return;
	outcome->begun_ns = out->begun_ns;
	if (look(connector, out, EINPROGRESS, outcome) ||
	    watch(connector, out) == 0)
		return;
	connector_abort(connector, outcome->id, outcome->use);
	outcome->ended = true;
}

void connector_poll(struct connector *connector,
		    void (*ended)(void *context,
				  const struct connector_outcome *outcome),
		    void *context)
{
	struct epoll_event events[EVENTS];
	struct connector_outcome outcome;
	int n;

	do {
		int64_t now_ns;

		n = epoll_wait(connector->epoll_fd, events, EVENTS, 0);
		now_ns = clock_now_ns();
		for (int i = 0; i < n; i++) {
			one_event(connector, events[i].data.u64, &outcome);
			outcome.at_ns = now_ns;
			if (outcome.ended)
				ended(context, &outcome);
		}
	} while (n == EVENTS);
}
