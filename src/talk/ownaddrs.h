/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_OWNADDRS_H
#define TALK_OWNADDRS_H

#include <stddef.h>

#include "spec/addr.h"

struct error;

/* This host's addresses: all of the interfaces that are up, loopback last.
 * Those that have a scope are written otherwise at another host. There is room
 * for one at least. To be freed by free(). 0, or -1 with STATUS_FAILED. */
int ownaddrs_list(struct addr **out, size_t *count, struct error *error);

#endif
