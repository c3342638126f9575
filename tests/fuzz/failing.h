/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FUZZ_FAILING_H
#define FUZZ_FAILING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What no input can do by itself: an allocation that fails. The linker puts
 * failing.c between the library and malloc() and its kin; libraries beside
 * ours keep theirs.
 */

/* Runs the harness on the input; then again, and one of the allocations of
 * the first run fails: the input says which. */
void failing_run(void (*run)(const uint8_t *data, size_t size),
		 const uint8_t *data, size_t size);

/* From now on each of them fails in a run of its own: for a replay, which has
 * the time. */
void failing_try_each(void);

/* For a harness that stands in for a system call: is this the one to fail? It
 * counts as an allocation. */
bool failing_now(void);

#endif
