/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_LADDER_H
#define FLOW_LADDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/conversation.h"
#include "flow/notice.h"
#include "flow/segment.h"

struct flow_event;

/*
 * A ladder as data: the segments of one conversation and the ICMP errors that
 * quote it, in order, for whoever draws it (text here, SVG and HTML
 * elsewhere). Holds no pointer into the capture. One thread.
 */
enum {
	LADDER_ROWS_MAX = 500,
};

enum ladder_kind {
	LADDER_SEGMENT,
	LADDER_NOTICE,   /* an ICMP error */
	LADDER_FRAGMENT, /* a later fragment of a segment */
};

struct ladder_fragment {
	uint64_t frame;
	int64_t since_ns;
	bool from_client;
	uint32_t id, offset, bytes;
	bool more;
};

struct ladder_row {
	enum ladder_kind kind;
	union {
		struct segment segment;
		struct notice notice;
		struct ladder_fragment fragment;
	};
};

struct ladder {
	struct conversation conversation; /* as of the last row added */
	size_t rows_max;
	size_t count;      /* of rows */
	uint64_t left_out; /* beyond rows_max */
	struct ladder_row *rows;
	size_t rows_room; /* private */
};

/* rows_max 0: LADDER_ROWS_MAX. */
void ladder_init(struct ladder *ladder, size_t rows_max);
void ladder_fini(struct ladder *ladder);

/* Adds what the event (of a flow with details) is for its conversation; one
 * without a conversation is ignored. All events are of one conversation: the
 * caller chooses. -1 when memory is out. */
int ladder_add(struct ladder *ladder, const struct flow_event *event);

#endif
