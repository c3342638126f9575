/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_CONNCAUSE_H
#define NET_CONNCAUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/link.h"
#include "spec/result.h"

/*
 * What an errno of connect() says. Pure.
 *
 *   connect() at once  -> did the kernel take it, or whose trouble is it?
 *   connect() later    -> what the port is, or nothing at all
 *
 * ECONNREFUSED is a RST or an ICMP port unreachable, EHOSTUNREACH any of six
 * ICMP codes or a neighbour that is silent: the ICMP error in the socket's
 * error queue says which it was (ip(7), IP_RECVERR).
 */

/* An ICMP error from the error queue. */
struct conncause_icmp {
	uint16_t family; /* AF_INET6: ICMPv6 */
	uint8_t type, code;
	bool own; /* this host sent it, and is not the target */
};

enum conncause_kind {
	CONNCAUSE_VERDICT,
	CONNCAUSE_SILENCE, /* it says nothing of the port */
	CONNCAUSE_BLOCKED, /* a firewall of this host rejected the connect */
};

struct conncause {
	enum conncause_kind kind;
	enum verdict verdict; /* of CONNCAUSE_VERDICT, as is the reason */
	enum reason reason;
};

/* Of the first call on a non-blocking socket: LINK_OK when the kernel took
 * the connect, whatever came of it already. LINK_BUSY is want of our own:
 * ports, memory, descriptors. */
enum link_outcome conncause_taken(int error_number);

/* Of what ended it: 0 (connected) or an errno; icmp NULL: none there. An ICMP
 * error that speaks of the port goes before the errno. */
struct conncause conncause_ended(int error_number,
				 const struct conncause_icmp *icmp);

#endif
