/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/addr.h"

#include <arpa/inet.h>
#include <assert.h>
#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

#define SCOPES 16

static uint32_t ipv4(const struct addr *addr)
{
	uint32_t value_be;

	memcpy(&value_be, addr->bytes, sizeof(value_be));
	return be32toh(value_be);
}

/* Interfaces that were named. Arguments are read before threads start, and
 * when results are printed nobody is asked any more. */
static struct {
	uint32_t index;
	char name[IF_NAMESIZE];
} scopes[SCOPES];

static void scope_remember(uint32_t index, const char *name)
{
	size_t i = 0;

	while (i < SCOPES && scopes[i].index && scopes[i].index != index)
		i++;
	if (i == SCOPES)
		return;
	scopes[i].index = index;
	snprintf(scopes[i].name, sizeof(scopes[i].name), "%s", name);
}

static const char *scope_name(uint32_t index, char buffer[IF_NAMESIZE])
{
	for (size_t i = 0; i < SCOPES; i++)
		if (scopes[i].index == index)
			return scopes[i].name;
	return if_indextoname(index, buffer);
}

/* The index of an interface by name or number; 0 when there is none. */
static uint32_t scope_parse(const char *text)
{
	uint32_t index = if_nametoindex(text);
	uint64_t number;

	if (index)
		scope_remember(index, text);
	else if (!number_parse(text, 1, UINT32_MAX, &number))
		index = (uint32_t)number;
	return index;
}

static int ipv6_parse(const char *text, struct addr *out)
{
	struct addr addr = {.family = AF_INET6};
	const char *percent = strchr(text, '%');
	size_t length = percent ? (size_t)(percent - text) : strlen(text);
	char literal[INET6_ADDRSTRLEN];

	if (length >= sizeof(literal))
		return -1;
	memcpy(literal, text, length);
	literal[length] = '\0';
	if (inet_pton(AF_INET6, literal, addr.bytes) != 1)
		return -1;
	if (percent) {
		if (!addr_is_link_local(&addr))
			return -1;
		addr.scope = scope_parse(percent + 1);
		if (!addr.scope)
			return -1;
	}
	*out = addr;
	return 0;
}

int addr_parse(const char *text, struct addr *out)
{
	struct addr addr = {.family = AF_INET};

	if (strchr(text, ':'))
		return ipv6_parse(text, out);
	/* inet_pton() refuses leading zeros, hex and short forms. */
	if (inet_pton(AF_INET, text, addr.bytes) != 1)
		return -1;
	*out = addr;
	return 0;
}

const char *addr_format(const struct addr *addr, char text[ADDR_TEXT_BYTES])
{
	char buffer[IF_NAMESIZE];
	const char *name;
	size_t end;

	if (!inet_ntop(addr->family, addr->bytes, text, ADDR_TEXT_BYTES)) {
		snprintf(text, ADDR_TEXT_BYTES, "(no address)");
		return text;
	}
	if (!addr->scope)
		return text;
	end = strlen(text);
	name = scope_name(addr->scope, buffer);
	if (name)
		snprintf(text + end, ADDR_TEXT_BYTES - end, "%%%s", name);
	else
		snprintf(text + end, ADDR_TEXT_BYTES - end, "%%%u",
			 (unsigned)addr->scope);
	return text;
}

int addr_compare(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	if (a->scope != b->scope)
		return a->scope < b->scope ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return addr_compare(a, b) == 0;
}

addr_value addr_to_value(const struct addr *addr)
{
	uint64_t half_be[2];

	if (addr->family == AF_INET)
		return ipv4(addr);
	memcpy(half_be, addr->bytes, sizeof(half_be));
	return (addr_value)be64toh(half_be[0]) << 64 | be64toh(half_be[1]);
}

struct addr addr_from_value(const struct addr *like, addr_value value)
{
	struct addr addr = {.family = like->family, .scope = like->scope};

	if (like->family == AF_INET) {
		uint32_t value_be = htobe32((uint32_t)value);

		memcpy(addr.bytes, &value_be, sizeof(value_be));
	} else {
		uint64_t half_be[2] = {
			htobe64((uint64_t)(value >> 64)),
			htobe64((uint64_t)value),
		};

		memcpy(addr.bytes, half_be, sizeof(half_be));
	}
	return addr;
}

struct addr addr_from_in(struct in_addr in)
{
	struct addr addr = {.family = AF_INET};

	memcpy(addr.bytes, &in, sizeof(in));
	return addr;
}

struct addr addr_from_in6(const struct in6_addr *in6, uint32_t scope)
{
	struct addr addr = {.family = AF_INET6};

	memcpy(addr.bytes, in6, sizeof(*in6));
	/* The kernel names an interface with some global addresses too; there
	 * it says nothing, and two equal addresses would differ. */
	if (addr_is_link_local(&addr))
		addr.scope = scope;
	return addr;
}

socklen_t addr_to_sockaddr(const struct addr *addr, uint16_t port,
			   struct sockaddr_storage *out)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_scope_id = addr->scope,
	};

	assert(addr->family == AF_INET || addr->family == AF_INET6);
	memset(out, 0, sizeof(*out));
	if (addr->family == AF_INET) {
		memcpy(&in.sin_addr, addr->bytes, sizeof(in.sin_addr));
		memcpy(out, &in, sizeof(in));
		return sizeof(in);
	}
	memcpy(&in6.sin6_addr, addr->bytes, sizeof(in6.sin6_addr));
	memcpy(out, &in6, sizeof(in6));
	return sizeof(in6);
}

int addr_from_sockaddr(const struct sockaddr *sockaddr, struct addr *out)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (sockaddr->sa_family == AF_INET) {
		memcpy(&in, sockaddr, sizeof(in));
		*out = addr_from_in(in.sin_addr);
		return 0;
	}
	if (sockaddr->sa_family == AF_INET6) {
		memcpy(&in6, sockaddr, sizeof(in6));
		*out = addr_from_in6(&in6.sin6_addr, in6.sin6_scope_id);
		return 0;
	}
	return -1;
}

unsigned addr_bits(uint16_t family)
{
	return family == AF_INET ? 32 : 128;
}

bool addr_is_loopback(const struct addr *addr)
{
	if (addr->family == AF_INET)
		return addr->bytes[0] == 127;
	return addr->family == AF_INET6 && addr_to_value(addr) == 1;
}

bool addr_is_link_local(const struct addr *addr)
{
	if (addr->family == AF_INET)
		return addr->bytes[0] == 169 && addr->bytes[1] == 254;
	return addr->family == AF_INET6 && addr->bytes[0] == 0xfe &&
	       (addr->bytes[1] & 0xc0) == 0x80;
}

const char *addr_special(const struct addr *addr)
{
	if (addr->family == AF_INET) {
		if (addr->bytes[0] == 0)
			return "unspecified";
		if (ipv4(addr) == INADDR_BROADCAST)
			return "broadcast";
		if (addr->bytes[0] >= 240)
			return "reserved (class E)";
		return addr->bytes[0] >= 224 ? "multicast" : NULL;
	}
	if (addr->bytes[0] == 0xff)
		return "multicast";
	return addr_to_value(addr) == 0 ? "unspecified" : NULL;
}
