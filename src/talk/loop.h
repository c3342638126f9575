/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_LOOP_H
#define TALK_LOOP_H

#include <stdbool.h>

struct event;
struct timeval;

/* Waits for an event (at most so long; NULL: for ever), as event_add() does. It
 * takes memory to wait: where there is none the loop ends, since somebody would
 * never be heard again, and loop_failed() says so. One loop a process. */
void loop_add(struct event *event, const struct timeval *delay);

/* To be asked before the loop begins, too. */
bool loop_failed(void);

#endif
