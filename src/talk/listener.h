/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_LISTENER_H
#define TALK_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include "spec/addr.h"

struct endpoint;
struct error;
struct event_base;
struct narrator;
struct person;

/*
 * A listening socket on the event loop. Without an address it takes IPv4 and
 * IPv6 alike (IPv4 alone where the host has no IPv6). When descriptors or
 * memory run out it leaves the callers in the kernel's queue and asks again
 * once a second, or as soon as listener_retry() says that something was
 * closed.
 */

struct keepalive {
	int idle_s; /* silence before the first probe; 0: no probes */
	int interval_s;
	int count; /* unanswered probes that end the connection */
};

struct listener_config {
	struct event_base *base;
	const struct narrator *narrator;
	const struct person *person;
	const struct addr *addr; /* NULL: any */
	uint16_t port;           /* 0: the kernel's choice */
	int backlog;
	bool never_accepts;
	struct keepalive keepalive;
	/* A caller; the socket is now the owner's. */
	void (*accepted)(void *owner, int fd, const struct endpoint *peer);
	void *owner;
};

struct listener;

/* NULL with STATUS_FAILED: port in use, not this host's address, ... Tells
 * the person what a peer may type. */
struct listener *listener_new(const struct listener_config *config,
			      struct error *error);

/* Nobody is accepted from here on; the kernel resets who still waits. May be
 * called by accepted(), and twice. */
void listener_close(struct listener *listener);

/* Closes it too. Not to be called by accepted(). */
void listener_free(struct listener *listener);

void listener_retry(struct listener *listener);

/* SO_KEEPALIVE and its times, on any TCP socket. 0, or -1 with errno. */
int keepalive_set(const struct narrator *narrator, int fd,
		  const struct keepalive *keepalive);

#endif
