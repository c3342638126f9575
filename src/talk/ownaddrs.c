/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/ownaddrs.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>

#include "base/error.h"

int ownaddrs_list(struct addr **out, size_t *count, struct error *error)
{
	struct ifaddrs *all, *at;
	struct addr addr;
	size_t room = 0;

	*count = 0;
	*out = NULL;
	if (getifaddrs(&all) < 0)
		return error_errno(error, "addresses of this host");
	for (at = all; at; at = at->ifa_next)
		room++;
	*out = calloc(room + 1, sizeof(**out));
	for (int loopback = 0; *out && loopback < 2; loopback++)
		for (at = all; at; at = at->ifa_next)
			if (at->ifa_addr && (at->ifa_flags & IFF_UP) &&
			    addr_from_sockaddr(at->ifa_addr, &addr) == 0 &&
			    addr_is_loopback(&addr) == loopback)
				(*out)[(*count)++] = addr;
	freeifaddrs(all);
	if (!*out)
		return error_errno(error, "addresses of this host");
	return 0;
}
