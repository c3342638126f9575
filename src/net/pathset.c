/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/pathset.h"

#include <assert.h>
#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "spec/targetset.h"

/* Targets of which one answer of the kernel holds. */
struct segment {
	struct addr first, last;
	size_t path;
};

struct node {
	struct path path; /* first: pathset_index() casts back */
	size_t index;
};

struct pathset {
	struct segment *segments; /* ascending by addr_compare() */
	size_t n_segments, segments_room;
	struct node **nodes; /* apart, so that pointers stay good */
	size_t n_nodes, nodes_room;
};

/* Where the prefixes of one family begin, or end (the address behind). */
struct cuts {
	addr_value *at; /* ascending */
	size_t n;
};

struct builder {
	struct pathset *set;
	struct netlink *netlink;
	struct error *error;
	struct interface *interfaces; /* ascending by index */
	size_t n_interfaces;
	struct cuts cuts4, cuts6;
	const struct addr *source; /* of -S, or NULL */
	bool source_is_ours;
	unsigned ifindex; /* of -i, or 0 */
	size_t interval;  /* between which cuts the last segment is */
	void *tree;       /* of tsearch(): the nodes by their route */
};

static int out_of_memory(struct builder *builder)
{
	errno = ENOMEM;
	return error_errno(builder->error, "build the table of paths");
}

/* items with room for one more of item_bytes, or NULL (items stay good). */
static void *make_room(void *items, size_t n, size_t *room, size_t item_bytes)
{
	size_t more = *room ? *room * 2 : 16;
	void *moved;

	if (n < *room)
		return items;
	moved = reallocarray(items, more, item_bytes);
	if (moved)
		*room = more;
	return moved;
}

/*
 * Cuts
 */

static int compare_values(const void *a, const void *b)
{
	addr_value x = *(const addr_value *)a, y = *(const addr_value *)b;

	return (x > y) - (x < y);
}

/* Sorts, and leaves each value once. */
static void cuts_sort(struct cuts *cuts)
{
	size_t n = 0;

	qsort(cuts->at, cuts->n, sizeof(cuts->at[0]), compare_values);
	for (size_t i = 0; i < cuts->n; i++)
		if (!n || cuts->at[n - 1] != cuts->at[i])
			cuts->at[n++] = cuts->at[i];
	cuts->n = n;
}

static int cuts_init(struct cuts *cuts, uint16_t family,
		     const struct prefix *prefixes, size_t n)
{
	cuts->at = calloc(2 * n + 1, sizeof(cuts->at[0]));
	if (!cuts->at)
		return -1;
	for (size_t i = 0; i < n; i++) {
		addr_value size, first;

		/* A default route has no edge. */
		if (prefixes[i].addr.family != family || !prefixes[i].length)
			continue;
		size = (addr_value)1
		       << (addr_bits(family) - prefixes[i].length);
		first = addr_to_value(&prefixes[i].addr) & ~(size - 1);
		cuts->at[cuts->n++] = first;
		/* Behind the last address of all this cuts nothing. */
		cuts->at[cuts->n++] = first + size;
	}
	cuts_sort(cuts);
	return 0;
}

/* How many cuts are at or before the value: the number of its interval, which
 * ends before at[that]. */
