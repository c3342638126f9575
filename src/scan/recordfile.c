/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/recordfile.h"

#include <stdlib.h>

#include "base/error.h"

struct recordfile {
	struct recording recording;
	struct pcapng *pcapng;
	uint64_t dropped;
};

static void write_packet(struct recording *recording,
			 const struct record *record)
{
	struct recordfile *self = (struct recordfile *)recording;
	char text[MEANING_TEXT_BYTES];

	pcapng_write(
		self->pcapng,
		&(struct pcapng_packet){
			.interface = record->interface,
			.wall_ns = record->wall_ns,
			.bytes = record->bytes,
			.captured = record->captured,
			.length = record->length,
			.direction = record->outbound ? PCAPNG_OUTBOUND
						      : PCAPNG_INBOUND,
			.comment = text,
			.comment_bytes = meaning_text(&record->meaning, text),
		});
}

static void flush(struct recording *recording)
{
	pcapng_flush(((struct recordfile *)recording)->pcapng);
}

static void end(struct recording *recording,
		const struct pcapng_statistics *totals, size_t n)
{
	struct recordfile *self = (struct recordfile *)recording;

	for (size_t i = 0; i < n; i++) {
		pcapng_statistics(self->pcapng, (unsigned)i, &totals[i]);
		self->dropped += totals[i].dropped;
	}
	pcapng_flush(self->pcapng);
}

static const struct recording_ops ops = {write_packet, flush, end};

struct recordfile *recordfile_open(const struct pcapng_config *config,
				   struct error *error)
{
	struct recordfile *self = calloc(1, sizeof(*self));

	if (!self) {
		error_errno(error, "capture file");
		return NULL;
	}
	self->recording.ops = &ops;
	self->pcapng = pcapng_open(config, error);
	if (self->pcapng)
		return self;
	free(self);
	return NULL;
}

struct recording *recordfile_recording(struct recordfile *self)
{
	return &self->recording;
}

const struct writer *recordfile_writer(const struct recordfile *self)
{
	return pcapng_writer(self->pcapng);
}

uint64_t recordfile_written(const struct recordfile *self)
{
	return pcapng_written(self->pcapng);
}

uint64_t recordfile_dropped(const struct recordfile *self)
{
	return self->dropped;
}

int recordfile_close(struct recordfile *self, struct error *error)
{
	int status;

	if (!self)
		return 0;
	status = pcapng_close(self->pcapng, error);
	free(self);
	return status;
}
