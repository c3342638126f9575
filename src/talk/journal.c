/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/journal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Stands before each text. Entries are a multiple of its size, and so is the
 * ring: there is always room for one before the ring's end. */
struct header {
	uint32_t span;  /* bytes up to the next header */
	uint32_t bytes; /* of the text */
	uint32_t from;
	uint32_t to;
};

/* Who an entry goes to that only fills the ring up to its end. */
#define TO_NONE UINT32_MAX

struct journal {
	char *ring;
	size_t capacity;
	uint64_t oldest; /* places count up for ever; modulo capacity */
	uint64_t end;
};

static size_t span_of(size_t text_bytes)
{
	size_t unit = sizeof(struct header);

	return unit + (text_bytes + unit - 1) / unit * unit;
}

struct journal *journal_new(size_t capacity_bytes)
{
	struct journal *journal = calloc(1, sizeof(*journal));
	size_t unit = sizeof(struct header);

	if (!journal)
		return NULL;
	assert(capacity_bytes >= 4 * unit && capacity_bytes <= UINT32_MAX / 2);
	journal->capacity = capacity_bytes / unit * unit;
	journal->ring = malloc(journal->capacity);
	if (!journal->ring) {
		free(journal);
		return NULL;
	}
	return journal;
}

void journal_free(struct journal *journal)
{
	if (!journal)
		return;
	free(journal->ring);
	free(journal);
}

size_t journal_entry_max(const struct journal *journal)
{
	/* With what fills up the ring's end, half of it is always enough. */
	return journal->capacity / 2 - sizeof(struct header);
}

static struct header header_at(const struct journal *journal, uint64_t place)
{
	struct header header;

	memcpy(&header, journal->ring + place % journal->capacity,
	       sizeof(header));
	return header;
}

static const char *text_at(const struct journal *journal, uint64_t place)
{
	return journal->ring + place % journal->capacity +
	       sizeof(struct header);
}

/* Writes a header at the end; the oldest entries make room. Returns where its
 * text belongs. */
static char *append(struct journal *journal, struct header header)
{
	char *at = journal->ring + journal->end % journal->capacity;

	while (journal->end + header.span - journal->oldest > journal->capacity)
		journal->oldest += header_at(journal, journal->oldest).span;
	memcpy(at, &header, sizeof(header));
	journal->end += header.span;
	return at + sizeof(header);
}

void journal_add(struct journal *journal, uint32_t from, uint32_t to,
		 const struct iovec *texts, size_t count)
{
	size_t bytes = 0, tail;
	char *at;

	for (size_t i = 0; i < count; i++)
		bytes += texts[i].iov_len;
	assert(bytes > 0 && bytes <= journal_entry_max(journal));
	/* A text is never parted by the ring's end. */
	tail = journal->capacity - journal->end % journal->capacity;
	if (tail < span_of(bytes))
		append(journal, (struct header){
					.span = (uint32_t)tail,
					.to = TO_NONE,
				});
	at = append(journal, (struct header){
				     .span = (uint32_t)span_of(bytes),
				     .bytes = (uint32_t)bytes,
				     .from = from,
				     .to = to,
			     });
	for (size_t i = 0; i < count; i++) {
		memcpy(at, texts[i].iov_base, texts[i].iov_len);
		at += texts[i].iov_len;
	}
}

void journal_join(const struct journal *journal, struct journal_reader *reader,
		  uint32_t id)
{
	*reader = (struct journal_reader){
		.id = id,
		.at = journal->end,
		.until = UINT64_MAX,
	};
}

void journal_leave(const struct journal *journal, struct journal_reader *reader)
{
	if (reader->until > journal->end)
		reader->until = journal->end;
}

bool journal_lost(const struct journal *journal,
		  const struct journal_reader *reader)
{
	return reader->at < journal->oldest && reader->at < reader->until;
}

size_t journal_lag(const struct journal *journal,
		   const struct journal_reader *reader)
{
	uint64_t end =
		reader->until < journal->end ? reader->until : journal->end;

	return reader->at < end ? (size_t)(end - reader->at) : 0;
}

static bool is_for(const struct header *header,
		   const struct journal_reader *reader)
{
	if (header->from == reader->id)
		return false;
	return header->to == JOURNAL_NOBODY || header->to == reader->id;
}

/* Past all that is not for the reader. */
static void skip(const struct journal *journal, struct journal_reader *reader)
{
	while (journal_lag(journal, reader) > 0) {
		struct header header = header_at(journal, reader->at);

		if (is_for(&header, reader))
			return;
		reader->at += header.span;
	}
}

size_t journal_peek(const struct journal *journal,
		    struct journal_reader *reader, struct iovec *out,
		    size_t max)
{
	struct journal_reader ahead;
	size_t count = 0;

	assert(!journal_lost(journal, reader));
	skip(journal, reader);
	ahead = *reader;
	while (count < max && journal_lag(journal, &ahead) > 0) {
		struct header header = header_at(journal, ahead.at);

		out[count++] = (struct iovec){
			.iov_base =
				(char *)text_at(journal, ahead.at) + ahead.done,
			.iov_len = header.bytes - ahead.done,
		};
		ahead.at += header.span;
		ahead.done = 0;
		skip(journal, &ahead);
	}
	return count;
}

void journal_advance(const struct journal *journal,
		     struct journal_reader *reader, size_t bytes)
{
	while (bytes > 0) {
		struct header header = header_at(journal, reader->at);
		size_t left = header.bytes - reader->done;

		assert(journal_lag(journal, reader) > 0);
		if (bytes < left) {
			reader->done += bytes;
			return;
		}
		bytes -= left;
		reader->at += header.span;
		reader->done = 0;
		skip(journal, reader);
	}
}
