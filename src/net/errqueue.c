/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/errqueue.h"

#include <time.h> /* the next one wants it */

#include <linux/errqueue.h>
#include <sys/socket.h>

#include "net/conncause.h"
#include "net/connway.h"

static bool same_place(const struct sockaddr_storage *name,
		       const struct sockaddr *dest)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)name;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)name;
	const struct sockaddr_in *to = (const struct sockaddr_in *)dest;
	const struct sockaddr_in6 *to6 = (const struct sockaddr_in6 *)dest;

	if (name->ss_family != dest->sa_family)
		return false;
	if (name->ss_family == AF_INET)
		return in->sin_port == to->sin_port &&
		       in->sin_addr.s_addr == to->sin_addr.s_addr;
	return in6->sin6_port == to6->sin6_port &&
	       IN6_ARE_ADDR_EQUAL(&in6->sin6_addr, &to6->sin6_addr);
}

/* The ICMP error in a control message of the error queue. */
static bool icmp_in(struct msghdr *message, const struct connway *way,
		    struct conncause_icmp *icmp)
{
	for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at;
	     at = CMSG_NXTHDR(message, at)) {
		const struct sock_extended_err *said =
			(const struct sock_extended_err *)CMSG_DATA(at);
		struct addr from;

		if (!(at->cmsg_level == IPPROTO_IP &&
		      at->cmsg_type == IP_RECVERR) &&
		    !(at->cmsg_level == IPPROTO_IPV6 &&
		      at->cmsg_type == IPV6_RECVERR))
			continue;
		if (said->ee_origin != SO_EE_ORIGIN_ICMP &&
		    said->ee_origin != SO_EE_ORIGIN_ICMP6)
			continue;
		icmp->family = said->ee_origin == SO_EE_ORIGIN_ICMP ? AF_INET
								    : AF_INET6;
		icmp->type = said->ee_type;
		icmp->code = said->ee_code;
		icmp->own =
			!way->local &&
			addr_from_sockaddr(SO_EE_OFFENDER(said), &from) == 0 &&
			addr_equal(&from, &way->source);
		return true;
	}
	return false;
}

bool errqueue_icmp(int fd, const struct sockaddr *dest,
		   const struct connway *way, struct conncause_icmp *icmp)
{
	_Alignas(struct cmsghdr) char control[256];
	struct sockaddr_storage name;
	char byte;
	struct iovec vector = {&byte, 1};
	bool found = false;

	for (;;) {
		struct conncause_icmp one;
		struct msghdr message = {
			.msg_name = &name,
			.msg_namelen = sizeof(name),
			.msg_iov = &vector,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};

		if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return found;
		if (!same_place(&name, dest) || !icmp_in(&message, way, &one))
			continue;
		*icmp = one;
		found = true;
	}
}
