/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_CONNTABLE_H
#define SCAN_CONNTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which connects are out: whose socket holds which try of which probe. By
 * age, to know whose time is over, and by probe, since of one probe several
 * tries may be out (a late answer to the first is as good as any). Pure; the
 * engine's thread owns it. An entry is free, taken (being tried), or out.
 */
struct conntable;

#define CONNTABLE_NONE UINT32_MAX

struct conn {
	uint64_t number, target; /* of the probe */
	uint32_t rank;
	uint8_t port_offset; /* its try, as the engine names it */
	bool out;
	bool scout; /* kept for the RTT alone */
	uint16_t worker;
	uint32_t id; /* of that worker's */
	uint32_t use;
	int64_t begun_ns;
	int64_t look_ns; /* when somebody must look at it */
	/* The table's own. */
	uint32_t self, before, after, chain;
};

/* Workers have `each` ids. NULL when memory is out. */
struct conntable *conntable_new(unsigned workers, uint32_t each);
void conntable_free(struct conntable *table);

/* A free entry of that worker; NULL when there is none. Its use is a new
 * one; number and so on are the caller's to fill in. */
struct conn *conntable_take(struct conntable *table, unsigned worker);
/* The free entries of that worker. */
uint32_t conntable_free_of(const struct conntable *table, unsigned worker);
/* No more than so many at once from now on, and one at least. */
void conntable_limit(struct conntable *table, unsigned worker, uint32_t most);
uint32_t conntable_used_of(const struct conntable *table, unsigned worker);

/* It is out: somebody must look at it at look_ns, which is no sooner than for
 * any other that came before. */
void conntable_put(struct conntable *table, struct conn *conn, int64_t look_ns);
/* Again, later. */
void conntable_put_off(struct conntable *table, struct conn *conn,
		       int64_t look_ns);
void conntable_release(struct conntable *table, struct conn *conn);

/* The entry of that id and use; NULL when it has another use by now. */
struct conn *conntable_at(struct conntable *table, unsigned worker, uint32_t id,
			  uint32_t use);
/* By age, of those out. */
struct conn *conntable_oldest(const struct conntable *table);
struct conn *conntable_younger(const struct conntable *table,
			       const struct conn *conn);
/* Those out for one probe: NULL for the first, then the one before. */
struct conn *conntable_of(const struct conntable *table, uint64_t number,
			  const struct conn *last);

#endif
