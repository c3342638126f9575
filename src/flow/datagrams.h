/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_DATAGRAMS_H
#define FLOW_DATAGRAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/datagram.h"

struct frame;

/*
 * The table behind struct datagram: what is in the making, and the latest
 * that an ICMP error may quote. DATAGRAMS_MAX of each. Pure but for malloc().
 */
struct datagrams;

struct datagrams *datagrams_new(void);
void datagrams_free(struct datagrams *datagrams);

/* A UDP frame, a first fragment of anything, or a later one. The datagram it
 * belongs to, valid until the next call. *evicted: one that was given up for
 * it, or NULL; until the next call. */
struct datagram *datagrams_take(struct datagrams *datagrams,
				const struct frame *frame,
				const struct datagram **evicted);

/* What an ICMP error quotes. */
struct datagram_quote {
	const struct addr *source, *dest;
	uint16_t source_port, dest_port;
	uint32_t id;
};

struct datagram_place {
	uint64_t number, frame;
};

/* false when it is not, or no longer, known. */
bool datagrams_find(const struct datagrams *datagrams,
		    const struct datagram_quote *quote,
		    struct datagram_place *place);

/* Those in the making, from 0; NULL behind the last. */
const struct datagram *datagrams_open(const struct datagrams *datagrams,
				      size_t nth);

uint64_t datagrams_count(const struct datagrams *datagrams);
uint64_t datagrams_evicted(const struct datagrams *datagrams);

#endif
