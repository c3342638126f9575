/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_CONNWAY_H
#define NET_CONNWAY_H

#include <stdbool.h>
#include <stdint.h>

#include "spec/addr.h"

struct error;

/*
 * Where connects leave from, and the sockets for that: non-blocking, bound to
 * a source address and to a port of a small block, which all of them share
 * (SO_REUSEADDR, SO_REUSEPORT). The kernel then need not look for a free port
 * and a source address for each connect, an eighth of the cost; none of its
 * ephemeral ports is used up; and a connect cannot come from the very port
 * that it goes to, and meet itself. Closing one resets its connection. No
 * privilege.
 */
struct connway {
	struct addr source;
	const char *device; /* bound to; NULL: as the routes say */
	uint16_t first_port, ports;
	bool local; /* the targets are this host's own addresses */
};

/* Source ports that will not do for a connect; 0: none. */
struct connway_avoid {
	uint16_t self; /* the one that it goes to, here: it would meet itself */
	uint16_t busy; /* with another connect to the same place */
};

bool connway_avoids(const struct connway_avoid *avoid, uint16_t port);

/* A socket from one of its ports, which take turns by *next (0 at first);
 * *port says which. Where somebody else has taken all of them meanwhile, or
 * the only one will not do, from any: *port is 0. -1 with errno. */
int connway_open(const struct connway *way, uint16_t *next,
		 const struct connway_avoid *avoid, uint16_t *port);

/* Can it be connected from there at all? Opens a socket for a moment. 0, or
 * -1 with STATUS_FAILED, and the address or port that it failed for. */
int connway_check(const struct connway *way, struct error *error);

/* Is there such an interface? For where nothing but sockets may be used. */
bool connway_device_exists(const char *name);

#endif
