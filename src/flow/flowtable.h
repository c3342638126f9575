/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_FLOWTABLE_H
#define FLOW_FLOWTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/cookie.h"

struct conversation;

/*
 * The conversations that are remembered: found by addresses and ports, in
 * either direction, through a hash under a key (the capture chooses the
 * tuples), and in order of the last touch. Memory grows by chunks up to a
 * limit and never moves; a conversation that another has taken over from
 * (port reuse) is kept and no longer found. Pure but for malloc().
 */
struct flowtable;

struct endpoints {
	const struct addr *source, *dest;
	uint16_t source_port, dest_port;
};

/* limit: conversations at once, at least 1. extra: bytes behind each, zeroed
 * when it is added (flowtable_extra()). NULL when memory is out. */
struct flowtable *flowtable_new(const struct cookie_key *key, uint32_t limit,
				size_t extra);
void *flowtable_extra(const struct conversation *conversation);
void flowtable_free(struct flowtable *table);

/* The conversation between the two, or NULL; the same whichever sends. It is
 * the one touched last from then on. */
struct conversation *flowtable_find(struct flowtable *table,
				    const struct endpoints *ends);

/* The same, but touches nothing: for what is only a quote. */
struct conversation *flowtable_peek(struct flowtable *table,
				    const struct endpoints *ends);

/* The one touched longest ago, when there is no room for another; else NULL.
 * The caller looks at it, then calls flowtable_remove(). */
struct conversation *flowtable_victim(struct flowtable *table);
void flowtable_remove(struct flowtable *table,
		      struct conversation *conversation);

/* A new one, zeroed but for addresses and ports: the source is end 0. An
 * older one of the same tuple is found no longer. There must be room. NULL
 * when memory is out. */
struct conversation *flowtable_add(struct flowtable *table,
				   const struct endpoints *ends);

uint32_t flowtable_count(const struct flowtable *table);

/* All of them into list (room for flowtable_count()), by stream. */
void flowtable_list(const struct flowtable *table,
		    const struct conversation **list);

#endif
