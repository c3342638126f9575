/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_RTNL_H
#define NET_RTNL_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/netlink.h"
#include "spec/addr.h"

/*
 * The conversation beneath net/netlink.h, for netlink.c alone: requests,
 * whole answers, and attributes that are checked before they are read. On
 * failure everything here leaves an errno; EBADMSG is a malformed message.
 */

/* A growing array of items of one size. */
struct rtnl_list {
	void *items;
	size_t n, room;
	size_t item_bytes;
};

/* A zeroed item at the end, or NULL. The items are the caller's to free(). */
void *rtnl_list_add(struct rtnl_list *list);

/* An attribute that is read: its number and what its payload must be. */
struct rtnl_want {
	uint16_t type;
	uint16_t data; /* enum mnl_attr_data_type */
	uint16_t min_bytes, max_bytes;
};

#define RTNL_U32(number)                                                       \
	{                                                                      \
		.type = (number), .data = MNL_TYPE_U32, .min_bytes = 4,        \
		.max_bytes = 4                                                 \
	}
#define RTNL_BYTES(number, min, max)                                           \
	{                                                                      \
		.type = (number), .data = MNL_TYPE_BINARY, .min_bytes = (min), \
		.max_bytes = (max)                                             \
	}
#define RTNL_STRING(number, max)                                               \
	{                                                                      \
		.type = (number), .data = MNL_TYPE_NUL_STRING, .min_bytes = 1, \
		.max_bytes = (max)                                             \
	}

/* The fixed header of header_bytes, with found[n] filled from the attributes
 * behind it, NULL for those that are not there. NULL when malformed. */
const void *rtnl_read(const struct nlmsghdr *message, size_t header_bytes,
		      const struct rtnl_want *wants,
		      const struct nlattr **found, size_t n);

/* An address of that family as netlink writes it; ifindex becomes the scope
 * where it is link-local. 0, or -1 where family and length do not fit. */
int rtnl_copy_addr(unsigned family, const void *from, size_t bytes,
		   unsigned ifindex, struct addr *out);
int rtnl_read_addr(unsigned family, const struct nlattr *attr, unsigned ifindex,
		   struct addr *out);

/* Sends the request and gives each message of the answer to on_message, which
 * returns MNL_CB_STOP where no NLMSG_DONE will follow. *interrupted is set
 * where a dump was cut in two. 0, or -1. */
int rtnl_ask(struct netlink *netlink, struct nlmsghdr *request,
	     mnl_cb_t on_message, void *data, bool *interrupted);

/* Appends the whole table of that RTM_GET type and family to the list, by
 * on_message, which has the list for its data. Every request that is used
 * begins with the family. 0, or -1. */
int rtnl_dump(struct netlink *netlink, uint16_t type, uint8_t family,
	      size_t header_bytes, mnl_cb_t on_message, struct rtnl_list *list);

#endif
