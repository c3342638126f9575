/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_SENDER_H
#define SCAN_SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "net/probe.h"
#include "scan/engine.h"
#include "wire/reply.h"

struct link;
struct neighbour_table;
struct path;
struct shared;
struct synscan_config;

/*
 * The sender thread: asks the engine which probe goes next, patches it,
 * sends it in batches, and hands the engine what the receiver found. Owns
 * the engine, the links and the neighbour table.
 */

/* How packets leave on one path; as many as the path set has. */
struct sender_way {
	const struct path *path; /* not routable: link is NULL */
	struct link *link;       /* ways may share one */
	bool frames;             /* Ethernet frames, else raw IP */
	struct probe_template template;
};

struct sender {
	const struct synscan_config *config;
	struct engine *engine;
	struct sender_way *ways;
	size_t n_ways;
	struct link **links; /* each once */
	size_t n_links;
	struct neighbour_table *neighbours;
	struct reply_key key;
	struct shared *shared;
	/* What came of it: read after the thread was joined. */
	bool complete;
	struct error error;
};

/* The thread's function; argument: struct sender. Closes the links. */
void *sender_run(void *sender);

#endif
