/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LD_PRELOAD: a kernel that refuses connects, or has no more descriptors.
 *
 *   REFUSE_ERRNO   connect() to the ports fails by that number
 *   REFUSE_PORTS   FIRST-LAST
 *   REFUSE_TIMES   so often, and then no more; unset: for ever
 *   REFUSE_SOCKETS socket() for a stream fails (EMFILE) beyond so many
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static atomic_long refused, sockets;

static long number_of(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text ? atol(text) : otherwise;
}

static int is_refused(const struct sockaddr *name)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)name;
	const char *text = getenv("REFUSE_PORTS");
	unsigned first, last, port;

	if (!text || sscanf(text, "%u-%u", &first, &last) != 2 ||
	    (name->sa_family != AF_INET && name->sa_family != AF_INET6))
		return 0;
	port = ntohs(in->sin_port); /* in both at the same place */
	return port >= first && port <= last &&
	       atomic_fetch_add(&refused, 1) <
		       number_of("REFUSE_TIMES", LONG_MAX);
}

int connect(int fd, const struct sockaddr *name, socklen_t length)
{
	static int (*next)(int, const struct sockaddr *, socklen_t);

	if (!next)
		next = (int (*)(int, const struct sockaddr *, socklen_t))dlsym(
			RTLD_NEXT, "connect");
	if (!is_refused(name))
		return next(fd, name, length);
	errno = (int)number_of("REFUSE_ERRNO", EPERM);
	return -1;
}

int socket(int domain, int type, int protocol)
{
	static int (*next)(int, int, int);

	if (!next)
		next = (int (*)(int, int, int))dlsym(RTLD_NEXT, "socket");
	if ((type & 15) == SOCK_STREAM &&
	    atomic_fetch_add(&sockets, 1) >=
		    number_of("REFUSE_SOCKETS", LONG_MAX)) {
		errno = EMFILE;
		return -1;
	}
	return next(domain, type, protocol);
}
