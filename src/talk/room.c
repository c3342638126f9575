/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/room.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "talk/call.h"
#include "talk/endpoint.h"
#include "talk/failure.h"
#include "talk/journal.h"
#include "talk/line.h"
#include "talk/loop.h"
#include "talk/payload.h"
#include "talk/person.h"

enum {
	NAMED_LINE_BYTES = ENDPOINT_TEXT_BYTES + 2 + LINE_BYTES + 1,
	CROWDED_BYTES = ROOM_QUEUE_BYTES / 2,
	GATE_TICK_MS = 10,
	GATE_TICKS = 100,      /* for those who catch up */
	GATE_STUCK_TICKS = 20, /* for those who do not read at all */
	GRANT_BYTES = 65536,
	LEAVE_MS = 10000, /* from a member's FIN to ours, at most */
};

static const char own_name[] = "listener";

struct member {
	TAILQ_ENTRY(member) entry;
	struct room *room;
	struct conn *conn;
	struct journal_reader reader;
	uint64_t gated_at; /* where the reader was when the gate closed */
	struct line line;
	char name[ENDPOINT_TEXT_BYTES];
	size_t dropped; /* bytes of a line that is too long */
	bool said_end;
	bool is_cut;
	bool is_gated;
};

TAILQ_HEAD(members, member);

struct room {
	struct room_config config;
	struct journal *journal;
	struct members members;
	uint32_t last_id;
	struct event *gate;
	int gate_ticks;
	bool has_news; /* since the last push_all() */
	size_t grant;  /* bytes that may be said although it is crowded */
	struct room_counts counts;
	char greeting[ROOM_GREETING_BYTES];
};

/* ---- lines to everybody ---- */

static void cut_off(struct member *member)
{
	member->is_cut = true;
	member->room->counts.cut++;
	person_note(member->room->config.person, LOG_WARN,
		    "%s is cut off: it does not read, and %d KiB wait for it",
		    member->name, ROOM_QUEUE_BYTES / 1024);
	conn_cut(member->conn);
}

/* Nobody is freed here: over() comes later. */
static void push_all(struct room *room)
{
	struct member *member;

	if (!room->has_news) /* such as after one byte of a line */
		return;
	room->has_news = false;
	TAILQ_FOREACH (member, &room->members, entry) {
		if (member->is_cut)
			continue;
		if (journal_lost(room->journal, &member->reader))
			cut_off(member);
		else
			conn_push(member->conn);
	}
}

/* To be followed by push_all(), once for all the lines of a read: each member
 * then gets them in one call. */
static void publish(struct room *room, uint32_t from, const char *name,
		    const char *text, size_t bytes)
{
	const struct person *person = room->config.person;
	char line[NAMED_LINE_BYTES + 1];
	size_t before = (size_t)snprintf(line, sizeof(line), "%s: ", name);
	const struct iovec whole = {
		.iov_base = line,
		.iov_len = before + bytes + 1,
	};
	const struct line_piece piece = {
		.text = line,
		.bytes = before + bytes,
		.first = true,
		.last = true,
		.lf = true,
	};

	assert(bytes <= LINE_BYTES);
	memcpy(line + before, text, bytes);
	line[before + bytes] = '\n';
	room->counts.lines++;
	room->grant -= room->grant < bytes ? room->grant : bytes;
	journal_add(room->journal, from, JOURNAL_NOBODY, &whole, 1);
	room->has_news = true;
	if (from != JOURNAL_NOBODY)
		person->show(person->context, &piece);
}

void room_publish(struct room *room, const char *text, size_t bytes)
{
	publish(room, JOURNAL_NOBODY, own_name, text, bytes);
	push_all(room);
}

static void tell_one(struct member *member, const char *text, size_t bytes)
{
	struct room *room = member->room;
	const struct iovec whole = {
		.iov_base = (char *)text,
		.iov_len = bytes,
	};

	journal_add(room->journal, JOURNAL_NOBODY, member->reader.id, &whole,
		    1);
	room->has_news = true;
	push_all(room);
}

/* ---- the gate: bulk is not read faster than it can be passed on ---- */

