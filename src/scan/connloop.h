/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_CONNLOOP_H
#define SCAN_CONNLOOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/clock.h"
#include "scan/connworker.h"
#include "scan/course.h"
#include "scan/engine.h"

struct conn;
struct conntable;
struct hops;
struct path;

/*
 * The boss of a connect scan: asks the engine which probe goes next, has the
 * workers connect, and hands the engine what came of it. See "Threads" in
 * scan/connscan.h.
 */

#define CONNLOOP_WORKERS 4 /* at most, the boss among them */
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
	struct hops *hops;      /* NULL: no target has a next hop */
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

/* ---- for scan/connask.c ---- */

/* How long a connect is left open that nobody waits for: the kernel repeats
 * a SYN after a second (RFC 6298 2.1). */
#define CONNLOOP_LIFE_NS (950 * NS_PER_MS)

/* How many connects there is room for; old ones go for that which are not
 * waited for. */
uint32_t connloop_make_room(struct connloop *loop, int64_t now_ns);
/* Resets a connect that is out. */
void connloop_take_back(struct connloop *loop, struct conn *conn);
/* An entry that is taken or out, and whose connect has ended. */
void connloop_release(struct connloop *loop, struct conn *conn);
/* A probe that was answered. */
void connloop_reply(struct connloop *loop, uint64_t number, uint64_t target,
		    uint32_t rank, uint8_t port_offset,
		    const struct connector_outcome *outcome);
/* A port that is known to be open is asked again as a proof that the path is
 * alive. Not too often: its program gets a connection each time. */
bool connloop_too_soon(struct connloop *loop, uint64_t number, int64_t now_ns);
/* Until somebody wakes the boss; with a pause also until a connect of the
 * first worker ends. */
void connloop_nap(struct connloop *loop, const struct timespec *pause);

/* Does the kernel have to find out the address of a next hop there? */
bool connloop_has_hop(const struct path *path);
/* The next hop of a target by that path. */
const struct addr *connloop_hop(const struct path *path,
				const struct addr *target);

#endif
