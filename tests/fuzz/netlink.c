/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel answers to questions on routes, neighbours, links and
 * prefixes: the same bytes to each question, through the real reader. The
 * socket calls of libmnl are replaced by ours. Sequence and port numbers are
 * what a kernel repeats, so they are put right first.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "net/netlink.h"
#include "spec/addr.h"

static const uint8_t *input;
static size_t input_bytes;
static uint32_t sequence;
static int answers_left;

ssize_t mnl_socket_sendto(const struct mnl_socket *socket, const void *request,
			  size_t bytes)
{
	(void)socket;
	sequence = ((const struct nlmsghdr *)request)->nlmsg_seq;
	answers_left = 3;
	return (ssize_t)bytes;
}

ssize_t mnl_socket_recvfrom(const struct mnl_socket *socket, void *buffer,
			    size_t room)
{
	size_t n = input_bytes < room ? input_bytes : room;

	(void)socket;
	if (answers_left-- <= 0) {
		errno = ENOBUFS; /* the kernel had more to say */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addr dest = {.family = AF_INET, .bytes = {10, 9, 0, 2}};
	struct neighbour_entry *neighbours = NULL;
	struct interface *interfaces = NULL;
	struct prefix *prefixes = NULL;
	struct error error = ERROR_INIT;
	struct netlink *netlink = netlink_open(&error);
	struct route route;
	size_t n;

	if (!netlink)
		return 0;
	input = data;
	input_bytes = size;
	(void)netlink_interfaces(netlink, &interfaces, &n, &error);
	for (size_t i = 0; interfaces && i < n; i++)
		if (strnlen(interfaces[i].name, IF_NAMESIZE) == IF_NAMESIZE)
			abort();
	(void)netlink_route(netlink, &dest, NULL, 0, &route, &error);
	(void)netlink_prefixes(netlink, &prefixes, &n, &error);
	for (size_t i = 0; prefixes && i < n; i++)
		if (prefixes[i].length > 128)
			abort();
	(void)netlink_neighbours(netlink, &neighbours, &n, &error);
	free(interfaces);
	free(prefixes);
	free(neighbours);
	netlink_close(netlink);
	return 0;
}
