/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/rtnl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/error.h"

/* The kernel fills what it is offered, at most 32 KiB a datagram of a dump;
 * one message alone may need more. */
#define REPLY_BYTES (64 * 1024)

/* A dump that a change of the table cut in two is asked again. */
#define DUMP_TRIES 5

/* A full routing table of the Internet has a million routes. */
#define MOST_ITEMS (16u << 20)

/* The kernel answers at once; this only bounds what cannot happen. */
#define REPLY_WAIT_S 10

struct netlink {
	struct mnl_socket *socket;
	unsigned port;
	uint32_t seq; /* of the latest request */
	_Alignas(struct nlmsghdr) char reply[REPLY_BYTES];
};

struct netlink *netlink_open(struct error *error)
{
	struct timeval wait = {.tv_sec = REPLY_WAIT_S};
	int receive_bytes = 1 << 20;
	struct netlink *netlink = calloc(1, sizeof(*netlink));

	if (!netlink)
		goto fail;
	netlink->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!netlink->socket)
		goto fail;
	if (mnl_socket_bind(netlink->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		goto fail;
	netlink->port = mnl_socket_get_portid(netlink->socket);
	if (setsockopt(mnl_socket_get_fd(netlink->socket), SOL_SOCKET,
		       SO_RCVTIMEO, &wait, sizeof(wait)) < 0)
		goto fail;
	if (setsockopt(mnl_socket_get_fd(netlink->socket), SOL_SOCKET,
		       SO_RCVBUF, &receive_bytes, sizeof(receive_bytes)) < 0)
		goto fail;
	return netlink;
fail:
	error_errno(error, "open a netlink socket");
	netlink_close(netlink);
	return NULL;
}

void netlink_close(struct netlink *netlink)
{
	if (!netlink)
		return;
	if (netlink->socket)
		mnl_socket_close(netlink->socket);
	free(netlink);
}

/*
 * What came back
 */

void *rtnl_list_add(struct rtnl_list *list)
{
	void *item;

	if (list->n >= MOST_ITEMS) {
		errno = E2BIG;
		return NULL;
	}
	if (list->n == list->room) {
		size_t room = list->room ? list->room * 2 : 64;
		void *items = realloc(list->items, room * list->item_bytes);

		if (!items)
			return NULL;
		list->items = items;
		list->room = room;
	}
	item = (char *)list->items + list->n++ * list->item_bytes;
	return memset(item, 0, list->item_bytes);
}

/* What keep_attribute() fills. */
struct attributes {
	const struct rtnl_want *wants;
	const struct nlattr **found; /* one for each of wants, or NULL */
	size_t n;
};

static int keep_attribute(const struct nlattr *attr, void *data)
{
	struct attributes *attributes = data;

	for (size_t i = 0; i < attributes->n; i++) {
		const struct rtnl_want *want = &attributes->wants[i];

		if (mnl_attr_get_type(attr) != want->type)
			continue;
		if (mnl_attr_validate(attr, want->data) < 0 ||
		    mnl_attr_get_payload_len(attr) < want->min_bytes ||
		    mnl_attr_get_payload_len(attr) > want->max_bytes) {
			errno = EBADMSG;
			return MNL_CB_ERROR;
		}
		attributes->found[i] = attr;
	}
	return MNL_CB_OK;
}

const void *rtnl_read(const struct nlmsghdr *message, size_t header_bytes,
		      const struct rtnl_want *wants,
		      const struct nlattr **found, size_t n)
{
	struct attributes attributes = {.wants = wants, .found = found, .n = n};

	/* NOLINTNEXTLINE(bugprone-sizeof-expression) */
	memset(found, 0, n * sizeof(found[0]));
	if (mnl_nlmsg_get_payload_len(message) < header_bytes) {
		errno = EBADMSG;
		return NULL;
	}
	if (mnl_attr_parse(message, (unsigned)header_bytes, keep_attribute,
			   &attributes) != MNL_CB_OK)
		return NULL;
	return mnl_nlmsg_get_payload(message);
}

int rtnl_copy_addr(unsigned family, const void *from, size_t bytes,
		   unsigned ifindex, struct addr *out)
{
	struct addr addr = {.family = (uint16_t)family};

	if ((family != AF_INET && family != AF_INET6) ||
	    bytes != addr_bits(addr.family) / 8) {
		errno = EBADMSG;
		return -1;
	}
	memcpy(addr.bytes, from, bytes);
	if (family == AF_INET6 && addr_is_link_local(&addr))
		addr.scope = ifindex;
	*out = addr;
	return 0;
}

int rtnl_read_addr(unsigned family, const struct nlattr *attr, unsigned ifindex,
		   struct addr *out)
{
	return rtnl_copy_addr(family, mnl_attr_get_payload(attr),
			      mnl_attr_get_payload_len(attr), ifindex, out);
}

/*
 * Asking
 */

/* Notes a dump that was cut in two, which mnl_cb_run() would answer by
 * leaving the rest unread; and looks for a dump's own error, which it would
 * miss. 0, or -1 and errno. */
static int inspect(char *reply, int bytes, bool *interrupted)
{
	struct nlmsghdr *message = (struct nlmsghdr *)(void *)reply;

	for (; mnl_nlmsg_ok(message, bytes);
	     message = mnl_nlmsg_next(message, &bytes)) {
		int32_t code = 0;

		/* libmnl compares as int: 2^31 and more would pass. */
		if (message->nlmsg_len > (unsigned)bytes) {
			errno = EBADMSG;
			return -1;
		}
		if (message->nlmsg_flags & NLM_F_DUMP_INTR) {
			message->nlmsg_flags &= (uint16_t)~NLM_F_DUMP_INTR;
			*interrupted = true;
		}
		if (message->nlmsg_type != NLMSG_DONE ||
		    mnl_nlmsg_get_payload_len(message) < sizeof(code))
			continue;
		memcpy(&code, mnl_nlmsg_get_payload(message), sizeof(code));
		if (code < 0) {
			errno = code < -4095 ? EBADMSG : -code;
			return -1;
		}
	}
	return 0;
}

/* The next datagram of the answer to the latest request. What is left of an
 * earlier one that ended in an error is passed over. Bytes, or -1. */
static int receive(struct netlink *netlink)
{
	const struct nlmsghdr *first = (const void *)netlink->reply;

	for (;;) {
		ssize_t bytes =
			mnl_socket_recvfrom(netlink->socket, netlink->reply,
					    sizeof(netlink->reply));

		if (bytes < 0 && errno == EINTR)
			continue;
		if (bytes < 0 && errno == EAGAIN)
			errno = ETIMEDOUT;
		if (bytes < 0)
			return -1;
		if (mnl_nlmsg_ok(first, (int)bytes) &&
		    first->nlmsg_seq == netlink->seq)
			return (int)bytes;
	}
}

int rtnl_ask(struct netlink *netlink, struct nlmsghdr *request,
	     mnl_cb_t on_message, void *data, bool *interrupted)
{
	int rc;

	request->nlmsg_seq = ++netlink->seq;
	if (mnl_socket_sendto(netlink->socket, request, request->nlmsg_len) < 0)
		return -1;
	do {
		int bytes = receive(netlink);

		if (bytes < 0)
			return -1;
		if (inspect(netlink->reply, bytes, interrupted) < 0)
			return -1;
		rc = mnl_cb_run(netlink->reply, (size_t)bytes, netlink->seq,
				netlink->port, on_message, data);
	} while (rc > MNL_CB_STOP);
	return rc;
}

int rtnl_dump(struct netlink *netlink, uint16_t type, uint8_t family,
	      size_t header_bytes, mnl_cb_t on_message, struct rtnl_list *list)
{
	size_t before = list->n;

	for (int i = 0; i < DUMP_TRIES; i++) {
		_Alignas(struct nlmsghdr) char buffer[128];
		struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
		uint8_t *header =
			mnl_nlmsg_put_extra_header(request, header_bytes);
		bool interrupted = false;
		int rc;

		request->nlmsg_type = type;
		request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
		header[0] = family;
		list->n = before;
		rc = rtnl_ask(netlink, request, on_message, list, &interrupted);
		/* A kernel without IPv6 has an empty table. */
		if (rc < 0 && (errno == EAFNOSUPPORT || errno == EOPNOTSUPP))
			return 0;
		if (rc < 0)
			return -1;
		if (!interrupted)
			return 0;
	}
	errno = EAGAIN;
	return -1;
}
