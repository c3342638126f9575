/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_SESSIONS_H
#define TALK_SESSIONS_H

#include <stdint.h>

#include "spec/addr.h"
#include "talk/datagram.h"

/*
 * What a server counts of each prober, in a table of fixed size (about 1.5
 * MB): SESSIONS_SETS sets of SESSIONS_WAYS places. A new session takes the
 * place that was quiet for longest in its set, so a stranger who makes up
 * sessions can push others out but not fill the memory; the counts of who
 * comes back begin anew, which the prober sees. Pure.
 */
enum {
	SESSIONS_SETS = 1024,
	SESSIONS_WAYS = 4,
	SESSION_WINDOW = 2048, /* numbers below the highest that are known */
};

struct session {
	struct addr peer;
	uint16_t port;
	uint64_t id;
	uint64_t used; /* when; 0: an empty place */
	uint32_t highest;
	uint64_t seen[SESSION_WINDOW / 64]; /* by number modulo the window */
	struct datagram_counts counts;
};

struct sessions;

/* The secret keeps strangers from aiming at a set. NULL: memory is out. */
struct sessions *sessions_new(uint64_t secret);
void sessions_free(struct sessions *sessions);

/* NULL when it is not (or no longer) there. */
struct session *sessions_find(struct sessions *sessions,
			      const struct addr *peer, uint16_t port,
			      uint64_t id);

/* Made where it is not there. */
struct session *sessions_open(struct sessions *sessions,
			      const struct addr *peer, uint16_t port,
			      uint64_t id);

/* How many were opened, as far as the table remembers. */
uint64_t sessions_opened(const struct sessions *sessions);

/* A datagram of that number came. One so old that the window has forgotten it
 * counts as a duplicate. */
void session_arrival(struct session *session, uint32_t sequence);

#endif
