/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FUZZ_RESOLVER_H
#define FUZZ_RESOLVER_H

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/*
 * A resolver in the place of the C library's, so that no name is looked up.
 * By the first letter: a name has an address of each family (h), one that no
 * host can have (s), or none that is known here (f); the look-up itself fails
 * (e); all others are unknown.
 */

static struct sockaddr_in resolver_v4 = {.sin_family = AF_INET};
static struct sockaddr_in6 resolver_v6 = {
	.sin6_family = AF_INET6,
	.sin6_addr = {.s6_addr = {0xfd, [15] = 2}},
};
static struct sockaddr resolver_other = {.sa_family = AF_UNIX};
static struct addrinfo resolver_info[3] = {
	{.ai_addr = (struct sockaddr *)&resolver_v6,
	 .ai_next = &resolver_info[1]},
	{.ai_addr = (struct sockaddr *)&resolver_v4,
	 .ai_next = &resolver_info[2]},
	{.ai_addr = &resolver_other},
};

int getaddrinfo(const char *restrict node, const char *restrict service,
		const struct addrinfo *restrict hints,
		struct addrinfo **restrict res)
{
	(void)service;
	(void)hints;
	*res = NULL;
	resolver_v4.sin_addr.s_addr = htonl(0x0a090002);
	switch (node[0]) {
	case 's':
		resolver_v4.sin_addr.s_addr = 0;
		/* fall through */
	case 'h':
		*res = resolver_info;
		return 0;
	case 'f':
		*res = &resolver_info[2];
		return 0;
	case 'e':
		errno = EIO;
		return EAI_SYSTEM;
	}
	return EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *res)
{
	if (!res)
		abort();
}

#endif
