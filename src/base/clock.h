/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define NS_PER_US 1000LL
#define NS_PER_MS 1000000LL
#define NS_PER_S  1000000000LL

/* CLOCK_MONOTONIC in nanoseconds. Any thread. */
int64_t clock_now_ns(void);

/* CLOCK_REALTIME minus CLOCK_MONOTONIC in nanoseconds, read as one pair.
 * It changes only when somebody sets or slews the wall clock. Any thread. */
int64_t clock_wall_offset_ns(void);

#endif
