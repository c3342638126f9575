/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef REPORT_PROGRESS_H
#define REPORT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One status line on stderr, rewritten at most five times a second:
 * "37% 24,301/65,535  182 kpps  12 open  0.4 s left". Pure formatting apart
 * from log_status(). One thread.
 */
struct progress {
	bool on;
	int64_t started_ns, last_ns;
	uint64_t last_sent;
	double rate_pps; /* smoothed */
};

struct progress_now {
	uint64_t done, total; /* ports with a verdict, ports asked for */
	uint64_t sent;        /* packets accepted by the kernel */
	uint64_t open;
};

void progress_init(struct progress *progress, bool on, int64_t now_ns);
void progress_update(struct progress *progress, const struct progress_now *at,
		     int64_t now_ns);
void progress_end(struct progress *progress);

/* The line alone, for tests and for the terminal's width (columns). */
void progress_format(const struct progress *progress,
		     const struct progress_now *at, int64_t now_ns,
		     unsigned columns, char *line, size_t bytes);

#endif
