/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_RECORDER_H
#define SCAN_RECORDER_H

#include <stddef.h>
#include <stdint.h>

#include "scan/recording.h"

struct error;

/*
 * Packets as they are read from several captures -> each recording, in the
 * order of their time stamps. The kernel stamps a packet before it queues it,
 * and what came in and what went out are read from rings of their own: so
 * packets are kept for RECORDER_HOLD_NS, and sorted. Nothing is allocated per
 * packet; should the room (RECORDER_PACKETS) not do, the oldest go early.
 *
 * Main makes it, the receiver thread uses it, main frees it.
 */
struct recorder;

#define RECORDER_PACKETS 16384
#define RECORDER_HOLD_NS 20000000 /* a packet waits no longer in a backlog */

/* NULL with an error when memory is out. */
struct recorder *recorder_new(struct error *error);
void recorder_free(struct recorder *recorder);

/* At most four; they stay the caller's. */
void recorder_add(struct recorder *recorder, struct recording *recording);

/* Copied. */
void recorder_packet(struct recorder *recorder, const struct record *record);

/* All that was stamped before this time (CLOCK_REALTIME), but for what is
 * still on its way within the kernel, has been handed in. */
void recorder_advance(struct recorder *recorder, int64_t wall_ns);

/* No more packets will come. */
void recorder_end(struct recorder *recorder,
		  const struct pcapng_statistics *totals, size_t n);

#endif
