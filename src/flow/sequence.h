/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_SEQUENCE_H
#define FLOW_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

/* Arithmetic of sequence numbers modulo 2^32, RFC 9293 3.4. */

static inline bool sequence_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static inline bool sequence_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

#endif
