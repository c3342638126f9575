/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef APP_SYNFLOW_READ_H
#define APP_SYNFLOW_READ_H

#include <stdbool.h>
#include <stdint.h>

struct capfile;
struct capframe;
struct capture;
struct error;

/* Frames of a file or of a live capture, one after the other, until their end,
 * until it is enough, or until SIGINT, SIGTERM or SIGHUP. */
struct synflow_reading {
	struct capfile *file;    /* or, where it is NULL, ... */
	struct capture *capture; /* ... opened with `all` */
	uint64_t count;          /* frames that are enough; 0: all */
	int64_t duration_ns;     /* of a live capture; 0: no end */
	/* A frame; -1 ends the reading. */
	int (*take)(void *context, const struct capframe *frame,
		    struct error *error);
	/* Now and then, and when nothing comes: time to flush. true: nobody
	 * wants more. */
	bool (*tick)(void *context);
	void *context;

	uint64_t taken;           /* set by synflow_read(), as the next */
	int64_t begin_ns, end_ns; /* of a live capture, CLOCK_REALTIME */
};

/* From now on the signals end the reading, the first within a second and the
 * second at once. */
int synflow_handle_signals(struct error *error);

/* 0; or -1: STATUS_INCOMPLETE where an interrupt or damage left out what was
 * asked for (an interrupt is how a live capture without count and duration
 * ends), else what the file, the device or take() said. */
int synflow_read(struct synflow_reading *reading, struct error *error);

#endif
