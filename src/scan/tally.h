/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_TALLY_H
#define SCAN_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "scan/recording.h"

struct error;

/*
 * What a run costs on the wire and what the targets' applications get to see
 * of it: packets and bytes each way, and handshakes that were completed, by
 * the third segment (RFC 9293 3.5):
 *
 *   SYN,ACK  seq = y           remembered
 *   ACK      ack = y + 1       the first one completes it, whoever sent it
 *
 * What the link needs to find its neighbours is left out: who asks first pays
 * for it, and the kernel for all who come later.
 *
 * Main makes it and reads it when the run is over; the receiver thread counts.
 */
struct tally;

struct tally_counts {
	uint64_t packets_in, packets_out;
	uint64_t bytes_in, bytes_out; /* with their link headers */
	uint64_t handshakes;
	uint64_t missing; /* packets that the kernel dropped for want of room,
			     handshakes that there was no room to watch */
};

/* NULL with an error when memory is out. */
struct tally *tally_new(struct error *error);
void tally_free(struct tally *tally);

struct recording *tally_recording(struct tally *tally);
const struct tally_counts *tally_counts(const struct tally *tally);

#endif
