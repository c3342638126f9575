/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_CONNWORKER_H
#define SCAN_CONNWORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "net/connector.h"

struct connway;
struct error;
struct ring;

/*
 * One worker of a connect scan: makes the connects that it is handed, and
 * tells what becomes of them. See "Threads" in scan/connscan.h. The first is
 * no thread of its own: the engine's thread does its work.
 */

struct connworker_job {
	bool abort; /* connect.id and connect.use alone */
	struct connector_job connect;
};

/* Whom a worker wakes. */
struct connworker_boss {
	int wake_fd;       /* eventfd: also a signal handler's */
	atomic_bool waits; /* written by the boss: ring the bell */
};

struct connworker {
	struct connector *connector;
	struct connworker_boss *boss;
	struct ring *jobs;  /* boss -> worker */
	struct ring *tried; /* worker -> boss: one for each connect */
	struct ring *ended; /* worker -> boss: of those that were pending */
	int bell_fd;        /* eventfd: boss, in `jobs` is something */
	atomic_bool waits;  /* worker -> boss: ring the bell */
	atomic_bool stop;   /* boss -> worker */
	/* worker -> boss: all that ended before is in the ring. INT64_MAX:
	 * nothing is pending. */
	_Atomic int64_t horizon_ns;
	_Atomic uint32_t held; /* worker -> boss: connector_held() */
	pthread_t thread;
	bool started;
};

/* Jobs that fit in at once. */
#define CONNWORKER_JOBS 1024

/* For `ids` connects at once. connworker_close() is to be called in either
 * case, once on a zeroed one too. 0, or -1 with an error. Main's, before the
 * start. */
int connworker_open(struct connworker *worker, struct connworker_boss *boss,
		    const struct connway *ways, size_t n_ways, uint32_t ids,
		    struct error *error);
/* Main's, when the thread (if there was one) was joined. */
void connworker_close(struct connworker *worker);

/* Its thread. 0, or -1 with an error. */
int connworker_start(struct connworker *worker, struct error *error);
/* Has it close its sockets and end; connworker_join() waits for that. */
void connworker_stop(struct connworker *worker);
void connworker_join(struct connworker *worker);

/* The boss's: a job for it; false when no more fit in now. */
bool connworker_hand(struct connworker *worker,
		     const struct connworker_job *job);
/* The boss's, after some jobs: the worker's thread is to look. */
void connworker_ring(struct connworker *worker);

/* Does what is handed to it, and tells what has ended: one turn of its
 * thread, or of the boss's for a worker without. Does not block. */
void connworker_turn(struct connworker *worker);

#endif
