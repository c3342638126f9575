/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/ring.h"

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_LINE_BYTES 64

/*
 * head and tail count items for ever and wrap with size_t; tail - head is how
 * many are in. Each side keeps the other's counter as last seen, so that the
 * shared line is fetched only when the ring looks full or empty.
 */
struct ring {
	unsigned char *items;
	size_t mask; /* capacity - 1 */
	size_t item_bytes;

	/* The producer's line. */
	alignas(CACHE_LINE_BYTES) atomic_size_t tail;
	size_t head_seen;

	/* The consumer's line. */
	alignas(CACHE_LINE_BYTES) atomic_size_t head;
	size_t tail_seen;
};

struct ring *ring_new(size_t capacity, size_t item_bytes)
{
	struct ring *ring;
	size_t rounded = 1;

	assert(item_bytes > 0);
	while (rounded < capacity && rounded <= SIZE_MAX / 4)
		rounded *= 2;
	if (rounded < capacity || rounded > SIZE_MAX / item_bytes)
		return NULL;
	ring = aligned_alloc(CACHE_LINE_BYTES, sizeof(*ring));
	if (!ring)
		return NULL;
	memset(ring, 0, sizeof(*ring));
	ring->items = calloc(rounded, item_bytes);
	if (!ring->items) {
		free(ring);
		return NULL;
	}
	ring->mask = rounded - 1;
	ring->item_bytes = item_bytes;
	atomic_init(&ring->head, 0);
	atomic_init(&ring->tail, 0);
	return ring;
}

void ring_free(struct ring *ring)
{
	if (!ring)
		return;
	free(ring->items);
	free(ring);
}

static unsigned char *slot(const struct ring *ring, size_t number)
{
	return ring->items + (number & ring->mask) * ring->item_bytes;
}

bool ring_push(struct ring *ring, const void *item)
{
	size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

	if (tail - ring->head_seen > ring->mask) {
		ring->head_seen =
			atomic_load_explicit(&ring->head, memory_order_acquire);
		if (tail - ring->head_seen > ring->mask)
			return false;
	}
	memcpy(slot(ring, tail), item, ring->item_bytes);
	atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
	return true;
}

bool ring_pop(struct ring *ring, void *item)
{
	size_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

	if (head == ring->tail_seen) {
		ring->tail_seen =
			atomic_load_explicit(&ring->tail, memory_order_acquire);
		if (head == ring->tail_seen)
			return false;
	}
	memcpy(item, slot(ring, head), ring->item_bytes);
	atomic_store_explicit(&ring->head, head + 1, memory_order_release);
	return true;
}
