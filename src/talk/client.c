/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/client.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

#include "talk/endpoint.h"
#include "talk/failure.h"
#include "talk/line.h"
#include "talk/loop.h"
#include "talk/payload.h"
#include "talk/person.h"

enum {
	/* What is typed waits while so much has not gone out. */
	QUEUE_HIGH = 256 * 1024,
	QUEUE_LOW = 64 * 1024,
	INTERRUPT_MS = 500,
	/* After the peer's FIN a program has so long to go on writing. */
	IDLE_MS = 200,
	/* The beginning of a line is shown when its end stays away. */
	PART_MS = 250,
	PART_TERMINAL_MS = 1000,
	PATIENCE_MS = 2000,
};

struct client {
	struct client_config config;
	struct dial *dial;
	struct conn *conn;
	char name[ENDPOINT_TEXT_BYTES];
	struct evbuffer *out;
	struct line line;
	struct event *part, *idle, *patience;
	struct error result;
	bool is_deaf;
	bool is_ending;
	bool peer_ended;
};

static const struct person *person_of(const struct client *client)
{
	return client->config.dial.person;
}

static void hear(struct client *client, bool wanted)
{
	person_of(client)->hear(person_of(client)->context, wanted);
}

static void timer(struct event *event, int ms)
{
	const struct timeval delay = {
		.tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000,
	};

	loop_add(event, &delay);
}

static void end(struct client *client, int limit_ms)
{
	if (!client->is_ending) {
		hear(client, false);
		timer(client->patience, PATIENCE_MS);
	}
	client->is_ending = true;
	conn_end(client->conn, limit_ms);
}

/* ---- what comes ---- */

static void show(struct client *client, const struct line_piece *piece)
{
	const struct person *person = person_of(client);

	person->show(person->context, piece);
	if (person->is_behind(person->context))
		conn_pause(client->conn, true);
}

static void received(void *owner, const char *data, size_t bytes)
{
	struct client *client = owner;
	const char *at = data;

	while (at < data + bytes) {
		struct line_piece piece;
		bool whole;
		ssize_t n =
			line_feed(&client->line, at,
				  (size_t)(data + bytes - at), &piece, &whole);

		if (n < 0) {
			conn_cut(client->conn);
			return;
		}
		at += n;
		if (whole && line_is_end(&piece))
			end(client, 0);
		else if (whole)
			show(client, &piece);
	}
	timer(client->part,
	      person_of(client)->interactive ? PART_TERMINAL_MS : PART_MS);
}

static void on_part(evutil_socket_t fd, short what, void *context)
{
	struct client *client = context;
	struct line_piece piece;

	(void)fd;
	(void)what;
	if (line_flush(&client->line, &piece))
		show(client, &piece);
}

static void show_rest(struct client *client)
{
	struct line_piece piece;

	if (line_finish(&client->line, &piece))
		person_of(client)->show(person_of(client)->context, &piece);
}

static void peer_ended(void *owner)
{
	struct client *client = owner;

	show_rest(client);
	client->peer_ended = true;
	if (client->config.stays)
		person_note(person_of(client), LOG_WARN,
			    "the other end has closed; what you type still "
			    "goes out");
	else if (person_of(client)->interactive)
		end(client, 0);
	else
		timer(client->idle, IDLE_MS);
}

static void on_idle(evutil_socket_t fd, short what, void *context)
{
	struct client *client = context;

	(void)fd;
	(void)what;
	/* Not while the peer still takes what there is. */
	if (evbuffer_get_length(client->out) > 0)
		timer(client->idle, IDLE_MS);
	else
		end(client, 0);
}

static void on_patience(evutil_socket_t fd, short what, void *context)
{
	struct client *client = context;

	(void)fd;
	(void)what;
	person_note(person_of(client), LOG_WARN,
		    "waiting for the other end to close too; Ctrl-C to leave");
}

/* ---- what goes out ---- */

static void keep(struct client *client, const char *text, size_t bytes)
{
	loop_keep(client->config.dial.base, client->out, text, bytes);
}

static size_t pending(void *owner, struct iovec *out, size_t max)
{
	struct client *client = owner;
	int n;

	if (evbuffer_get_length(client->out) == 0)
		return 0;
	n = evbuffer_peek(client->out, -1, NULL, out, (int)max);
	return n < 0 ? 0 : (size_t)n < max ? (size_t)n : max;
}

static void sent(void *owner, size_t bytes)
{
	struct client *client = owner;

	evbuffer_drain(client->out, bytes);
	if (client->is_deaf && evbuffer_get_length(client->out) < QUEUE_LOW) {
		client->is_deaf = false;
		if (!client->is_ending)
			hear(client, true);
	}
}

