/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_OWNADDRS_H
#define TALK_OWNADDRS_H

#include <stddef.h>

#include "spec/addr.h"

struct error;

/* This host's addresses that somebody could type: all of the interfaces that
 * are up, loopback last, but no link-local ones: those name an interface of
 * the other host. To be freed by free(). 0, or -1 with STATUS_FAILED. */
int ownaddrs_list(struct addr **out, size_t *count, struct error *error);

#endif
