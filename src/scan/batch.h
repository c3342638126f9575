/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_BATCH_H
#define SCAN_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "net/link.h"
#include "net/probe.h"
#include "scan/engine.h"

struct course;
struct way;

/*
 * Probes that leave together, all by one link, and what the kernel says to
 * each. The sender's.
 */
struct batch {
	struct engine *engine;
	struct course *course;
	struct link *link;
	size_t n;
	struct engine_probe probes[LINK_BATCH];
	struct addr dests[LINK_BATCH];
	struct link_packet packets[LINK_BATCH];
	uint8_t bytes[LINK_BATCH][PROBE_MAX_BYTES];
};

/* One more; flushes before when it is for another link. way->link is there. */
void batch_add(struct batch *batch, const struct way *way,
	       const struct engine_probe *at, const struct probe *probe);

/* Sends all, and tells the engine and the course what came of each. */
void batch_flush(struct batch *batch);

/* Tells the course that the kernel refused another packet than a probe. */
void batch_refused(struct course *course, enum link_outcome outcome,
		   const char *why, int64_t now_ns);

#endif
