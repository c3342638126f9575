/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef APP_SYNFLOW_OPTIONS_H
#define APP_SYNFLOW_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "app/options.h"
#include "flow/view.h"

struct error;

/* What synflow was asked to do: argv, checked. Nothing is opened. */

struct synflow_options {
	struct options_common common; /* of a request, the rest may be unset */
	const char *read;      /* of -r, "-" is stdin; or NULL, and ... */
	const char *second;    /* of another -r: the other end's; or NULL */
	const char *interface; /* ... of -i; or NULL */
	const char *record;    /* of -w; NULL: not recorded */
	char *expression;      /* pcap-filter(7); NULL: all frames */
	uint64_t count;        /* frames to take; 0: all */
	int64_t duration_ns;   /* of a live capture; 0: no end */
	uint32_t snap_bytes;   /* of a live capture; 0: whole frames */
	enum view_kind view;   /* VIEW_LADDER where an output is a picture */
	bool view_chosen;      /* by --view */
	uint64_t *streams;     /* of --stream, ascending, each once; */
	size_t stream_count;   /* ... 0: all */
	const char **outputs;  /* for views_add(); points into argv */
	size_t output_count;   /* at least 1 ("text") */
	bool sandbox_off;      /* of a live capture */
	const char *language;  /* of --lang: "en", "zh"; or NULL */
};

/* Caller storage; argv must outlive it (and may be reordered). 0; or -1 with
 * STATUS_USAGE. _free is to be called in either case. */
int synflow_options_parse(struct synflow_options *options, int argc,
			  char **argv, struct error *error);
void synflow_options_free(struct synflow_options *options);

/* Prints what a request other than OPTIONS_RUN asks for. 0, or -1 with
 * STATUS_FAILED when it could not be written. */
int synflow_options_answer(const struct synflow_options *options, FILE *stream,
			   struct error *error);

#endif
