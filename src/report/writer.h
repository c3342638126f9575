/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef REPORT_WRITER_H
#define REPORT_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct error;
struct line;

enum {
	WRITER_BUFFER_BYTES = 65536,
};

/*
 * Whole lines to a file or to stdout, buffered. What leaves with one write(2)
 * ends at a line's end, so that a reader finds whole lines only, even after
 * SIGKILL: a pipe takes up to PIPE_BUF bytes as a whole. The kernel looks for
 * a SIGKILL between the pages of a file, so the one line that lies across two
 * pages goes by itself: what is left is the microsecond between its halves.
 * The first failure is kept and ends the writing. One thread at a time;
 * SIGPIPE is to be ignored.
 */
struct writer {
	int fd;
	char *path;   /* NULL: stdout */
	bool regular; /* a file: offset is known */
	bool terminal;
	int failed; /* errno of the first failed write; 0: none */
	off_t offset;
	size_t used; /* of the buffer; always ends at a line's end */
	char buffer[WRITER_BUFFER_BYTES];
};

/* path NULL is stdout; a file is created or emptied. 0, or -1 with
 * STATUS_FAILED which quotes the path. */
int writer_open(struct writer *writer, const char *path, struct error *error);

/* Whether both write to one and the same regular file or to stdout. */
bool writer_same(const struct writer *a, const struct writer *b);

/* Appends the line and its LF. */
void writer_line(struct writer *writer, struct line *line);

/* Blocks until all is written, or failed. */
void writer_flush(struct writer *writer);

/* Flushes and closes. -1 with STATUS_FAILED when not all could be written. */
int writer_finish(struct writer *writer, struct error *error);

/* Closes what is still open, drops what was not flushed. */
void writer_free(struct writer *writer);

#endif
