/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_ENDPOINT_H
#define TALK_ENDPOINT_H

#include <stdint.h>

#include "spec/addr.h"

struct error;

/* One end of a connection: an address and a port in host order. An IPv4
 * address is one, also where an IPv6 socket shows it as ::ffff:a.b.c.d. */
struct endpoint {
	struct addr addr;
	uint16_t port;
};

#define ENDPOINT_TEXT_BYTES (ADDR_TEXT_BYTES + 8)

/* "10.9.0.2:8000", "[fd00:9::2]:8000"; into text, which is returned. */
const char *endpoint_format(const struct endpoint *endpoint,
			    char text[ENDPOINT_TEXT_BYTES]);

/* Returns 0, or -1 for an address that is neither IPv4 nor IPv6. */
int endpoint_from_sockaddr(const struct sockaddr_storage *sockaddr,
			   struct endpoint *out);

/* The two ends of a socket. 0, or -1 with errno. */
int endpoint_here(int fd, struct endpoint *out);
int endpoint_there(int fd, struct endpoint *out);

/* The addresses of a host in the order in which they are to be tried (RFC
 * 6724), of one family or, with AF_UNSPEC, of both; at least one, to be freed
 * by free(). An address stands for itself, whatever the family. 0; or -1 with
 * STATUS_USAGE for what is neither an address nor a name, STATUS_FAILED for a
 * name that does not resolve. Blocks while a name is looked up. */
int endpoint_resolve(const char *host, int family, struct addr **out,
		     size_t *count, struct error *error);

#endif
