/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/flowtable.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "flow/conversation.h"

enum {
	CHUNK_BITS = 8,
	CHUNK = 1 << CHUNK_BITS, /* conversations: about 130 KiB */
};

/* How a hash leads to its conversations: apart from them, and so close
 * together that a flood of strangers finds it all in the cache. */
struct link {
	uint32_t hash, next;
};

/* Conversations are numbered from 1; 0 is none. Number n stands in chunk
 * n >> CHUNK_BITS and has links[n]. Free numbers are chained there too. */
struct flowtable {
	struct cookie_key key;
	uint32_t limit, count, used, spare;
	uint32_t newest, oldest;
	uint32_t latest; /* found last: most frames follow their like */
	uint32_t mask, *heads;
	struct link *links;
	size_t stride; /* bytes of a conversation and what is behind it */
	char **chunks;
};

static struct conversation *at(const struct flowtable *table, uint32_t number)
{
	return (struct conversation *)(table->chunks[number >> CHUNK_BITS] +
				       (number & (CHUNK - 1)) * table->stride);
}

void *flowtable_extra(const struct conversation *conversation)
{
	return (void *)(conversation + 1);
}

struct flowtable *flowtable_new(const struct cookie_key *key, uint32_t limit,
				size_t extra)
{
	struct flowtable *table = calloc(1, sizeof(*table));
	uint32_t heads = 1024;

	if (!table)
		return NULL;
	while (heads < limit && heads < UINT32_C(1) << 30)
		heads *= 2;
	table->key = *key;
	table->limit = limit;
	table->stride = sizeof(struct conversation) + extra;
	table->used = 1;
	table->mask = heads - 1;
	table->heads = calloc(heads, sizeof(*table->heads));
	table->links = calloc((size_t)limit + 1, sizeof(*table->links));
	table->chunks = calloc((limit >> CHUNK_BITS) + 1, sizeof(char *));
	if (!table->heads || !table->links || !table->chunks) {
		flowtable_free(table);
		return NULL;
	}
	return table;
}

void flowtable_free(struct flowtable *table)
{
	if (!table)
		return;
	for (uint32_t i = 0; table->chunks && i <= table->limit >> CHUNK_BITS;
	     i++)
		free(table->chunks[i]);
	free(table->chunks);
	free(table->links);
	free(table->heads);
	free(table);
}

uint32_t flowtable_count(const struct flowtable *table)
{
	return table->count;
}

static size_t addr_bytes(const struct addr *addr)
{
	return addr->family == AF_INET ? 4 : 16;
}

/* The same for both directions: the lower end comes first. */
static uint32_t hash_of(const struct flowtable *table,
			const struct endpoints *ends)
{
	size_t bytes = addr_bytes(ends->source);
	uint8_t tuple[36];
	int order = memcmp(ends->source->bytes, ends->dest->bytes, bytes);
	bool swap = order > 0 ||
		    (order == 0 && ends->source_port > ends->dest_port);
	const struct addr *low = swap ? ends->dest : ends->source;
	const struct addr *high = swap ? ends->source : ends->dest;
	uint16_t ports[2] = {swap ? ends->dest_port : ends->source_port,
			     swap ? ends->source_port : ends->dest_port};

	memcpy(tuple, low->bytes, bytes);
	memcpy(tuple + bytes, high->bytes, bytes);
	memcpy(tuple + 2 * bytes, ports, sizeof(ports));
	return (uint32_t)siphash(&table->key, tuple, 2 * bytes + sizeof(ports));
}

static uint32_t *head_of(const struct flowtable *table, uint32_t hash)
{
	return &table->heads[hash & table->mask];
}

static bool is_end(const struct conversation *conversation, int which,
		   const struct addr *addr, uint16_t port)
{
	return conversation->port[which] == port &&
	       conversation->addr[which].family == addr->family &&
	       memcmp(conversation->addr[which].bytes, addr->bytes,
		      addr_bytes(addr)) == 0;
}

static bool is_between(const struct conversation *conversation,
		       const struct endpoints *ends)
{
	return (is_end(conversation, 0, ends->source, ends->source_port) &&
		is_end(conversation, 1, ends->dest, ends->dest_port)) ||
	       (is_end(conversation, 1, ends->source, ends->source_port) &&
		is_end(conversation, 0, ends->dest, ends->dest_port));
}

static void unlink_touched(struct flowtable *table,
			   struct conversation *conversation)
{
	uint32_t newer = conversation->newer, older = conversation->older;

