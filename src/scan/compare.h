/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_COMPARE_H
#define SCAN_COMPARE_H

struct error;
struct summary;
struct synscan_config;

/*
 * A SYN scan and then a connect scan of the same ports in the same order, both
 * captured, to compare them: a method of its own (scan/method.h) made of the
 * two. Everything of both is opened at the beginning, with CAP_NET_RAW.
 *
 *   SYN scan      its recorder  -> tally
 *   connect scan  connwatch     -> tally
 *   results       -> comparison, and on with the scan's name in `mode`
 */
struct compare;

/* As synscan_open(); config->record is for the SYN scan alone and must not be
 * set. Also STATUS_USAGE for more ports than a comparison holds. */
struct compare *compare_open(const struct synscan_config *config,
			     struct error *error);
void compare_close(struct compare *compare);

/* As synscan_run(); summary->comparison is ours until compare_close(), and the
 * rest of the summary is but the sum of the two. Where the first scan is
 * interrupted or fails there is no second. */
int compare_run(struct compare *compare, struct summary *summary,
		struct error *error);

/* Async-signal-safe. */
void compare_interrupt(struct compare *compare);

#endif
