/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SPEC_TARGETSPEC_H
#define SPEC_TARGETSPEC_H

#include <stdbool.h>

#include "spec/addr.h"
#include "spec/targetset.h"

struct error;

/*
 * Text to addresses: the grammar behind targetset_add() and its kin. What is
 * found goes to take(), range by range, in no order and not merged.
 */
struct targetspec {
	const char *noun;                 /* what errors call it: "target" */
	enum targetset_families families; /* of a host name */
	bool hosts; /* refuse a single address that no host can have */

	/* single: named by itself, not by a prefix or range. Returns -1 when
	 * memory is out. */
	int (*take)(void *owner, const struct addr *first,
		    const struct addr *last, bool single);
	void *owner;
};

/* One spec or several with commas between. 0, or -1 with the errors of
 * targetset_add(). Blocks while a host name is looked up. */
int targetspec_parse(const struct targetspec *how, const char *text,
		     struct error *error);

#endif
