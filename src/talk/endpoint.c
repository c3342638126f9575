/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/endpoint.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/escape.h"

const char *endpoint_format(const struct endpoint *endpoint,
			    char text[ENDPOINT_TEXT_BYTES])
{
	char address[ADDR_TEXT_BYTES];
	bool is_ipv6 = endpoint->addr.family == AF_INET6;

	addr_format(&endpoint->addr, address);
	snprintf(text, ENDPOINT_TEXT_BYTES, is_ipv6 ? "[%s]:%u" : "%s:%u",
		 address, (unsigned)endpoint->port);
	return text;
}

int endpoint_from_sockaddr(const struct sockaddr_storage *sockaddr,
			   struct endpoint *out)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct in_addr mapped;

	if (addr_from_sockaddr((const struct sockaddr *)sockaddr, &out->addr) <
	    0)
		return -1;
	if (out->addr.family == AF_INET) {
		memcpy(&in, sockaddr, sizeof(in));
		out->port = ntohs(in.sin_port);
		return 0;
	}
	memcpy(&in6, sockaddr, sizeof(in6));
	out->port = ntohs(in6.sin6_port);
	if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
		memcpy(&mapped, in6.sin6_addr.s6_addr + 12, sizeof(mapped));
		out->addr = addr_from_in(mapped);
	}
	return 0;
}

static int endpoint_of(int fd, struct endpoint *out,
		       int (*get)(int, struct sockaddr *, socklen_t *))
{
	struct sockaddr_storage storage;
	socklen_t bytes = sizeof(storage);

	if (get(fd, (struct sockaddr *)&storage, &bytes) < 0)
		return -1;
	if (endpoint_from_sockaddr(&storage, out) < 0) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	return 0;
}

int endpoint_here(int fd, struct endpoint *out)
{
	return endpoint_of(fd, out, getsockname);
}

int endpoint_there(int fd, struct endpoint *out)
{
	return endpoint_of(fd, out, getpeername);
}

/* A resolver would read 010.1 or 0x7f.1 as an address, and not as the one
 * that was meant: the last label of a name is no number (RFC 3696, 2). */
static bool is_number(const char *host)
{
	const char *label = strrchr(host, '.');

	label = label ? label + 1 : host;
	if (label[0] == '0' && (label[1] == 'x' || label[1] == 'X'))
		return true;
	return label[strspn(label, "0123456789")] == '\0';
}

static int keep_found(const struct addrinfo *found, struct addr **out,
		      size_t *count, struct error *error)
{
	size_t n = 0;

	for (const struct addrinfo *at = found; at; at = at->ai_next)
		n++;
	*out = calloc(n + 1, sizeof(**out));
	if (!*out)
		return error_errno(error, "addresses");
	*count = 0;
	for (; found; found = found->ai_next)
		if (addr_from_sockaddr(found->ai_addr, &(*out)[*count]) == 0)
			++*count;
	return 0;
}

static int look_up(const char *host, int family, struct addr **out,
		   size_t *count, struct error *error)
{
	const struct addrinfo hints = {
		.ai_family = family,
		.ai_socktype = SOCK_STREAM,
	};
	char quoted[ESCAPE_QUOTE_BYTES];
	struct addrinfo *found;
	int failed = getaddrinfo(host, NULL, &hints, &found);
	int result;

	escape_quote(host, quoted);
	if (failed == EAI_SYSTEM)
		return error_errno(error, "look up host name %s", quoted);
	if (failed)
		return error_set(error, STATUS_FAILED,
				 "host name %s does not resolve: %s", quoted,
				 gai_strerror(failed));
	result = keep_found(found, out, count, error);
	freeaddrinfo(found);
	if (result == 0 && *count == 0) {
		free(*out);
		return error_set(error, STATUS_FAILED,
				 "host name %s has no address", quoted);
	}
	return result;
}

int endpoint_resolve(const char *host, int family, struct addr **out,
		     size_t *count, struct error *error)
{
	char quoted[ESCAPE_QUOTE_BYTES];
	struct addr addr;

	if (addr_parse(host, &addr) == 0) {
		*out = malloc(sizeof(**out));
		if (!*out)
			return error_errno(error, "address");
		**out = addr;
		*count = 1;
		return 0;
	}
	if (!*host || strlen(host) > 253 || strpbrk(host, ":/%") ||
	    is_number(host))
		return error_set(error, STATUS_USAGE,
				 "bad host %s; accepted: an IPv4 or IPv6 "
				 "address, fe80::1%%eth0, a host name",
				 escape_quote(host, quoted));
	return look_up(host, family, out, count, error);
}
