/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/loss.h"

#include <math.h>

#define Z95 1.645 /* one-sided */

double loss_share(const struct loss *loss)
{
	double n = (double)(loss->failed + loss->succeeded);

	return n > 0 ? (double)loss->failed / n : -1;
}

/* The Wilson score interval: its centre and half its width, scaled. */
static double wilson(const struct loss *loss, double z)
{
	double n = (double)(loss->failed + loss->succeeded);
	double p = (double)loss->failed / n;
	double centre = p + z * z / (2 * n);
	double spread = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n));

	return (centre + spread) / (1 + z * z / n);
}

double loss_bound(const struct loss *loss)
{
	double n = (double)(loss->failed + loss->succeeded);

	if (n == 0)
		return 1;
	if (loss->failed == 0)
		return fmin(1, 3 / (n + 3));
	return fmin(1, wilson(loss, Z95));
}

double loss_floor(const struct loss *loss)
{
	struct loss kept = {loss->succeeded, loss->failed};

	/* One minus the upper bound of what is not lost. */
	return loss->failed == 0 ? 0 : fmax(0, 1 - wilson(&kept, Z95));
}

unsigned loss_tries(double bound, uint64_t answering)
{
	double tries;

	if (bound >= 0.95)
		return LOSS_MAX_TRIES;
	tries = ceil(log(LOSS_WRONG_LIMIT / (double)(answering + 1)) /
		     log(bound));
	if (tries < LOSS_MIN_TRIES)
		return LOSS_MIN_TRIES;
	return tries > LOSS_MAX_TRIES ? LOSS_MAX_TRIES : (unsigned)tries;
}

double loss_wrong(double bound, uint64_t answering, uint64_t silent,
		  unsigned tries)
{
	double wrong = (double)answering * pow(bound, tries);

	return fmin(wrong, (double)silent);
}
