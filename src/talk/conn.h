/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_CONN_H
#define TALK_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct event_base;
struct narrator;
struct person;

/*
 * One connection on the event loop: what waits is sent as the peer takes it,
 * what comes is handed on, and the talk ends as it was asked to. An error is
 * told only when everything that had come before it was read: a peer that
 * said farewell and then broke off is heard first.
 *
 *   TALKING --conn_end()--> FLUSHING (what still waits is sent)
 *      graceful:    shutdown, HALF_CLOSED until the peer's FIN, close
 *      reset, unread, disconnect: SETTLING until all is acknowledged, then
 *                   SO_LINGER {1, 0} and close, or close with the receive
 *                   queue unread, or connect(AF_UNSPEC): each is a RST
 *      half-unread: shutdown, HALF_CLOSED until something lies unread, close
 *
 * All on the thread of the event loop. No callback but over() may free the
 * connection, and over() comes last, on its own.
 */

enum {
	/* At most so many in one received(), so that nobody has the event
	 * loop alone: of short lines for many they are a lot of work. */
	CONN_READ_BYTES = 4096,
};

enum close_mode {
	CLOSE_GRACEFUL,
	CLOSE_RESET,
	CLOSE_UNREAD,      /* never reads; a FIN where nothing came */
	CLOSE_HALF_UNREAD, /* the same, after its own FIN */
	CLOSE_DISCONNECT,
	CLOSE_UNACCEPTED, /* of a listener: it never accepts */
};

/* Which end sent its FIN, or RST, first. */
enum conn_first { CONN_NEITHER, CONN_HERE, CONN_THERE, CONN_BOTH };

struct conn_ops {
	/* What is to be sent next, at most `max` pieces; how many there are. */
	size_t (*pending)(void *owner, struct iovec *out, size_t max);
	void (*sent)(void *owner, size_t bytes);
	void (*received)(void *owner, const char *data, size_t bytes);
	void (*peer_ended)(void *owner); /* its FIN, while we still talk */
	/* The descriptor is closed. error: an errno, or 0. */
	void (*over)(void *owner, int error);
};

struct conn_config {
	struct event_base *base;
	const struct narrator *narrator;
	const struct person *person;
	enum close_mode close;
	/* Acknowledge at once and alone whatever comes, instead of with the
	 * next thing that is sent. */
	bool quick_ack;
	const char *name; /* of the peer; kept by reference, like all here */
	const struct conn_ops *ops;
	void *owner;
};

struct conn;

/* Takes a connected, non-blocking socket. NULL with errno, and the socket is
 * still the caller's. */
struct conn *conn_new(const struct conn_config *config, int fd);

/* Closes the socket if it is not yet over. */
void conn_free(struct conn *conn);

/* There may be something to send. */
void conn_push(struct conn *conn);

/* Stops reading, or goes on. */
void conn_pause(struct conn *conn, bool paused);

/* Ends the talk by its mode. limit_ms: how long it may take, 0 for ever; a
 * second call can only set that. */
void conn_end(struct conn *conn, int limit_ms);

/* Ends it with a RST, now. */
void conn_cut(struct conn *conn);

int conn_fd(const struct conn *conn);

/* What to say when it is over: who closed first, how much was said. */
#define CONN_TEXT_BYTES 384
const char *conn_describe(const struct conn *conn, char text[CONN_TEXT_BYTES]);

#endif
