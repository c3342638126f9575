/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_LOSS_H
#define SCAN_LOSS_H

#include <stdint.h>

/*
 * How often a try comes to nothing on ports that do answer, and how many
 * tries silence must therefore outlast. Pure.
 *
 * An answer to the k-th try is one try that succeeded and k - 1 that failed.
 * With failure share p, an answering port stays silent through n tries with
 * probability p^n; of A answering ports A p^n are then called filtered
 * wrongly. That number is to stay below LOSS_WRONG_LIMIT in a whole scan.
 */
struct loss {
	uint64_t failed, succeeded; /* tries, on ports that answered */
};

#define LOSS_WRONG_LIMIT 0.01
#define LOSS_MIN_TRIES   2u /* something answered */
#define LOSS_DEAF_TRIES  3u /* nothing at all answered */
#define LOSS_MAX_TRIES   64u

/* The measured share; -1 when nothing answered. */
double loss_share(const struct loss *loss);

/* Its upper 95 % bound (Wilson; "rule of three" without a failure); 1 when
 * nothing answered. */
double loss_bound(const struct loss *loss);
/* Its lower 95 % bound; 0 when nothing is known. */
double loss_floor(const struct loss *loss);

/* Tries that silence must outlast at that loss when `answering` ports
 * answered in the whole scan. */
unsigned loss_tries(double bound, uint64_t answering);

/* Ports expected to be wrong after that many tries, given how many answered
 * here and how many stayed silent. */
double loss_wrong(double bound, uint64_t answering, uint64_t silent,
		  unsigned tries);

#endif
