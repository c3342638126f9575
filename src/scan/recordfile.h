/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_RECORDFILE_H
#define SCAN_RECORDFILE_H

#include <stddef.h>
#include <stdint.h>

#include "scan/recording.h"

struct error;
struct writer;

/*
 * The packets of a run as a capture file: net/pcapng, each packet with its
 * meaning as a comment. When it can no longer be written the run goes on, and
 * recordfile_close() says why. Main opens and closes it, the receiver thread
 * writes.
 */
struct recordfile;

/* As pcapng_open(). */
struct recordfile *recordfile_open(const struct pcapng_config *config,
				   struct error *error);

struct recording *recordfile_recording(struct recordfile *file);

/* For writer_same(). */
const struct writer *recordfile_writer(const struct recordfile *file);

/* Packets taken before the first failure; and after the end, those that the
 * kernel had to drop for want of room. */
uint64_t recordfile_written(const struct recordfile *file);
uint64_t recordfile_dropped(const struct recordfile *file);

/* As pcapng_close(). */
int recordfile_close(struct recordfile *file, struct error *error);

#endif
