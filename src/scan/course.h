/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_COURSE_H
#define SCAN_COURSE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "net/link.h"

struct engine;
struct summary;
struct synscan_config;

/*
 * How a scan goes on and how it ends, by whatever means it asks: the ticks,
 * what is said on the way, how long refusals of the kernel are put up with,
 * which exit code an end has. The thread that owns the engine owns it; main
 * reads it when that thread was joined.
 */
struct course {
	const struct synscan_config *config;
	struct engine *engine;
	const atomic_bool *interrupted;
	bool over;
	/* What came of it. */
	bool complete;
	int64_t begun_ns, ended_ns;
	struct error error;
	/* Its own. */
	int64_t refused_since_ns; /* no probe was taken since; 0: fine */
	int64_t blocked_since_ns; /* and a firewall is why */
	int64_t next_tick_ns;
	uint32_t limited;
	bool warned;
	bool blocked; /* go on without what a firewall refuses */
	struct error blocked_by;
};

/* Ends the scan. STATUS_INCOMPLETE becomes STATUS_FAILED where nothing was
 * answered and nobody interrupted it. */
void course_end(struct course *course, enum status status, const char *why);

/* The kernel refused a probe (outcome not LINK_OK); the engine has been told.
 * What cannot get better, or did not for long, ends the scan; but where a
 * firewall refuses what is left and others were answered, `blocked` says that
 * it goes on without: engine_unaskable(). */
void course_refused(struct course *course, enum link_outcome outcome,
		    const char *why, int64_t now_ns);
/* The kernel took one. */
void course_accepted(struct course *course);

/* The engine is done: complete, unless a host stopped answering, or some
 * probes were unaskable. */
void course_done(struct course *course);

/* Tells config->tick() how it stands, and looks whether to go on. */
void course_tick(struct course *course, int64_t now_ns);

/* All of *summary that the engine knows, after engine_finish(). */
void course_fill(const struct course *course, struct summary *summary);

#endif
