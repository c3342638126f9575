/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_RING_H
#define BASE_RING_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A bounded queue of fixed-size items between exactly one producer thread
 * and exactly one consumer thread. No lock: the producer alone writes the
 * tail, the consumer alone the head, each published with release and read
 * with acquire.
 */
struct ring;

/* capacity is rounded up to a power of two. NULL when memory is out. */
struct ring *ring_new(size_t capacity, size_t item_bytes);
void ring_free(struct ring *ring);

/* Producer. Copies the item in; false when the ring is full. */
bool ring_push(struct ring *ring, const void *item);

/* Consumer. Copies the oldest item out; false when the ring is empty. */
bool ring_pop(struct ring *ring, void *item);

#endif
