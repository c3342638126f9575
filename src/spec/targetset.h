/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SPEC_TARGETSET_H
#define SPEC_TARGETSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/addr.h"

struct error;

/*
 * The addresses to scan: ranges less exclusions. Fill it, freeze it, then
 * ask. After the freeze it is read-only and any thread may read it.
 *
 * A spec is an address, PREFIX/LEN (host bits may be set, as in nmap),
 * FIRST-LAST (two whole addresses of one family), nmap octet ranges
 * ("10.0.1-3.*", "10.0.0.1,5,9"), or a host name.
 */
struct targetset;

/* Which of a host name's addresses count. */
enum targetset_families {
	TARGETSET_IPV4 = 1,
	TARGETSET_IPV6 = 2,
	TARGETSET_BOTH = 3,
};

struct target_range {
	struct addr first, last; /* inclusive; one family and scope */
	uint64_t before;         /* targets in the ranges before this one */
};

struct targetset *targetset_new(void);
void targetset_free(struct targetset *set);

/* 0; or -1 with STATUS_USAGE for a malformed spec or a single address that
 * no host can have (addr_special), STATUS_FAILED for a name that does not
 * resolve. The error quotes the spec (cut when long). Of a name every
 * address of the wanted families is added: resolved by getaddrinfo(). Octet
 * ranges of more than 65,536 separate runs are refused. */
int targetset_add(struct targetset *set, const char *spec,
		  enum targetset_families families, struct error *error);

/* Takes addresses out, whatever was or will be added. */
int targetset_exclude(struct targetset *set, const char *spec,
		      enum targetset_families families, struct error *error);
int targetset_exclude_addr(struct targetset *set, const struct addr *addr);

/* Specs from a file as in spec/targetfile.h; "-" is stdin. exclude says which
 * of the two. */
int targetset_read(struct targetset *set, const char *path, bool exclude,
		   enum targetset_families families, struct error *error);

/* Takes addresses with addr_special() out too: they are counted. `broadcast`
 * lists `n` subnet broadcast addresses which are dealt with likewise: inside
 * a prefix or range taken out and counted, named singly an error. Sorts and
 * merges: each address is once in the set. 0, or -1 (STATUS_USAGE) when more
 * than 2^48 targets would be left or a broadcast address was named singly. */
int targetset_freeze(struct targetset *set, const struct addr *broadcast,
		     size_t n, struct error *error);

/* After the freeze: */
uint64_t targetset_count(const struct targetset *set);
/* Special and broadcast addresses taken out of prefixes and ranges. */
uint64_t targetset_removed(const struct targetset *set);
struct addr targetset_nth(const struct targetset *set, uint64_t n);
/* Its number, or -1 when it is no target. */
int64_t targetset_index(const struct targetset *set, const struct addr *addr);
/* The ranges in ascending order. */
size_t targetset_ranges(const struct targetset *set,
			const struct target_range **out);

#endif
