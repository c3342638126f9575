/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WIRE_COOKIE_H
#define WIRE_COOKIE_H

#include <stddef.h>
#include <stdint.h>

#include "spec/addr.h"

/*
 * The identity of a probe: SipHash-2-4 under a random key of the four-tuple,
 * as the sequence number of the SYN. A reply proves itself by acknowledging
 * it or by quoting it. One four-tuple has one sequence number for the whole
 * scan: a half-open target answers a second one with RST,ACK whose ack is
 * that second number + 1, and an open port would read closed. Pure.
 */

struct cookie_key {
	uint64_t k[2];
};

/* SipHash-2-4 (Aumasson, Bernstein, 2012) of the bytes. */
uint64_t siphash(const struct cookie_key *key, const void *bytes,
		 size_t length);

/* The sequence number of the SYN from source:source_port to dest:dest_port.
 * Ports and result in host order. Scope ids do not count. */
uint32_t cookie_seq(const struct cookie_key *key, const struct addr *source,
		    uint16_t source_port, const struct addr *dest,
		    uint16_t dest_port);

#endif
