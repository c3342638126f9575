/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_WRITER_H
#define BASE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct error;

enum {
	WRITER_BUFFER_BYTES = 65536,
	WRITER_CUTS = 40, /* two for each page of the buffer, and some */
};

/*
 * Whole records (the lines of a text, the blocks of a capture) to a file or
 * to stdout, buffered. What leaves with one write(2) ends at a record's end,
 * so that a reader finds whole records only, even after SIGKILL: a pipe takes
 * up to PIPE_BUF bytes as a whole. The kernel looks for a SIGKILL between the
 * pages of a file, so the one record that lies across two pages goes by
 * itself: what is left is the microsecond between its halves. The first
 * failure is kept and ends the writing; a file is then cut back to its last
 * whole record. One thread at a time; SIGPIPE is to be ignored.
 */
struct writer {
	int fd;
	char *path;   /* NULL: stdout */
	bool regular; /* a file: offset is known */
	bool terminal;
	int failed;               /* errno of the first failed write; 0: none */
	off_t offset;             /* where the buffer goes */
	off_t whole;              /* up to there all records are whole */
	size_t pending;           /* bytes still to come of the record begun */
	size_t used;              /* of the buffer */
	size_t cuts[WRITER_CUTS]; /* where one write ends and the next begins */
	size_t n_cuts;
	char buffer[WRITER_BUFFER_BYTES];
};

/* path NULL is stdout; a file is created or emptied. 0, or -1 with
 * STATUS_FAILED which quotes the path. */
int writer_open(struct writer *writer, const char *path, struct error *error);

/* Whether both write to one and the same regular file or to stdout. */
bool writer_same(const struct writer *a, const struct writer *b);

/* A record of that length begins; exactly so many bytes are put next, in any
 * number of pieces. One larger than the buffer goes in several writes. */
void writer_begin(struct writer *writer, size_t length);
void writer_put(struct writer *writer, const void *bytes, size_t length);

/* Blocks until all is written, or failed. Between records. */
void writer_flush(struct writer *writer);

/* Flushes and closes. -1 with STATUS_FAILED when not all could be written. */
int writer_finish(struct writer *writer, struct error *error);

/* Closes what is still open, drops what was not flushed. */
void writer_free(struct writer *writer);

#endif
