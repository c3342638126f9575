/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_CONNASK_H
#define SCAN_CONNASK_H

#include <stdbool.h>
#include <stdint.h>

struct connloop;

/*
 * A batch of a connect scan, from the engine to the workers and back. The
 * boss's.
 */

/* Has a batch of what may leave now tried, and tells the engine what came of
 * it. false: there was nothing to ask, or no connect is left to ask by. */
bool connask(struct connloop *loop, int64_t now_ns);

#endif
