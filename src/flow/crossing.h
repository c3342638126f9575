/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_CROSSING_H
#define FLOW_CROSSING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/ladder.h"
#include "flow/pairing.h"
#include "wire/cookie.h"

struct error;
struct flow_event;

/*
 * Conversations of which there is a capture from each end: what the analysis
 * of either says, and how each packet went from the one to the other. First
 * all events of the first capture go in, then all of the second. Pure but for
 * malloc(); one thread.
 */
enum {
	CROSSING_LADDERS_MAX = 50, /* kept of each capture */
};

struct crossing_config {
	struct cookie_key key; /* random: the captures choose the tuples */
	/* Of the first capture; ascending; count 0: all. By reference. */
	const uint64_t *streams;
	size_t stream_count;
	bool ladders; /* somebody draws */
};

/* One conversation. */
struct crossing_ladder {
	struct ladder ladder[2]; /* by capture */
	bool there[2];           /* was it seen in that capture? */
	unsigned client;         /* the capture at the client's end */
	uint32_t *passages;      /* which of the pairing's, in their order */
	size_t count;
	struct pairing_way way[2]; /* by capture, of this one alone */
};

/* One passage, ready to be drawn. */
struct crossing_row {
	const struct passage *passage;
	const struct sighting *sent, *arrived;           /* NULL: not seen */
	const struct ladder_row *sent_row, *arrived_row; /* NULL: left out */
	int64_t sent_ns, arrived_ns; /* since the conversation's first */
	bool from_client;
	bool again; /* the sending was in the row before already */
};

struct crossing;

struct crossing *crossing_new(const struct crossing_config *config,
			      struct error *error);
void crossing_free(struct crossing *crossing);

/* An event of a flow with details. -1 when memory is out. */
int crossing_take(struct crossing *crossing, unsigned capture,
		  const struct flow_event *event, struct error *error);

/* After the last event. -1 with STATUS_FAILED when memory is out. */
int crossing_finish(struct crossing *crossing, struct error *error);

/* The rest after crossing_finish(). */
const struct pairing *crossing_pairing(const struct crossing *crossing);
const struct sighting *crossing_sighting(const struct crossing *crossing,
					 unsigned capture, uint32_t index);
/* On the first capture's clock: the first frame of both. */
int64_t crossing_begin_ns(const struct crossing *crossing);

size_t crossing_count(const struct crossing *crossing);
const struct crossing_ladder *crossing_at(const struct crossing *crossing,
					  size_t nth);
/* Of which there was no room for a ladder. */
uint64_t crossing_left_out(const struct crossing *crossing);
/* Packets of that capture that were not paired for want of room. */
uint64_t crossing_unpaired(const struct crossing *crossing, unsigned capture);

/* The conversation as the client's end saw it, or as the other did where that
 * one saw nothing. */
const struct ladder *crossing_ladder_of(const struct crossing_ladder *ladder);

/* The nth of ladder->count. */
void crossing_row(const struct crossing *crossing,
		  const struct crossing_ladder *ladder, size_t nth,
		  struct crossing_row *row);

#endif