static size_t cuts_interval(const struct cuts *cuts, addr_value value)
{
	size_t low = 0, high = cuts->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (cuts->at[middle] <= value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Paths
 */

static int compare_interfaces(const void *a, const void *b)
{
	const struct interface *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

static const struct interface *find_interface(const struct builder *builder,
					      const struct route *route)
{
	struct interface key = {.index = route->ifindex};

	if (route->type != ROUTE_LOCAL)
		return bsearch(&key, builder->interfaces, builder->n_interfaces,
			       sizeof(key), compare_interfaces);
	for (size_t i = 0; i < builder->n_interfaces; i++)
		if (builder->interfaces[i].loopback)
			return &builder->interfaces[i];
	return NULL;
}

static int compare_nodes(const void *a, const void *b)
{
	const struct route *x = &((const struct node *)a)->path.route;
	const struct route *y = &((const struct node *)b)->path.route;
	int order;

	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	if (x->ifindex != y->ifindex)
		return x->ifindex < y->ifindex ? -1 : 1;
	order = addr_compare(&x->source, &y->source);
	return order ? order : addr_compare(&x->gateway, &y->gateway);
}

/* The index of the path with that route, made when it is new. */
static int intern(struct builder *builder, const struct path *path,
		  size_t *index)
{
	struct pathset *set = builder->set;
	struct node *node = calloc(1, sizeof(*node));
	struct node **nodes, **found;

	if (!node)
		return out_of_memory(builder);
	node->path = *path;
	node->index = set->n_nodes;
	nodes = make_room(set->nodes, set->n_nodes, &set->nodes_room,
			  /* NOLINTNEXTLINE(bugprone-sizeof-expression) */
			  sizeof(*nodes));
	if (!nodes) {
		free(node);
		return out_of_memory(builder);
	}
	set->nodes = nodes;
	found = tsearch(node, &builder->tree, compare_nodes);
	if (!found || *found != node)
		free(node);
	if (!found)
		return out_of_memory(builder);
	if (*found == node)
		set->nodes[set->n_nodes++] = node;
	*index = (*found)->index;
	return 0;
}

/* Asks the kernel for the path of one address. */
static int ask(struct builder *builder, const struct addr *target,
	       struct path *out)
{
	struct route *route = &out->route;
	const struct interface *iface;
	const struct addr *source = builder->source;

	if (source && source->family != target->family)
		source = NULL;
	memset(out, 0, sizeof(*out));
	/* For a source that is not its own the kernel knows no IPv4 route. */
	if (netlink_route(builder->netlink, target,
			  builder->source_is_ours ? source : NULL,
			  builder->ifindex, route, builder->error) < 0)
		return -1;
	if (source)
		route->source = *source;
	if (source && addr_is_link_local(source) && source->family == AF_INET6)
		route->source.scope = route->ifindex;
	/* An interface without an address: nothing could come back. */
	if (route->type == ROUTE_NONE || route->type == ROUTE_BROADCAST ||
	    !route->source.family) {
		memset(route, 0, sizeof(*route));
		route->type = ROUTE_NONE;
		return 0;
	}
	iface = find_interface(builder, route);
	if (!iface)
		return error_set(builder->error, STATUS_FAILED,
				 "interface %u of a route is gone",
				 route->ifindex);
	out->iface = *iface;
	route->ifindex = iface->index;
	return 0;
}

/*
 * Segments
 */

/* The answer for the last segment holds for `first` too. Merging keeps a list
 * of single hosts from costing a question each. An IPv6 source depends on the
 * destination beyond the route (RFC 6724 section 5, rules 2, 6 and 8), hence
 * the /64. */
static bool continues(const struct builder *builder, const struct addr *first,
		      size_t interval)
{
	const struct pathset *set = builder->set;
	const struct addr *last;

	if (!set->n_segments || builder->interval != interval)
		return false;
	last = &set->segments[set->n_segments - 1].last;
	if (last->family != first->family || last->scope != first->scope)
		return false;
	return first->family == AF_INET ||
	       !memcmp(last->bytes, first->bytes, 8);
}

static int add_segment(struct builder *builder, const struct addr *first,
		       const struct addr *last, size_t interval)
{
	struct pathset *set = builder->set;
	struct segment *segments, *segment;
	struct path path;

	if (continues(builder, first, interval)) {
		set->segments[set->n_segments - 1].last = *last;
		return 0;
	}
	segments = make_room(set->segments, set->n_segments,
			     &set->segments_room, sizeof(*segments));
	if (!segments)
		return out_of_memory(builder);
	set->segments = segments;
	segment = &segments[set->n_segments];
	segment->first = *first;
	segment->last = *last;
	if (ask(builder, first, &path) < 0 ||
	    intern(builder, &path, &segment->path) < 0)
		return -1;
	builder->interval = interval;
	set->n_segments++;
	return 0;
}

static int add_range(struct builder *builder, const struct target_range *range)
{
	const struct cuts *cuts = range->first.family == AF_INET
					  ? &builder->cuts4
					  : &builder->cuts6;
	addr_value at = addr_to_value(&range->first);
	addr_value last = addr_to_value(&range->last);

	for (;;) {
		size_t interval = cuts_interval(cuts, at);
		addr_value end = last;
		struct addr from, to;

		if (interval < cuts->n && cuts->at[interval] <= last)
			end = cuts->at[interval] - 1;
		from = addr_from_value(&range->first, at);
		to = addr_from_value(&range->first, end);
		if (add_segment(builder, &from, &to, interval) < 0)
			return -1;
		if (end == last)
			return 0;
		at = end + 1;
	}
}

/*
 * The whole
 */

/* Reads what is asked of the kernel once. */
static int builder_init(struct builder *builder)
{
	struct error *error = builder->error;
	struct prefix *prefixes = NULL;
	struct route route;
	size_t n;
	int rc = -1;

	if (netlink_interfaces(builder->netlink, &builder->interfaces,
			       &builder->n_interfaces, error) < 0)
		return -1;
	if (builder->n_interfaces)
		qsort(builder->interfaces, builder->n_interfaces,
		      sizeof(builder->interfaces[0]), compare_interfaces);
	if (builder->source) {
		if (netlink_route(builder->netlink, builder->source, NULL, 0,
				  &route, error) < 0)
			return -1;
		builder->source_is_ours = route.type == ROUTE_LOCAL;
	}
	if (netlink_prefixes(builder->netlink, &prefixes, &n, error) < 0)
		return -1;
	if (cuts_init(&builder->cuts4, AF_INET, prefixes, n) < 0 ||
	    cuts_init(&builder->cuts6, AF_INET6, prefixes, n) < 0)
		out_of_memory(builder);
	else
		rc = 0;
	free(prefixes);
	return rc;
}

static void keep(void *node)
{
	(void)node; /* the set owns it */
}

static void builder_fini(struct builder *builder)
{
	tdestroy(builder->tree, keep);
	free(builder->cuts4.at);
	free(builder->cuts6.at);
	free(builder->interfaces);
}

struct pathset *pathset_new(struct netlink *netlink,
			    const struct targetset *targets,
			    const struct addr *source, unsigned ifindex,
			    struct error *error)
{
	struct builder builder = {
		.netlink = netlink,
		.error = error,
		.source = source,
		.ifindex = ifindex,
	};
	const struct target_range *ranges;
	size_t n = targetset_ranges(targets, &ranges);
	int rc;

	builder.set = calloc(1, sizeof(*builder.set));
	if (!builder.set) {
		out_of_memory(&builder);
		return NULL;
	}
	rc = builder_init(&builder);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = add_range(&builder, &ranges[i]);
	builder_fini(&builder);
	if (rc == 0)
		return builder.set;
	pathset_free(builder.set);
	return NULL;
}

void pathset_free(struct pathset *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->n_nodes; i++)
		free(set->nodes[i]);
	free(set->nodes);
	free(set->segments);
	free(set);
}

/* The segment that holds the target, or NULL. */
static const struct segment *find_segment(const struct pathset *set,
					  const struct addr *target)
{
	size_t low = 0, high = set->n_segments;

	/* The last segment that begins at or before the target. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (addr_compare(&set->segments[middle].first, target) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || addr_compare(&set->segments[low - 1].last, target) < 0)
		return NULL;
	return &set->segments[low - 1];
}

const struct path *pathset_find(const struct pathset *set,
				const struct addr *target)
{
	const struct segment *segment = find_segment(set, target);

	return segment ? &set->nodes[segment->path]->path : NULL;
}

const struct path *pathset_run(const struct pathset *set,
			       const struct addr *target, struct addr *last)
{
	const struct segment *segment = find_segment(set, target);

	*last = segment->last;
	return &set->nodes[segment->path]->path;
}

size_t pathset_count(const struct pathset *set)
{
	return set->n_nodes;
}

const struct path *pathset_nth(const struct pathset *set, size_t n)
{
	assert(n < set->n_nodes);
	return &set->nodes[n]->path;
}

size_t pathset_index(const struct pathset *set, const struct path *path)
{
	const struct node *node = (const struct node *)path;

	assert(node->index < set->n_nodes && set->nodes[node->index] == node);
	return node->index;
}
