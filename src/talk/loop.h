/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_LOOP_H
#define TALK_LOOP_H

#include <stdbool.h>
#include <stddef.h>

struct evbuffer;
struct event;
struct event_base;
struct timeval;

/*
 * Where there is no memory to wait for somebody, or to keep what he said, he
 * would never be heard again and nobody would know: then the loop ends, and
 * loop_failed() says so. One loop a process.
 */

/* As event_add(). */
void loop_add(struct event *event, const struct timeval *delay);

/* As evbuffer_add(). */
void loop_keep(struct event_base *base, struct evbuffer *buffer,
	       const void *data, size_t bytes);

/* Memory is out. */
void loop_fail(struct event_base *base);

/* To be asked before the loop begins, too. */
bool loop_failed(void);

#endif
