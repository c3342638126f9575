/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_RECORDING_H
#define SCAN_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/pcapng.h"
#include "wire/meaning.h"

/*
 * What becomes of the packets of a run: a file (recordfile), a list in memory
 * (recordlist), a count (tally). The recorder hands each of them every packet,
 * in the order of time.
 */

/* All headers of a reply with all their options, and those of the SYN that an
 * ICMP error quotes: 14 + 4 + 60 + 8 + 60 + 60 bytes and some. */
#define RECORD_SNAP_BYTES 256

struct record {
	int64_t wall_ns; /* CLOCK_REALTIME, the kernel's stamp */
	const uint8_t *bytes;
	uint32_t captured;  /* bytes here, at most RECORD_SNAP_BYTES */
	uint32_t length;    /* bytes on the wire */
	int link_type;      /* DLT_ */
	uint16_t interface; /* its place in synscan_interfaces() */
	bool outbound;      /* we sent it */
	struct meaning meaning;
};

/* All in the receiver thread. */
struct recording;
struct recording_ops {
	/* The record is the callee's for the call only. */
	void (*packet)(struct recording *recording,
		       const struct record *record);
	/* A few times a second; NULL: nothing to do. */
	void (*flush)(struct recording *recording);
	/* The run is over: what each interface's captures counted. NULL:
	 * nothing to do. */
	void (*end)(struct recording *recording,
		    const struct pcapng_statistics *totals, size_t n);
};

struct recording {
	const struct recording_ops *ops;
};

#endif
