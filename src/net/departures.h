/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_DEPARTURES_H
#define NET_DEPARTURES_H

#include <stdbool.h>
#include <stdint.h>

#include "spec/addr.h"

struct connway;

/*
 * Did a SYN leave this host? connect() does not say: TCP takes what a rule of
 * the host's own firewall drops for a loss on the way, and asks again. But the
 * kernel counts IP packets where they are made (OutRequests) and where they
 * leave (OutTransmits, since Linux 6.8; RFC 4293), and a rule on the way out
 * lies between; and what is dropped behind IP (an egress hook, a full queue)
 * has TCP reduce its window at once. No privilege; the files are opened here,
 * and read on. One thread.
 */
struct departures {
	int fds[2]; /* IPv4, IPv6; -1: not known */
};

/* Never fails: what cannot be known is taken to have left. */
void departures_open(struct departures *departures);
void departures_close(struct departures *departures);

/* Packets of both families that did not leave, till now: to be compared with
 * an earlier one. Others' count too; those sent by raw sockets, which are
 * counted at one end only, and forwarded ones lower it. */
int64_t departures_missing(const struct departures *departures);

/* Was the connection of that socket asked for, and the SYN not let out behind
 * IP? */
bool departures_is_held(int fd);

/* Asks that port (again), and looks: false when no SYN leaves for it. */
bool departures_try(const struct departures *departures,
		    const struct connway *way, const struct addr *dest,
		    uint16_t port);

#endif
