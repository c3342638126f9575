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
	struct route route;     /* ROUTE_NONE: not routable, and the rest is
				   zero; ROUTE_BROADCAST and a way out
				   without a source address become that */
	struct interface iface; /* the one that packets leave by (its index
				   is route.ifindex); for ROUTE_LOCAL the
				   loopback interface */
};

/* source (may be NULL) and ifindex (0: from the routes) as given by -S and
 * -i. A -S address replaces the kernel's choice for targets of its family;
 * rules on the source are followed when it is an address of this host. The
 * result's own memory does not depend on targets or netlink. NULL with an
 * error when a question failed or memory is out; no route is no error.
 * Not seen: what a rule decides by port, protocol, mark or uid, and the
 * choice that a multipath route makes per destination. */
struct pathset *pathset_new(struct netlink *netlink,
			    const struct targetset *targets,
			    const struct addr *source, unsigned ifindex,
			    struct error *error);
void pathset_free(struct pathset *set);

/* The path of a target; never NULL for an address of the target set, NULL or
 * a neighbour's path for any other. */
const struct path *pathset_find(const struct pathset *set,
				const struct addr *target);

/* The same for an address of the target set; *last is the last one, at or
 * behind it, up to which all targets share that path. */
const struct path *pathset_run(const struct pathset *set,
			       const struct addr *target, struct addr *last);

/* The distinct paths; indexes are stable, and so are the pointers. */
size_t pathset_count(const struct pathset *set);
const struct path *pathset_nth(const struct pathset *set, size_t n);
size_t pathset_index(const struct pathset *set, const struct path *path);

#endif
