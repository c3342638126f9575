/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/fragments.h"

#include <netinet/in.h>

enum {
	IPV4_HEADER = 20,
	IPV6_HEADER = 40,
	FRAGMENT_HEADER = 8, /* IPv6 */
	UDP_HEADER = 8,
	LENGTH_MAX = 65535, /* of IPv4 with its header, of UDP */
};

static size_t ip_header(uint16_t family)
{
	return family == AF_INET ? IPV4_HEADER : IPV6_HEADER;
}

size_t fragments_size_max(uint16_t family)
{
	return LENGTH_MAX - UDP_HEADER - (family == AF_INET ? IPV4_HEADER : 0);
}

size_t fragments_overhead(uint16_t family)
{
	return ip_header(family) + UDP_HEADER;
}

struct fragments fragments_of(uint16_t family, size_t size, unsigned mtu)
{
	size_t header = ip_header(family), payload = size + UDP_HEADER;
	size_t each, count;

	if (header + payload <= mtu)
		return (struct fragments){1, (unsigned)payload,
					  (unsigned)payload};
	if (family == AF_INET6)
		header += FRAGMENT_HEADER;
	if (mtu < header + 8)
		return (struct fragments){0, 0, 0};
	each = (mtu - header) & ~(size_t)7;
	count = (payload + each - 1) / each;
	return (struct fragments){
		.count = (unsigned)count,
		.each = (unsigned)each,
		.last = (unsigned)(payload - (count - 1) * each),
	};
}
