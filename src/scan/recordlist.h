/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_RECORDLIST_H
#define SCAN_RECORDLIST_H

#include <stddef.h>
#include <stdint.h>

#include "scan/recording.h"

struct error;

/*
 * The first packets of a run, kept in memory for who wants to draw them: as
 * many as it was made for, the others are counted. Main makes it and reads it
 * when the run is over; the receiver thread fills it.
 */
struct recordlist;

/* Room for so many, taken now (some 350 bytes each). NULL with an error when
 * memory is out. */
struct recordlist *recordlist_new(size_t packets, struct error *error);
void recordlist_free(struct recordlist *list);

struct recording *recordlist_recording(struct recordlist *list);

size_t recordlist_count(const struct recordlist *list);
/* i < recordlist_count(); the list's own. */
const struct record *recordlist_at(const struct recordlist *list, size_t i);
/* For want of room here, or in the kernel. */
uint64_t recordlist_missing(const struct recordlist *list);

#endif
