/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_SOURCEPORTS_H
#define NET_SOURCEPORTS_H

#include <stdint.h>

/*
 * The block of TCP source ports that probes leave from: one for each try,
 * then those of canaries, so that a probe's port says which it is. It
 * lies outside the kernel's ephemeral range and is held for the run by
 * sockets which are bound but do not listen, so that nobody else gets them
 * and the kernel still answers each SYN,ACK with a RST.
 */
struct sourceports;

#define SOURCEPORTS_TRIES 16
#define SOURCEPORTS_COUNT (SOURCEPORTS_TRIES + 16)

/* wanted: the one port of -g, or 0 for a block. Always a usable block, chosen
 * by `random`; what could not be reserved is said by log_line(LOG_WARN). NULL
 * when memory is out. */
struct sourceports *sourceports_reserve(uint16_t wanted, uint64_t random);
void sourceports_release(struct sourceports *ports);

/* The first of a block of SOURCEPORTS_COUNT that nobody has, and that is not
 * held: for sockets of ours that are going to share it. */
uint16_t sourceports_find(uint64_t random);

uint16_t sourceports_first(const struct sourceports *ports);
uint16_t sourceports_count(const struct sourceports *ports);

#endif
