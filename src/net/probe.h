/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_PROBE_H
#define NET_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/addr.h"

struct error;

/*
 * The SYN, built by libnet: one per path as a template, whose changing fields
 * are then patched per probe. No privilege and no socket: libnet assembles in
 * memory (LIBNET_NONE).
 *
 *   [Ethernet 14] IPv4 20 | IPv6 40, TCP 20, MSS option 4
 *
 * The MSS option is there since SYNs without options are dropped on real
 * paths. IPv4 has DF set and the low half of the sequence number as its ID.
 */

#define PROBE_MAX_BYTES (14 + 40 + 24)

struct probe {
	struct addr source, dest;
	uint16_t source_port, dest_port; /* host order */
	uint32_t seq;                    /* host order */
	uint16_t mss;                    /* bytes */
	bool ethernet;                   /* with a link header */
	uint8_t source_mac[6], dest_mac[6];
};

struct probe_template {
	uint8_t bytes[PROBE_MAX_BYTES];
	uint16_t length, l3, l4; /* bytes; offsets of the headers */
	uint16_t family;
	/* Sums over what a patch leaves alone. */
	uint32_t ip_sum, tcp_sum;
};

/* The MSS that a link of that MTU calls for (RFC 9293 3.7.1). */
uint16_t probe_mss(uint16_t family, unsigned mtu_bytes);

/* What libnet builds for these fields; *length of bytes[PROBE_MAX_BYTES].
 * 0, or -1 with an error. */
int probe_craft(const struct probe *probe, uint8_t *bytes, size_t *length,
		struct error *error);

/* By libnet, once per path. The source address, source MAC and MSS are those
 * of `probe`; all else is patched. */
int probe_template_init(struct probe_template *template,
			const struct probe *probe, struct error *error);

/* Writes template->length bytes: what probe_craft() would build for dest,
 * dest_mac, ports and seq of `probe`. Pure, and quick: no allocation. */
void probe_patch(const struct probe_template *template,
		 const struct probe *probe, uint8_t *bytes);

/* The question for a neighbour's link-layer address, by libnet: an ARP
 * request (RFC 826) or a neighbour solicitation (RFC 4861 4.3) as a whole
 * Ethernet frame. *length of bytes[SOLICIT_MAX_BYTES]. */
#define SOLICIT_MAX_BYTES (14 + 40 + 32)
int probe_solicit(const struct addr *source, const uint8_t source_mac[6],
		  const struct addr *target, uint8_t *bytes, size_t *length,
		  struct error *error);

#endif
