/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_RTT_H
#define SCAN_RTT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The round-trip time of a target group, RFC 6298 section 2. Pure. Feed it
 * unambiguous samples only (Karn): each try leaves from a source port of its
 * own, so most are.
 *
 * Differences from the RFC, on purpose: before the first sample the RTO is
 * 1 s, after it the variance term has a floor of RTT_FLOOR_NS instead of the
 * RTO a floor of 1 s, and the RTO does not double from try to try, since a
 * retransmitted probe is no congestion by itself (scan/window.h looks after
 * that).
 */
struct rtt {
	bool valid;
	int64_t srtt_ns, rttvar_ns;
};

#define RTT_INITIAL_RTO_NS 1000000000LL
#define RTT_FLOOR_NS       50000000LL
#define RTT_MAX_RTO_NS     10000000000LL

void rtt_sample(struct rtt *rtt, int64_t sample_ns);

/* SRTT + max(4 RTTVAR, RTT_FLOOR_NS), at most RTT_MAX_RTO_NS. */
int64_t rtt_rto_ns(const struct rtt *rtt);

#endif
