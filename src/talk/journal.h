/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_JOURNAL_H
#define TALK_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/*
 * The lines that are still on their way to somebody, each kept once however
 * many are to get it: a ring of bytes, and in it a place for each reader. So
 * a thousand clients that never read cost no more than one. A new line takes
 * the place of the oldest ones; who has not read these has lost them.
 *
 *   oldest                                             end
 *   | header text | header text | header text | ...     |
 *                 ^ reader a          ^ reader b        ^ new readers
 */
struct journal;

/* Nobody, and everybody, as the one who wrote or is to get a line. */
enum {
	JOURNAL_NOBODY = 0,
};

/* A place in the journal; the caller's storage. */
struct journal_reader {
	uint32_t id;    /* not 0; this reader skips what has its id as `from` */
	uint64_t at;    /* the entry that comes next */
	uint64_t until; /* no entry from here on */
	size_t done;    /* bytes that were read of the entry */
};

/* NULL when memory is out. */
struct journal *journal_new(size_t capacity_bytes);
void journal_free(struct journal *journal);

/* The longest text that an entry may have. */
size_t journal_entry_max(const struct journal *journal);

/* Adds the texts as one entry. from: who skips it; to: the only one who gets
 * it, JOURNAL_NOBODY for all. */
void journal_add(struct journal *journal, uint32_t from, uint32_t to,
		 const struct iovec *texts, size_t count);

/* From here on: nothing of what is there already. */
void journal_join(const struct journal *journal, struct journal_reader *reader,
		  uint32_t id);

/* Up to here: nothing that is added from now on. */
void journal_leave(const struct journal *journal,
		   struct journal_reader *reader);

/* Whether lines that the reader was to get are gone. Nothing else may be
 * asked of such a reader. */
bool journal_lost(const struct journal *journal,
		  const struct journal_reader *reader);

/* How far the reader is behind, in bytes of the ring. */
size_t journal_lag(const struct journal *journal,
		   const struct journal_reader *reader);

/* What the reader is to get next, at most `max` pieces; returns how many.
 * They stay until the next journal_add(). */
size_t journal_peek(const struct journal *journal,
		    struct journal_reader *reader, struct iovec *out,
		    size_t max);

/* The reader has got so many bytes of these. */
void journal_advance(const struct journal *journal,
		     struct journal_reader *reader, size_t bytes);

#endif
