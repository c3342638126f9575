/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/pacer.h"

void pacer_set(struct pacer *pacer, double pps, int64_t slack_ns)
{
	pacer->interval_ns = pps > 0 ? 1e9 / pps : 0;
	pacer->slack_ns = (double)slack_ns;
}

bool pacer_ready(const struct pacer *pacer, int64_t now_ns)
{
	return pacer->interval_ns == 0 || pacer->next_ns <= (double)now_ns;
}

void pacer_spend(struct pacer *pacer, int64_t now_ns)
{
	double earliest = (double)now_ns - pacer->slack_ns;

	if (pacer->next_ns == 0) /* the first: nothing to catch up with */
		pacer->next_ns = (double)now_ns;
	else if (pacer->next_ns < earliest)
		pacer->next_ns = earliest;
	pacer->next_ns += pacer->interval_ns;
}

void pacer_refund(struct pacer *pacer)
{
	pacer->next_ns -= pacer->interval_ns;
}

int64_t pacer_next_ns(const struct pacer *pacer)
{
	return pacer->interval_ns == 0 ? 0 : (int64_t)pacer->next_ns + 1;
}
