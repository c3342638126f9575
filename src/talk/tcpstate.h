/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_TCPSTATE_H
#define TALK_TCPSTATE_H

/* The states of a TCP endpoint as RFC 9293, 3.3.2 names them, with the
 * numbers that Linux has for them (enum in <netinet/tcp.h>). */

/* "ESTABLISHED"; "(no state)" for a number that is none. Pure. */
const char *tcpstate_name(int state);

/* What the kernel says of the socket (TCP_INFO), such as TCP_ESTABLISHED. A
 * socket in TIME_WAIT reads TCP_CLOSE: the kernel keeps that state apart from
 * the descriptor. -1 with errno for what is no TCP socket. */
int tcpstate_of(int fd);

#endif
