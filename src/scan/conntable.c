/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/conntable.h"

#include <assert.h>
#include <stdlib.h>

#define NONE CONNTABLE_NONE

struct pool {
	uint32_t vacant; /* first; the rest by after */
	uint32_t used, most;
};

struct conntable {
	struct conn *conns; /* worker w's ids from w * each on */
	struct pool *pools;
	uint32_t *heads; /* by hash of the number; the rest by chain */
	uint32_t mask;
	unsigned workers;
	uint32_t each;
	uint32_t oldest, youngest;
};

struct conntable *conntable_new(unsigned workers, uint32_t each)
{
	struct conntable *table = calloc(1, sizeof(*table));
	uint32_t all = workers * each, heads = 1;

	if (!table)
		return NULL;
	while (heads < all)
		heads *= 2;
	*table = (struct conntable){
		.conns = calloc(all, sizeof(*table->conns)),
		.pools = calloc(workers, sizeof(*table->pools)),
		.heads = calloc(heads, sizeof(*table->heads)),
		.mask = heads - 1,
		.workers = workers,
		.each = each,
		.oldest = NONE,
		.youngest = NONE,
	};
	if (!table->conns || !table->pools || !table->heads) {
		conntable_free(table);
		return NULL;
	}
	for (uint32_t i = 0; i < heads; i++)
		table->heads[i] = NONE;
	for (unsigned w = 0; w < workers; w++)
		table->pools[w] = (struct pool){.vacant = NONE, .most = each};
	for (uint32_t i = all; i-- > 0;) {
		struct pool *pool = &table->pools[i / each];

		table->conns[i] = (struct conn){
			.worker = (uint16_t)(i / each),
			.id = i % each,
			.self = i,
			.after = pool->vacant,
		};
		pool->vacant = i;
	}
	return table;
}

void conntable_free(struct conntable *table)
{
	if (!table)
		return;
	free(table->conns);
	free(table->pools);
	free(table->heads);
	free(table);
}

static struct conn *conn_at(const struct conntable *table, uint32_t index)
{
	return index == NONE ? NULL : &table->conns[index];
}

struct conn *conntable_take(struct conntable *table, unsigned worker)
{
	struct pool *pool = &table->pools[worker];
	struct conn *conn;

	if (conntable_free_of(table, worker) == 0)
		return NULL;
	conn = &table->conns[pool->vacant];
	pool->vacant = conn->after;
	pool->used++;
	conn->use++;
	return conn;
}

uint32_t conntable_free_of(const struct conntable *table, unsigned worker)
{
	const struct pool *pool = &table->pools[worker];

	return pool->used < pool->most ? pool->most - pool->used : 0;
}

uint32_t conntable_used_of(const struct conntable *table, unsigned worker)
{
	return table->pools[worker].used;
}

void conntable_limit(struct conntable *table, unsigned worker, uint32_t most)
{
	struct pool *pool = &table->pools[worker];

	if (most < pool->most)
		pool->most = most > 0 ? most : 1;
}

/* ---- by age ---- */

static void append(struct conntable *table, struct conn *conn)
{
	struct conn *youngest = conn_at(table, table->youngest);

	conn->before = table->youngest;
	conn->after = NONE;
	if (youngest)
		youngest->after = conn->self;
	else
		table->oldest = conn->self;
	table->youngest = conn->self;
}

static void unlink_age(struct conntable *table, const struct conn *conn)
{
	struct conn *before = conn_at(table, conn->before);
	struct conn *after = conn_at(table, conn->after);

	if (before)
		before->after = conn->after;
	else
		table->oldest = conn->after;
	if (after)
		after->before = conn->before;
	else
		table->youngest = conn->before;
}

struct conn *conntable_oldest(const struct conntable *table)
{
	return conn_at(table, table->oldest);
}

struct conn *conntable_younger(const struct conntable *table,
			       const struct conn *conn)
{
	return conn_at(table, conn->after);
}

/* ---- by probe ---- */

static uint32_t *head_of(const struct conntable *table, uint64_t number)
{
	uint64_t hash = number * 0x9e3779b97f4a7c15u;

	return &table->heads[(uint32_t)(hash >> 32) & table->mask];
}

struct conn *conntable_of(const struct conntable *table, uint64_t number,
			  const struct conn *last)
{
	struct conn *conn =
		conn_at(table, last ? last->chain : *head_of(table, number));

	while (conn && conn->number != number)
		conn = conn_at(table, conn->chain);
	return conn;
}

static void unlink_chain(struct conntable *table, const struct conn *conn)
{
	uint32_t *link = head_of(table, conn->number);

	while (*link != conn->self)
		link = &table->conns[*link].chain;
	*link = conn->chain;
}

/* ---- in and out ---- */

void conntable_put(struct conntable *table, struct conn *conn, int64_t look_ns)
{
	uint32_t *head = head_of(table, conn->number);

	assert(!conn->out);
	conn->out = true;
	conn->look_ns = look_ns;
	conn->chain = *head;
	*head = conn->self;
	append(table, conn);
}

void conntable_put_off(struct conntable *table, struct conn *conn,
		       int64_t look_ns)
{
	unlink_age(table, conn);
	conn->look_ns = look_ns;
	append(table, conn);
}

void conntable_release(struct conntable *table, struct conn *conn)
{
	struct pool *pool = &table->pools[conn->worker];

	if (conn->out) {
		unlink_age(table, conn);
		unlink_chain(table, conn);
	}
	conn->out = false;
	conn->use++; /* what is still told of it counts no more */
	conn->after = pool->vacant;
	pool->vacant = conn->self;
	pool->used--;
}

struct conn *conntable_at(struct conntable *table, unsigned worker, uint32_t id,
			  uint32_t use)
{
	struct conn *conn = &table->conns[worker * table->each + id];

	return conn->use == use ? conn : NULL;
}
