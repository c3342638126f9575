/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_METHOD_H
#define SCAN_METHOD_H

#include <stdbool.h>
#include <stddef.h>

#include "net/sandbox.h"

struct error;
struct pcapng_interface;
struct recorder;
struct summary;
struct synscan_config;

/*
 * The ways to scan, behind one table of functions, so that who runs a scan
 * (or one after the other, to compare them) need not know which it is.
 */
struct method {
	const char *mode;          /* of the summary */
	bool raw;                  /* always needs CAP_NET_RAW */
	enum sandbox_mode sandbox; /* enough for run() and close() */
	/* As synscan_open() and its like; a scan is the void pointer. */
	void *(*open)(const struct synscan_config *config, struct error *error);
	int (*run)(void *scan, struct summary *summary, struct error *error);
	void (*interrupt)(void *scan); /* async-signal-safe */
	void (*close)(void *scan);
	/* With config->record: as synscan_interfaces(), synscan_record().
	 * NULL: there is no such. */
	const struct pcapng_interface *(*interfaces)(const void *scan,
						     size_t *n);
	void (*record)(void *scan, struct recorder *recorder);
};

const struct method *method_syn(void);
const struct method *method_connect(void);
const struct method *method_compare(void); /* both, and what differs */

#endif
