/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/recorder.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"

#define RECORDINGS_MOST 4
#define AHEAD           8 /* packets */
#define AHEAD_BYTES     192
#define FLUSH_NS        (100 * NS_PER_MS)

struct slot {
	struct record record;
	uint8_t bytes[RECORD_SNAP_BYTES];
};

/* Sorted by time, those of one time as they came. */
struct place {
	int64_t wall_ns;
	uint32_t slot;
};

struct recorder {
	struct recording *recordings[RECORDINGS_MOST];
	size_t n_recordings;
	int64_t flushed_ns;
	struct place places[2 * RECORDER_PACKETS];
	size_t head, tail;
	uint32_t free_slots[RECORDER_PACKETS]; /* a stack */
	size_t n_free;
	struct slot slots[RECORDER_PACKETS];
};

struct recorder *recorder_new(struct error *error)
{
	struct recorder *recorder = malloc(sizeof(*recorder));

	if (!recorder) {
		error_errno(error, "recorder");
		return NULL;
	}
	/* The slots stay untouched until they are needed. */
	memset(recorder, 0, offsetof(struct recorder, slots));
	for (uint32_t i = 0; i < RECORDER_PACKETS; i++)
		recorder->free_slots[i] = RECORDER_PACKETS - 1 - i;
	recorder->n_free = RECORDER_PACKETS;
	return recorder;
}

void recorder_free(struct recorder *recorder)
{
	free(recorder);
}

void recorder_add(struct recorder *recorder, struct recording *recording)
{
	assert(recorder->n_recordings < RECORDINGS_MOST);
	recorder->recordings[recorder->n_recordings++] = recording;
}

/* A slot was written long ago by the cache's measure: the first bytes of one
 * that will be read soon are asked for ahead. */
static void prefetch(const struct recorder *recorder)
{
	size_t at = recorder->head + AHEAD;
	const char *slot;

	if (at >= recorder->tail)
		return;
	slot = (const char *)&recorder->slots[recorder->places[at].slot];
	for (size_t i = 0; i < AHEAD_BYTES; i += 64)
		__builtin_prefetch(slot + i);
}

static void emit_oldest(struct recorder *recorder)
{
	uint32_t slot = recorder->places[recorder->head++].slot;
	const struct record *record = &recorder->slots[slot].record;

	prefetch(recorder);
	for (size_t i = 0; i < recorder->n_recordings; i++)
		recorder->recordings[i]->ops->packet(recorder->recordings[i],
						     record);
	recorder->free_slots[recorder->n_free++] = slot;
}

static void insert(struct recorder *recorder, int64_t wall_ns, uint32_t slot)
{
	struct place *places = recorder->places;
	size_t at;

	if (recorder->tail == 2 * RECORDER_PACKETS) {
		recorder->tail -= recorder->head;
		memmove(places, places + recorder->head,
			recorder->tail * sizeof(*places));
		recorder->head = 0;
	}
	for (at = recorder->tail++;
	     at > recorder->head && places[at - 1].wall_ns > wall_ns; at--)
		places[at] = places[at - 1];
	places[at] = (struct place){wall_ns, slot};
}

void recorder_packet(struct recorder *recorder, const struct record *record)
{
	struct slot *slot;
	uint32_t number;

	if (recorder->n_free == 0)
		emit_oldest(recorder);
	number = recorder->free_slots[--recorder->n_free];
	slot = &recorder->slots[number];
	slot->record = *record;
	slot->record.bytes = slot->bytes;
	if (slot->record.captured > RECORD_SNAP_BYTES)
		slot->record.captured = RECORD_SNAP_BYTES;
	memcpy(slot->bytes, record->bytes, slot->record.captured);
	insert(recorder, record->wall_ns, number);
}

void recorder_advance(struct recorder *recorder, int64_t wall_ns)
{
	while (recorder->head < recorder->tail &&
	       recorder->places[recorder->head].wall_ns <
		       wall_ns - RECORDER_HOLD_NS)
		emit_oldest(recorder);
	if (llabs(wall_ns - recorder->flushed_ns) < FLUSH_NS)
		return;
	recorder->flushed_ns = wall_ns;
	for (size_t i = 0; i < recorder->n_recordings; i++)
		if (recorder->recordings[i]->ops->flush)
			recorder->recordings[i]->ops->flush(
				recorder->recordings[i]);
}

void recorder_end(struct recorder *recorder,
		  const struct pcapng_statistics *totals, size_t n)
{
	while (recorder->head < recorder->tail)
		emit_oldest(recorder);
	for (size_t i = 0; i < recorder->n_recordings; i++)
		if (recorder->recordings[i]->ops->end)
			recorder->recordings[i]->ops->end(
				recorder->recordings[i], totals, n);
}
