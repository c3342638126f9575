/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_CONNLOOP_H
#define SCAN_CONNLOOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "scan/connworker.h"
#include "scan/course.h"
#include "scan/engine.h"

struct absent;
struct conn;
struct conntable;
struct path;

/*
 * The boss of a connect scan: asks the engine which probe goes next, has the
 * workers connect, and hands the engine what came of it. See "Threads" in
 * scan/connscan.h.
 */

#define CONNLOOP_WORKERS 4 /* at most; no fewer than 2 hands share a batch */
#define CONNLOOP_BATCH   256

/* A probe on its way to a worker. */
struct connloop_try {
	struct engine_probe probe;
	const struct path *path;
	struct connector_job job;
	struct conn *conn;
	struct connector_outcome outcome;
};

/* A port that was found open, and when it was last asked: each time costs its
 * program a connection. */
struct connloop_open {
	uint64_t number; /* + 1; 0: none */
	int64_t asked_ns;
};

#define CONNLOOP_OPENS 1024

struct connloop {
	const struct synscan_config *config;
	struct course course;
	struct engine *engine;
	struct connworker workers[CONNLOOP_WORKERS]; /* the first: no thread */
	unsigned n_workers;
	struct connworker_boss boss;
	atomic_bool interrupted;
	struct conntable *table;
	struct absent *absent;  /* NULL: no target has a next hop */
	const uint16_t *way_of; /* by the path's index */
	bool one_port;          /* of -g: one try of a probe at a time */
	/* Its own. */
	struct connloop_try tries[CONNLOOP_BATCH];
	unsigned n;
	struct connloop_open opens[CONNLOOP_OPENS];
	uint32_t scouts; /* kept for the RTT alone */
	bool full;       /* no more connects at once */
	bool few_said;
};

/* To the end of the scan, but for engine_finish(). */
void connloop_run(struct connloop *loop);

/* The next hop of a target by that path. */
const struct addr *connloop_hop(const struct path *path,
				const struct addr *target);

#endif
