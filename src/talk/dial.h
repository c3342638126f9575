/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_DIAL_H
#define TALK_DIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "talk/listener.h"

struct endpoint;
struct error;

/*
 * Connects to a host: its addresses in turn, each with a time limit, and the
 * whole of it again once a second where it was refused and that is wanted.
 */

struct dial_config {
	struct event_base *base;
	const struct narrator *narrator;
	const struct person *person;
	const struct addr *addrs; /* kept by reference */
	size_t count;             /* at least 1 */
	uint16_t port;
	uint16_t source_port; /* 0: the kernel's choice */
	int timeout_ms;       /* for each address; 0: as long as the kernel */
	bool retry;
	struct keepalive keepalive;
	size_t write_bytes; /* one write must take so many; 0: any */
	void (*connected)(void *owner, int fd, const struct endpoint *peer);
	void (*failed)(void *owner, const struct error *error);
	void *owner;
};

struct dial;

/* Starts on the event loop. NULL when memory is out. */
struct dial *dial_new(const struct dial_config *config);

/* Gives up. May be called by connected() and failed(). */
void dial_free(struct dial *dial);

#endif
