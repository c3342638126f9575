/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/flight.h"

#include <stdlib.h>

#include "base/clock.h"

#define CHUNK_BITS  12
#define CHUNK_SIZE  (1u << CHUNK_BITS)
#define WHEEL_SLOTS 4096u
#define TICK_NS     NS_PER_MS

struct flights {
	uint32_t limit, count, used; /* used: ids ever handed out */
	flight_id vacant;            /* removed ones, by `after` */
	struct flight **chunks;
	flight_id *heads; /* hash: number -> chain */
	uint32_t mask;
	int64_t hand; /* the tick that flight_due() looks at */
	uint32_t scheduled;
	struct flight_list wheel[WHEEL_SLOTS];
	uint64_t filled[WHEEL_SLOTS / 64]; /* slots with a flight */
};

static struct flight *flight_at(const struct flights *flights, flight_id id)
{
	if (id == 0)
		return NULL;
	return &flights->chunks[(id - 1) >> CHUNK_BITS]
			       [(id - 1) & (CHUNK_SIZE - 1)];
}

static uint32_t hash(const struct flights *flights, uint64_t number)
{
	/* Fibonacci hashing: numbers are dense, their high bits alike. */
	return (uint32_t)((number * 0x9e3779b97f4a7c15ULL) >> 32) &
	       flights->mask;
}

struct flights *flights_new(uint32_t limit, int64_t now_ns)
{
	struct flights *flights = calloc(1, sizeof(*flights));
	uint32_t heads = 1024;

	if (!flights)
		return NULL;
	while (heads / 2 < limit && heads < 1u << 30)
		heads *= 2;
	flights->limit = limit;
	flights->mask = heads - 1;
	flights->hand = now_ns / TICK_NS;
	flights->heads = calloc(heads, sizeof(*flights->heads));
	flights->chunks =
		/* NOLINTNEXTLINE(bugprone-sizeof-expression) */
		calloc(limit / CHUNK_SIZE + 1, sizeof(*flights->chunks));
	if (!flights->heads || !flights->chunks) {
		flights_free(flights);
		return NULL;
	}
	return flights;
}

void flights_free(struct flights *flights)
{
	if (!flights)
		return;
	if (flights->chunks)
		for (uint32_t i = 0; i <= flights->limit / CHUNK_SIZE; i++)
			free(flights->chunks[i]);
	free(flights->chunks);
	free(flights->heads);
	free(flights);
}

uint32_t flights_count(const struct flights *flights)
{
	return flights->count;
}

/* An id that no flight has; 0 when there is no memory for one. */
static flight_id take_id(struct flights *flights)
{
	flight_id id = flights->vacant;
	struct flight **chunk;

	if (id) {
		flights->vacant = flight_at(flights, id)->after;
		return id;
	}
	chunk = &flights->chunks[flights->used >> CHUNK_BITS];
	if (!*chunk) {
		/* A flight is a cache line: in a fast scan most of the time
		 * goes into waiting for those. */
		*chunk = aligned_alloc(64, CHUNK_SIZE * sizeof(**chunk));
		if (!*chunk)
			return 0;
	}
	return ++flights->used;
}

struct flight *flight_add(struct flights *flights, uint64_t number)
{
	flight_id *head = &flights->heads[hash(flights, number)], id;
	struct flight *flight;

	if (flights->count == flights->limit)
		return NULL;
	id = take_id(flights);
	if (id == 0)
		return NULL;
	flight = flight_at(flights, id);
	*flight = (struct flight){.number = number, .id = id, .chain = *head};
	*head = id;
	flights->count++;
	return flight;
}

void flight_prefetch(const struct flights *flights, uint64_t number)
{
	__builtin_prefetch(&flights->heads[hash(flights, number)], 1);
}

struct flight *flight_find(const struct flights *flights, uint64_t number)
{
	flight_id id = flights->heads[hash(flights, number)];
	struct flight *flight;

	while ((flight = flight_at(flights, id)) && flight->number != number)
		id = flight->chain;
	return flight;
}

void flight_remove(struct flights *flights, struct flight *flight)
{
	flight_id *link = &flights->heads[hash(flights, flight->number)];

	while (*link != flight->id)
		link = &flight_at(flights, *link)->chain;
	*link = flight->chain;
	flight->after = flights->vacant;
	flights->vacant = flight->id;
	flights->count--;
}

