/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef APP_SYNSCAN_OPTIONS_H
#define APP_SYNSCAN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "app/options.h"
#include "spec/addr.h"
#include "spec/portset.h"
#include "spec/result.h"
#include "spec/targetset.h"

struct error;

/* What synscan was asked to do: argv, checked. Nothing is opened but the
 * target lists, and nothing is sent; names are resolved. */

enum via {
	VIA_AUTO,
	VIA_IP,   /* raw IP sockets */
	VIA_LINK, /* link-layer frames */
};

struct synscan_options {
	struct options_common common; /* of a request, the rest may be unset */
	struct portset ports;         /* never empty; exclusions applied */
	struct targetset *targets;    /* exclusions applied; NOT frozen */
	unsigned ifindex;             /* of -i; 0: from the routing table */
	char interface[IF_NAMESIZE];  /* of -i; "" when not given */
	struct addr source;           /* of -S; family 0: not given */
	uint16_t source_port;         /* of -g; 0: not given */
	uint64_t rate_pps;            /* of -r; 0: adaptive */
	uint64_t max_rate_pps;        /* 0: the default ceiling */
	int retries;                  /* 0-255; -1: as measured */
	int64_t wait_ns;              /* -1: as measured */
	bool show[VERDICT_COUNT];
	bool connect;         /* -c: connect scan, not SYN */
	bool compare;         /* --compare: SYN, then connect */
	const char **outputs; /* for sinks_add(); points into argv */
	size_t output_count;  /* at least 1 ("text") */
	const char *pcap;     /* of --pcap, "-" for stdout; NULL: not given */
	bool explain;         /* of --explain */
	enum via via;
	bool sandbox_off;
	enum targetset_families families; /* of a name */
	uint64_t seed[2];                 /* low, high half; when seed_given */
	bool seed_given;
	bool dry_run;
	bool numeric;  /* no service names */
	bool progress; /* asked for, even where stderr is no terminal */
};

/* Caller storage; argv must outlive it (and may be reordered). 0; or -1 with
 * STATUS_USAGE, or STATUS_FAILED for a name that does not resolve or a list
 * that cannot be read. _free is to be called in either case. */
int synscan_options_parse(struct synscan_options *options, int argc,
			  char **argv, struct error *error);
void synscan_options_free(struct synscan_options *options);

/* Prints what a request other than OPTIONS_RUN asks for. 0, or -1 with
 * STATUS_FAILED when it could not be written. */
int synscan_options_answer(const struct synscan_options *options, FILE *stream,
			   struct error *error);

#endif
