/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef APP_SYNUDP_RUN_H
#define APP_SYNUDP_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "app/synudp_options.h"

struct error;
struct synudp_event;
struct synudp_report;

/* What the commands of synudp share. */
struct synudp_run {
	struct synudp_options options;
	struct synudp_report *report; /* no output is open yet */
	uint64_t secret;              /* random */
	int stop_fd;                  /* a bell: rung when all is to end */
	bool interrupted;             /* what was asked is not all done */
	bool failed;                  /* an output could not be written */
};

/* The commands. 0, or -1. */
int synudp_serve(struct synudp_run *run, struct error *error);
int synudp_probe(struct synudp_run *run, struct error *error);

/* Opens what -o asks for: once nothing else can go wrong, so that a run that
 * cannot be leaves files as they are. */
int synudp_open_outputs(struct synudp_run *run, struct error *error);

/* To all outputs. When one can no longer be written it stops the run: nobody
 * would see the rest. */
void synudp_tell(struct synudp_run *run, const struct synudp_event *event);

#endif
