/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SPEC_ADDR_H
#define SPEC_ADDR_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* An IPv4 or IPv6 address. Compare with addr_compare(), never memcmp(). */
struct addr {
	uint16_t family;   /* AF_INET or AF_INET6; 0 is no address */
	uint32_t scope;    /* interface index of a link-local IPv6 address */
	uint8_t bytes[16]; /* network order; IPv4 in the first four, rest 0 */
};

/* The address as a number, for ranges and distances. */
__extension__ typedef unsigned __int128 addr_value;

/* "2001:0db8:...%interface" and its NUL. */
#define ADDR_TEXT_BYTES (INET6_ADDRSTRLEN + 1 + IF_NAMESIZE)

/* Strict dotted quad (no leading zeros, no hex, no short forms) or IPv6 with
 * an optional %interface (name or index) where it is link-local. Returns 0,
 * or -1 and leaves *out alone. */
int addr_parse(const char *text, struct addr *out);

/* Into text, which is returned. */
const char *addr_format(const struct addr *addr, char text[ADDR_TEXT_BYTES]);

/* Orders by family, scope, value; 0 when equal. */
int addr_compare(const struct addr *a, const struct addr *b);
bool addr_equal(const struct addr *a, const struct addr *b);

addr_value addr_to_value(const struct addr *addr);
/* The address of `like`'s family and scope with that value. */
struct addr addr_from_value(const struct addr *like, addr_value value);

/* A scope is kept for link-local addresses only. */
struct addr addr_from_in(struct in_addr in);
struct addr addr_from_in6(const struct in6_addr *in6, uint32_t scope);

/* Fills *out (port in host order, scope id set) and returns its length. */
socklen_t addr_to_sockaddr(const struct addr *addr, uint16_t port,
			   struct sockaddr_storage *out);
/* Returns 0, or -1 when it is neither IPv4 nor IPv6. */
int addr_from_sockaddr(const struct sockaddr *sockaddr, struct addr *out);

/* How many bits an address of that family has: 32 or 128. */
unsigned addr_bits(uint16_t family);

bool addr_is_loopback(const struct addr *addr);
/* 169.254.0.0/16 and fe80::/10: only the latter have a scope. */
bool addr_is_link_local(const struct addr *addr);

/* Never the address of one host: 0.0.0.0/8, 224.0.0.0/4, 240.0.0.0/4 with
 * 255.255.255.255, :: and ff00::/8. NULL for one that a host can have, else
 * its kind: "multicast", "broadcast", "reserved (class E)", "unspecified"
 * (0.0.0.0/8 and ::). The broadcast address of a subnet is the routing
 * table's to tell. */
const char *addr_special(const struct addr *addr);

#endif
