/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/server.h"

#include <event2/buffer.h>
#include <stdlib.h>

#include "talk/line.h"
#include "talk/loop.h"
#include "talk/person.h"
#include "talk/room.h"

enum {
	HELD_BYTES = 256 * 1024,
	END_MS = 2000,
	INTERRUPT_MS = 500,
};

struct server {
	struct server_config config;
	struct listener *listener;
	struct room *room;
	enum status status;
	bool is_ending;
	bool is_over;
	/* What a program typed before anybody had come, whole lines. */
	struct evbuffer *held;
	bool held_end;
	bool is_deaf;   /* until there is room */
	size_t dropped; /* bytes of a typed line that is too long */
};

static const struct person *person_of(const struct server *server)
{
	return server->config.listener.person;
}

static void hear(struct server *server, bool wanted)
{
	person_of(server)->hear(person_of(server)->context, wanted);
}

/* ---- the end ---- */

static void finish_if_empty(struct server *server)
{
	const struct room_counts *counts = room_counts(server->room);

	if (!server->is_ending || server->is_over || counts->here > 0)
		return;
	server->is_over = true;
	person_note(person_of(server), LOG_WARN,
		    "over: %llu came, %llu lines passed on, %llu cut off",
		    (unsigned long long)counts->came,
		    (unsigned long long)counts->lines,
		    (unsigned long long)counts->cut);
	server->config.over(server->config.owner);
}

static void end_all(struct server *server, int limit_ms)
{
	server->is_ending = true;
	hear(server, false);
	listener_close(server->listener);
	room_end(server->room, limit_ms);
	finish_if_empty(server);
}

/* ---- somebody comes or leaves ---- */

/* Until there is room again. */
static void turn_deaf(struct server *server)
{
	server->is_deaf = true;
	hear(server, false);
	room_gate(server->room);
}

/* What was typed before anybody was there to read it. */
static void release_held(struct server *server)
{
	char *line;
	size_t bytes;

	while (!room_is_crowded(server->room) &&
	       (line = evbuffer_readln(server->held, &bytes,
				       EVBUFFER_EOL_LF))) {
		room_publish(server->room, line, bytes);
		free(line);
	}
	if (evbuffer_get_length(server->held) > 0 &&
	    !room_is_crowded(server->room))
		loop_fail(
			server->config.listener.base); /* no room for a line */
	else if (evbuffer_get_length(server->held) > 0)
		turn_deaf(server);
	else if (server->held_end)
		end_all(server, END_MS);
	else
		hear(server, true);
}

static void accepted(void *owner, int fd, const struct endpoint *peer)
{
	struct server *server = owner;

	room_admit(server->room, fd, peer);
	if (evbuffer_get_length(server->held) > 0)
		release_held(server);
}

static void left(void *owner)
{
	struct server *server = owner;

	listener_retry(server->listener);
	finish_if_empty(server);
}

static void roomy(void *owner)
{
	struct server *server = owner;

	bool was_deaf = server->is_deaf;

	server->is_deaf = false;
	if (was_deaf && !server->is_ending)
		release_held(server);
}

/* ---- the person ---- */

/* The lines of a program wait for the first who comes; a person sees that
 * nobody is there. */
static bool hold(struct server *server, const struct line_piece *piece)
{
	const struct person *person = person_of(server);
	const struct room_counts *counts = room_counts(server->room);

	if (person->interactive && counts->here == 0)
		person_note(person, LOG_WARN, "nobody is here to read that");
	if (person->interactive ||
	    (counts->came > 0 && evbuffer_get_length(server->held) == 0))
		return false;
	loop_keep(server->config.listener.base, server->held, piece->text,
		  piece->bytes);
	loop_keep(server->config.listener.base, server->held, "\n", 1);
	if (evbuffer_get_length(server->held) > HELD_BYTES)
		hear(server, false);
	return true;
}

static void typed_line(struct server *server, const struct line_piece *piece)
{
	if (hold(server, piece))
		return;
	room_publish(server->room, piece->text, piece->bytes);
	if (!person_of(server)->interactive && room_is_crowded(server->room))
		turn_deaf(server);
}

static void typed_overlong(struct server *server,
			   const struct line_piece *piece)
{
	server->dropped += piece->bytes;
	if (!piece->last)
		return;
	person_note(person_of(server), LOG_WARN,
		    "a line may have %d bytes; %zu more were dropped",
		    LINE_BYTES, server->dropped);
	server->dropped = 0;
}

static void typed_end_line(struct server *server)
{
	if (evbuffer_get_length(server->held) == 0) {
		end_all(server, END_MS);
		return;
	}
	server->held_end = true;
	hear(server, false);
}

static void typed(void *talk, const struct line_piece *piece)
{
	struct server *server = talk;

	if (server->is_ending || server->held_end)
		return;
	if (line_is_end(piece))
		typed_end_line(server);
	else if (piece->first)
		typed_line(server, piece);
	else
		typed_overlong(server, piece);
}

static void typed_end(void *talk)
{
	struct server *server = talk;

	person_note(person_of(server), LOG_INFO,
		    "end of input: the chat goes on until Ctrl-C");
}

static void caught_up(void *talk)
{
	(void)talk; /* nobody waits for the one who sits here */
}

static void interrupt(void *talk)
{
	struct server *server = talk;

	server->status = STATUS_INCOMPLETE;
	end_all(server, INTERRUPT_MS);
}

const struct talk_ops *server_talk_ops(void)
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

struct server *server_new(const struct server_config *config,
			  struct error *error)
{
	struct server *server = calloc(1, sizeof(*server));

	if (!server) {
		error_errno(error, "chat");
		return NULL;
	}
	server->config = *config;
	server->config.listener.accepted = accepted;
	server->config.listener.owner = server;
	server->held = evbuffer_new();
	server->room = room_new(&(struct room_config){
		.base = config->listener.base,
		.narrator = config->listener.narrator,
		.person = config->listener.person,
		.close = config->close,
		.greeting_bytes = config->greeting_bytes,
		.left = left,
		.roomy = roomy,
		.owner = server,
	});
	if (!server->room || !server->held) {
		error_set(error, STATUS_FAILED, "chat: out of memory");
		goto failed;
	}
	server->listener = listener_new(&server->config.listener, error);
	if (!server->listener)
		goto failed;
	hear(server, true);
	return server;
failed:
	server_free(server);
	return NULL;
}

void server_free(struct server *server)
{
	if (!server)
		return;
	room_free(server->room);
	listener_free(server->listener);
	if (server->held)
		evbuffer_free(server->held);
	free(server);
}

enum status server_status(const struct server *server)
{
	return server->status;
}
