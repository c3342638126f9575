/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_PATHSET_H
#define NET_PATHSET_H

#include <stddef.h>

#include "net/netlink.h"
#include "spec/addr.h"

struct error;
struct targetset;

/*
 * The way out for each target. The ranges of the target set are cut at every
 * prefix that some route or rule names; within such a segment the kernel
 * treats all addresses alike, so one question to the kernel per segment
 * answers for all of them, policy rules included. Built before the
 * privileges go, read-only and free for any thread afterwards.
 */
struct pathset;

struct path {
	struct route route;     /* ROUTE_NONE: not routable */
	struct interface iface; /* the one that packets leave by; for
				   ROUTE_LOCAL the loopback interface */
};

/* source (may be NULL) and ifindex (0: from the routes) as given by -S and
 * -i. A -S address replaces the kernel's choice for targets of its family.
 * The result's own memory does not depend on targets or netlink. */
struct pathset *pathset_new(struct netlink *netlink,
			    const struct targetset *targets,
			    const struct addr *source, unsigned ifindex,
			    struct error *error);
void pathset_free(struct pathset *set);

/* The path of a target; never NULL for an address of the target set. */
const struct path *pathset_find(const struct pathset *set,
				const struct addr *target);

/* The distinct paths; indexes are stable. */
size_t pathset_count(const struct pathset *set);
const struct path *pathset_nth(const struct pathset *set, size_t n);
size_t pathset_index(const struct pathset *set, const struct path *path);

#endif