	if (newer)
		at(table, newer)->older = older;
	else
		table->newest = older;
	if (older)
		at(table, older)->newer = newer;
	else
		table->oldest = newer;
}

static void link_newest(struct flowtable *table, uint32_t number)
{
	struct conversation *conversation = at(table, number);

	conversation->newer = 0;
	conversation->older = table->newest;
	if (table->newest)
		at(table, table->newest)->newer = number;
	else
		table->oldest = number;
	table->newest = number;
}

static uint32_t look_up_hashed(const struct flowtable *table,
			       const struct endpoints *ends, uint32_t hash)
{
	uint32_t number = *head_of(table, hash);

	while (number && (table->links[number].hash != hash ||
			  !is_between(at(table, number), ends)))
		number = table->links[number].next;
	return number;
}

/* Its number, or 0. */
static uint32_t look_up(const struct flowtable *table,
			const struct endpoints *ends)
{
	if (table->latest && is_between(at(table, table->latest), ends))
		return table->latest;
	return look_up_hashed(table, ends, hash_of(table, ends));
}

struct conversation *flowtable_peek(struct flowtable *table,
				    const struct endpoints *ends)
{
	uint32_t number = look_up(table, ends);

	return number ? at(table, number) : NULL;
}

struct conversation *flowtable_find(struct flowtable *table,
				    const struct endpoints *ends)
{
	uint32_t number = look_up(table, ends);

	if (!number)
		return NULL;
	if (number != table->newest) {
		unlink_touched(table, at(table, number));
		link_newest(table, number);
	}
	table->latest = number;
	return at(table, number);
}

struct conversation *flowtable_victim(struct flowtable *table)
{
	return table->count < table->limit ? NULL : at(table, table->oldest);
}

/* Out of its chain, where it is in one. */
static void unchain(struct flowtable *table, uint32_t number)
{
	uint32_t *link = head_of(table, table->links[number].hash);

	while (*link && *link != number)
		link = &table->links[*link].next;
	if (*link)
		*link = table->links[number].next;
}

static uint32_t number_of(const struct flowtable *table,
			  const struct conversation *conversation)
{
	if (conversation->newer)
		return at(table, conversation->newer)->older;
	return table->newest;
}

void flowtable_remove(struct flowtable *table,
		      struct conversation *conversation)
{
	uint32_t number = number_of(table, conversation);

	unchain(table, number);
	unlink_touched(table, conversation);
	if (table->latest == number)
		table->latest = 0;
	table->links[number].next = table->spare;
	table->spare = number;
	table->count--;
}

/* A number with memory behind it, or 0. */
static uint32_t take_number(struct flowtable *table)
{
	uint32_t number = table->spare;
	char **chunk;

	if (number) {
		table->spare = table->links[number].next;
		return number;
	}
	number = table->used;
	chunk = &table->chunks[number >> CHUNK_BITS];
	if (!*chunk)
		*chunk = malloc(CHUNK * table->stride);
	if (!*chunk)
		return 0;
	table->used++;
	return number;
}

struct conversation *flowtable_add(struct flowtable *table,
				   const struct endpoints *ends)
{
	uint32_t number = take_number(table), hash = hash_of(table, ends);
	uint32_t old = look_up_hashed(table, ends, hash), *head;
	struct conversation *conversation;

	if (!number)
		return NULL;
	if (old)
		unchain(table, old);
	conversation = at(table, number);
	memset(conversation, 0, table->stride);
	conversation->addr[0] = *ends->source;
	conversation->addr[1] = *ends->dest;
	conversation->port[0] = ends->source_port;
	conversation->port[1] = ends->dest_port;
	head = head_of(table, hash);
	table->links[number] = (struct link){hash, *head};
	*head = number;
	link_newest(table, number);
	table->latest = number;
	table->count++;
	return conversation;
}

static int by_stream(const void *a, const void *b)
{
	const struct conversation *const *left = a, *const *right = b;

	if ((*left)->stream == (*right)->stream)
		return 0;
	return (*left)->stream < (*right)->stream ? -1 : 1;
}

void flowtable_list(const struct flowtable *table,
		    const struct conversation **list)
{
	size_t count = 0;

	for (uint32_t number = table->oldest; number;
	     number = at(table, number)->newer)
		list[count++] = at(table, number);
	/* NOLINTNEXTLINE(bugprone-sizeof-expression) */
	qsort(list, count, sizeof(*list), by_stream);
}
