/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/hops.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "net/netlink.h"
#include "spec/addr.h"

#define ABSENT_NS  (3 * NS_PER_S)
#define COARSE_NS  (20 * NS_PER_MS) /* the kernel tells times in ticks */
#define ROOM       768u             /* of the 1,024; others use it as well */
#define FRESH_NS   (5 * NS_PER_S)   /* the kernel forgets none sooner */
#define CROWDED_NS (10 * NS_PER_MS) /* from one look to the next then */
#define SLOTS      4096

struct hop {
	struct addr addr;
	unsigned ifindex;
	int64_t since_ns; /* silent */
};

struct hops {
	struct netlink *netlink;
	int64_t begun_ns, refreshed_ns;
	struct hop *silent; /* ascending */
	size_t n_silent;
	uint32_t in_use;   /* entries that the kernel will not give up */
	struct hop *asked; /* and new ones since */
	uint32_t n_asked;
	bool crowded;
	struct hop *recent; /* by hash: known to be among them */
};

struct hops *hops_new(int64_t begun_ns, struct error *error)
{
	struct hops *hops = calloc(1, sizeof(*hops));

	if (!hops)
		goto out;
	hops->begun_ns = begun_ns;
	hops->recent = calloc(SLOTS, sizeof(*hops->recent));
	hops->asked = calloc(ROOM, sizeof(*hops->asked));
	if (!hops->recent || !hops->asked)
		goto out;
	hops->netlink = netlink_open(error);
	if (hops->netlink)
		return hops;
	hops_free(hops);
	return NULL;
out:
	error_errno(error, "neighbours");
	hops_free(hops);
	return NULL;
}

void hops_free(struct hops *hops)
{
	if (!hops)
		return;
	netlink_close(hops->netlink);
	free(hops->silent);
	free(hops->recent);
	free(hops->asked);
	free(hops);
}

/* ---- the kernel's table ---- */

static int compare(const void *a, const void *b)
{
	const struct hop *x = a, *y = b;

	if (x->ifindex != y->ifindex)
		return x->ifindex < y->ifindex ? -1 : 1;
	return addr_compare(&x->addr, &y->addr);
}

static struct hop *find(struct hop *at, size_t n, const struct hop *key)
{
	return n ? bsearch(key, at, n, sizeof(*at), compare) : NULL;
}

static bool counts_as_silent(const struct hops *hops,
			     const struct neighbour_known *known,
			     int64_t now_ns)
{
	switch (known->progress) {
	case NEIGHBOUR_FOUND:
		return false;
	case NEIGHBOUR_ASKED:
		return true;
	case NEIGHBOUR_GAVE_UP: /* else nobody has asked for it since */
		return now_ns - known->ago_ns + COARSE_NS >= hops->begun_ns;
	}
	return false;
}

/* Those of the table that are silent, with since when, into `next`. */
static size_t take_silent(struct hops *hops,
			  const struct neighbour_known *known, size_t n,
			  struct hop *next, int64_t now_ns)
{
	size_t taken = 0;

	hops->in_use = 0;
	for (size_t i = 0; i < n; i++) {
		struct hop hop = {known[i].addr, known[i].ifindex, now_ns};
		struct hop *before = find(hops->silent, hops->n_silent, &hop);

		hops->in_use += known[i].progress == NEIGHBOUR_ASKED ||
				(known[i].progress == NEIGHBOUR_FOUND &&
				 known[i].ago_ns < FRESH_NS);
		if (before)
			hop.since_ns = before->since_ns;
		if (before && known[i].progress == NEIGHBOUR_FOUND)
			before->since_ns = INT64_MAX; /* not any more */
		if (counts_as_silent(hops, &known[i], now_ns))
			next[taken++] = hop;
	}
	return taken;
}

static int compare_known(const void *a, const void *b)
{
	const struct neighbour_known *x = a, *y = b;

	return compare(&(struct hop){x->addr, x->ifindex, 0},
		       &(struct hop){y->addr, y->ifindex, 0});
}

/* Is there one that the kernel was given something for and knows nothing of?
 * Its table was full, others having filled it. */
static bool lost_some(const struct hops *hops, struct neighbour_known *known,
		      size_t n)
{
	if (n > 0)
		qsort(known, n, sizeof(*known), compare_known);
	for (uint32_t i = 0; i < hops->n_asked; i++) {
		const struct neighbour_known key = {
			.addr = hops->asked[i].addr,
			.ifindex = hops->asked[i].ifindex,
		};

		if (n == 0 ||
		    !bsearch(&key, known, n, sizeof(key), compare_known))
			return true;
	}
	return false;
}

bool hops_refresh(struct hops *hops, int64_t now_ns)
{
	struct neighbour_known *known = NULL;
	struct hop *next = NULL;
	size_t all = 0, n, fresh;
	bool lost = false;

	hops->refreshed_ns = now_ns;
	if (netlink_known(hops->netlink, &known, &all, NULL) < 0)
		return false;
	lost = lost_some(hops, known, all);
	next = calloc(all + hops->n_silent + 1, sizeof(*next));
	if (!next)
		goto out;
	hops->n_asked = 0;
	n = fresh = take_silent(hops, known, all, next, now_ns);
	qsort(next, fresh, sizeof(*next), compare);
	/* The kernel forgets those that it gave up when it needs the room. */
	for (size_t i = 0; i < hops->n_silent; i++)
		if (hops->silent[i].since_ns != INT64_MAX &&
		    !find(next, fresh, &hops->silent[i]))
			next[n++] = hops->silent[i];
	qsort(next, n, sizeof(*next), compare);
	free(hops->silent);
	hops->silent = next;
	hops->n_silent = n;
out:
	free(known);
	return lost;
}

/* ---- asking ---- */

bool hops_is_due(const struct hops *hops, int64_t now_ns)
{
	return hops->crowded && now_ns - hops->refreshed_ns >= CROWDED_NS;
}

enum hops_state hops_ask(struct hops *hops, unsigned ifindex,
			 const struct addr *addr, int64_t now_ns)
{
	const struct hop hop = {*addr, ifindex, now_ns};
	const struct hop *silent = find(hops->silent, hops->n_silent, &hop);
	addr_value value = addr_to_value(addr);
	uint64_t hash = ((uint64_t)value ^ ifindex) * 0x9e3779b97f4a7c15u;
	struct hop *recent = &hops->recent[(hash >> 32) % SLOTS];

	if (silent && hops->refreshed_ns - silent->since_ns >= ABSENT_NS)
		return HOPS_ABSENT;
	if (compare(recent, &hop) == 0 && now_ns - recent->since_ns < FRESH_NS)
		return HOPS_FINE;
	hops->crowded = hops->in_use + hops->n_asked >= ROOM;
	if (hops->crowded)
		return HOPS_WAIT;
	hops->asked[hops->n_asked++] = hop;
	*recent = hop;
	return HOPS_FINE;
}

bool hops_is_silent(const struct hops *hops, unsigned ifindex,
		    const struct addr *addr)
{
	const struct hop hop = {*addr, ifindex, 0};

	return find(hops->silent, hops->n_silent, &hop) != NULL;
}
