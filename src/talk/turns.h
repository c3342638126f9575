/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_TURNS_H
#define TALK_TURNS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "talk/conn.h"
#include "talk/dial.h"
#include "talk/listener.h"

struct talk_ops;

/*
 * `--turns`: two who speak in turns, the one who connects first. What goes
 * over the wire is what was typed and nothing else, no newline, no name, each
 * message in one write; `end` is not sent but closes. A message is over when
 * data have come and nothing follows for TURNS_QUIET_MS. All that comes is
 * acknowledged at once and alone, the FIN too, so that every number stands in
 * a segment of its own:
 *
 *   connect                                              listen
 *      | ---- seq 1 ack 1, 14 bytes ---------------------> |
 *      | <--- seq 1 ack 15 ------------------------------- |
 *      | <--- seq 1 ack 15, 14 bytes --------------------- |
 *      | ---- seq 15 ack 15 -----------------------------> |
 *      | ---- FIN seq 15 ack 15 -------------------------> |  end
 *      | <--- seq 15 ack 16 ------------------------------ |
 *      | <--- FIN seq 15 ack 16 -------------------------- |
 *      | ---- seq 16 ack 16 -----------------------------> |
 *
 * A listener takes one caller and no other. When the one talk is over, so is
 * the program, on both sides.
 */

enum {
	TURNS_QUIET_MS = 20,
};

struct turns_config {
	bool listens; /* which of these two counts; their callbacks and owner
			 are filled in by turns_new() */
	struct listener_config listener;
	struct dial_config dial;
	enum close_mode close;
	size_t greeting_bytes; /* the first message, instead of a typed one */
	void (*over)(void *owner);
	void *owner;
};

struct turns;

/* Starts to listen or to dial. NULL with STATUS_FAILED. */
struct turns *turns_new(const struct turns_config *config, struct error *error);
void turns_free(struct turns *turns);

/* How it ended; anything but STATUS_OK and a text is an error to print. */
const struct error *turns_result(const struct turns *turns);

/* What the person does to it; the talk is the turns. */
const struct talk_ops *turns_talk_ops(void);

#endif
