/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/turns.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "talk/endpoint.h"
#include "talk/failure.h"
#include "talk/line.h"
#include "talk/loop.h"
#include "talk/payload.h"
#include "talk/person.h"
#include "talk/utf8.h"

enum {
	INTERRUPT_MS = 500,
	/* Of a message so much is kept back to be shown as one. */
	MESSAGE_BYTES = 65536,
};

struct turns {
	struct turns_config config;
	struct event_base *base;
	const struct person *person;
	struct listener *listener;
	struct dial *dial;
	struct conn *conn;
	char name[ENDPOINT_TEXT_BYTES];
	struct evbuffer *in, *out;
	struct event *quiet;
	struct error result;
	bool mine;  /* the turn */
	bool blind; /* what comes stays unread: the turn is always ours */
	bool mute;  /* nothing more is typed here */
	bool is_ending;
	bool was_greeted;
};

static void hear(struct turns *turns, bool wanted)
{
	turns->person->hear(turns->person->context, wanted);
}

static void end(struct turns *turns, int limit_ms)
{
	turns->is_ending = true;
	hear(turns, false);
	if (turns->conn)
		conn_end(turns->conn, limit_ms);
	else
		turns->config.over(turns->config.owner);
}

/* ---- what comes ---- */

/* Line by line, should a message have several. */
static void show(struct turns *turns, const char *text, size_t bytes)
{
	const struct person *person = turns->person;
	const char *last = text + bytes;

	while (text < last) {
		const char *lf = memchr(text, '\n', (size_t)(last - text));
		const char *stop = lf ? lf : last;
		const struct line_piece piece = {
			.text = text,
			.bytes = (size_t)(stop - text),
			.first = true,
			.last = true,
			.lf = true,
		};

		person->show(person->context, &piece);
		text = lf ? lf + 1 : last;
	}
	if (person->is_behind(person->context))
		conn_pause(turns->conn, true);
}

/* All that has come, but for the beginning of a character: that waits for the
 * rest of it. True when it was the word that ends a talk. */
static bool show_message(struct turns *turns, bool all)
{
	size_t bytes = evbuffer_get_length(turns->in);
	const char *text = (char *)evbuffer_pullup(turns->in, -1);
	struct line_piece piece = {.text = text, .first = true, .last = true};

	if (bytes > 0 && !text)
		loop_fail(turns->base);
	if (!text)
		return false;
	if (!all)
		bytes = utf8_whole(text, bytes);
	piece.bytes = bytes > 0 && text[bytes - 1] == '\n' ? bytes - 1 : bytes;
	if (line_is_end(&piece))
		return true;
	show(turns, text, bytes);
	evbuffer_drain(turns->in, bytes);
	return false;
}

static void take_turn(struct turns *turns);

static void on_quiet(evutil_socket_t fd, short what, void *context)
{
	struct turns *turns = context;

	(void)fd;
	(void)what;
	if (show_message(turns, false))
		end(turns, 0);
	else if (!turns->is_ending && !turns->mine)
		take_turn(turns);
}

static void received(void *owner, const char *data, size_t bytes)
{
	const struct timeval quiet = {.tv_usec = TURNS_QUIET_MS * 1000};
	struct turns *turns = owner;

	loop_keep(turns->base, turns->in, data, bytes);
	if (evbuffer_get_length(turns->in) > MESSAGE_BYTES)
		show_message(turns, false);
	loop_add(turns->quiet, &quiet);
}

static void peer_ended(void *owner)
{
	struct turns *turns = owner;

	event_del(turns->quiet);
	show_message(turns, true);
	end(turns, 0);
}

/* ---- what goes out ---- */

static size_t pending(void *owner, struct iovec *out, size_t max)
{
	struct turns *turns = owner;
	int n;

	/* A message is one piece, and so one write. */
	if (evbuffer_get_length(turns->out) == 0)
		return 0;
	if (!evbuffer_pullup(turns->out, -1)) {
		loop_fail(turns->base);
		return 0;
	}
	n = evbuffer_peek(turns->out, -1, NULL, out, (int)max);
	return n < 0 ? 0 : (size_t)n;
}

static void sent(void *owner, size_t bytes)
{
	struct turns *turns = owner;

	evbuffer_drain(turns->out, bytes);
}

static void send_message(struct turns *turns)
{
	turns->mine = turns->blind;
	hear(turns, turns->mine);
	conn_push(turns->conn);
}

static void greet(struct turns *turns)
{
	size_t bytes = turns->config.greeting_bytes;
	char *text = malloc(bytes);

	turns->was_greeted = true;
	if (!text) {
		loop_fail(turns->base);
		return;
	}
	payload_fill(text, bytes, false);
	loop_keep(turns->base, turns->out, text, bytes);
	free(text);
	send_message(turns);
}

static void take_turn(struct turns *turns)
{
	turns->mine = true;
	if (turns->config.greeting_bytes > 0 && !turns->was_greeted)
		greet(turns);
	else if (turns->mute && !turns->config.listens)
		end(turns, 0);
	else if (!turns->mute)
		hear(turns, true);
}

