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
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "net/rtnl.h"

/* Hands the list to the caller, or fails. */
static int finish(int rc, struct rtnl_list *list, const char *what, size_t *n,
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
	static const struct rtnl_want wants[N] = {
		[NAME] = RTNL_STRING(IFLA_IFNAME, IF_NAMESIZE),
		[ADDRESS] = RTNL_BYTES(IFLA_ADDRESS, 0, 32),
		[MTU] = RTNL_U32(IFLA_MTU),
		[QLEN] = RTNL_U32(IFLA_TXQLEN),
		[QDISC] = RTNL_STRING(IFLA_QDISC, IF_NAMESIZE),
	};
	const struct nlattr *found[N];
	const struct ifinfomsg *info;
	struct interface *out;

	if (message->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	info = rtnl_read(message, sizeof(*info), wants, found, N);
	if (!info)
		return MNL_CB_ERROR;
	if (info->ifi_index <= 0 || !found[NAME]) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	out = rtnl_list_add(data);
	if (!out)
		return MNL_CB_ERROR;
	out->index = (unsigned)info->ifi_index;
	memcpy(out->name, mnl_attr_get_str(found[NAME]),
	       mnl_attr_get_payload_len(found[NAME]));
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
	struct rtnl_list list = {.item_bytes = sizeof(struct interface)};
	int rc = rtnl_dump(netlink, RTM_GETLINK, AF_UNSPEC,
			   sizeof(struct ifinfomsg), on_link, &list);

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
	return rtnl_copy_addr(family, payload + head,
			      mnl_attr_get_payload_len(attr) - head, ifindex,
			      out);
}

static int on_route(const struct nlmsghdr *message, void *data)
{
	enum { OIF, GATEWAY, VIA, SOURCE, N };
	static const struct rtnl_want wants[N] = {
		[OIF] = RTNL_U32(RTA_OIF),
		[GATEWAY] = RTNL_BYTES(RTA_GATEWAY, 4, 16),
		[VIA] = RTNL_BYTES(RTA_VIA, 2, 2 + 16),
		[SOURCE] = RTNL_BYTES(RTA_PREFSRC, 4, 16),
	};
	const struct nlattr *found[N];
	struct question *question = data;
	struct route route = {.type = ROUTE_NONE};
	const struct rtmsg *info;
	unsigned family = question->dest->family;

	if (message->nlmsg_type != RTM_NEWROUTE)
		return MNL_CB_OK;
	info = rtnl_read(message, sizeof(*info), wants, found, N);
	if (!info)
		return MNL_CB_ERROR;
	route.type = route_type(info->rtm_type, found[GATEWAY] || found[VIA]);
	if (route.type == ROUTE_NONE || !found[OIF])
		return MNL_CB_STOP;
	route.ifindex = mnl_attr_get_u32(found[OIF]);
	if (found[GATEWAY] && rtnl_read_addr(family, found[GATEWAY],
					     route.ifindex, &route.gateway) < 0)
		return MNL_CB_ERROR;
	if (found[VIA] &&
	    read_via(found[VIA], route.ifindex, &route.gateway) < 0)
		return MNL_CB_ERROR;
	if (found[SOURCE] && rtnl_read_addr(family, found[SOURCE],
					    route.ifindex, &route.source) < 0)
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
	struct question question = {.dest = dest, .source = source, .out = out};
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
	if (rtnl_ask(netlink, route_request(buffer, dest, source, ifindex),
		     on_route, &question, &interrupted) == 0)
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
static int add_prefix(struct rtnl_list *list, unsigned family, unsigned length,
		      const struct nlattr *dest, bool broadcast,
		      unsigned ifindex)
{
	struct addr addr = {.family = (uint16_t)family};
	struct prefix *prefix;

	if (length > addr_bits((uint16_t)family) || (length && !dest)) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	if (dest && rtnl_read_addr(family, dest, 0, &addr) < 0)
		return MNL_CB_ERROR;
	prefix = rtnl_list_add(list);
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
	static const struct rtnl_want wants[N] = {
		[DEST] = RTNL_BYTES(RTA_DST, 4, 16),
		[OIF] = RTNL_U32(RTA_OIF),
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
	info = rtnl_read(message, sizeof(*info), wants, found, N);
	if (!info)
		return MNL_CB_ERROR;
	return add_prefix(data, info->rtm_family, info->rtm_dst_len,
			  found[DEST], info->rtm_type == RTN_BROADCAST,
			  found[OIF] ? mnl_attr_get_u32(found[OIF]) : 0);
}

static int on_prefix_of_rule(const struct nlmsghdr *message, void *data)
{
	enum { DEST, N };
	static const struct rtnl_want wants[N] = {
		[DEST] = RTNL_BYTES(FRA_DST, 4, 16),
	};
	const struct nlattr *found[N];
	const struct fib_rule_hdr *info;

	if (message->nlmsg_type != RTM_NEWRULE)
		return MNL_CB_OK;
	info = rtnl_read(message, sizeof(*info), wants, found, N);
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
	struct rtnl_list list = {.item_bytes = sizeof(struct prefix)};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < 2; i++) {
		rc = rtnl_dump(netlink, RTM_GETROUTE, families[i],
			       sizeof(struct rtmsg), on_prefix_of_route, &list);
		if (rc == 0)
			rc = rtnl_dump(netlink, RTM_GETRULE, families[i],
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
	static const struct rtnl_want wants[N] = {
		[DEST] = RTNL_BYTES(NDA_DST, 4, 32),
		[MAC] = RTNL_BYTES(NDA_LLADDR, 0, 32),
	};
	const struct nlattr *found[N];
	struct neighbour_entry *out;
	const struct ndmsg *info;
	struct addr addr;

	if (message->nlmsg_type != RTM_NEWNEIGH)
		return MNL_CB_OK;
	info = rtnl_read(message, sizeof(*info), wants, found, N);
	if (!info)
		return MNL_CB_ERROR;
	if (!is_internet(info->ndm_family) || !(info->ndm_state & NUD_USABLE) ||
	    (info->ndm_flags & NTF_PROXY) || info->ndm_ifindex <= 0)
		return MNL_CB_OK;
	if (!found[DEST] || !found[MAC] ||
	    mnl_attr_get_payload_len(found[MAC]) != sizeof(out->mac))
		return MNL_CB_OK;
	if (rtnl_read_addr(info->ndm_family, found[DEST],
			   (unsigned)info->ndm_ifindex, &addr) < 0)
		return MNL_CB_ERROR;
	out = rtnl_list_add(data);
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
	struct rtnl_list list = {.item_bytes = sizeof(struct neighbour_entry)};
	int rc = rtnl_dump(netlink, RTM_GETNEIGH, AF_UNSPEC,
			   sizeof(struct ndmsg), on_neighbour, &list);

	rc = finish(rc, &list, "neighbour table", n, error);
	*out = list.items;
	return rc;
}

static int64_t from_ticks(uint32_t ticks)
{
	long per_s = sysconf(_SC_CLK_TCK);

	return ticks * NS_PER_S / (per_s > 0 ? per_s : 100);
}

static enum neighbour_progress progress_of(unsigned state)
{
	if (state & NUD_FAILED)
		return NEIGHBOUR_GAVE_UP;
	return (state & NUD_INCOMPLETE) ? NEIGHBOUR_ASKED : NEIGHBOUR_FOUND;
}

static int on_known(const struct nlmsghdr *message, void *data)
{
	enum { DEST, CACHE, N };
	static const struct rtnl_want wants[N] = {
		[DEST] = RTNL_BYTES(NDA_DST, 4, 32),
		[CACHE] = RTNL_BYTES(NDA_CACHEINFO,
				     sizeof(struct nda_cacheinfo), 64),
	};
	const struct nlattr *found[N];
	struct neighbour_known *out;
	struct nda_cacheinfo cache;
	const struct ndmsg *info;
	struct addr addr;

	if (message->nlmsg_type != RTM_NEWNEIGH)
		return MNL_CB_OK;
	info = rtnl_read(message, sizeof(*info), wants, found, N);
	if (!info)
		return MNL_CB_ERROR;
	if (!is_internet(info->ndm_family) || !info->ndm_state ||
	    (info->ndm_state & NUD_NOARP) || (info->ndm_flags & NTF_PROXY) ||
	    info->ndm_ifindex <= 0 || !found[DEST] || !found[CACHE])
		return MNL_CB_OK;
	if (rtnl_read_addr(info->ndm_family, found[DEST],
			   (unsigned)info->ndm_ifindex, &addr) < 0)
		return MNL_CB_ERROR;
	out = rtnl_list_add(data);
	if (!out)
		return MNL_CB_ERROR;
	memcpy(&cache, mnl_attr_get_payload(found[CACHE]), sizeof(cache));
	*out = (struct neighbour_known){
		.addr = addr,
		.ifindex = (unsigned)info->ndm_ifindex,
		.progress = progress_of(info->ndm_state),
		.ago_ns = from_ticks(cache.ndm_updated),
	};
	return MNL_CB_OK;
}

int netlink_known(struct netlink *netlink, struct neighbour_known **out,
		  size_t *n, struct error *error)
{
	struct rtnl_list list = {.item_bytes = sizeof(struct neighbour_known)};
	int rc = rtnl_dump(netlink, RTM_GETNEIGH, AF_UNSPEC,
			   sizeof(struct ndmsg), on_known, &list);

	rc = finish(rc, &list, "neighbour table", n, error);
	*out = list.items;
	return rc;
}