static void over(void *owner, int error)
{
	struct client *client = owner;
	char how[CONN_TEXT_BYTES], reason[FAILURE_BYTES];

	event_del(client->part);
	event_del(client->idle);
	event_del(client->patience);
	show_rest(client);
	person_note(person_of(client), error ? LOG_INFO : LOG_WARN, "%s: %s",
		    client->name, conn_describe(client->conn, how));
	if (error && client->result.status == STATUS_OK)
		error_set(&client->result, STATUS_FAILED, "%s: %s",
			  client->name, failure_format(error, reason));
	client->config.over(client->config.owner);
}

/* ---- the connection ---- */

static void greet(struct client *client)
{
	size_t bytes = client->config.greeting_bytes;
	char *text = malloc(bytes + 1);

	if (!text) {
		loop_fail(client->config.dial.base);
		return;
	}
	payload_fill(text, bytes, true);
	keep(client, text, bytes);
	free(text);
	conn_push(client->conn);
}

static void failed(void *owner, const struct error *error)
{
	struct client *client = owner;

	if (client->result.status == STATUS_OK)
		client->result = *error;
	client->config.over(client->config.owner);
}

static void connected(void *owner, int fd, const struct endpoint *peer)
{
	static const struct conn_ops ops = {
		.pending = pending,
		.sent = sent,
		.received = received,
		.peer_ended = peer_ended,
		.over = over,
	};
	struct client *client = owner;
	const struct person *person = person_of(client);
	struct endpoint here;
	char text[ENDPOINT_TEXT_BYTES] = "?";

	endpoint_format(peer, client->name);
	if (endpoint_here(fd, &here) == 0)
		endpoint_format(&here, text);
	client->conn = conn_new(
		&(struct conn_config){
			.base = client->config.dial.base,
			.narrator = client->config.dial.narrator,
			.person = person,
			.close = client->config.close,
			.name = client->name,
			.ops = &ops,
			.owner = client,
		},
		fd);
	if (!client->conn) {
		error_errno(&client->result, "connection");
		close(fd);
		client->config.over(client->config.owner);
		return;
	}
	person_note(person, LOG_WARN, "connected to %s from %s%s", client->name,
		    text, person->interactive ? "; `end` ends it" : "");
	if (client->config.greeting_bytes > 0)
		greet(client);
	hear(client, true);
}

/* ---- the person ---- */

static void typed(void *talk, const struct line_piece *piece)
{
	struct client *client = talk;

	if (client->is_ending)
		return;
	if (line_is_end(piece)) {
		end(client, 0);
		return;
	}
	keep(client, piece->text, piece->bytes);
	if (piece->last)
		keep(client, "\n", 1);
	if (client->peer_ended && !client->config.stays)
		timer(client->idle, IDLE_MS);
	conn_push(client->conn);
	if (evbuffer_get_length(client->out) > QUEUE_HIGH) {
		client->is_deaf = true;
		hear(client, false);
	}
}

static void typed_end(void *talk)
{
	end(talk, 0);
}

static void caught_up(void *talk)
{
	struct client *client = talk;

	if (client->conn)
		conn_pause(client->conn, false);
}

static void interrupt(void *talk)
{
	struct client *client = talk;

	client->result.status = STATUS_INCOMPLETE;
	if (client->conn)
		end(client, INTERRUPT_MS);
	else
		client->config.over(client->config.owner);
}

const struct talk_ops *client_talk_ops(void)
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

struct client *client_new(const struct client_config *config,
			  struct error *error)
{
	struct event_base *base = config->dial.base;
	struct client *client = calloc(1, sizeof(*client));

	if (!client) {
		error_errno(error, "chat");
		return NULL;
	}
	client->config = *config;
	client->config.dial.connected = connected;
	client->config.dial.failed = failed;
	client->config.dial.owner = client;
	line_init(&client->line);
	client->out = evbuffer_new();
	client->part = event_new(base, -1, 0, on_part, client);
	client->idle = event_new(base, -1, 0, on_idle, client);
	client->patience = event_new(base, -1, 0, on_patience, client);
	if (client->out && client->part && client->idle && client->patience)
		client->dial = dial_new(&client->config.dial);
	if (client->dial)
		return client;
	client_free(client);
	error_set(error, STATUS_FAILED, "chat: out of memory");
	return NULL;
}

void client_free(struct client *client)
{
	if (!client)
		return;
	conn_free(client->conn);
	dial_free(client->dial);
	if (client->part)
		event_free(client->part);
	if (client->idle)
		event_free(client->idle);
	if (client->patience)
		event_free(client->patience);
	if (client->out)
		evbuffer_free(client->out);
	line_fini(&client->line);
	free(client);
}

const struct error *client_result(const struct client *client)
{
	return &client->result;
}
