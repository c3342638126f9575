/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_LINK_H
#define NET_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/addr.h"

struct error;
struct interface;

/*
 * A way for packets out, on a socket that libnet opened (or that of
 * net/xdplink.h). One thread, the sender's. Tests bring a link of their own
 * by its ops.
 */
struct link;

struct link_packet {
	uint8_t *bytes;
	size_t length;
	const struct addr *dest; /* raw IP alone needs it */
};

#define LINK_BATCH 64

enum link_outcome {
	LINK_OK,
	LINK_BUSY,    /* ENOBUFS and the like: try again in a moment */
	LINK_DROPPED, /* ENOBUFS, but nothing of ours waits in a queue: a
			 firewall behind IP (an egress hook) */
	LINK_DOWN,    /* the interface is down, or its cable: try again */
	LINK_REFUSED, /* a local firewall: EPERM */
	LINK_GONE,    /* the device no longer exists */
	LINK_FAILED,  /* anything else: see the error */
};

struct link_ops {
	/* Sends n <= LINK_BATCH packets in order until the kernel refuses
	 * one; *accepted says how many it took. LINK_OK with fewer than n:
	 * call again with the rest. Not LINK_OK: none was taken, and why, with
	 * errno's text in the error. Does not block. */
	enum link_outcome (*send)(struct link *link,
				  const struct link_packet *packets, size_t n,
				  size_t *accepted, struct error *error);
	void (*close)(struct link *link);
};

struct link {
	const struct link_ops *ops;
};

/* Ethernet frames by the interface: libnet's LINK_ADV socket. Needs
 * CAP_NET_RAW here only. captured: captures on this host are to see them. */
struct link *link_open_frames(const struct interface *interface, bool captured,
			      struct error *error);

/* IP packets by libnet's RAW4 or RAW6 socket; the kernel finds the next hop.
 * bound: by that interface alone. */
struct link *link_open_ip(uint16_t family, const struct interface *interface,
			  bool bound, struct error *error);

/* For who makes a link: fd is any socket. */
bool link_has_carrier(int fd, const char *interface);

enum link_outcome link_send(struct link *link,
			    const struct link_packet *packets, size_t n,
			    size_t *accepted, struct error *error);
void link_close(struct link *link);

#endif
