/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_CONNWATCH_H
#define SCAN_CONNWATCH_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct pathset;
struct pcapng_interface;
struct portset;
struct recorder;
struct targetset;

/*
 * Watches a connect scan on the wire: its segments, which the kernel sends,
 * what comes back, and the ICMP errors that quote them, to a recorder. It
 * takes what passes between a source port of the scan and a port of a target
 * that is asked; nobody else had those source ports when they were chosen.
 *
 * Main opens it (CAP_NET_RAW), starts it, which starts a thread that owns the
 * captures and uses the recorder, stops it, and closes it.
 */
struct connwatch;

struct connwatch_config {
	const struct pathset *paths;     /* all outlive it */
	const struct targetset *targets; /* frozen */
	const struct portset *ports;
	uint16_t first_port, n_ports; /* that connects leave from */
};

/* NULL with STATUS_FAILED. */
struct connwatch *connwatch_open(const struct connwatch_config *config,
				 struct error *error);
/* Any that runs is stopped. */
void connwatch_close(struct connwatch *watch);

/* The interfaces that are captured from, for the recordings; its own. */
const struct pcapng_interface *
connwatch_interfaces(const struct connwatch *watch, size_t *n);

/* The recorder outlives the run. 0, or -1 with STATUS_FAILED. */
int connwatch_start(struct connwatch *watch, struct recorder *recorder,
		    struct error *error);
/* What is still on its way is waited for; the recorder has all then. */
void connwatch_stop(struct connwatch *watch);

#endif
