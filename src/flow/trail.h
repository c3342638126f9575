/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_TRAIL_H
#define FLOW_TRAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/writes.h"

struct conversation;
struct segment;

/*
 * What a flow with details remembers of a conversation beside its state: its
 * last segments, so that a RST, an ACK and an ICMP error find the frame they
 * answer, and the writes in the making. Zeroed at first. Pure.
 */
enum {
	TRAIL_SEGMENTS = 16, /* of both ends; a power of two */
};

struct trail_segment {
	uint64_t frame;         /* 0: none */
	uint32_t seq, ack, end; /* raw; end: SYN and FIN counted */
	uint32_t len;
	uint8_t flags, which;
};

struct trail {
	struct trail_segment segments[TRAIL_SEGMENTS];
	uint32_t next;
	struct writes writes[2]; /* CLIENT, SERVER */
};

void trail_add(struct trail *trail, const struct trail_segment *segment);

/* The latest segment of that end that `is` accepts; NULL where none. */
const struct trail_segment *
trail_latest(const struct trail *trail, int which,
	     bool (*is)(const struct trail_segment *segment, const void *arg),
	     const void *arg);

/* The frame of the oldest segment of that end whose end lies beyond `after`
 * and not beyond `upto`, both raw; 0. */
uint64_t trail_acked(const struct trail *trail, int which, uint32_t after,
		     uint32_t upto);

#endif
