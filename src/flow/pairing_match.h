/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_PAIRING_MATCH_H
#define FLOW_PAIRING_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/pairing.h"

struct error;

/* Inside flow/ only: which sightings of two captures are the same packet. */

enum {
	MATCH_PUT =
		UINT32_MAX - 1, /* instead of a mate: match_recut() has it */
};

/* One capture's side of it. */
struct match_side {
	const struct sighting *sightings;
	size_t count;
	uint32_t *order; /* by key: those of one tuple are neighbours, and
			    among them those of one key, in capture order */
	uint32_t *mate;  /* by sighting: the other capture's, or PAIRING_NONE */
	bool *sends;     /* by sighting: this capture is at its sender's end */
};

struct match {
	struct match_side side[2];
	bool ids;          /* the IP ID counts as part of the key */
	uint32_t *scratch; /* room for all sightings of both */
	bool offset_known; /* The next two hold. The caller sets all three. */
	int64_t offset_ns; /* the second clock less the first */
	int64_t flight_ns[2]; /* the fastest one from that side */
};

/* A stretch of both orders: of one tuple, or of one key. */
struct stretch {
	size_t from[2], to[2];
};

size_t stretch_length(const struct stretch *stretch, unsigned side);
const struct sighting *match_sighting(const struct match *match, unsigned side,
				      size_t place);
struct stretch match_everything(const struct match *match);
/* The next one behind *tuple (zeroed at first); false at the end. */
bool match_next_tuple(const struct match *match, const struct stretch *all,
		      struct stretch *tuple);
/* A time of the other side's clock on that side's. */
int64_t match_on_clock(const struct match *match, unsigned side,
		       int64_t other_ns);

int match_init(struct match *match, const struct pairing_capture captures[2],
	       struct error *error);
void match_fini(struct match *match);

/* Pairs what is the same and there once in both; finds for each tuple which
 * capture is at which end. Returns the number of pairs. */
size_t match_sure(struct match *match, bool ids);

/* What is the same several times: by the times where the offset is known, else
 * in order. A duplicate has a mate that has another mate itself. */
void match_rest(struct match *match);

/* What has no mate and carries data, by the bytes it carries: cut in another
 * way on the sender's side than on the receiver's. put() gets each piece, and
 * PAIRING_NONE as the arrival where a part of what was sent is missing; their
 * mates become MATCH_PUT. -1 as soon as put() says so. */
int match_recut(struct match *match,
		int (*put)(void *arg, unsigned from, uint32_t sent,
			   uint32_t arrived),
		void *arg);

#endif
