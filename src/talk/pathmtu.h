/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_PATHMTU_H
#define TALK_PATHMTU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "talk/fragments.h"
#include "talk/prober.h"

/*
 * The largest UDP payload that reaches a peer in one packet. Sizes are tried
 * with don't-fragment set; whoever has to drop one says by its error message
 * what would have fitted (RFC 1191, RFC 8201), which is tried next. Where
 * nobody says anything the size is found by halving (RFC 8899 5.3).
 */

/* What is known. Pure. */
struct pathmtu_search {
	uint16_t family;
	size_t low;       /* came back; 0: none yet */
	size_t high;      /* did not */
	size_t suggested; /* by an error message; 0: none */
	size_t silent;    /* the smallest that got neither; 0: none */
};

void pathmtu_search_init(struct pathmtu_search *search, uint16_t family);

/* The size to try next; 0: nothing is left to find. */
size_t pathmtu_search_next(const struct pathmtu_search *search);

void pathmtu_search_fits(struct pathmtu_search *search, size_t size);
/* mtu 0: not told */
void pathmtu_search_too_big(struct pathmtu_search *search, size_t size,
			    unsigned mtu);
void pathmtu_search_silent(struct pathmtu_search *search, size_t size);

struct pathmtu_result {
	enum prober_end end;  /* TOO_BIG is none: DONE, INTERRUPTED, REFUSED */
	bool blocked;         /* this host's firewall let one not out */
	uint64_t icmp_errors; /* beside those that tell an MTU */
	struct icmp_error error; /* the last of them, or the refusal */
	size_t size;             /* the largest that came back; 0: none did */
	unsigned mtu;            /* that it tells */
	bool all_fits;           /* the largest datagram there is came back */
	bool black_hole;         /* larger ones vanish without a word */
	uint64_t sent, received;
};

/* By a prober with df. step is told of each try as it ends; context is its.
 * 0, or -1 with STATUS_FAILED. */
int pathmtu_find(struct prober *prober, uint16_t family,
		 void (*step)(void *context,
			      const struct prober_result *result),
		 void *context, struct pathmtu_result *out,
		 struct error *error);

#endif
