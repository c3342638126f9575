/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/locals.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "talk/endpoint.h"
#include "talk/failure.h"
#include "talk/person.h"

static void tell_one(const struct addr *addr, uint16_t port,
		     const struct person *person)
{
	char text[ADDR_TEXT_BYTES];
	const char *remark = "";

	if (addr_is_loopback(addr))
		remark = "   (from this host only)";
	else if (addr->scope)
		remark = "   (%: the peer's own interface)";
	person_note(person, LOG_WARN, "listening on %s %u%s",
		    addr_format(addr, text), (unsigned)port, remark);
}

static bool is_any(const struct addr *addr)
{
	return addr_to_value(addr) == 0;
}

static bool is_ipv6_only(int fd)
{
	int only = 0;
	socklen_t bytes = sizeof(only);

	getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &bytes);
	return only;
}

void locals_tell(int fd, const struct person *person)
{
	struct ifaddrs *all;
	struct endpoint here;
	char text[FAILURE_BYTES];
	bool found = false;

	if (endpoint_here(fd, &here) < 0) {
		person_note(person, LOG_WARN,
			    "listening on an address that cannot be told: %s",
			    failure_format(errno, text));
		return;
	}
	if (!is_any(&here.addr)) {
		tell_one(&here.addr, here.port, person);
		return;
	}
	if (getifaddrs(&all) < 0) {
		person_note(person, LOG_WARN,
			    "listening on port %u of this host (its addresses "
			    "cannot be listed: %s)",
			    (unsigned)here.port, failure_format(errno, text));
		return;
	}
	for (const struct ifaddrs *at = all; at; at = at->ifa_next) {
		struct addr addr;

		if (!at->ifa_addr || !(at->ifa_flags & IFF_UP) ||
		    addr_from_sockaddr(at->ifa_addr, &addr) < 0)
			continue;
		if (addr.family != here.addr.family &&
		    (here.addr.family == AF_INET || is_ipv6_only(fd)))
			continue;
		tell_one(&addr, here.port, person);
		found = true;
	}
	freeifaddrs(all);
	if (!found)
		person_note(person, LOG_WARN,
			    "listening on port %u, but no interface of this "
			    "host has an address",
			    (unsigned)here.port);
}
