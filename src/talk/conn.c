/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/conn.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "base/number.h"
#include "talk/call.h"
#include "talk/failure.h"
#include "talk/loop.h"
#include "talk/person.h"
#include "talk/tcpstate.h"

enum {
	PIECES = 64,
	SETTLE_MS = 5,
	SETTLE_TRIES = 200,
};

enum state { TALKING, FLUSHING, SETTLING, HALF_CLOSED, OVER };

struct conn {
	struct conn_config config;
	int fd;
	enum state state;
	enum conn_first first;
	bool paused;
	bool peer_ended; /* its FIN was read */
	bool is_broken;  /* a send failed: error says how */
	bool reset;      /* by us */
	bool unanswered; /* the time limit ended it */
	int error;
	int settle_tries;
	uint64_t sent, received;
	struct event *readable, *writable, *settled, *limit, *over;
};

static bool leaves_unread(const struct conn *conn)
{
	return conn->config.close == CLOSE_UNREAD ||
	       conn->config.close == CLOSE_HALF_UNREAD;
}

/* ---- the end ---- */

static void finish(struct conn *conn, int error)
{
	struct event *const events[] = {conn->readable, conn->writable,
					conn->settled, conn->limit};

	if (conn->state == OVER)
		return;
	conn->state = OVER;
	conn->error = error;
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		event_del(events[i]);
	call_close(conn->config.narrator, conn->fd, conn->reset);
	conn->fd = -1;
	/* Not from here: the owner may be in the middle of something. */
	event_active(conn->over, EV_TIMEOUT, 1);
}

static void timer_start(struct event *event, int ms)
{
	const struct timeval delay = {
		.tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000,
	};

	loop_add(event, &delay);
}

/* What the modes that send a RST do once nothing is under way. */
static void break_off(struct conn *conn)
{
	const struct conn_config *config = &conn->config;

	switch (config->close) {
	case CLOSE_UNREAD:
		if (call_unread(config->narrator, conn->fd) == 0)
			person_note(config->person, LOG_WARN,
				    "%s: nothing lies unread, so the close is "
				    "a plain FIN",
				    config->name);
		break;
	case CLOSE_DISCONNECT:
		call_disconnect(config->narrator, conn->fd);
		break;
	default:
		conn->reset = true;
	}
	finish(conn, 0);
}

/* A RST throws away what the peer has not acknowledged: wait for that. */
static void settle(struct conn *conn)
{
	int unacknowledged = 0;

	if (ioctl(conn->fd, SIOCOUTQ, &unacknowledged) == 0 &&
	    unacknowledged > 0 && conn->settle_tries++ < SETTLE_TRIES)
		timer_start(conn->settled, SETTLE_MS);
	else
		break_off(conn);
}

/* A call said that the connection is no more; what has come is still read. But
 * where it is memory that is no more, the peer knows of nothing and may never
 * end: then that is the end. */
static void broke(struct conn *conn, int error)
{
	conn->is_broken = true;
	conn->error = error;
	if (conn->peer_ended || leaves_unread(conn) || error == ENOBUFS ||
	    error == ENOMEM)
		finish(conn, error);
	else if (!conn->paused)
		loop_add(conn->readable, NULL);
}

static void shut_down(struct conn *conn)
{
	const struct conn_config *config = &conn->config;

	/* A FIN that waits behind unread data came first all the same. */
	if (conn->first == CONN_NEITHER)
		conn->first = tcpstate_of(conn->fd) == TCP_CLOSE_WAIT
				      ? CONN_THERE
				      : CONN_HERE;
	if (call_shutdown(config->narrator, conn->fd) < 0) {
		broke(conn, errno == ENOTCONN ? ECONNRESET : errno);
		return;
	}
	conn->state = HALF_CLOSED;
	if (conn->peer_ended)
		finish(conn, 0);
	else if (leaves_unread(conn) || !conn->paused)
		loop_add(conn->readable, NULL);
}

