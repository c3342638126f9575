/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/conversation.h"
#include "flow/datagram.h"
#include "flow/frame.h"
#include "flow/notice.h"
#include "flow/segment.h"
#include "flow/writes.h"
#include "wire/cookie.h"

struct error;

/*
 * The analysis of a capture: frames go in one by one, in the order of the
 * capture; out come conversations and, where asked for, what each frame is in
 * its conversation. Pure but for malloc(); one thread.
 *
 *   struct flow *flow = flow_new(&config, &error);
 *   while (... frame_input ...)
 *           if (flow_take(flow, &input, &event, &error))
 *                   ...;           out of memory
 *           else if (event.evicted)
 *                   ...;           its line, now or never
 *   flow_finish(flow);
 *   for (n = 0; n < flow_count(flow); n++)
 *           ... flow_at(flow, n) ...
 *
 * Memory is bounded whatever the capture holds: conversations_max of them,
 * the one touched longest ago evicted first and only when there is no room;
 * lists of gaps from one pool of a fixed size. What was given up is counted.
 */
enum {
	FLOW_CONVERSATIONS_MAX = 100000,         /* about 48 MB */
	FLOW_CONVERSATIONS_DETAILED_MAX = 40000, /* about as much */
};

struct flow_config {
	struct cookie_key key;      /* random: the capture chooses the tuples */
	bool details;               /* fill event.segment, writes and resets */
	uint32_t conversations_max; /* 0: the above */
};

enum flow_event_kind {
	FLOW_SEGMENT,  /* conversation, and with details segment */
	FLOW_DATAGRAM, /* UDP: datagram, whole or growing */
	FLOW_NOTICE,   /* ICMP error: notice, maybe conversation */
	FLOW_FRAGMENT, /* a later fragment: datagram (of TCP, say, or of what
			  is not known), maybe conversation */
	FLOW_OTHER,    /* other IP, and what is not IP */
	FLOW_FAULT,    /* frame.fault says */
};

/* Valid until the next call with the same event. */
struct flow_event {
	enum flow_event_kind kind;
	struct frame frame;
	const struct conversation *conversation; /* or NULL; valid until the
						    next flow_take() */
	bool began; /* this frame began the conversation */

	struct segment segment; /* FLOW_SEGMENT with details */
	/* Writes that this segment ends: one before it, one with it. */
	struct write writes[2];
	unsigned writes_ended;

	const struct datagram *datagram; /* until the next flow_take() */
	/* A datagram in fragments that has made room for another, or NULL:
	 * never completed. */
	const struct datagram *datagram_evicted;
	struct notice notice;

	/* A conversation that has made room for this one, or NULL. It points
	 * into the event. */
	const struct conversation *evicted;
	struct conversation evicted_copy;
};

struct flow_counts {
	uint64_t frames;
	uint64_t tcp, udp, icmp_errors, fragments, other, not_ip, faulty;
	uint64_t conversations; /* begun */
	uint64_t conversations_evicted;
	uint64_t gaps_capped; /* gaps that were not noted for want of room:
				 there "unique bytes" may be too few, and a
				 retransmission may read as out of order */
	uint64_t datagrams, datagrams_evicted;
};

struct flow;

/* NULL with STATUS_FAILED when memory is out. */
struct flow *flow_new(const struct flow_config *config, struct error *error);
void flow_free(struct flow *flow);

/* 0 and *event; -1 with STATUS_FAILED when memory is out. */
int flow_take(struct flow *flow, const struct frame_input *input,
	      struct flow_event *event, struct error *error);

/* After the last frame: sorts the conversations by stream. -1 when memory is
 * out. */
int flow_finish(struct flow *flow, struct error *error);

/* After flow_finish(): those that were not evicted, by stream. */
size_t flow_count(const struct flow *flow);
const struct conversation *flow_at(const struct flow *flow, size_t nth);

/* The write of that end which no segment has ended, with details; false where
 * there is none. which: CLIENT or SERVER. */
bool flow_open_write(const struct flow *flow,
		     const struct conversation *conversation, int which,
		     struct write *write);

/* Datagrams still in the making, from 0; NULL behind the last. */
const struct datagram *flow_open_datagram(const struct flow *flow, size_t nth);

void flow_counts(const struct flow *flow, struct flow_counts *counts);

#endif
