/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_PROBER_H
#define TALK_PROBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/addr.h"
#include "talk/prober_result.h"

struct error;

/* Runs of numbered datagrams from one socket to an echo server. How a run
 * goes is in talk/course.h. One thread. */
struct prober_config {
	struct addr addr;
	uint16_t port;
	int64_t interval_ns, timeout_ns; /* timeout > 0 */
	bool df;
	uint64_t secret; /* sessions are drawn from it */
	int stop_fd;     /* a run ends when it can be read */
	struct prober_watch watch;
};

struct prober;

/* NULL with STATUS_FAILED: no route, no memory. */
struct prober *prober_open(const struct prober_config *config,
			   struct error *error);
void prober_close(struct prober *prober);

/* count datagrams with size bytes of payload, DATAGRAM_HEADER_BYTES at least
 * and DATAGRAM_MAX_BYTES at most. 0; or -1 with STATUS_FAILED where this host
 * cannot send at all. The result is filled in either case. */
int prober_run(struct prober *prober, size_t size, uint64_t count,
	       struct prober_result *result, struct error *error);

/* The MTU of the way there, as the kernel knows it now; 0: unknown. */
unsigned prober_mtu(const struct prober *prober);

#endif
