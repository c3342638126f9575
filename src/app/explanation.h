/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef APP_EXPLANATION_H
#define APP_EXPLANATION_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct pcapng_interface;
struct portset;
struct recording;
struct result;
struct targetset;
struct writer;

/*
 * synscan --explain: keeps the packets and the results of a run of few ports,
 * and when it is over draws a ladder for each port on standard output. Main
 * makes it, before the sandbox; see below for the threads.
 */
struct explanation;

#define EXPLANATION_PORTS 64 /* of all targets together */

/* Are they few enough? 0, or -1 with STATUS_USAGE. The targets are frozen. */
int explanation_check(const struct targetset *targets,
		      const struct portset *ports, struct error *error);

/* Both sets passed explanation_check() and stay the caller's; the interfaces,
 * which the run captures from, are not kept. NULL with an error. */
struct explanation *explanation_new(const struct targetset *targets,
				    const struct portset *ports,
				    const struct pcapng_interface *interfaces,
				    size_t n_interfaces, struct error *error);
void explanation_free(struct explanation *explanation);

/* For a recorder: the packets of the run, from the thread that has them. */
struct recording *explanation_recording(struct explanation *explanation);
/* Where it will be written. */
const struct writer *explanation_writer(const struct explanation *explanation);
/* In the thread that has the results; copied. */
void explanation_result(struct explanation *explanation,
			const struct result *result);

/* When the run is over, in any thread. apart: something stands above it, so
 * that an empty line comes first. -1 with STATUS_FAILED when memory is out or
 * standard output cannot be written. */
int explanation_write(struct explanation *explanation, bool apart,
		      struct error *error);

#endif