static bool is_behind(const struct member *member)
{
	return !member->is_cut && journal_lag(member->room->journal,
					      &member->reader) > CROWDED_BYTES;
}

bool room_is_crowded(const struct room *room)
{
	const struct member *member;

	if (room->grant > 0)
		return false;
	TAILQ_FOREACH (member, &room->members, entry)
		if (is_behind(member))
			return true;
	return false;
}

/* How long the gate stays closed: while somebody catches up, or briefly. */
static int ticks_due(const struct room *room)
{
	const struct member *member;
	int ticks = 0;

	TAILQ_FOREACH (member, &room->members, entry) {
		if (!is_behind(member))
			continue;
		if (member->reader.at > member->gated_at)
			return GATE_TICKS;
		ticks = GATE_STUCK_TICKS;
	}
	return ticks;
}

static void tick_later(struct room *room)
{
	const struct timeval tick = {.tv_usec = GATE_TICK_MS * 1000};

	loop_add(room->gate, &tick);
}

void room_gate(struct room *room)
{
	struct member *member;

	if (event_pending(room->gate, EV_TIMEOUT, NULL))
		return;
	TAILQ_FOREACH (member, &room->members, entry)
		member->gated_at = member->reader.at;
	room->gate_ticks = 0;
	tick_later(room);
}

static void on_gate(evutil_socket_t fd, short what, void *context)
{
	struct room *room = context;
	struct member *member;

	(void)fd;
	(void)what;
	if (++room->gate_ticks < ticks_due(room)) {
		tick_later(room);
		return;
	}
	/* Somebody does not read: go on until they are cut off. */
	room->grant = ticks_due(room) > 0 ? GRANT_BYTES : 0;
	TAILQ_FOREACH (member, &room->members, entry) {
		if (member->is_gated)
			conn_pause(member->conn, false);
		member->is_gated = false;
	}
	room->config.roomy(room->config.owner);
}

/* ---- a member ---- */

static void take_overlong(struct member *member, const struct line_piece *piece)
{
	const struct person *person = member->room->config.person;
	char text[160];
	int bytes;

	member->dropped += piece->bytes;
	if (!piece->last)
		return;
	person_note(person, LOG_WARN,
		    "%s: a line of more than %d bytes; %zu were dropped",
		    member->name, LINE_BYTES, member->dropped);
	bytes = snprintf(text, sizeof(text),
			 "%s: a line may have %d bytes; %zu more of yours were "
			 "dropped\n",
			 own_name, LINE_BYTES, member->dropped);
	member->dropped = 0;
	tell_one(member, text, (size_t)bytes);
}

static void leave(struct member *member, int limit_ms)
{
	journal_leave(member->room->journal, &member->reader);
	conn_end(member->conn, limit_ms);
}

static void take_piece(struct member *member, const struct line_piece *piece)
{
	if (member->said_end || member->is_cut)
		return;
	if (line_is_end(piece)) {
		member->said_end = true;
		leave(member, LEAVE_MS);
	} else if (piece->first) {
		publish(member->room, member->reader.id, member->name,
			piece->text, piece->bytes);
	} else {
		take_overlong(member, piece);
	}
}

static size_t pending(void *owner, struct iovec *out, size_t max)
{
	struct member *member = owner;

	if (journal_lost(member->room->journal, &member->reader))
		return 0; /* push_all() is about to cut it off */
	return journal_peek(member->room->journal, &member->reader, out, max);
}

static void sent(void *owner, size_t bytes)
{
	struct member *member = owner;

	journal_advance(member->room->journal, &member->reader, bytes);
}

static void received(void *owner, const char *data, size_t bytes)
{
	struct member *member = owner;
	const char *end = data + bytes;

	while (data < end) {
		struct line_piece piece;
		bool whole;
		ssize_t n = line_feed(&member->line, data, (size_t)(end - data),
				      &piece, &whole);

		if (n < 0) {
			conn_cut(member->conn);
			return;
		}
		data += n;
		if (whole)
			take_piece(member, &piece);
	}
	push_all(member->room);
	/* Line by line nobody is slowed down, only who has more at hand. */
	if (bytes == CONN_READ_BYTES && room_is_crowded(member->room)) {
		member->is_gated = true;
		conn_pause(member->conn, true);
		room_gate(member->room);
	}
}

