/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/rtt.h"

#include <stdlib.h>

void rtt_sample(struct rtt *rtt, int64_t sample_ns)
{
	if (sample_ns < 0)
		return;
	if (!rtt->valid) {
		rtt->valid = true;
		rtt->srtt_ns = sample_ns;
		rtt->rttvar_ns = sample_ns / 2;
		return;
	}
	/* RFC 6298 (2.3): the variance first, it uses the old SRTT. */
	int64_t error = llabs(rtt->srtt_ns - sample_ns);
	rtt->rttvar_ns += (error - rtt->rttvar_ns) / 4;
	rtt->srtt_ns += (sample_ns - rtt->srtt_ns) / 8;
}

int64_t rtt_rto_ns(const struct rtt *rtt)
{
	int64_t margin, rto;

	if (!rtt->valid)
		return RTT_INITIAL_RTO_NS;
	margin = 4 * rtt->rttvar_ns;
	rto = rtt->srtt_ns + (margin > RTT_FLOOR_NS ? margin : RTT_FLOOR_NS);
	return rto < RTT_MAX_RTO_NS ? rto : RTT_MAX_RTO_NS;
}
