/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_CONNSCAN_H
#define SCAN_CONNSCAN_H

#include <stddef.h>

struct error;
struct pcapng_interface;
struct recorder;
struct summary;
struct synscan_config;

/*
 * A connect scan, from open sockets to summary: the engine of the SYN scan
 * over connect(), which takes no privilege. Each connection is reset at once.
 *
 *   engine        a try: SYN              connect scan
 *   sent          handed to the link      connect() that the kernel took
 *   reply         a packet                what that connect() came to
 *   again         another SYN             another connect(): the first one is
 *                                         left open as well for a while, so
 *                                         that a late answer still counts
 *   source port   tells the try           the socket does
 *
 * The kernel would repeat a SYN by itself, a second after the first. Before
 * that a connect is taken back: repeating is for the engine, which measures
 * the loss by it. (But for some of a target of which no answer came yet, as
 * its round trip may be longer than a second.)
 *
 * Threads
 *
 *   main      opens everything, gives the privileges up, starts the workers;
 *             then it is the boss: it owns the engine, the table of connects
 *             (scan/conntable.h), the kernel's neighbours and the callbacks,
 *             and does the first worker's work
 *   workers   as many as processors, less one, and a few at most; each owns
 *             its sockets (net/connector.h); closes them
 *
 * Boss and worker share `struct connworker` (scan/connworker.h): three rings,
 * jobs to the worker, what came of trying and what came of pending ones to
 * the boss; an eventfd each way, and a few atomics. No lock: each datum has
 * one writer, and whatever is handed over goes through a ring.
 *
 * A turn of the boss: what ended -> engine; time-outs; a batch of probes from
 * the engine, cut in pieces for the workers; its own piece; then it waits for
 * theirs, since the engine wants to know of each probe whether it left before
 * it hears of any answer. The kernel's part of a connect takes ten times as
 * long as the engine's, so little is lost by that.
 *
 * Start: workers wait for jobs. Stop: the boss is done when the engine is, or
 * is interrupted; the workers are stopped by their eventfds, and close what
 * they own side by side.
 */
struct connscan;

/* Reserves source ports, checks that the ways out work, raises the limit of
 * descriptors as far as that goes. Needs no privilege, but CAP_NET_RAW with
 * config->record; config->via and
 * config->netlink are not used. NULL with an error (STATUS_FAILED). */
struct connscan *connscan_open(const struct synscan_config *config,
			       struct error *error);
void connscan_close(struct connscan *scan);

/* As synscan_interfaces() and synscan_record(): every segment of its connects
 * and what came back, read from captures, by a thread more, which uses the
 * recorder. */
const struct pcapng_interface *connscan_interfaces(const struct connscan *scan,
						   size_t *n);
void connscan_record(struct connscan *scan, struct recorder *recorder);

/* As synscan_run(). The callbacks are called in this thread. */
int connscan_run(struct connscan *scan, struct summary *summary,
		 struct error *error);

/* Ends a running scan at once, with what is known. Async-signal-safe. */
void connscan_interrupt(struct connscan *scan);

#endif
