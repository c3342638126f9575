/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_HOPS_H
#define SCAN_HOPS_H

#include <stdbool.h>
#include <stdint.h>

struct addr;
struct error;

/*
 * The next hops of a connect scan. It is the kernel that asks for their
 * addresses, and anybody may read in its table of neighbours how far it is:
 * silence of a target behind a hop that is not there is no port's doing. And
 * the table is small (1,024 entries, gc_thresh3 in arp(7)): what goes to
 * further ones is dropped without a word, so that new ones have to wait. The
 * boss of the scan owns it, and the netlink socket in it.
 */
struct hops;

/* What the kernel gave up before begun_ns does not count. NULL with an
 * error. */
struct hops *hops_new(int64_t begun_ns, struct error *error);
void hops_free(struct hops *hops);

/* Looks into the kernel's table. Where that fails, what was known stays. All
 * that hops_ask() let pass has been sent by then. true: some of that was lost
 * for want of room there. */
bool hops_refresh(struct hops *hops, int64_t now_ns);
/* Is it time for that, since somebody waits for room? */
bool hops_is_due(const struct hops *hops, int64_t now_ns);

enum hops_state {
	HOPS_FINE,
	HOPS_WAIT, /* no room in the kernel's table just now */
	/* No answer from it for so long that it need not be asked any more:
	 * three requests, a second apart. */
	HOPS_ABSENT,
};

/* May something be sent by that one now? What is, is counted. */
enum hops_state hops_ask(struct hops *hops, unsigned ifindex,
			 const struct addr *hop, int64_t now_ns);

/* It has not answered the kernel, as of the last refresh. */
bool hops_is_silent(const struct hops *hops, unsigned ifindex,
		    const struct addr *hop);

#endif
