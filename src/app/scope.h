/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef APP_SCOPE_H
#define APP_SCOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "spec/targetset.h"

struct error;
struct portset;

/*
 * What the command line says of targets, and of ports to leave out. -4 and -6
 * may stand behind them and count for all, -p behind --exclude-ports: so they
 * are kept until every option was read, and then applied. Texts are argv's.
 */

enum scope_kind {
	SCOPE_TARGET,
	SCOPE_LIST,
	SCOPE_EXCLUDE,
	SCOPE_EXCLUDE_FILE,
};

struct scope_entry {
	enum scope_kind kind;
	const char *text;
};

struct scope {
	struct scope_entry *entries; /* room for as many as words of argv */
	size_t count;
	const char **excluded_ports; /* likewise */
	size_t excluded_count;
	bool stdin_taken;
};

/* -1 with STATUS_FAILED when memory is out. scope_fini() in either case. */
int scope_init(struct scope *scope, size_t room, struct error *error);
void scope_fini(struct scope *scope);

void scope_add(struct scope *scope, enum scope_kind kind, const char *text);
/* "-" is stdin, and that once: -1 with STATUS_USAGE. */
int scope_add_file(struct scope *scope, enum scope_kind kind, const char *path,
		   struct error *error);
void scope_exclude_ports(struct scope *scope, const char *spec);

/* No ports given are all of them. 0; or -1 with STATUS_USAGE (nothing is left,
 * too), or STATUS_FAILED for a name that does not resolve or a file that
 * cannot be read. */
int scope_apply(const struct scope *scope, struct portset *ports,
		struct targetset *targets, enum targetset_families families,
		struct error *error);

#endif
