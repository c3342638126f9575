/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/echo.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "talk/datagram.h"
#include "talk/sessions.h"
#include "talk/udp.h"

enum {
	BATCH = 64, /* of one socket, before the others have their turn */
	PORT_SERVERS = 1024,
	PORT_TRIES = 8, /* where any port will do */
	SEND_WAIT_MS = 200,
	IPV4 = 0,
	IPV6,
	SOCKETS,
};

struct echo {
	struct echo_config config;
	int fds[SOCKETS]; /* -1: none */
	uint16_t port;
	struct impairer *impairer;
	struct sessions *sessions;
	struct echo_counts counts;
	uint8_t bytes[DATAGRAM_MAX_BYTES];
};

static int bind_family(struct echo *echo, int which, struct error *error)
{
	struct addr addr = echo->config.addr;

	addr.family = which == IPV4 ? AF_INET : AF_INET6;
	if (echo->config.addr.family && echo->config.addr.family != addr.family)
		return 0;
	echo->fds[which] = udp_bind(&addr, &echo->port, error);
	return echo->fds[which] < 0 ? -1 : 0;
}

static bool has_ipv6(void)
{
	const struct addr any = {.family = AF_INET6};
	uint16_t port = 0;
	int fd = udp_bind(&any, &port, NULL);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static void close_sockets(struct echo *echo)
{
	for (int i = 0; i < SOCKETS; i++) {
		if (echo->fds[i] >= 0)
			close(echo->fds[i]);
		echo->fds[i] = -1;
	}
}

static int bind_both(struct echo *echo, struct error *error)
{
	bool ipv6 = echo->config.addr.family || has_ipv6();

	/* A port that is free for one family may be taken for the other. */
	for (int tries = 0; tries < PORT_TRIES; tries++) {
		echo->port = echo->config.port;
		if (bind_family(echo, IPV4, error) == 0 &&
		    (!ipv6 || bind_family(echo, IPV6, error) == 0))
			return 0;
		close_sockets(echo);
		if (echo->config.port)
			break;
	}
	return -1;
}

struct echo *echo_open(const struct echo_config *config, struct error *error)
{
	struct echo *echo = calloc(1, sizeof(*echo));

	if (!echo) {
		error_errno(error, "server");
		return NULL;
	}
	echo->config = *config;
	echo->fds[IPV4] = echo->fds[IPV6] = -1;
	echo->impairer = impairer_new(&config->impairment);
	echo->sessions = sessions_new(config->secret);
	if (!echo->impairer || !echo->sessions)
		error_errno(error, "server");
	else if (bind_both(echo, error) == 0)
		return echo;
	echo_close(echo);
	return NULL;
}

void echo_close(struct echo *echo)
{
	if (!echo)
		return;
	close_sockets(echo);
	impairer_free(echo->impairer);
	sessions_free(echo->sessions);
	free(echo);
}

uint16_t echo_port(const struct echo *echo)
{
	return echo->port;
}

bool echo_serves(const struct echo *echo, uint16_t family)
{
	return echo->fds[family == AF_INET ? IPV4 : IPV6] >= 0;
}

static void send_now(struct echo *echo, const uint8_t *bytes, size_t length,
		     const struct ends *ends)
{
	int fd = echo->fds[ends->peer.family == AF_INET ? IPV4 : IPV6];
	struct pollfd pollfd = {.fd = fd, .events = POLLOUT};

	while (udp_reply(fd, bytes, length, ends) < 0) {
		/* A queue that is full empties itself. What comes in meanwhile
		 * waits in the socket, and what it has no room for is
		 * counted. */
		if (errno != EAGAIN || poll(&pollfd, 1, SEND_WAIT_MS) <= 0) {
			echo->counts.send_errors++;
			return;
		}
	}
	echo->counts.sent++;
}

/* ---- what came ---- */

static void take_report(struct echo *echo, struct datagram *datagram,
			size_t length, const struct ends *ends)
{
	const struct session *session = sessions_find(
		echo->sessions, &ends->peer, ends->port, datagram->session);

	echo->counts.reports++;
	datagram->kind = DATAGRAM_REPORT_REPLY;
	datagram->counts = (struct datagram_counts){0};
	if (session)
		datagram->counts = session->counts;
	datagram_encode(datagram, echo->bytes);
	send_now(echo, echo->bytes, length, ends);
}

static void take_probe(struct echo *echo, struct datagram *datagram,
		       size_t length, const struct ends *ends, int64_t now_ns)
{
	struct session *session = sessions_open(echo->sessions, &ends->peer,
						ends->port, datagram->session);

	echo->counts.probes++;
	session_arrival(session, datagram->sequence);
	datagram->kind = DATAGRAM_PROBE_REPLY;
	datagram->counts = session->counts;
	datagram_encode(datagram, echo->bytes);
	session->counts.waiting +=
		impairer_take(echo->impairer,
			      &(struct parcel){
				      .ends = *ends,
				      .session = datagram->session,
				      .length = length,
				      .bytes = echo->bytes,
			      },
			      now_ns);
}

/* No probe, or one that cannot be trusted: back as it came. */
static void take_other(struct echo *echo, size_t length,
		       const struct ends *ends, int64_t now_ns)
{
	if (ends->port < PORT_SERVERS || ends->port == echo->port) {
		echo->counts.ignored++;
		return;
	}
	echo->counts.others++;
	impairer_take(echo->impairer,
		      &(struct parcel){
			      .ends = *ends,
			      .length = length,
			      .bytes = echo->bytes,
		      },
		      now_ns);
}

static void take(struct echo *echo, size_t length, const struct ends *ends,
		 int64_t now_ns)
{
	struct datagram datagram;
	enum datagram_state state =
		datagram_decode(echo->bytes, length, &datagram);

	echo->counts.received++;
	echo->counts.bytes += length;
	if (state == DATAGRAM_FOREIGN || state == DATAGRAM_UNSURE) {
		take_other(echo, length, ends, now_ns);
		return;
	}
	echo->counts.damaged += state == DATAGRAM_DAMAGED;
	if (datagram.kind == DATAGRAM_REPORT)
		take_report(echo, &datagram, length, ends);
	else if (datagram.kind == DATAGRAM_PROBE)
		take_probe(echo, &datagram, length, ends, now_ns);
	else
		echo->counts.ignored++;
}

static int take_batch(struct echo *echo, int fd, struct error *error)
{
	struct ends ends;
	ptrdiff_t length;

	for (int n = 0; n < BATCH; n++) {
		length = udp_receive(fd, echo->bytes, sizeof(echo->bytes),
				     &ends);
		if (length >= 0)
			take(echo, (size_t)length, &ends, clock_now_ns());
		else if (errno == EAGAIN)
			return 0;
		else if (errno != EINTR && errno != ENOMEM)
			return error_errno(error, "receive");
	}
	return 0;
}

/* ---- what goes ---- */

static void send_due(struct echo *echo)
{
	struct session *session;
	struct parcel parcel;

	while (impairer_next(echo->impairer, clock_now_ns(), &parcel)) {
		session = parcel.session ? sessions_find(echo->sessions,
							 &parcel.ends.peer,
							 parcel.ends.port,
							 parcel.session)
					 : NULL;
		/* One that was pushed out and came back knows of none. */
		if (session && session->counts.waiting > 0) {
			session->counts.waiting--;
			session->counts.replied++;
		}
		send_now(echo, parcel.bytes, parcel.length, &parcel.ends);
		free(parcel.bytes);
	}
}

static int wait_for_more(const struct echo *echo, struct pollfd *polls,
			 nfds_t n, struct error *error)
{
	int64_t due_ns = impairer_due_ns(echo->impairer);
	int64_t left_ns = due_ns - clock_now_ns();
	struct timespec timeout = {0};

	if (left_ns > 0) {
		timeout.tv_sec = left_ns / NS_PER_S;
		timeout.tv_nsec = left_ns % NS_PER_S;
	}
	if (ppoll(polls, n, due_ns == INT64_MAX ? NULL : &timeout, NULL) < 0 &&
	    errno != EINTR)
		return error_errno(error, "poll");
	return 0;
}

int echo_run(struct echo *echo, struct error *error)
{
	struct pollfd polls[SOCKETS + 1] = {
		{.fd = echo->fds[IPV4], .events = POLLIN},
		{.fd = echo->fds[IPV6], .events = POLLIN},
		{.fd = echo->config.stop_fd, .events = POLLIN},
	};

	for (;;) {
		if (wait_for_more(echo, polls, SOCKETS + 1, error) < 0)
			return -1;
		if (polls[SOCKETS].revents)
			return 0;
		for (int i = 0; i < SOCKETS; i++)
			if (polls[i].revents &&
			    take_batch(echo, echo->fds[i], error) < 0)
				return -1;
		send_due(echo);
	}
}

struct echo_counts echo_counts(const struct echo *echo)
{
	struct echo_counts counts = echo->counts;

	counts.sessions = sessions_opened(echo->sessions);
	counts.impaired = *impairer_counts(echo->impairer);
	for (int i = 0; i < SOCKETS; i++)
		if (echo->fds[i] >= 0)
			counts.socket_drops += udp_drops(echo->fds[i]);
	return counts;
}
