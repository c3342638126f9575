/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/writer.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

enum {
	PAGE_BYTES = 4096, /* larger pages hold whole ones of these */
	OPEN_FLAGS = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
};

static int open_failed(struct error *error, const char *path)
{
	if (!path)
		return error_errno(error, "standard output");
	return error_errno(error, "output file \"%s\"", path);
}

/* Of a file that stdout may have been pointed at, with > or >>. */
static off_t start_offset(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	bool append = flags >= 0 && flags & O_APPEND;
	off_t offset = lseek(fd, 0, append ? SEEK_END : SEEK_CUR);

	return offset < 0 ? 0 : offset;
}

int writer_open(struct writer *writer, const char *path, struct error *error)
{
	struct stat stat;

	writer->path = path ? strdup(path) : NULL;
	writer->failed = 0;
	writer->used = 0;
	writer->pending = 0;
	writer->n_cuts = 0;
	writer->offset = 0;
	writer->fd = path ? open(path, OPEN_FLAGS, 0666) : STDOUT_FILENO;
	if ((path && !writer->path) || writer->fd < 0 ||
	    fstat(writer->fd, &stat) < 0)
		goto fail;
	writer->regular = S_ISREG(stat.st_mode);
	writer->terminal = isatty(writer->fd);
	if (writer->regular)
		writer->offset = start_offset(writer->fd);
	writer->whole = writer->offset;
	return 0;
fail:
	open_failed(error, path);
	writer_free(writer);
	return -1;
}

bool writer_same(const struct writer *a, const struct writer *b)
{
	struct stat stat_a, stat_b;

	if (a->fd == b->fd)
		return true;
	if (!a->regular || !b->regular)
		return false;
	return !fstat(a->fd, &stat_a) && !fstat(b->fd, &stat_b) &&
	       stat_a.st_dev == stat_b.st_dev && stat_a.st_ino == stat_b.st_ino;
}

/* One write; a non-blocking stdout (somebody else's doing) is waited for. */
static ssize_t write_some(struct writer *writer, const char *bytes,
			  size_t length)
{
	struct pollfd pollfd = {.fd = writer->fd, .events = POLLOUT};
	ssize_t n;

	for (;;) {
		n = write(writer->fd, bytes, length);
		if (n >= 0)
			return n;
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			n = poll(&pollfd, 1, -1);
		if (n < 0 && errno != EINTR)
			return -1;
	}
}

/* Half a record at the end is worse than none: take it back. What somebody
 * else opened, and may append to, stays as it is. */
static void fail(struct writer *writer)
{
	writer->failed = errno;
	if (writer->path && writer->regular && writer->offset > writer->whole)
		(void)!ftruncate(writer->fd, writer->whole);
}

static int write_all(struct writer *writer, const char *bytes, size_t length)
{
	ssize_t n;

	while (length) {
		n = write_some(writer, bytes, length);
		if (n < 0) {
			fail(writer);
			return -1;
		}
		bytes += n;
		length -= (size_t)n;
		writer->offset += n;
	}
	return 0;
}

void writer_flush(struct writer *writer)
{
	size_t done = 0;

	for (size_t i = 0; done < writer->used && !writer->failed; i++) {
		size_t end =
			i < writer->n_cuts ? writer->cuts[i] : writer->used;

		if (write_all(writer, writer->buffer + done, end - done) < 0)
			break;
		done = end;
		if (done < writer->used || !writer->pending)
			writer->whole = writer->offset;
	}
	writer->used = 0;
	writer->n_cuts = 0;
}

static void cut_at(struct writer *writer, size_t at)
{
	size_t last = writer->n_cuts ? writer->cuts[writer->n_cuts - 1] : 0;

	if (at <= last)
		return;
	assert(writer->n_cuts < WRITER_CUTS);
	writer->cuts[writer->n_cuts++] = at;
}

static off_t page_of(const struct writer *writer, size_t at)
{
	return (writer->offset + (off_t)at) / PAGE_BYTES;
}

/* Where this record has to part from those before and behind it. */
static void note_cuts(struct writer *writer, size_t length)
{
	size_t start = writer->used, end = start + length;
	size_t last = writer->n_cuts ? writer->cuts[writer->n_cuts - 1] : 0;
	off_t page = page_of(writer, end - 1);

	if (writer->regular ? page_of(writer, last) != page
			    : end - last > PIPE_BUF)
		cut_at(writer, start);
	if (writer->regular && page_of(writer, start) != page)
		cut_at(writer, end);
}

void writer_begin(struct writer *writer, size_t length)
{
	if (writer->failed)
		return;
	assert(writer->pending == 0 && length > 0);
	if (writer->used + length > WRITER_BUFFER_BYTES)
		writer_flush(writer);
	if (length <= WRITER_BUFFER_BYTES)
		note_cuts(writer, length);
	writer->pending = length;
}

void writer_put(struct writer *writer, const void *bytes, size_t length)
{
	const char *at = bytes;

	if (writer->failed)
		return;
	assert(length <= writer->pending);
	while (length && !writer->failed) {
		size_t room = WRITER_BUFFER_BYTES - writer->used;
		size_t part = length < room ? length : room;

		memcpy(writer->buffer + writer->used, at, part);
		writer->used += part;
		writer->pending -= part;
		at += part;
		length -= part;
		if (length)
			writer_flush(writer);
	}
}

int writer_finish(struct writer *writer, struct error *error)
{
	writer_flush(writer);
	/* Some file systems tell only now that the disk is full. */
	if (writer->path && writer->fd >= 0 && close(writer->fd) < 0 &&
	    !writer->failed && errno != EINTR)
		writer->failed = errno;
	writer->fd = -1;
	if (!writer->failed)
		return 0;
	errno = writer->failed;
	return open_failed(error, writer->path);
}

void writer_free(struct writer *writer)
{
	if (writer->path && writer->fd >= 0)
		close(writer->fd);
	writer->fd = -1;
	free(writer->path);
	writer->path = NULL;
}
