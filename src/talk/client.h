/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_CLIENT_H
#define TALK_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "talk/conn.h"
#include "talk/dial.h"

struct talk_ops;

/*
 * `synchat connect`: lines that are typed go out, lines that come are shown.
 * `end` or end of file ends the talk, and so does the peer's FIN: at a
 * terminal at once, from a program when what it has at hand was sent.
 */

struct client_config {
	/* connected, failed and owner are filled in by client_new() */
	struct dial_config dial;
	enum close_mode close;
	size_t greeting_bytes; /* sent first, in one write */
	bool stays;            /* the peer's FIN does not end the talk */
	void (*over)(void *owner);
	void *owner;
};

struct client;

/* Starts to dial. NULL with STATUS_FAILED. */
struct client *client_new(const struct client_config *config,
			  struct error *error);
void client_free(struct client *client);

/* How it ended; anything but STATUS_OK and a text is an error to print. */
const struct error *client_result(const struct client *client);

/* What the person does to it; the talk is the client. */
const struct talk_ops *client_talk_ops(void);

#endif
