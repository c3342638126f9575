/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/neighbour.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define REQUESTS     3
#define ASK_EVERY_NS (250 * NS_PER_MS)
/* After the last request: 1 s after the first when all went on time. */
#define GIVE_UP_NS (500 * NS_PER_MS)

#define DOUBT_EVERY_NS NS_PER_S

#define FIRST_SLOTS 64 /* a power of two */

enum entry_state {
	ENTRY_EMPTY, /* zero, so that calloc() makes an empty table */
	ENTRY_ASKED,
	ENTRY_READY,
	ENTRY_FAILED,
};

struct entry {
	uint8_t state; /* enum entry_state */
	uint8_t asked; /* requests so far */
	uint8_t mac[6];
	unsigned ifindex;
	struct addr addr;
	int64_t asked_ns;   /* the last request */
	int64_t doubted_ns; /* the last one since it was known; 0: none */
};

/* Open addressing with linear probing; never more than half full. Nothing is
 * ever taken out, so that an empty slot ends a search. */
struct neighbour_table {
	struct entry *slots;
	size_t n_slots; /* a power of two */
	size_t n_used;
};

struct neighbour_table *neighbour_table_new(void)
{
	struct neighbour_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->slots = calloc(FIRST_SLOTS, sizeof(*table->slots));
	if (!table->slots) {
		free(table);
		return NULL;
	}
	table->n_slots = FIRST_SLOTS;
	return table;
}

void neighbour_table_free(struct neighbour_table *table)
{
	if (!table)
		return;
	free(table->slots);
	free(table);
}

/* Only asked-for addresses come in, so the hash need not resist an attacker:
 * it only has to spread the neighbouring addresses of a subnet. */
static size_t hash(unsigned ifindex, const struct addr *addr)
{
	uint64_t words[2];
	uint64_t h = ifindex;

	memcpy(words, addr->bytes, sizeof(words));
	for (int i = 0; i < 2; i++) {
		h = (h ^ words[i]) * 0x9e3779b97f4a7c15u;
		h ^= h >> 32;
	}
	return (size_t)h;
}

/* The scope of a link-local address says no more than ifindex and is left
 * out: a captured reply has none. */
static bool is_key(const struct entry *entry, unsigned ifindex,
		   const struct addr *addr)
{
	return entry->ifindex == ifindex &&
	       entry->addr.family == addr->family &&
	       !memcmp(entry->addr.bytes, addr->bytes, sizeof(addr->bytes));
}

/* The entry of that key, or the empty slot where it belongs. */
static struct entry *find(struct entry *slots, size_t n_slots, unsigned ifindex,
			  const struct addr *addr)
{
	size_t i = hash(ifindex, addr) & (n_slots - 1);

	while (slots[i].state != ENTRY_EMPTY &&
	       !is_key(&slots[i], ifindex, addr))
		i = (i + 1) & (n_slots - 1);
	return &slots[i];
}

static int grow(struct neighbour_table *table)
{
	size_t n_slots = table->n_slots * 2;
	struct entry *slots = calloc(n_slots, sizeof(*slots));

	if (!slots)
		return -1;
	for (size_t i = 0; i < table->n_slots; i++) {
		const struct entry *entry = &table->slots[i];

		if (entry->state != ENTRY_EMPTY)
			*find(slots, n_slots, entry->ifindex, &entry->addr) =
				*entry;
	}
	free(table->slots);
	table->slots = slots;
	table->n_slots = n_slots;
	return 0;
}

/* A new entry with its key filled; the caller gives it a state. NULL when
 * memory is out. */
static struct entry *insert(struct neighbour_table *table, unsigned ifindex,
			    const struct addr *addr)
{
	struct entry *entry;

	if ((table->n_used + 1) * 2 > table->n_slots && grow(table) < 0)
		return NULL;
	entry = find(table->slots, table->n_slots, ifindex, addr);
	assert(entry->state == ENTRY_EMPTY);
	entry->ifindex = ifindex;
	entry->addr = *addr;
	table->n_used++;
	return entry;
}

/* When an asked entry is to be looked at again. */
static int64_t due_ns(const struct entry *entry)
{
	return entry->asked_ns +
	       (entry->asked < REQUESTS ? ASK_EVERY_NS : GIVE_UP_NS);
}

static enum neighbour_state ask(struct entry *entry, int64_t now_ns,
				int64_t *again_ns)
{
	entry->state = ENTRY_ASKED;
	entry->asked++;
	entry->asked_ns = now_ns;
	*again_ns = due_ns(entry);
	return NEIGHBOUR_ASK;
}

enum neighbour_state neighbour_lookup(struct neighbour_table *table,
				      unsigned ifindex,
				      const struct addr *next_hop,
				      int64_t now_ns, uint8_t mac[6],
				      int64_t *again_ns)
{
	struct entry *entry =
		find(table->slots, table->n_slots, ifindex, next_hop);

	if (entry->state == ENTRY_EMPTY) {
		entry = insert(table, ifindex, next_hop);
		if (!entry)
			return NEIGHBOUR_NO_MEMORY;
		return ask(entry, now_ns, again_ns);
	}
	if (entry->state == ENTRY_READY) {
		memcpy(mac, entry->mac, sizeof(entry->mac));
		return NEIGHBOUR_READY;
	}
	if (entry->state == ENTRY_ASKED && now_ns < due_ns(entry)) {
		*again_ns = due_ns(entry);
		return NEIGHBOUR_WAIT;
	}
	if (entry->state == ENTRY_ASKED && entry->asked < REQUESTS)
		return ask(entry, now_ns, again_ns);
	entry->state = ENTRY_FAILED;
	return NEIGHBOUR_FAILED;
}

void neighbour_unasked(struct neighbour_table *table, unsigned ifindex,
		       const struct addr *next_hop)
{
	struct entry *entry =
		find(table->slots, table->n_slots, ifindex, next_hop);

	if (entry->state == ENTRY_ASKED && entry->asked > 0)
		entry->asked--;
}

bool neighbour_doubt(struct neighbour_table *table, unsigned ifindex,
		     const struct addr *next_hop, int64_t now_ns)
{
	struct entry *entry =
		find(table->slots, table->n_slots, ifindex, next_hop);

	if (entry->state != ENTRY_READY ||
	    (entry->doubted_ns && now_ns - entry->doubted_ns < DOUBT_EVERY_NS))
		return false;
	entry->doubted_ns = now_ns;
	return true;
}

/* RFC 1812 3.3.2: a reply that claims a group address is not believed. */
static bool is_station(const uint8_t mac[6])
{
	static const uint8_t zero[6];

	return !(mac[0] & 1) && memcmp(mac, zero, sizeof(zero)) != 0;
}

int neighbour_learn(struct neighbour_table *table, unsigned ifindex,
		    const struct addr *addr, const uint8_t mac[6], bool unasked)
{
	struct entry *entry;

	if (!is_station(mac))
		return 0;
	entry = find(table->slots, table->n_slots, ifindex, addr);
	if (entry->state == ENTRY_EMPTY) {
		if (!unasked)
			return 0;
		entry = insert(table, ifindex, addr);
		if (!entry)
			return -1;
	}
	memcpy(entry->mac, mac, sizeof(entry->mac));
	entry->state = ENTRY_READY;
	return 0;
}
