/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WIRE_TCPOPT_H
#define WIRE_TCPOPT_H

#include <stddef.h>
#include <stdint.h>

/* Walks TCP options, RFC 9293 3.2. Pure; ends always: an option of length 0
 * or 1 is malformed and ends the walk. */

enum tcpopt_kind {
	TCPOPT_KIND_END = 0,
	TCPOPT_KIND_NOP = 1,
	TCPOPT_KIND_MSS = 2,
	TCPOPT_KIND_WINDOW_SCALE = 3,
	TCPOPT_KIND_SACK_PERMITTED = 4,
	TCPOPT_KIND_SACK = 5,
	TCPOPT_KIND_TIMESTAMPS = 8,
};

struct tcpopt {
	uint8_t kind;
	uint8_t length;      /* of data */
	const uint8_t *data; /* after kind and length */
};

struct tcpopt_walk {
	const uint8_t *next, *end;
	int malformed; /* set when the walk ended early */
};

void tcpopt_begin(struct tcpopt_walk *walk, const uint8_t *options,
		  size_t bytes);

/* The next option but END and NOP: 1, or 0 at the end. */
int tcpopt_next(struct tcpopt_walk *walk, struct tcpopt *option);

#endif
