/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel answers to questions on routes, neighbours, links and
 * prefixes: the same bytes to each question, through the real reader. The
 * socket calls of libmnl are replaced by ours, and fail as allocations do.
 * Sequence and port numbers are what a kernel repeats, so they are put right
 * first.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "fuzz/failing.h"
#include "net/netlink.h"
#include "spec/addr.h"

static const uint8_t *input;
static size_t input_bytes;
static uint32_t sequence;
static int answers_left;

static int refuse(int number)
{
	if (!failing_now())
		return 0;
	errno = number;
	return -1;
}

static struct mnl_socket *const handle = (struct mnl_socket *)&sequence;

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	(void)bus;
	(void)flags;
	return refuse(EMFILE) ? NULL : handle;
}

int mnl_socket_bind(struct mnl_socket *socket, unsigned groups, pid_t pid)
{
	(void)socket;
	(void)groups;
	(void)pid;
	return refuse(EADDRINUSE);
}

unsigned mnl_socket_get_portid(const struct mnl_socket *socket)
{
	(void)socket;
	return 0;
}

int mnl_socket_get_fd(const struct mnl_socket *socket)
{
	(void)socket;
	return -1;
}

int mnl_socket_close(struct mnl_socket *socket)
{
	if (socket != handle)
		abort();
	return 0;
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t bytes)
{
	(void)fd;
	(void)level;
	(void)name;
	(void)value;
	(void)bytes;
	return refuse(ENOPROTOOPT);
}

ssize_t mnl_socket_sendto(const struct mnl_socket *socket, const void *request,
			  size_t bytes)
{
	(void)socket;
	if (refuse(ENOBUFS))
		return -1;
	sequence = ((const struct nlmsghdr *)request)->nlmsg_seq;
	answers_left = 3;
	return (ssize_t)bytes;
}

ssize_t mnl_socket_recvfrom(const struct mnl_socket *socket, void *buffer,
			    size_t room)
{
	size_t n = input_bytes < room ? input_bytes : room;

	(void)socket;
	if (refuse(EINTR))
		return -1;
	if (answers_left-- <= 0) {
		errno = EAGAIN; /* the kernel had more to say */
		return -1;
	}
	memcpy(buffer, input, n);
	for (size_t at = 0; at + sizeof(struct nlmsghdr) <= n;) {
		struct nlmsghdr header;

		memcpy(&header, (uint8_t *)buffer + at, sizeof(header));
		header.nlmsg_seq = sequence;
		header.nlmsg_pid = 0;
		memcpy((uint8_t *)buffer + at, &header, sizeof(header));
		if (header.nlmsg_len < sizeof(header) ||
		    header.nlmsg_len > n - at)
			break;
		at += NLMSG_ALIGN(header.nlmsg_len);
	}
	return (ssize_t)n;
}

static void ask_tables(struct netlink *netlink)
{
	struct neighbour_entry *neighbours = NULL;
	struct neighbour_known *known = NULL;
	struct interface *interfaces = NULL;
	struct prefix *prefixes = NULL;
	struct error error = ERROR_INIT;
	size_t n;

	(void)netlink_interfaces(netlink, &interfaces, &n, &error);
	for (size_t i = 0; interfaces && i < n; i++)
		if (strnlen(interfaces[i].name, IF_NAMESIZE) == IF_NAMESIZE)
			abort();
	(void)netlink_prefixes(netlink, &prefixes, &n, &error);
	for (size_t i = 0; prefixes && i < n; i++)
		if (prefixes[i].length > 128)
			abort();
	(void)netlink_neighbours(netlink, &neighbours, &n, &error);
	(void)netlink_known(netlink, &known, &n, &error);
	for (size_t i = 0; known && i < n; i++)
		if (known[i].ago_ns < 0)
			abort();
	free(interfaces);
	free(prefixes);
	free(neighbours);
	free(known);
}

static void ask_route(struct netlink *netlink, const struct addr *dest,
		      const struct addr *source, unsigned ifindex)
{
	struct error error = ERROR_INIT;
	struct route route;

	if (netlink_route(netlink, dest, source, ifindex, &route, &error) < 0 &&
	    !error.text[0])
		abort();
	if (route.type == ROUTE_NONE && route.ifindex)
		abort();
}

static void run(const uint8_t *data, size_t size)
{
	static const struct addr v4[2] = {
		{.family = AF_INET, .bytes = {10, 9, 0, 2}},
		{.family = AF_INET, .bytes = {10, 9, 0, 1}},
	};
	static const struct addr v6 = {
		.family = AF_INET6,
		.bytes = {0xfe, 0x80, [15] = 2},
		.scope = 2,
	};
	struct error error = ERROR_INIT;
	struct netlink *netlink = netlink_open(&error);

	if (!netlink) {
		if (!error.text[0])
			abort();
		return;
	}
	input = data;
	input_bytes = size;
	ask_tables(netlink);
	ask_route(netlink, &v4[0], NULL, 0);
	ask_route(netlink, &v4[0], &v4[1], 2);
	ask_route(netlink, &v4[0], &v6, 0);
	ask_route(netlink, &v6, NULL, 0);
	ask_route(netlink, &v6, NULL, 3);
	netlink_close(netlink);
	netlink_close(NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	failing_run(run, data, size);
	return 0;
}
