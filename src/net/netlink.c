/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/netlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
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

/* A growing array of items of one size. */
struct list {
	void *items;
	size_t n, room;
	size_t item_bytes;
};

/* A zeroed item at the end, or NULL and errno. */
static void *list_add(struct list *list)
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

/* An attribute that is read: its number and what its payload must be. */
struct want {
	uint16_t type;
	uint16_t data; /* enum mnl_attr_data_type */
	uint16_t min_bytes, max_bytes;
};

#define WANT_U32(number)                                                       \
	{                                                                      \
		.type = (number), .data = MNL_TYPE_U32, .min_bytes = 4,        \
		.max_bytes = 4                                                 \
	}
#define WANT_BYTES(number, min, max)                                           \
	{                                                                      \
		.type = (number), .data = MNL_TYPE_BINARY, .min_bytes = (min), \
		.max_bytes = (max)                                             \
	}
#define WANT_STRING(number, max)                                               \
	{                                                                      \
		.type = (number), .data = MNL_TYPE_NUL_STRING, .min_bytes = 1, \
		.max_bytes = (max)                                             \
	}

struct attributes {
	const struct want *wants;
	const struct nlattr **found; /* one for each of wants, or NULL */
	size_t n;
};

static int keep_attribute(const struct nlattr *attr, void *data)
{
	struct attributes *attributes = data;

	for (size_t i = 0; i < attributes->n; i++) {
		const struct want *want = &attributes->wants[i];

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

/* The fixed header of header_bytes, with found[] filled from the attributes
 * behind it. NULL and EBADMSG when the message is malformed. */
static const void *read_message(const struct nlmsghdr *message,
				size_t header_bytes, const struct want *wants,
				const struct nlattr **found, size_t n)
{
	struct attributes attributes = {
		.wants = wants, .found = found, .n = n};

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

/* An address as netlink writes it; ifindex becomes the scope where the
 * address is link-local. 0, or -1 and EBADMSG. */
static int read_addr(unsigned family, const void *from, size_t bytes,
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

static int read_addr_attribute(unsigned family, const struct nlattr *attr,
			       unsigned ifindex, struct addr *out)
{
	return read_addr(family, mnl_attr_get_payload(attr),
			 mnl_attr_get_payload_len(attr), ifindex, out);
}

/*
 * Asking
 */

/* Notes a dump that was cut in two, which mnl_cb_run() would answer by
 * leaving the rest unread, and a dump's own error, which it would miss.
 * 0, or -1 and errno. */
static int inspect(char *reply, int bytes, bool *interrupted)
{
	struct nlmsghdr *message = (struct nlmsghdr *)(void *)reply;

	for (; mnl_nlmsg_ok(message, bytes);
	     message = mnl_nlmsg_next(message, &bytes)) {
		int32_t code = 0;

		if (message->nlmsg_flags & NLM_F_DUMP_INTR) {
			message->nlmsg_flags &= (uint16_t)~NLM_F_DUMP_INTR;
			*interrupted = true;
		}
		if (message->nlmsg_type != NLMSG_DONE ||
		    mnl_nlmsg_get_payload_len(message) < sizeof(code))
			continue;
		memcpy(&code, mnl_nlmsg_get_payload(message), sizeof(code));
		if (code < 0) {
			errno = -code;
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

/* Sends the request and gives each message of the answer to on_message, which
 * returns MNL_CB_STOP where no NLMSG_DONE will follow. 0, or -1 and errno. */
static int ask(struct netlink *netlink, struct nlmsghdr *request,
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

/* Appends the whole table of that type and family to the list. All the
 * requests used begin with the family. 0, or -1 and errno. */
static int dump(struct netlink *netlink, uint16_t type, uint8_t family,
		size_t header_bytes, mnl_cb_t on_message, struct list *list)
{
	size_t before = list->n;

	for (int i = 0; i < DUMP_TRIES; i++) {
		_Alignas(struct nlmsghdr) char buffer[128];
		struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
		uint8_t *header =
			mnl_nlmsg_put_extra_header(request, header_bytes);
		bool interrupted = false;

		request->nlmsg_type = type;
		request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
		header[0] = family;
		list->n = before;
		if (ask(netlink, request, on_message, list, &interrupted) < 0) {
			/* A kernel without IPv6 has an empty table. */
			if (errno == EAFNOSUPPORT || errno == EOPNOTSUPP)
				return 0;
			return -1;
		}
		if (!interrupted)
			return 0;
	}
	errno = EAGAIN;
	return -1;
}

/* Hands the list to the caller, or fails. */
static int finish(int rc, struct list *list, const char *what, size_t *n,
		  struct error *error)
{
	if (rc < 0) {
		error_errno(error, "read the kernel's %s", what);
		free(list->items);
		list->items = NULL;
		list->n = 0;
	}
	*n = list->n;
	return rc;
}

/*
 * Interfaces
 */

static void read_qlen(const struct nlattr *qlen, const struct nlattr *qdisc,
		      struct interface *out)
{
	if (qlen)
		out->qlen = mnl_attr_get_u32(qlen);
	/* veth and its like have a length, but nothing that queues. */
	if (qdisc && !strcmp(mnl_attr_get_str(qdisc), "noqueue"))
		out->qlen = 0;
}

static int on_link(const struct nlmsghdr *message, void *data)
{
	enum { NAME, ADDRESS, MTU, QLEN, QDISC, N };
	static const struct want wants[N] = {
		[NAME] = WANT_STRING(IFLA_IFNAME, IF_NAMESIZE),
		[ADDRESS] = WANT_BYTES(IFLA_ADDRESS, 0, 32),
		[MTU] = WANT_U32(IFLA_MTU),
		[QLEN] = WANT_U32(IFLA_TXQLEN),
		[QDISC] = WANT_STRING(IFLA_QDISC, IF_NAMESIZE),
	};
	const struct nlattr *found[N];
	const struct ifinfomsg *info;
	struct interface *out;

	if (message->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	info = read_message(message, sizeof(*info), wants, found, N);
	if (!info)
		return MNL_CB_ERROR;
	if (info->ifi_index <= 0 || !found[NAME]) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	out = list_add(data);
	if (!out)
		return MNL_CB_ERROR;
	out->index = (unsigned)info->ifi_index;
	strcpy(out->name, mnl_attr_get_str(found[NAME]));
	out->up = info->ifi_flags & IFF_UP;
	out->loopback = info->ifi_flags & IFF_LOOPBACK;
	out->ethernet = info->ifi_type == ARPHRD_ETHER &&
			!(info->ifi_flags & IFF_NOARP);
	if (found[ADDRESS] &&
	    mnl_attr_get_payload_len(found[ADDRESS]) == sizeof(out->mac))
		memcpy(out->mac, mnl_attr_get_payload(found[ADDRESS]),
		       sizeof(out->mac));
	if (found[MTU])
		out->mtu = mnl_attr_get_u32(found[MTU]);
	read_qlen(found[QLEN], found[QDISC], out);
	return MNL_CB_OK;
}

int netlink_interfaces(struct netlink *netlink, struct interface **out,
		       size_t *n, struct error *error)
{
	struct list list = {.item_bytes = sizeof(struct interface)};
	int rc = dump(netlink, RTM_GETLINK, AF_UNSPEC, sizeof(struct ifinfomsg),
		      on_link, &list);

	rc = finish(rc, &list, "interfaces", n, error);
	*out = list.items;
	return rc;
}

/*
 * One route
 */

struct question {
	const struct addr *dest;
	const struct addr *source; /* or NULL */
	struct route *out;
};

static enum route_type route_type(unsigned rtn, bool gateway)
{
	switch (rtn) {
	case RTN_UNICAST:
		return gateway ? ROUTE_GATEWAY : ROUTE_ON_LINK;
	case RTN_LOCAL:
		return ROUTE_LOCAL;
	case RTN_BROADCAST:
	case RTN_MULTICAST:
	case RTN_ANYCAST:
		return ROUTE_BROADCAST;
	default: /* unreachable, blackhole, prohibit, throw */
		return ROUTE_NONE;
	}
}

/* RTA_VIA is a gateway of the other family behind its family. */
static int read_via(const struct nlattr *attr, unsigned ifindex,
		    struct addr *out)
{
	const char *payload = mnl_attr_get_payload(attr);
	size_t head = offsetof(struct rtvia, rtvia_addr);
	uint16_t family;

	memcpy(&family, payload, sizeof(family));
	return read_addr(family, payload + head,
			 mnl_attr_get_payload_len(attr) - head, ifindex, out);
}

static int on_route(const struct nlmsghdr *message, void *data)
{
	enum { OIF, GATEWAY, VIA, SOURCE, N };
	static const struct want wants[N] = {
		[OIF] = WANT_U32(RTA_OIF),
		[GATEWAY] = WANT_BYTES(RTA_GATEWAY, 4, 16),
		[VIA] = WANT_BYTES(RTA_VIA, 2, 2 + 16),
		[SOURCE] = WANT_BYTES(RTA_PREFSRC, 4, 16),
	};
	const struct nlattr *found[N];
	struct question *question = data;
	struct route route = {.type = ROUTE_NONE};
	const struct rtmsg *info;
	unsigned family = question->dest->family;

	if (message->nlmsg_type != RTM_NEWROUTE)
		return MNL_CB_OK;
	info = read_message(message, sizeof(*info), wants, found, N);
	if (!info)
		return MNL_CB_ERROR;
	route.type = route_type(info->rtm_type, found[GATEWAY] || found[VIA]);
	if (route.type == ROUTE_NONE || !found[OIF])
		return MNL_CB_STOP;
	route.ifindex = mnl_attr_get_u32(found[OIF]);
	if (found[GATEWAY] &&
	    read_addr_attribute(family, found[GATEWAY], route.ifindex,
				&route.gateway) < 0)
		return MNL_CB_ERROR;
	if (found[VIA] &&
	    read_via(found[VIA], route.ifindex, &route.gateway) < 0)
		return MNL_CB_ERROR;
	if (found[SOURCE] &&
	    read_addr_attribute(family, found[SOURCE], route.ifindex,
				&route.source) < 0)
		return MNL_CB_ERROR;
	/* IPv6 names its own choice even where it was told a source. */
	if (question->source)
		route.source = *question->source;
	else if (route.type == ROUTE_LOCAL && !route.source.family)
		route.source = *question->dest;
	*question->out = route;
	return MNL_CB_STOP;
}

/* The errors by which the kernel says that it would not send. */
static bool is_no_route(int code)
{
	switch (code) {
	case ENETUNREACH:
	case EHOSTUNREACH:
	case EACCES: /* prohibit */
	case EINVAL: /* blackhole */
	case ESRCH:
	case ENODEV:
	case EAFNOSUPPORT: /* no IPv6 in this kernel */
	case EOPNOTSUPP:
		return true;
	default:
		return false;
	}
}

static struct nlmsghdr *route_request(char *buffer, const struct addr *dest,
				      const struct addr *source,
				      unsigned ifindex)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct rtmsg *info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
	unsigned bits = addr_bits(dest->family);

	request->nlmsg_type = RTM_GETROUTE;
	request->nlmsg_flags = NLM_F_REQUEST;
	info->rtm_family = (uint8_t)dest->family;
	info->rtm_dst_len = (uint8_t)bits;
	mnl_attr_put(request, RTA_DST, bits / 8, dest->bytes);
	if (source) {
		info->rtm_src_len = (uint8_t)bits;
		mnl_attr_put(request, RTA_SRC, bits / 8, source->bytes);
	}
	if (ifindex)
		mnl_attr_put_u32(request, RTA_OIF, ifindex);
	return request;
}

int netlink_route(struct netlink *netlink, const struct addr *dest,
		  const struct addr *source, unsigned ifindex,
		  struct route *out, struct error *error)
{
	_Alignas(struct nlmsghdr) char buffer[256];
	struct question question = {
		.dest = dest, .source = source, .out = out};
	bool interrupted = false;
	char text[ADDR_TEXT_BYTES];

	memset(out, 0, sizeof(*out));
	out->type = ROUTE_NONE;
	if (source && source->family != dest->family)
		return 0;
	/* A link-local address is on its own link and on no other. */
	if (dest->scope && ifindex && dest->scope != ifindex)
		return 0;
	if (!ifindex)
		ifindex = dest->scope;
	if (ask(netlink, route_request(buffer, dest, source, ifindex), on_route,
		&question, &interrupted) == 0)
		return 0;
	if (is_no_route(errno))
		return 0;
	return error_errno(error, "ask the kernel for the route to %s",
			   addr_format(dest, text));
}

/*
 * Prefixes
 */

/* dest may be NULL: all zeros. */
static int add_prefix(struct list *list, unsigned family, unsigned length,
		      const struct nlattr *dest, bool broadcast,
		      unsigned ifindex)
{
	struct addr addr = {.family = (uint16_t)family};
	struct prefix *prefix;

	if (length > addr_bits((uint16_t)family) || (length && !dest)) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	if (dest && read_addr_attribute(family, dest, 0, &addr) < 0)
		return MNL_CB_ERROR;
	prefix = list_add(list);
	if (!prefix)
		return MNL_CB_ERROR;
	prefix->addr = addr;
	prefix->length = length;
	prefix->broadcast = broadcast;
	prefix->ifindex = ifindex;
	return MNL_CB_OK;
}

static bool is_internet(unsigned family)
{
	return family == AF_INET || family == AF_INET6;
}

static int on_prefix_of_route(const struct nlmsghdr *message, void *data)
{
	enum { DEST, OIF, N };
	static const struct want wants[N] = {
		[DEST] = WANT_BYTES(RTA_DST, 4, 16),
		[OIF] = WANT_U32(RTA_OIF),
	};
	const struct nlattr *found[N];
	const struct rtmsg *info;

	if (message->nlmsg_type != RTM_NEWROUTE)
		return MNL_CB_OK;
	/* Without IPv6 the kernel answers for all families: the header is
	 * looked at before attributes of a foreign length are. */
	info = mnl_nlmsg_get_payload(message);
	if (mnl_nlmsg_get_payload_len(message) >= sizeof(*info) &&
	    !is_internet(info->rtm_family))
		return MNL_CB_OK;
	info = read_message(message, sizeof(*info), wants, found, N);
	if (!info)
		return MNL_CB_ERROR;
	return add_prefix(data, info->rtm_family, info->rtm_dst_len,
			  found[DEST], info->rtm_type == RTN_BROADCAST,
			  found[OIF] ? mnl_attr_get_u32(found[OIF]) : 0);
}

static int on_prefix_of_rule(const struct nlmsghdr *message, void *data)
{
	enum { DEST, N };
	static const struct want wants[N] = {
		[DEST] = WANT_BYTES(FRA_DST, 4, 16),
	};
	const struct nlattr *found[N];
	const struct fib_rule_hdr *info;

	if (message->nlmsg_type != RTM_NEWRULE)
		return MNL_CB_OK;
	info = read_message(message, sizeof(*info), wants, found, N);
	if (!info)
		return MNL_CB_ERROR;
	if (!is_internet(info->family) || !info->dst_len)
		return MNL_CB_OK;
	return add_prefix(data, info->family, info->dst_len, found[DEST], false,
			  0);
}

int netlink_prefixes(struct netlink *netlink, struct prefix **out, size_t *n,
		     struct error *error)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	struct list list = {.item_bytes = sizeof(struct prefix)};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < 2; i++) {
		rc = dump(netlink, RTM_GETROUTE, families[i],
			  sizeof(struct rtmsg), on_prefix_of_route, &list);
		if (rc == 0)
			rc = dump(netlink, RTM_GETRULE, families[i],
				  sizeof(struct fib_rule_hdr),
				  on_prefix_of_rule, &list);
	}
	rc = finish(rc, &list, "routes", n, error);
	*out = list.items;
	return rc;
}

/*
 * Neighbours
 */

#define NUD_CONFIRMED (NUD_REACHABLE | NUD_PERMANENT | NUD_NOARP)
#define NUD_USABLE    (NUD_CONFIRMED | NUD_STALE | NUD_DELAY | NUD_PROBE)

static int on_neighbour(const struct nlmsghdr *message, void *data)
{
	enum { DEST, MAC, N };
	static const struct want wants[N] = {
		[DEST] = WANT_BYTES(NDA_DST, 4, 32),
		[MAC] = WANT_BYTES(NDA_LLADDR, 0, 32),
	};
	const struct nlattr *found[N];
	struct neighbour_entry *out;
	const struct ndmsg *info;
	struct addr addr;

	if (message->nlmsg_type != RTM_NEWNEIGH)
		return MNL_CB_OK;
	info = read_message(message, sizeof(*info), wants, found, N);
	if (!info)
		return MNL_CB_ERROR;
	if (!is_internet(info->ndm_family) || !(info->ndm_state & NUD_USABLE) ||
	    (info->ndm_flags & NTF_PROXY) || info->ndm_ifindex <= 0)
		return MNL_CB_OK;
	if (!found[DEST] || !found[MAC] ||
	    mnl_attr_get_payload_len(found[MAC]) != sizeof(out->mac))
		return MNL_CB_OK;
	if (read_addr_attribute(info->ndm_family, found[DEST],
				(unsigned)info->ndm_ifindex, &addr) < 0)
		return MNL_CB_ERROR;
	out = list_add(data);
	if (!out)
		return MNL_CB_ERROR;
	out->addr = addr;
	out->ifindex = (unsigned)info->ndm_ifindex;
	out->confirmed = info->ndm_state & NUD_CONFIRMED;
	memcpy(out->mac, mnl_attr_get_payload(found[MAC]), sizeof(out->mac));
	return MNL_CB_OK;
}

int netlink_neighbours(struct netlink *netlink, struct neighbour_entry **out,
		       size_t *n, struct error *error)
{
	struct list list = {.item_bytes = sizeof(struct neighbour_entry)};
	int rc = dump(netlink, RTM_GETNEIGH, AF_UNSPEC, sizeof(struct ndmsg),
		      on_neighbour, &list);

	rc = finish(rc, &list, "neighbour table", n, error);
	*out = list.items;
	return rc;
}
