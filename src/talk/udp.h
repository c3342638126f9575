/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_UDP_H
#define TALK_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/addr.h"
#include "talk/ends.h"

struct error;

/* UDP sockets, non-blocking, with buffers as large as the system allows. */

/* To one peer, with its error queue on. df: no datagram may be fragmented,
 * here or on the way; else any may, also where the kernel knows a smaller
 * path MTU. The descriptor, or -1 with STATUS_FAILED. */
int udp_connect(const struct addr *addr, uint16_t port, bool df,
		struct error *error);

/* On a port, any address where addr is 0.0.0.0 or ::, one family only. *port
 * 0 is filled in. Each datagram then tells which address it came to. Replies
 * may be fragmented. */
int udp_bind(const struct addr *addr, uint16_t *port, struct error *error);

/* What is known of the way to a connected socket's peer; 0: nothing. */
unsigned udp_mtu(int fd, uint16_t family);

/* Datagrams that came to the socket and were dropped there, most of them for
 * want of room. */
uint64_t udp_drops(int fd);

/* One datagram of a bound socket: its length (one longer than room is cut),
 * or -1 with errno. */
ptrdiff_t udp_receive(int fd, uint8_t *bytes, size_t room, struct ends *ends);

/* 0, or -1 with errno. */
int udp_reply(int fd, const uint8_t *bytes, size_t length,
	      const struct ends *ends);

#endif
