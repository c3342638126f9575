/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_ROOM_H
#define TALK_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "talk/conn.h"

struct endpoint;

/*
 * Everybody who is connected to a listener. A line of one goes to all others
 * and to the person at the listener, its sender's name before it:
 *
 *   10.9.0.1:40000: the line
 *   listener: what was typed at the listener
 *
 * Names are the address and port of the connection: nobody can take another's
 * and nothing has to be agreed. What is on its way lies in one journal
 * (talk/journal.h) of ROOM_QUEUE_BYTES. Who falls behind by more is cut off
 * with a RST and named; nobody waits for them. On the thread of the event
 * loop.
 */

enum {
	ROOM_QUEUE_BYTES = 1 << 20,
	ROOM_GREETING_BYTES = 65536, /* the longest */
};

struct room_config {
	struct event_base *base;
	const struct narrator *narrator;
	const struct person *person;
	enum close_mode close;
	size_t greeting_bytes;      /* sent to each who comes, in one write */
	void (*left)(void *owner);  /* somebody has left */
	void (*roomy)(void *owner); /* after room_gate() */
	void *owner;
};

/* For the summary. */
struct room_counts {
	size_t here;
	uint64_t came, lines, cut;
};

struct room;

/* NULL when memory is out. */
struct room *room_new(const struct room_config *config);
void room_free(struct room *room);

/* Takes a connected socket; closes it when memory is out. */
void room_admit(struct room *room, int fd, const struct endpoint *peer);

/* What was typed at the listener: at most LINE_BYTES. */
void room_publish(struct room *room, const char *text, size_t bytes);

/* Whether somebody is so far behind that who has much to say had better call
 * room_gate() and wait for roomy(). That comes after a second at most, and
 * then there is leave for more: one who does not read at all is soon cut off
 * and slows nobody down for long. */
bool room_is_crowded(const struct room *room);
void room_gate(struct room *room);

/* Ends all talks, within the limit. */
void room_end(struct room *room, int limit_ms);

const struct room_counts *room_counts(const struct room *room);

#endif
