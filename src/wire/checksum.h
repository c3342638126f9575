/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WIRE_CHECKSUM_H
#define WIRE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

#include "spec/addr.h"

/* The Internet checksum, RFC 1071. Pure. */

/* One's complement sum of bytes, added to `sum`; not folded. An odd last
 * byte counts as if a zero followed. */
uint32_t checksum_add(uint32_t sum, const void *bytes, size_t length);

/* Folded and complemented, in network order: store it as it is. */
uint16_t checksum_finish_be(uint32_t sum);

/* The pseudo-header of RFC 9293 3.1 and RFC 8200 8.1. */
uint32_t checksum_pseudo(const struct addr *source, const struct addr *dest,
			 uint8_t protocol, uint32_t length);

#endif
