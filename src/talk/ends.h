/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_ENDS_H
#define TALK_ENDS_H

#include <stdint.h>

#include "spec/addr.h"

/* The other end of a datagram, and this end's address: where it came to, or
 * is to leave from. */
struct ends {
	struct addr peer;
	uint16_t port;
	struct addr local; /* family 0: unknown, or as the route has it */
	unsigned ifindex;  /* where it came in */
};

static inline bool ends_same_peer(const struct ends *a, const struct ends *b)
{
	return a->port == b->port && addr_equal(&a->peer, &b->peer);
}

#endif
