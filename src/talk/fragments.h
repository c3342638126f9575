/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_FRAGMENTS_H
#define TALK_FRAGMENTS_H

#include <stddef.h>
#include <stdint.h>

/*
 * What becomes of a UDP payload on a link: how many IP packets, and how much
 * of the IP payload (8 bytes of UDP header, then the datagram) each carries.
 * All but the last carry a multiple of 8, since the offset counts in eights.
 * RFC 791 3.2, RFC 8200 4.5. No IP options, no extension header but the
 * fragment's own. family is AF_INET or AF_INET6. Pure.
 */

/* The longest payload that UDP has room for: 65507 and, for want of an IPv6
 * header in its length field, 65527. RFC 768, RFC 8200 3. */
size_t fragments_size_max(uint16_t family);

/* Bytes of IP and UDP header before a payload in one packet: 28 or 48. */
size_t fragments_overhead(uint16_t family);

struct fragments {
	unsigned count;      /* packets; 0: the MTU is too small for any */
	unsigned each, last; /* IP payload of all but the last, of the last */
};

struct fragments fragments_of(uint16_t family, size_t size, unsigned mtu);

#endif
