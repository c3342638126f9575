/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_ERRQUEUE_H
#define NET_ERRQUEUE_H

#include <stdbool.h>

struct conncause_icmp;
struct connway;
struct sockaddr;

/* Empties the error queue of a socket (ip(7), IP_RECVERR); true when there
 * was an ICMP error about the connect to dest, the last of them in *icmp. The
 * queue outlives a connect, so it is looked for whose each one is. */
bool errqueue_icmp(int fd, const struct sockaddr *dest,
		   const struct connway *way, struct conncause_icmp *icmp);

#endif
