/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_SENDER_H
#define SCAN_SENDER_H

#include "scan/course.h"
#include "scan/ways.h"
#include "wire/reply.h"

struct engine;
struct neighbour_table;
struct shared;
struct synscan_config;

/*
 * The sender thread: asks the engine which probe goes next, patches it,
 * sends it in batches, and hands the engine what the receiver found. Owns
 * the engine, the links and the neighbour table.
 */

struct sender {
	const struct synscan_config *config;
	struct engine *engine;
	struct course course; /* what came of it: read after the join */
	struct ways ways;
	struct neighbour_table *neighbours;
	struct reply_key key;
	struct shared *shared;
};

/* The thread's function; argument: struct sender. Closes the links. */
void *sender_run(void *sender);

#endif
