/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/locals.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/error.h"
#include "talk/endpoint.h"
#include "talk/ownaddrs.h"
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
	struct addr *addrs;
	struct endpoint here;
	struct error error = ERROR_INIT;
	size_t count;
	bool found = false;

	if (endpoint_here(fd, &here) < 0) {
		error_errno(&error, "its address");
		person_note(person, LOG_WARN, "listening, but %s", error.text);
		return;
	}
	if (!is_any(&here.addr)) {
		tell_one(&here.addr, here.port, person);
		return;
	}
	if (ownaddrs_list(&addrs, &count, &error) < 0) {
		person_note(person, LOG_WARN, "listening on port %u (%s)",
			    (unsigned)here.port, error.text);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (addrs[i].family != here.addr.family &&
		    (here.addr.family == AF_INET || is_ipv6_only(fd)))
			continue;
		tell_one(&addrs[i], here.port, person);
		found = true;
	}
	free(addrs);
	if (!found)
		person_note(person, LOG_WARN,
			    "listening on port %u, but no interface of this "
			    "host has an address",
			    (unsigned)here.port);
}
