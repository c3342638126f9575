/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef APP_SYNUDP_OPTIONS_H
#define APP_SYNUDP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "app/options.h"
#include "talk/impairer.h"

struct error;

/* What synudp was asked to do: argv, checked. Nothing is opened, no name is
 * resolved. */

enum synudp_command { SYNUDP_SERVE, SYNUDP_PROBE, SYNUDP_BOUNDARIES };

struct synudp_options {
	struct options_common common; /* of a request, the rest may be unset */
	enum synudp_command command;
	const char *host; /* of serve: an address, NULL for all */
	uint16_t port;    /* 0 for serve alone: any free one */
	struct impairment impairment;
	bool seed_given;
	/* probe */
	int family;  /* of a name's addresses: AF_UNSPEC, AF_INET, AF_INET6 */
	size_t size; /* 0: not given */
	size_t sizes_first, sizes_last, sizes_step; /* 0, 0, 0: not given */
	uint64_t count;                             /* 0: not given */
	int64_t interval_ns;                        /* -1: not given */
	int64_t timeout_ns;
	bool df;
	/* all */
	const char **outputs; /* for synudp_report_add(); points into argv */
	size_t output_count;  /* at least 1 ("text") */
};

/* Caller storage; argv must outlive it (and may be reordered). 0, or -1 with
 * STATUS_USAGE. _free is to be called in either case. */
int synudp_options_parse(struct synudp_options *options, int argc, char **argv,
			 struct error *error);
void synudp_options_free(struct synudp_options *options);

/* Prints help, version or completion. 0, or -1 with STATUS_FAILED when it
 * could not be written. */
int synudp_options_answer(const struct synudp_options *options, FILE *stream,
			  struct error *error);

#endif
