/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_XDPLINK_H
#define NET_XDPLINK_H

#include "net/link.h"

/*
 * Ethernet frames by an AF_XDP socket in copy mode: what the kernel does for
 * each is half of what it does on a packet socket. Like PACKET_QDISC_BYPASS it
 * passes by the queueing discipline and by every capture on this host, and
 * unlike that also by the egress hook of a firewall. For interfaces of which
 * interface->qlen is 0, at rates that are asked for.
 *
 * Send queue 0, no program, nothing is received. Needs CAP_NET_RAW here only.
 * One thread. NULL where the kernel has no such sockets, or the queue is
 * another one's: no error, there is link_open_frames().
 */
struct link *xdplink_open(const struct interface *interface);

#endif
