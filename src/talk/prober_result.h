/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_PROBER_RESULT_H
#define TALK_PROBER_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "talk/datagram.h"
#include "talk/icmperror.h"
#include "talk/samples.h"
#include "talk/tracker.h"

/* What came of a run of numbered datagrams. Plain data. */

/* A reply, as it comes. */
struct prober_reply {
	uint32_t sequence;
	size_t length; /* of this datagram */
	bool damaged;
	struct tracked tracked;
};

/* Who is told of what happens, as it does; each may be NULL. */
struct prober_watch {
	void (*reply)(void *context, const struct prober_reply *reply);
	void (*lost)(void *context, uint32_t sequence);
	void (*icmp)(void *context, const struct icmp_error *error);
	void *context;
};

enum prober_end {
	PROBER_DONE,        /* all was sent, and waited for */
	PROBER_INTERRUPTED, /* by the user */
	PROBER_REFUSED,     /* nobody listens: `error` */
	PROBER_TOO_BIG,     /* for a packet that must stay whole: `error` */
};

struct prober_result {
	enum prober_end end;
	size_t size;
	struct tracker_counts counts;
	struct samples_summary rtt;
	/* Lost numbers: sent - arrived is their sum. */
	uint64_t lost_out, lost_back, lost_somewhere;
	bool plain;   /* the peer echoes, but counts nothing */
	bool counted; /* `server` came as a report after the last reply */
	struct datagram_counts server;
	uint64_t rejected; /* datagrams that are no replies of ours */
	uint64_t blocked;  /* this host's firewall let them not out: EPERM */
	uint64_t icmp_errors;
	struct icmp_error error; /* the last one, where there were any */
	/* Of the prober's socket. */
	uint64_t socket_drops; /* came, but the socket had no room */
	unsigned mtu;          /* of the way there, as the kernel knows it */
	int64_t elapsed_ns;
};

#endif
