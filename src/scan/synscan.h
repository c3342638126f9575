/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_SYNSCAN_H
#define SCAN_SYNSCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "scan/engine.h"
#include "spec/result.h"

struct error;
struct netlink;
struct pathset;
struct pcapng_interface;
struct portset;
struct recorder;
struct targetset;

/*
 * A SYN scan from open sockets to summary.
 *
 * Threads
 *
 *   main      opens everything, gives the privileges up, starts the other
 *             two, joins them
 *   sender    owns the engine (all state of the scan), the links (libnet),
 *             the neighbour table and the callbacks below; closes the links
 *   receiver  owns the captures (libpcap); closes them. Uses the recorder,
 *             and so writes the capture file
 *
 * They share `struct shared` (scan/shared.h): one bounded queue of events
 * from receiver to sender, two eventfds and a few atomic counters. No lock:
 * each datum has one writer, and whatever is handed over goes through the
 * queue. Targets, ports, paths and keys are read-only by then.
 *
 * Start: both wait at a barrier, so that the captures are read before the
 * first probe leaves. Stop: the sender ends when the engine is done, after
 * the waits for late replies that this implies (or when interrupted, or when
 * the device went), and stops the receiver through its eventfd; both close
 * what they own side by side, since the kernel takes tens of milliseconds to
 * let go of a packet socket.
 */
struct synscan;

enum synscan_via { SYNSCAN_AUTO, SYNSCAN_IP, SYNSCAN_LINK };

struct synscan_config {
	const struct targetset *targets; /* frozen */
	const struct portset *ports;
	const struct pathset *paths;
	struct netlink *netlink; /* for synscan_open() alone */
	enum synscan_via via;
	bool bind_device;     /* -i was given */
	bool record;          /* synscan_record() will follow */
	bool spares_open;     /* as in struct engine_config */
	uint16_t source_port; /* of -g; 0: a block of our own */
	uint64_t order_key[2], cookie_key[2];
	uint64_t rate_pps, max_rate_pps; /* 0: adaptive, default ceiling */
	int retries;                     /* -1: as many as the loss needs */
	int64_t wait_ns;                 /* -1: from the RTT */
	/* Called in the sender thread. */
	void (*result)(void *context, const struct result *result);
	/* A few times a second, and before each longer wait. */
	void (*tick)(void *context, const struct engine_stats *stats,
		     int64_t now_ns);
	/* True: no need to go on (the output is gone). */
	bool (*gave_up)(void *context);
	void *context;
};

/* Opens what the paths need: a capture and a link for each interface, and the
 * source ports. Needs CAP_NET_RAW, and is the last that does. NULL with an
 * error: STATUS_FAILED, or STATUS_USAGE for frames on an interface that has
 * none. */
struct synscan *synscan_open(const struct synscan_config *config,
			     struct error *error);
void synscan_close(struct synscan *scan);

/* The interfaces that are captured from, for the recordings; the scan's own.
 * Only with `record`. */
const struct pcapng_interface *synscan_interfaces(const struct synscan *scan,
						  size_t *n);
/* Before the run: every probe, every reply, and what our kernel and the
 * neighbours add, to the recorder, which must outlive the run. */
void synscan_record(struct synscan *scan, struct recorder *recorder);

/* Runs it to its end and fills *summary but for targets, ports and mode. 0;
 * or -1 with STATUS_FAILED or STATUS_INCOMPLETE (the summary holds then
 * too). */
int synscan_run(struct synscan *scan, struct summary *summary,
		struct error *error);

/* The order in which a scan with this configuration (targets, ports, paths and
 * order_key) would ask; nothing is opened or sent. NULL with an error when
 * memory is out. */
struct synscan_order;
struct synscan_order *synscan_order_new(const struct synscan_config *config,
					struct error *error);
/* False at the end. */
bool synscan_order_next(struct synscan_order *order, struct addr *addr,
			uint16_t *port);
void synscan_order_free(struct synscan_order *order);

/* Ends a running scan at once, with what is known. Async-signal-safe. */
void synscan_interrupt(struct synscan *scan);

#endif
