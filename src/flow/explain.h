/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_EXPLAIN_H
#define FLOW_EXPLAIN_H

#include <stddef.h>
#include <stdint.h>

#include "flow/frame.h"
#include "flow/ladder_text.h"
#include "spec/addr.h"

struct error;

/*
 * Why a port got its verdict: the ladder of the very packets of the scan to
 * and from that port, who sent each, and the rule. Pure.
 */
struct explain {
	struct addr target; /* a packet has no scope, and it may have one */
	uint16_t port;
	/* "open", "syn-ack"; NULL: the run ended before it was known. */
	const char *verdict, *reason;
	/* The packets, in the order of their times; ICMP errors that quote
	 * the port's probes among them. */
	const struct frame_input *packets;
	size_t packets_count;
	int64_t waited_ns; /* after the last probe, for silence; -1 unknown */
};

/* put() gets each line, without LF. -1 when memory is out. */
int explain_text(const struct explain *explain,
		 const struct ladder_style *style,
		 void (*put)(void *arg, const char *line), void *arg,
		 struct error *error);

#endif
