/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/sock_diag.h>

#include "base/error.h"

enum {
	BUFFER_BYTES = 8 << 20, /* asked for; the system grants less */
};

/* Room for either family's control message. */
union control {
	char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	struct cmsghdr align;
};

static int option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

static int open_socket(uint16_t family)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	option(fd, SOL_SOCKET, SO_RCVBUF, BUFFER_BYTES);
	option(fd, SOL_SOCKET, SO_SNDBUF, BUFFER_BYTES);
	return fd;
}

static int set_fragmenting(int fd, uint16_t family, bool df)
{
	if (family == AF_INET)
		return option(fd, SOL_IP, IP_MTU_DISCOVER,
			      df ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT);
	if (option(fd, SOL_IPV6, IPV6_MTU_DISCOVER,
		   df ? IPV6_PMTUDISC_DO : IPV6_PMTUDISC_DONT) < 0)
		return -1;
	return option(fd, SOL_IPV6, IPV6_DONTFRAG, df);
}

static int set_error_queue(int fd, uint16_t family)
{
	if (family == AF_INET)
		return option(fd, SOL_IP, IP_RECVERR, 1);
	return option(fd, SOL_IPV6, IPV6_RECVERR, 1);
}

int udp_connect(const struct addr *addr, uint16_t port, bool df,
		struct error *error)
{
	struct sockaddr_storage peer;
	socklen_t length = addr_to_sockaddr(addr, port, &peer);
	char text[ADDR_TEXT_BYTES];
	int fd = open_socket(addr->family);

	if (fd < 0)
		return error_errno(error, "UDP socket");
	if (set_fragmenting(fd, addr->family, df) < 0 ||
	    set_error_queue(fd, addr->family) < 0) {
		error_errno(error, "UDP socket");
		goto fail;
	}
	if (connect(fd, (struct sockaddr *)&peer, length) == 0)
		return fd;
	if (errno == ENETUNREACH || errno == EHOSTUNREACH)
		error_set(error, STATUS_FAILED, "no route to %s",
			  addr_format(addr, text));
	else
		error_errno(error, "%s port %u", addr_format(addr, text),
			    (unsigned)port);
fail:
	close(fd);
	return -1;
}

static int set_bound(int fd, uint16_t family)
{
	if (set_fragmenting(fd, family, false) < 0)
		return -1;
	if (family == AF_INET)
		return option(fd, SOL_IP, IP_PKTINFO, 1);
	if (option(fd, SOL_IPV6, IPV6_V6ONLY, 1) < 0)
		return -1;
	return option(fd, SOL_IPV6, IPV6_RECVPKTINFO, 1);
}

static uint16_t own_port(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} own = {.v6 = {.sin6_family = AF_INET6}};
	socklen_t length = sizeof(own);

	if (getsockname(fd, &own.any, &length) < 0)
		return 0;
	return ntohs(own.any.sa_family == AF_INET ? own.v4.sin_port
						  : own.v6.sin6_port);
}

int udp_bind(const struct addr *addr, uint16_t *port, struct error *error)
{
	struct sockaddr_storage own;
	socklen_t length = addr_to_sockaddr(addr, *port, &own);
	char text[ADDR_TEXT_BYTES];
	int fd = open_socket(addr->family);

	if (fd < 0)
		return error_errno(error, "UDP socket");
	if (set_bound(fd, addr->family) < 0 ||
	    bind(fd, (struct sockaddr *)&own, length) < 0) {
		error_errno(error, "%s port %u", addr_format(addr, text),
			    (unsigned)*port);
		close(fd);
		return -1;
	}
	*port = own_port(fd);
	return fd;
}

unsigned udp_mtu(int fd, uint16_t family)
{
	socklen_t length = sizeof(int);
	int level = family == AF_INET ? SOL_IP : SOL_IPV6;
	int name = family == AF_INET ? IP_MTU : IPV6_MTU;
	int mtu;

	if (getsockopt(fd, level, name, &mtu, &length) < 0 || mtu < 0)
		return 0;
	return (unsigned)mtu;
}