static void peer_ended(void *owner)
{
	struct member *member = owner;
	struct line_piece piece;

	if (line_finish(&member->line, &piece))
		take_piece(member, &piece);
	push_all(member->room);
	if (!member->is_cut)
		leave(member, LEAVE_MS);
}

static void member_free(struct member *member)
{
	conn_free(member->conn);
	line_fini(&member->line);
	free(member);
}

static void over(void *owner, int error)
{
	struct member *member = owner;
	struct room *room = member->room;
	char how[CONN_TEXT_BYTES];

	(void)error; /* conn_describe() says it */
	TAILQ_REMOVE(&room->members, member, entry);
	room->counts.here--;
	if (!member->is_cut)
		person_note(room->config.person, LOG_WARN,
			    "%s has left (%zu here): %s", member->name,
			    room->counts.here,
			    conn_describe(member->conn, how));
	member_free(member);
	room->config.left(room->config.owner);
}

static struct member *member_new(struct room *room, int fd,
				 const struct endpoint *peer)
{
	static const struct conn_ops ops = {
		.pending = pending,
		.sent = sent,
		.received = received,
		.peer_ended = peer_ended,
		.over = over,
	};
	struct member *member = calloc(1, sizeof(*member));

	if (!member)
		return NULL;
	member->room = room;
	endpoint_format(peer, member->name);
	line_init(&member->line);
	member->conn = conn_new(
		&(struct conn_config){
			.base = room->config.base,
			.narrator = room->config.narrator,
			.person = room->config.person,
			.close = room->config.close,
			.name = member->name,
			.ops = &ops,
			.owner = member,
		},
		fd);
	if (member->conn)
		return member;
	free(member);
	return NULL;
}

/* ---- the interface ---- */

struct room *room_new(const struct room_config *config)
{
	struct room *room = calloc(1, sizeof(*room));

	if (!room)
		return NULL;
	room->config = *config;
	TAILQ_INIT(&room->members);
	payload_fill(room->greeting, config->greeting_bytes, true);
	room->journal = journal_new(ROOM_QUEUE_BYTES);
	room->gate = event_new(config->base, -1, 0, on_gate, room);
	if (room->journal && room->gate)
		return room;
	room_free(room);
	return NULL;
}

void room_free(struct room *room)
{
	struct member *member;

	if (!room)
		return;
	while ((member = TAILQ_FIRST(&room->members))) {
		TAILQ_REMOVE(&room->members, member, entry);
		member_free(member);
	}
	if (room->gate)
		event_free(room->gate);
	journal_free(room->journal);
	free(room);
}

void room_admit(struct room *room, int fd, const struct endpoint *peer)
{
	struct member *member = member_new(room, fd, peer);
	char text[FAILURE_BYTES], name[ENDPOINT_TEXT_BYTES];

	if (!member) {
		person_note(room->config.person, LOG_WARN,
			    "%s is turned away: %s",
			    endpoint_format(peer, name),
			    failure_format(errno, text));
		close(fd);
		return;
	}
	/* 0 and the highest have a meaning of their own. */
	room->last_id = (room->last_id + 1) % UINT32_MAX;
	room->last_id += room->last_id == JOURNAL_NOBODY;
	journal_join(room->journal, &member->reader, room->last_id);
	TAILQ_INSERT_TAIL(&room->members, member, entry);
	room->counts.here++;
	room->counts.came++;
	person_note(room->config.person, LOG_WARN, "%s has come (%zu here)",
		    member->name, room->counts.here);
	if (room->config.greeting_bytes > 0)
		tell_one(member, room->greeting, room->config.greeting_bytes);
}

void room_end(struct room *room, int limit_ms)
{
	struct member *member;

	TAILQ_FOREACH (member, &room->members, entry)
		if (!member->is_cut)
			leave(member, limit_ms);
}

const struct room_counts *room_counts(const struct room *room)
{
	return &room->counts;
}
