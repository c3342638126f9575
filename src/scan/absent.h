/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_ABSENT_H
#define SCAN_ABSENT_H

#include <stdbool.h>
#include <stdint.h>

struct addr;
struct error;

/*
 * Next hops that are not there. In a connect scan it is the kernel that asks
 * for neighbours; what it still waits for, or gave up, anybody may read in
 * its table. Silence of a target behind such a hop is no port's doing. The
 * engine's thread owns it, and the netlink socket in it.
 */
struct absent;

/* What the kernel gave up before begun_ns does not count. NULL with an
 * error. */
struct absent *absent_new(int64_t begun_ns, struct error *error);
void absent_free(struct absent *absent);

/* Looks into the kernel's table. Where that fails, what was known stays. */
void absent_refresh(struct absent *absent, int64_t now_ns);

/* No answer from that hop since the scan asked, as of the last refresh. */
bool absent_has(const struct absent *absent, unsigned ifindex,
		const struct addr *hop);
/* And this for so long (three requests, a second apart) that it need not be
 * asked any more. */
bool absent_for_good(const struct absent *absent, unsigned ifindex,
		     const struct addr *hop);

#endif