static void over(void *owner, int error)
{
	struct turns *turns = owner;
	char how[CONN_TEXT_BYTES], reason[FAILURE_BYTES];

	event_del(turns->quiet);
	show_message(turns, true);
	person_note(turns->person, error ? LOG_INFO : LOG_WARN, "%s: %s",
		    turns->name, conn_describe(turns->conn, how));
	if (error && turns->result.status == STATUS_OK)
		error_set(&turns->result, STATUS_FAILED, "%s: %s", turns->name,
			  failure_format(error, reason));
	turns->config.over(turns->config.owner);
}

/* ---- the connection ---- */

static void begin(struct turns *turns, int fd, const struct endpoint *peer)
{
	static const struct conn_ops ops = {
		.pending = pending,
		.sent = sent,
		.received = received,
		.peer_ended = peer_ended,
		.over = over,
	};
	const struct turns_config *config = &turns->config;

	endpoint_format(peer, turns->name);
	turns->conn = conn_new(
		&(struct conn_config){
			.base = turns->base,
			.narrator = config->listens ? config->listener.narrator
						    : config->dial.narrator,
			.person = turns->person,
			.close = config->close,
			.quick_ack = true,
			.name = turns->name,
			.ops = &ops,
			.owner = turns,
		},
		fd);
	if (!turns->conn) {
		error_errno(&turns->result, "connection");
		close(fd);
		config->over(config->owner);
		return;
	}
	person_note(turns->person, LOG_WARN,
		    config->listens ? "talking with %s, who begins"
				    : "talking with %s; you begin",
		    turns->name);
	if (config->listens && !turns->blind)
		hear(turns, false);
	else
		take_turn(turns);
}

static void accepted(void *owner, int fd, const struct endpoint *peer)
{
	struct turns *turns = owner;

	listener_close(turns->listener);
	begin(turns, fd, peer);
}

static void connected(void *owner, int fd, const struct endpoint *peer)
{
	begin(owner, fd, peer);
}

static void failed(void *owner, const struct error *error)
{
	struct turns *turns = owner;

	turns->result = *error;
	turns->config.over(turns->config.owner);
}

/* ---- the person ---- */

static void typed(void *talk, const struct line_piece *piece)
{
	struct turns *turns = talk;

	if (turns->is_ending)
		return;
	if (line_is_end(piece)) {
		end(turns, 0);
		return;
	}
	if (!turns->conn) {
		person_note(turns->person, LOG_WARN,
			    "nobody is here to read that");
		return;
	}
	loop_keep(turns->base, turns->out, piece->text, piece->bytes);
	/* Nothing was typed: nothing can be sent. */
	if (piece->last && evbuffer_get_length(turns->out) > 0)
		send_message(turns);
}

static void typed_end(void *talk)
{
	struct turns *turns = talk;

	turns->mute = true;
	if (turns->mine && !turns->config.listens)
		end(turns, 0);
}

static void caught_up(void *talk)
{
	struct turns *turns = talk;

	if (turns->conn)
		conn_pause(turns->conn, false);
}

static void interrupt(void *talk)
{
	struct turns *turns = talk;

	turns->result.status = STATUS_INCOMPLETE;
	end(turns, INTERRUPT_MS);
}

const struct talk_ops *turns_talk_ops(void)
{
	static const struct talk_ops ops = {
		.typed = typed,
		.typed_end = typed_end,
		.caught_up = caught_up,
		.interrupt = interrupt,
	};

	return &ops;
}

/* ---- the interface ---- */

static int start(struct turns *turns, struct error *error)
{
	struct turns_config *config = &turns->config;

	if (!config->listens) {
		turns->dial = dial_new(&config->dial);
		return turns->dial ? 0
				   : error_set(error, STATUS_FAILED,
					       "chat: out of memory");
	}
	turns->listener = listener_new(&config->listener, error);
	if (!turns->listener)
		return -1;
	/* A program's lines wait for their turn. */
	if (turns->person->interactive || config->listener.never_accepts)
		hear(turns, true);
	return 0;
}

struct turns *turns_new(const struct turns_config *config, struct error *error)
{
	struct turns *turns = calloc(1, sizeof(*turns));

	if (!turns) {
		error_errno(error, "chat");
		return NULL;
	}
	turns->config = *config;
	turns->config.listener.accepted = accepted;
	turns->config.listener.owner = turns;
	turns->config.dial.connected = connected;
	turns->config.dial.failed = failed;
	turns->config.dial.owner = turns;
	turns->base =
		config->listens ? config->listener.base : config->dial.base;
	turns->person =
		config->listens ? config->listener.person : config->dial.person;
	turns->blind = config->close == CLOSE_UNREAD ||
		       config->close == CLOSE_HALF_UNREAD;
	turns->in = evbuffer_new();
	turns->out = evbuffer_new();
	turns->quiet = event_new(turns->base, -1, 0, on_quiet, turns);
	if (!turns->in || !turns->out || !turns->quiet)
		error_set(error, STATUS_FAILED, "chat: out of memory");
	else if (start(turns, error) == 0)
		return turns;
	turns_free(turns);
	return NULL;
}

void turns_free(struct turns *turns)
{
	if (!turns)
		return;
	conn_free(turns->conn);
	dial_free(turns->dial);
	listener_free(turns->listener);
	if (turns->quiet)
		event_free(turns->quiet);
	if (turns->in)
		evbuffer_free(turns->in);
	if (turns->out)
		evbuffer_free(turns->out);
	free(turns);
}

const struct error *turns_result(const struct turns *turns)
{
	return &turns->result;
}
