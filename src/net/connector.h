/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_CONNECTOR_H
#define NET_CONNECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/link.h"
#include "spec/addr.h"
#include "spec/result.h"

struct connway;
struct error;

/*
 * Connects by the thousand, without a privilege: non-blocking sockets and an
 * epoll set around them. One thread owns it, from its first connect on.
 *
 *   connect() = EINPROGRESS -> connect() again = EALREADY -> epoll
 *                                |                            |
 *                                v                            v
 *                  0, ECONNREFUSED (loopback, veth)    error queue, connect()
 *
 * A socket is used again: on Linux a refused connect() leaves it as it was,
 * and connect(AF_UNSPEC) takes back any other, with a RST where it was
 * connected. That costs half of socket() and close() for each port, and no
 * descriptor. Closing resets too (SO_LINGER), so that neither side keeps a
 * TIME_WAIT.
 */
struct connector;

struct connector_job {
	uint32_t id;  /* below the connector's `ids`, and not in use */
	uint32_t use; /* of that id; told back, to know an old answer by */
	uint16_t way, port;
	struct addr dest;
};

struct connector_outcome {
	uint32_t id, use;
	enum link_outcome taken; /* by the kernel; not LINK_OK: error_number */
	bool ended;    /* or it is pending: more by connector_poll() */
	bool answered; /* of one that ended: verdict and reason hold */
	bool blocked;  /* it ended by a firewall of this host */
	enum verdict verdict;
	enum reason reason;
	int error_number;
	int64_t begun_ns, at_ns; /* monotonic; at_ns: of the end */
};

/* At most `ids` are pending at once, each on a socket of its own. The ways
 * are copied, but for device. NULL with an error. */
struct connector *connector_new(const struct connway *ways, size_t n_ways,
				uint32_t ids, struct error *error);
/* Resets what is open. */
void connector_free(struct connector *connector);

/* For poll(): readable when connector_poll() has something to tell. */
int connector_fd(const struct connector *connector);
/* Connects that are pending. */
uint32_t connector_pending(const struct connector *connector);
/* Of the first connects and of those that were aborted: so many had a SYN
 * that was dropped on its way out of this host, behind IP. */
uint32_t connector_held(const struct connector *connector);

void connector_connect(struct connector *connector,
		       const struct connector_job *job,
		       struct connector_outcome *outcome);
/* Takes it back where it is still pending; nothing more is told of it. */
void connector_abort(struct connector *connector, uint32_t id, uint32_t use);

/* Hands on all that has ended by now. Does not block. */
void connector_poll(struct connector *connector,
		    void (*ended)(void *context,
				  const struct connector_outcome *outcome),
		    void *context);

#endif
