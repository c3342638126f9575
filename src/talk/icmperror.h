/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_ICMPERROR_H
#define TALK_ICMPERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/addr.h"

/*
 * What a socket's error queue says: an ICMP error that came for one of its
 * datagrams, or a refusal by this host's own kernel. ip(7), IP_RECVERR.
 */
enum {
	ICMP_ERROR_QUOTED_BYTES = 64,
};

struct icmp_error {
	int number;      /* errno */
	uint16_t family; /* AF_INET: ICMP; AF_INET6: ICMPv6 */
	bool local;      /* this host's own; type, code and from are unset */
	uint8_t type, code;
	uint32_t mtu;     /* of a datagram too big; else 0 */
	struct addr from; /* who sent the message; family 0: unknown */
	/* The start of the datagram that it is about, as far as it quotes. */
	size_t quoted_length;
	uint8_t quoted[ICMP_ERROR_QUOTED_BYTES];
};

/* Nobody listens on the port. */
bool icmp_error_is_refusal(const struct icmp_error *error);

/* The datagram was too big for a link; mtu is what fits. */
bool icmp_error_is_too_big(const struct icmp_error *error);

/* "port unreachable"; "type 7 code 1" where it has no name. */
#define ICMP_ERROR_NAME_BYTES 48
const char *icmp_error_name(const struct icmp_error *error,
			    char text[ICMP_ERROR_NAME_BYTES]);

/* "port unreachable (ICMP 3/3) from 10.9.0.2", with ", MTU 1400" behind it
 * where one is told; into text, which is returned. */
#define ICMP_ERROR_TEXT_BYTES (ICMP_ERROR_NAME_BYTES + ADDR_TEXT_BYTES + 48)
const char *icmp_error_text(const struct icmp_error *error,
			    char text[ICMP_ERROR_TEXT_BYTES]);

/* The oldest error of the socket's queue: 1; 0 when it is empty. */
int icmp_error_read(int fd, struct icmp_error *out);

#endif