/* Everything that could be sent was sent. */
static void part(struct conn *conn)
{
	enum close_mode mode = conn->config.close;

	if (conn->is_broken)
		return; /* what has come is still being read */
	if (mode == CLOSE_GRACEFUL || mode == CLOSE_HALF_UNREAD) {
		shut_down(conn);
		return;
	}
	if (conn->first == CONN_NEITHER)
		conn->first = CONN_HERE;
	conn->state = SETTLING;
	event_del(conn->readable);
	settle(conn);
}

/* ---- sending ---- */

/* False while the peer has no room. */
static bool flush(struct conn *conn)
{
	const struct conn_config *config = &conn->config;
	struct iovec pieces[PIECES];
	size_t count;

	while (!conn->is_broken &&
	       (count = config->ops->pending(config->owner, pieces, PIECES))) {
		ssize_t n =
			call_send(config->narrator, conn->fd, pieces, count);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			loop_add(conn->writable, NULL);
			return false;
		}
		if (n < 0) {
			broke(conn, errno);
			break;
		}
		conn->sent += (uint64_t)n;
		config->ops->sent(config->owner, (size_t)n);
	}
	if (conn->state != OVER)
		event_del(conn->writable);
	return true;
}

void conn_push(struct conn *conn)
{
	if (conn->state != TALKING && conn->state != FLUSHING)
		return;
	/* Nothing goes out before the peer has room again. */
	if (event_pending(conn->writable, EV_WRITE, NULL) || !flush(conn))
		return;
	if (conn->state == FLUSHING)
		part(conn);
}

/* ---- reading ---- */

static void quick_ack(struct conn *conn)
{
	if (conn->config.quick_ack)
		call_set(conn->config.narrator, conn->fd, IPPROTO_TCP,
			 TCP_QUICKACK, 1, "TCP_QUICKACK");
}

static void read_fin(struct conn *conn)
{
	const struct conn_config *config = &conn->config;

	conn->peer_ended = true;
	event_del(conn->readable);
	if (conn->is_broken) {
		finish(conn, conn->error);
		return;
	}
	if (conn->state == HALF_CLOSED) {
		if (tcpstate_of(conn->fd) == TCP_CLOSING)
			conn->first = CONN_BOTH;
		if (conn->first != CONN_THERE)
			call_remark(config->narrator,
				    "(TIME_WAIT is kept by the kernel, without "
				    "a descriptor, for 60 s)");
		finish(conn, 0);
		return;
	}
	if (conn->first == CONN_NEITHER)
		conn->first = CONN_THERE;
	quick_ack(conn);
	if (conn->state == TALKING)
		config->ops->peer_ended(config->owner);
}

static void read_some(struct conn *conn)
{
	const struct conn_config *config = &conn->config;
	char data[CONN_READ_BYTES];
	ssize_t n = call_recv(config->narrator, conn->fd, data, sizeof(data),
			      conn->is_broken);

	if (n > 0) {
		conn->received += (uint64_t)n;
		quick_ack(conn);
		config->ops->received(config->owner, data, (size_t)n);
	} else if (n == 0) {
		read_fin(conn);
	} else if (errno != EAGAIN && errno != EINTR) {
		finish(conn, conn->is_broken ? conn->error : errno);
	}
}

/* In the modes that do not read: what has come is only counted. */
static void leave_unread(struct conn *conn)
{
	const struct conn_config *config = &conn->config;
	int unread = call_unread(config->narrator, conn->fd);

	if (unread == 0) {
		read_some(conn); /* a FIN or an error: no data are lost */
		return;
	}
	event_del(conn->readable);
	if (conn->state == HALF_CLOSED)
		finish(conn, 0);
	else
		person_note(config->person, LOG_WARN,
			    "%s: %d bytes have come and stay unread",
			    config->name, unread);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct conn *conn = context;

	(void)fd;
	(void)what;
	if (leaves_unread(conn))
		leave_unread(conn);
	else
		read_some(conn);
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	conn_push(context);
}

