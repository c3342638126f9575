/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef APP_SYNFLOW_CROSS_H
#define APP_SYNFLOW_CROSS_H

struct capfile;
struct error;
struct synflow_options;
struct views;

/* Reads two captures, one from each end, one after the other, pairs their
 * packets and gives all to the views. 0, or -1: as synflow_read() has it, and
 * STATUS_INCOMPLETE for packets that there was no room to pair. */
int synflow_cross(const struct synflow_options *options,
		  struct capfile *files[2], struct views *views,
		  struct error *error);

#endif
