/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/loss.h"

#include <math.h>

#define Z95 1.645 /* one-sided */

double loss_share(const struct loss *loss)
{
	double n = (double)(loss->failed + loss->succeeded);

	return n > 0 ? (double)loss->failed / n : -1;
}

double loss_bound(const struct loss *loss)
{
	double n = (double)(loss->failed + loss->succeeded);
	double p, centre, spread;

	if (n == 0)
		return 1;
	if (loss->failed == 0)
		return fmin(1, 3 / (n + 3));
	p = (double)loss->failed / n;
	centre = p + Z95 * Z95 / (2 * n);
	spread = Z95 * sqrt(p * (1 - p) / n + Z95 * Z95 / (4 * n * n));
	return fmin(1, (centre + spread) / (1 + Z95 * Z95 / n));
}

unsigned loss_tries(const struct loss *loss, uint64_t answering)
{
	double p = loss_bound(loss), tries;

	if (loss->succeeded == 0)
		return LOSS_DEAF_TRIES;
	if (p >= 0.95)
		return LOSS_MAX_TRIES;
	tries = ceil(log(LOSS_WRONG_LIMIT / (double)(answering + 1)) / log(p));
	if (tries < LOSS_MIN_TRIES)
		return LOSS_MIN_TRIES;
	return tries > LOSS_MAX_TRIES ? LOSS_MAX_TRIES : (unsigned)tries;
}

double loss_wrong(const struct loss *loss, uint64_t answering, uint64_t silent,
		  unsigned tries)
{
	double wrong = (double)answering * pow(loss_bound(loss), tries);

	return fmin(wrong, (double)silent);
}
