/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/scope.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/escape.h"
#include "spec/portset.h"
#include "spec/targetfile.h"

int scope_init(struct scope *scope, size_t room, struct error *error)
{
	*scope = (struct scope){
		.entries = calloc(room, sizeof(*scope->entries)),
		.excluded_ports = calloc(room, sizeof(*scope->excluded_ports)),
	};
	if (scope->entries && scope->excluded_ports)
		return 0;
	return error_set(error, STATUS_FAILED, "out of memory");
}

void scope_fini(struct scope *scope)
{
	free(scope->entries);
	free(scope->excluded_ports);
}

void scope_add(struct scope *scope, enum scope_kind kind, const char *text)
{
	scope->entries[scope->count++] = (struct scope_entry){
		.kind = kind,
		.text = text,
	};
}

/* Read twice, stdin would be empty the second time, and what was to be left
 * out would be scanned. */
int scope_add_file(struct scope *scope, enum scope_kind kind, const char *path,
		   struct error *error)
{
	bool is_stdin = strcmp(path, "-") == 0;

	if (is_stdin && scope->stdin_taken)
		return error_set(error, STATUS_USAGE,
				 "bad value \"-\"; accepted: \"-\" (stdin) "
				 "once for --list and --exclude-file together, "
				 "or a file");
	scope->stdin_taken |= is_stdin;
	scope_add(scope, kind, path);
	return 0;
}

void scope_exclude_ports(struct scope *scope, const char *spec)
{
	scope->excluded_ports[scope->excluded_count++] = spec;
}

static int apply_ports(const struct scope *scope, struct portset *ports,
		       struct error *error)
{
	char quoted[ESCAPE_QUOTE_BYTES];

	if (!ports->count && portset_add(ports, "-", error) < 0)
		return -1;
	for (size_t i = 0; i < scope->excluded_count; i++)
		if (portset_remove(ports, scope->excluded_ports[i], error) < 0)
			return error_context(error, "--exclude-ports");
	if (ports->count)
		return 0;
	return error_set(error, STATUS_USAGE,
			 "--exclude-ports %s leaves no port to scan",
			 escape_quote(scope->excluded_ports[0], quoted));
}

static int apply_entry(const struct scope_entry *entry,
		       struct targetset *targets,
		       enum targetset_families families, struct error *error)
{
	switch (entry->kind) {
	case SCOPE_TARGET:
		return targetset_add(targets, entry->text, families, error);
	case SCOPE_EXCLUDE:
		if (targetset_exclude(targets, entry->text, families, error) <
		    0)
			return error_context(error, "--exclude");
		return 0;
	case SCOPE_LIST:
	case SCOPE_EXCLUDE_FILE:
		return targetset_read(targets, entry->text,
				      entry->kind == SCOPE_EXCLUDE_FILE,
				      families, error);
	}
	assert(0);
	return -1;
}

static bool names_targets(const struct scope *scope)
{
	for (size_t i = 0; i < scope->count; i++)
		if (scope->entries[i].kind == SCOPE_TARGET ||
		    scope->entries[i].kind == SCOPE_LIST)
			return true;
	return false;
}

int scope_apply(const struct scope *scope, struct portset *ports,
		struct targetset *targets, enum targetset_families families,
		struct error *error)
{
	if (apply_ports(scope, ports, error) < 0)
		return -1;
	if (!names_targets(scope))
		return error_set(error, STATUS_USAGE,
				 "no target; accepted: addresses, prefixes, "
				 "ranges, host names, --list FILE (see "
				 "--help)");
	for (size_t i = 0; i < scope->count; i++)
		if (apply_entry(&scope->entries[i], targets, families, error) <
		    0)
			return -1;
	return 0;
}
