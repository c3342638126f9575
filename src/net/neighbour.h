/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_NEIGHBOUR_H
#define NET_NEIGHBOUR_H

#include <stdbool.h>
#include <stdint.h>

#include "spec/addr.h"

/*
 * Link-layer addresses of next hops: who is known, who is being asked, who
 * did not answer. Pure: `now` is a parameter and the caller sends the ARP or
 * NS frames. Owned by the sender thread. Grows with the hosts asked for.
 *
 *           lookup            learn
 *   unknown ------> ASK/WAIT -------> READY
 *                     |  no answer to 3 requests, 1 s after the first
 *                     +-------------> FAILED   (a late learn -> READY)
 */
struct neighbour_table;

enum neighbour_state {
	NEIGHBOUR_READY,  /* *mac is filled */
	NEIGHBOUR_ASK,    /* send one request now; counted as sent */
	NEIGHBOUR_WAIT,   /* asked; ask again no sooner than *again_ns */
	NEIGHBOUR_FAILED, /* no answer to 3 requests */
	NEIGHBOUR_NO_MEMORY,
};

struct neighbour_table *neighbour_table_new(void);
void neighbour_table_free(struct neighbour_table *table);

/* mac is filled for READY, *again_ns (monotonic) for ASK and WAIT. Requests
 * go 0, 250 and 500 ms after the first and FAILED comes at 1 s. A caller that
 * looks later than *again_ns shifts what follows: three requests always go,
 * and the last has its 500 ms. The scope of an address does not count, only
 * ifindex. */
enum neighbour_state neighbour_lookup(struct neighbour_table *table,
				      unsigned ifindex,
				      const struct addr *next_hop,
				      int64_t now_ns, uint8_t mac[6],
				      int64_t *again_ns);

/* The request of the latest NEIGHBOUR_ASK could not be sent: it does not count
 * and comes again at its time. */
void neighbour_unasked(struct neighbour_table *table, unsigned ifindex,
		       const struct addr *next_hop);

/* It is known, but does not seem to be there: may it have moved? True when one
 * more request should go now, which happens once a second at most; what is
 * known holds on until somebody answers. */
bool neighbour_doubt(struct neighbour_table *table, unsigned ifindex,
		     const struct addr *next_hop, int64_t now_ns);

/* From a reply or from the kernel's table. `unasked` also takes an address
 * nobody asked for (the kernel's table); replies from strangers do not grow
 * the table. A known address gets the newer mac; a group or zero mac is
 * ignored. 0, or -1 when memory is out. */
int neighbour_learn(struct neighbour_table *table, unsigned ifindex,
		    const struct addr *addr, const uint8_t mac[6],
		    bool unasked);

#endif
