/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/absent.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "net/netlink.h"
#include "spec/addr.h"

#define GOOD_NS   (3 * NS_PER_S)
#define COARSE_NS (20 * NS_PER_MS) /* the kernel tells times in ticks */

struct hop {
	struct addr addr;
	unsigned ifindex;
	int64_t since_ns; /* seen absent, without a break */
};

struct absent {
	struct netlink *netlink;
	int64_t begun_ns, now_ns;
	struct hop *hops; /* ascending */
	size_t n;
};

struct absent *absent_new(int64_t begun_ns, struct error *error)
{
	struct absent *absent = calloc(1, sizeof(*absent));

	if (!absent) {
		error_errno(error, "neighbours");
		return NULL;
	}
	absent->begun_ns = begun_ns;
	absent->netlink = netlink_open(error);
	if (absent->netlink)
		return absent;
	absent_free(absent);
	return NULL;
}

void absent_free(struct absent *absent)
{
	if (!absent)
		return;
	netlink_close(absent->netlink);
	free(absent->hops);
	free(absent);
}

static int compare(const void *a, const void *b)
{
	const struct hop *x = a, *y = b;

	if (x->ifindex != y->ifindex)
		return x->ifindex < y->ifindex ? -1 : 1;
	return addr_compare(&x->addr, &y->addr);
}

static const struct hop *find(const struct absent *absent, unsigned ifindex,
			      const struct addr *hop)
{
	const struct hop key = {.addr = *hop, .ifindex = ifindex};

	if (absent->n == 0)
		return NULL;
	return bsearch(&key, absent->hops, absent->n, sizeof(key), compare);
}

void absent_refresh(struct absent *absent, int64_t now_ns)
{
	struct neighbour_missing *missing = NULL;
	struct hop *hops = NULL;
	size_t all = 0, n = 0;

	if (netlink_missing(absent->netlink, &missing, &all, NULL) < 0)
		return;
	hops = calloc(all + 1, sizeof(*hops));
	if (!hops)
		goto out;
	for (size_t i = 0; i < all; i++) {
		const struct hop *known =
			find(absent, missing[i].ifindex, &missing[i].addr);

		/* Of before: nobody has asked for it since. */
		if (missing[i].gave_up &&
		    now_ns - missing[i].ago_ns + COARSE_NS < absent->begun_ns)
			continue;
		hops[n++] = (struct hop){
			.addr = missing[i].addr,
			.ifindex = missing[i].ifindex,
			.since_ns = known ? known->since_ns : now_ns,
		};
	}
	qsort(hops, n, sizeof(*hops), compare);
	free(absent->hops);
	absent->hops = hops;
	absent->n = n;
	absent->now_ns = now_ns;
out:
	free(missing);
}

bool absent_has(const struct absent *absent, unsigned ifindex,
		const struct addr *hop)
{
	return find(absent, ifindex, hop) != NULL;
}

bool absent_for_good(const struct absent *absent, unsigned ifindex,
		     const struct addr *hop)
{
	const struct hop *known = find(absent, ifindex, hop);

	return known && absent->now_ns - known->since_ns >= GOOD_NS;
}
