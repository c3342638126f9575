/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/recordlist.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

struct kept {
	struct record record;
	uint8_t bytes[RECORD_SNAP_BYTES];
};

struct recordlist {
	struct recording recording;
	size_t n, room;
	uint64_t missing;
	struct kept kept[];
};

static void keep(struct recording *recording, const struct record *record)
{
	struct recordlist *self = (struct recordlist *)recording;
	struct kept *kept = &self->kept[self->n];

	if (self->n == self->room) {
		self->missing++;
		return;
	}
	self->n++;
	kept->record = *record;
	kept->record.bytes = kept->bytes;
	memcpy(kept->bytes, record->bytes, record->captured);
}

static void end(struct recording *recording,
		const struct pcapng_statistics *totals, size_t n)
{
	struct recordlist *self = (struct recordlist *)recording;

	for (size_t i = 0; i < n; i++)
		self->missing += totals[i].dropped;
}

static const struct recording_ops ops = {keep, NULL, end};

struct recordlist *recordlist_new(size_t packets, struct error *error)
{
	struct recordlist *self =
		malloc(sizeof(*self) + packets * sizeof(self->kept[0]));

	if (!self) {
		error_errno(error, "packets in memory");
		return NULL;
	}
	*self = (struct recordlist){.recording.ops = &ops, .room = packets};
	return self;
}

void recordlist_free(struct recordlist *self)
{
	free(self);
}

struct recording *recordlist_recording(struct recordlist *self)
{
	return &self->recording;
}

size_t recordlist_count(const struct recordlist *self)
{
	return self->n;
}

const struct record *recordlist_at(const struct recordlist *self, size_t i)
{
	assert(i < self->n);
	return &self->kept[i].record;
}

uint64_t recordlist_missing(const struct recordlist *self)
{
	return self->missing;
}