static void on_settled(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	settle(context);
}

static void on_limit(evutil_socket_t fd, short what, void *context)
{
	struct conn *conn = context;

	(void)fd;
	(void)what;
	conn->unanswered = true;
	finish(conn, conn->error);
}

static void on_over(evutil_socket_t fd, short what, void *context)
{
	struct conn *conn = context;

	(void)fd;
	(void)what;
	conn->config.ops->over(conn->config.owner, conn->error);
}

/* ---- the interface ---- */

struct conn *conn_new(const struct conn_config *config, int fd)
{
	struct event_base *base = config->base;
	struct conn *conn = calloc(1, sizeof(*conn));

	if (!conn)
		return NULL;
	conn->config = *config;
	conn->fd = fd;
	conn->readable =
		event_new(base, fd, EV_READ | EV_PERSIST, on_readable, conn);
	conn->writable = event_new(base, fd, EV_WRITE, on_writable, conn);
	conn->settled = event_new(base, -1, 0, on_settled, conn);
	conn->limit = event_new(base, -1, 0, on_limit, conn);
	conn->over = event_new(base, -1, 0, on_over, conn);
	if (conn->readable && conn->writable && conn->settled && conn->limit &&
	    conn->over && event_add(conn->readable, NULL) == 0) {
		quick_ack(conn);
		return conn;
	}
	conn->fd = -1;
	conn_free(conn);
	errno = ENOMEM;
	return NULL;
}

void conn_free(struct conn *conn)
{
	struct event *events[5];

	if (!conn)
		return;
	events[0] = conn->readable;
	events[1] = conn->writable;
	events[2] = conn->settled;
	events[3] = conn->limit;
	events[4] = conn->over;
	for (size_t i = 0; i < 5; i++)
		if (events[i])
			event_free(events[i]);
	if (conn->fd >= 0)
		call_close(conn->config.narrator, conn->fd, false);
	free(conn);
}

void conn_pause(struct conn *conn, bool paused)
{
	if (conn->paused == paused || leaves_unread(conn))
		return;
	conn->paused = paused;
	if (conn->state == SETTLING || conn->state == OVER || conn->peer_ended)
		return;
	if (paused)
		event_del(conn->readable);
	else
		loop_add(conn->readable, NULL);
}

void conn_end(struct conn *conn, int limit_ms)
{
	if (conn->state == OVER)
		return;
	if (limit_ms > 0)
		timer_start(conn->limit, limit_ms);
	if (conn->state != TALKING)
		return;
	conn->state = FLUSHING;
	conn_push(conn);
}

void conn_cut(struct conn *conn)
{
	conn->reset = true;
	if (conn->first == CONN_NEITHER)
		conn->first = CONN_HERE;
	finish(conn, 0);
}

int conn_fd(const struct conn *conn)
{
	return conn->fd;
}

static const char *how(const struct conn *conn, char reason[FAILURE_BYTES])
{
	if (conn->error)
		return failure_format(conn->error, reason);
	if (conn->reset)
		return "this end broke off with a RST";
	if (conn->config.close == CLOSE_DISCONNECT)
		return "this end broke off by connect(AF_UNSPEC)";
	if (conn->unanswered)
		return "this end closed, and the other did not in time";
	switch (conn->first) {
	case CONN_THERE:
		return "the other end closed first";
	case CONN_BOTH:
		return "both ends closed at once";
	default:
		return "this end closed first";
	}
}

const char *conn_describe(const struct conn *conn, char text[CONN_TEXT_BYTES])
{
	char reason[FAILURE_BYTES], sent[32], received[32];

	snprintf(text, CONN_TEXT_BYTES, "%s; %s bytes sent, %s received",
		 how(conn, reason),
		 number_group(conn->sent, sent, sizeof(sent)),
		 number_group(conn->received, received, sizeof(received)));
	return text;
}
