/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SPEC_RESULT_H
#define SPEC_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "spec/addr.h"

struct comparison;

/* What came of a scan: one result a port, one summary a run. Plain data; the
 * names below are the promised ones of the text and NDJSON formats. */

enum verdict {
	VERDICT_OPEN,
	VERDICT_CLOSED,
	VERDICT_FILTERED,
	VERDICT_COUNT,
};

enum reason {
	REASON_SYN_ACK,
	REASON_RST,
	REASON_NO_REPLY,
	REASON_ICMP_NET_UNREACH,
	REASON_ICMP_HOST_UNREACH,
	REASON_ICMP_PORT_UNREACH,
	REASON_ICMP_PROTO_UNREACH,
	REASON_ICMP_NET_PROHIBITED,
	REASON_ICMP_HOST_PROHIBITED,
	REASON_ICMP_ADMIN_PROHIBITED,
	REASON_NO_ROUTE,
	REASON_NO_NEIGHBOUR,
	REASON_CONN_REFUSED, /* this and the next of a connect scan only */
	REASON_TIMEOUT,
	REASON_COUNT,
};

struct result {
	struct addr addr;
	uint16_t port;
	enum verdict verdict;
	enum reason reason;
	int ttl;          /* of the reply; -1 where nothing answered */
	int64_t rtt_ns;   /* -1 where unknown */
	unsigned tries;   /* probes sent for this port */
	const char *mode; /* of one of two scans that are compared; else NULL */
};

/* "complete" scans have asked every port and have unasked == 0. */
struct summary {
	const char *mode; /* "syn", "connect", "compare" */
	uint64_t targets, ports;
	uint64_t verdicts[VERDICT_COUNT];
	uint64_t reasons[VERDICT_COUNT][REASON_COUNT]; /* sums to verdicts */
	uint64_t unasked;
	uint64_t probes_sent; /* accepted by the kernel, retransmissions too */
	uint64_t retransmissions;
	uint64_t send_errors; /* refused by the kernel; each tried again */
	uint64_t replies, replies_rejected, duplicates, capture_drops;
	double loss;           /* measured share of tries that came to nothing
				  on ports that do answer; < 0: no answer */
	double expected_wrong; /* ports expected to be filtered wrongly */
	int64_t elapsed_ns;
	bool complete;
	bool recorded; /* to a capture file: so many packets, and so many that
			  it lacks since the kernel had no room */
	uint64_t record_packets, record_drops;
	/* Of two scans: tells more than all of the above; the scan's own. */
	const struct comparison *comparison;
};

const char *verdict_name(enum verdict verdict); /* "open" */
const char *reason_name(enum reason reason);    /* "syn-ack" */

#endif
