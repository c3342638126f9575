/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_NETLINK_H
#define NET_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/addr.h"

struct error;

/*
 * Questions to the kernel's routing tables over rtnetlink (libmnl). Opened
 * before the privileges go; the questions themselves need none. One thread
 * at a time. Hostile or odd answers are checked attribute by attribute.
 */
struct netlink;

struct netlink *netlink_open(struct error *error);
void netlink_close(struct netlink *netlink);

struct interface {
	unsigned index;
	char name[IF_NAMESIZE];
	bool up; /* IFF_UP */
	bool loopback;
	bool ethernet; /* ARPHRD_ETHER and not IFF_NOARP: frames and ARP work */
	uint8_t mac[6]; /* 0 where it has none of 6 bytes */
	unsigned mtu;   /* bytes */
	unsigned qlen;  /* transmit queue, packets; 0: nothing queues (veth's
			   "noqueue" too, whatever its length says) */
};

/* All interfaces, unsorted. *out is for the caller to free(), NULL where
 * there are none. 0, or -1 with an error, and then *out is NULL. The same
 * holds for the other tables below. */
int netlink_interfaces(struct netlink *netlink, struct interface **out,
		       size_t *n, struct error *error);

enum route_type {
	ROUTE_NONE,    /* no route, unreachable, prohibit, blackhole */
	ROUTE_LOCAL,   /* an address of this host */
	ROUTE_ON_LINK, /* the target is on the interface's link */
	ROUTE_GATEWAY,
	ROUTE_BROADCAST, /* or multicast, or anycast */
};

struct route {
	enum route_type type;
	unsigned ifindex;
	struct addr source;  /* as asked, else the kernel's choice; family 0
				when the interface has no address */
	struct addr gateway; /* of ROUTE_GATEWAY; may be of the other family
				(RTA_VIA) */
};

/* What the kernel would do with a packet to dest, policy rules included.
 * source (may be NULL) and ifindex (0: any, or the scope of a link-local
 * dest) narrow the question as -S and -i do: so "unroutable" for a source of
 * the other family, for an IPv4 source that is not this host's, and for a
 * scope other than ifindex. 0 (ROUTE_NONE where there is none; *out is then
 * zero), or -1 with an error when the question itself failed. */
int netlink_route(struct netlink *netlink, const struct addr *dest,
		  const struct addr *source, unsigned ifindex,
		  struct route *out, struct error *error);

/* A destination prefix of some route or rule, in any table. */
struct prefix {
	struct addr addr; /* scope 0 always */
	unsigned length;  /* bits */
	bool broadcast;   /* a broadcast route: the /32 is no host */
	unsigned ifindex; /* 0: a rule, a multipath route, or none */
};

/* Every destination prefix of every route and rule, unsorted; the same prefix
 * may come several times. A default route has length 0. */
int netlink_prefixes(struct netlink *netlink, struct prefix **out, size_t *n,
		     struct error *error);

/* Addresses of the neighbour table that the kernel holds usable. */
struct neighbour_entry {
	struct addr addr;
	unsigned ifindex;
	uint8_t mac[6];
	bool confirmed; /* reachable, permanent: not stale */
};

int netlink_neighbours(struct netlink *netlink, struct neighbour_entry **out,
		       size_t *n, struct error *error);

/* How far the kernel is with each of its neighbours. */
enum neighbour_progress {
	NEIGHBOUR_FOUND,
	NEIGHBOUR_ASKED,   /* and has not answered yet */
	NEIGHBOUR_GAVE_UP, /* it never did */
};

struct neighbour_known {
	struct addr addr;
	unsigned ifindex;
	enum neighbour_progress progress;
	int64_t ago_ns; /* it came to that; in 10 ms or so */
};

int netlink_known(struct netlink *netlink, struct neighbour_known **out,
		  size_t *n, struct error *error);

#endif