void flight_append(struct flights *flights, struct flight_list *list,
		   struct flight *flight)
{
	struct flight *tail = flight_at(flights, list->tail);

	flight->before = list->tail;
	flight->after = 0;
	if (tail)
		tail->after = flight->id;
	else
		list->head = flight->id;
	list->tail = flight->id;
	list->count++;
}

void flight_prepend(struct flights *flights, struct flight_list *list,
		    struct flight *flight)
{
	struct flight *head = flight_at(flights, list->head);

	flight->before = 0;
	flight->after = list->head;
	if (head)
		head->before = flight->id;
	else
		list->tail = flight->id;
	list->head = flight->id;
	list->count++;
}

struct flight *flight_first(const struct flights *flights,
			    const struct flight_list *list)
{
	return flight_at(flights, list->head);
}

struct flight *flight_after(const struct flights *flights,
			    const struct flight *flight)
{
	return flight_at(flights, flight->after);
}

void flight_unlist(struct flights *flights, struct flight_list *list,
		   struct flight *flight)
{
	struct flight *before = flight_at(flights, flight->before);
	struct flight *after = flight_at(flights, flight->after);

	if (before)
		before->after = flight->after;
	else
		list->head = flight->after;
	if (after)
		after->before = flight->before;
	else
		list->tail = flight->before;
	flight->before = flight->after = 0;
	list->count--;
}

static uint32_t slot_of(int64_t tick)
{
	return (uint32_t)tick % WHEEL_SLOTS;
}

void flight_schedule(struct flights *flights, struct flight *flight,
		     int64_t due_ns)
{
	int64_t tick = (due_ns + TICK_NS - 1) / TICK_NS;
	uint32_t slot;

	/* What is overdue goes where the hand looks next. */
	if (tick < flights->hand)
		tick = flights->hand;
	slot = slot_of(tick);
	flight->due_ns = tick * TICK_NS;
	flight_append(flights, &flights->wheel[slot], flight);
	flights->filled[slot / 64] |= 1ULL << slot % 64;
	flights->scheduled++;
}

static void wheel_take(struct flights *flights, uint32_t slot,
		       struct flight *flight)
{
	flight_unlist(flights, &flights->wheel[slot], flight);
	if (flights->wheel[slot].count == 0)
		flights->filled[slot / 64] &= ~(1ULL << slot % 64);
	flights->scheduled--;
}

void flight_unschedule(struct flights *flights, struct flight *flight)
{
	wheel_take(flights, slot_of(flight->due_ns / TICK_NS), flight);
}

/* Ticks from the hand to the first filled slot; WHEEL_SLOTS when none. */
static uint32_t ticks_ahead(const struct flights *flights)
{
	uint32_t start = slot_of(flights->hand), seen = 0;

	while (seen < WHEEL_SLOTS) {
		uint32_t slot = (start + seen) % WHEEL_SLOTS;
		uint64_t word = flights->filled[slot / 64] >> slot % 64;

		if (word)
			return seen + (uint32_t)__builtin_ctzll(word);
		seen += 64 - slot % 64;
	}
	return WHEEL_SLOTS;
}

struct flight *flight_due(struct flights *flights, int64_t now_ns)
{
	int64_t now = now_ns / TICK_NS;

	while (flights->scheduled && flights->hand <= now) {
		struct flight_list *list =
			&flights->wheel[slot_of(flights->hand)];
		struct flight *flight = flight_first(flights, list);

		/* Those of a later turn of the wheel stay. */
		while (flight && flight->due_ns / TICK_NS > flights->hand)
			flight = flight_after(flights, flight);
		if (flight) {
			wheel_take(flights, slot_of(flights->hand), flight);
			return flight;
		}
		flights->hand++;
		flights->hand += ticks_ahead(flights);
		if (flights->hand > now + 1)
			flights->hand = now + 1;
	}
	if (flights->hand < now)
		flights->hand = now;
	return NULL;
}

int64_t flights_next_ns(const struct flights *flights)
{
	if (flights->scheduled == 0)
		return INT64_MAX;
	return (flights->hand + ticks_ahead(flights)) * TICK_NS;
}