uint64_t udp_drops(int fd)
{
	uint32_t info[SK_MEMINFO_VARS] = {0};
	socklen_t length = sizeof(info);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &length) < 0)
		return 0;
	return info[SK_MEMINFO_DROPS];
}

static void read_local(struct msghdr *message, struct ends *ends)
{
	struct in_pktinfo info;
	struct in6_pktinfo info6;

	for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at;
	     at = CMSG_NXTHDR(message, at)) {
		if (at->cmsg_level == SOL_IP && at->cmsg_type == IP_PKTINFO) {
			memcpy(&info, CMSG_DATA(at), sizeof(info));
			ends->local = addr_from_in(info.ipi_spec_dst);
			ends->ifindex = (unsigned)info.ipi_ifindex;
		} else if (at->cmsg_level == SOL_IPV6 &&
			   at->cmsg_type == IPV6_PKTINFO) {
			memcpy(&info6, CMSG_DATA(at), sizeof(info6));
			ends->local = addr_from_in6(&info6.ipi6_addr,
						    info6.ipi6_ifindex);
			ends->ifindex = info6.ipi6_ifindex;
		}
	}
}

ptrdiff_t udp_receive(int fd, uint8_t *bytes, size_t room, struct ends *ends)
{
	struct sockaddr_storage from = {0};
	struct iovec iov = {bytes, room};
	union control control;
	struct msghdr message = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t length = recvmsg(fd, &message, 0);

	if (length < 0)
		return -1;
	*ends = (struct ends){0};
	addr_from_sockaddr((struct sockaddr *)&from, &ends->peer);
	ends->port = ntohs(from.ss_family == AF_INET
				   ? ((struct sockaddr_in *)&from)->sin_port
				   : ((struct sockaddr_in6 *)&from)->sin6_port);
	read_local(&message, ends);
	return length;
}

/* The source: what the peer asked, if it is the address of one host. The
 * interface: only where the address needs one to mean anything. */
static void write_local(struct msghdr *message, const struct ends *ends)
{
	bool ipv6 = ends->local.family == AF_INET6;
	struct cmsghdr *at = message->msg_control;
	struct in_pktinfo info = {0};
	struct in6_pktinfo info6 = {0};

	if (!ends->local.family || addr_special(&ends->local)) {
		message->msg_control = NULL;
		message->msg_controllen = 0;
		return;
	}
	memset(at, 0, message->msg_controllen);
	at->cmsg_level = ipv6 ? SOL_IPV6 : SOL_IP;
	at->cmsg_type = ipv6 ? IPV6_PKTINFO : IP_PKTINFO;
	at->cmsg_len = CMSG_LEN(ipv6 ? sizeof(info6) : sizeof(info));
	if (ipv6) {
		memcpy(&info6.ipi6_addr, ends->local.bytes, 16);
		if (addr_is_link_local(&ends->local))
			info6.ipi6_ifindex = ends->ifindex;
		memcpy(CMSG_DATA(at), &info6, sizeof(info6));
	} else {
		memcpy(&info.ipi_spec_dst, ends->local.bytes, 4);
		memcpy(CMSG_DATA(at), &info, sizeof(info));
	}
	message->msg_controllen =
		CMSG_SPACE(ipv6 ? sizeof(info6) : sizeof(info));
}

int udp_reply(int fd, const uint8_t *bytes, size_t length,
	      const struct ends *ends)
{
	struct sockaddr_storage to;
	struct iovec iov = {(void *)bytes, length};
	union control control;
	struct msghdr message = {
		.msg_name = &to,
		.msg_namelen = addr_to_sockaddr(&ends->peer, ends->port, &to),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	write_local(&message, ends);
	return sendmsg(fd, &message, 0) < 0 ? -1 : 0;
}
