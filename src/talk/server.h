/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_SERVER_H
#define TALK_SERVER_H

#include <stddef.h>

#include "base/error.h"
#include "talk/conn.h"
#include "talk/listener.h"

struct talk_ops;

/*
 * `synchat listen`: a listener, the room of those who came (talk/room.h), and
 * the person who sits here. `end` typed here ends all, end of file ends only
 * the typing. One thread, all on the event loop.
 */

struct server_config {
	/* accepted and owner are filled in by server_new() */
	struct listener_config listener;
	enum close_mode close;
	size_t greeting_bytes;
	/* All connections are closed, and the listener. */
	void (*over)(void *owner);
	void *owner;
};

struct server;

/* Listens from here on. NULL with STATUS_FAILED. */
struct server *server_new(const struct server_config *config,
			  struct error *error);
void server_free(struct server *server);

/* How it ended: STATUS_OK, or STATUS_INCOMPLETE when it was interrupted. */
enum status server_status(const struct server *server);

/* What the person does to it; the talk is the server. */
const struct talk_ops *server_talk_ops(void);

#endif
