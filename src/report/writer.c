/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "report/line.h"

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
	writer->offset = 0;
	writer->fd = path ? open(path, OPEN_FLAGS, 0666) : STDOUT_FILENO;
	if ((path && !writer->path) || writer->fd < 0 ||
	    fstat(writer->fd, &stat) < 0)
		goto fail;
	writer->regular = S_ISREG(stat.st_mode);
	writer->terminal = isatty(writer->fd);
	if (writer->regular)
		writer->offset = start_offset(writer->fd);
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

/* How many of the bytes (which end at a line's end) to write at once. */
static size_t chunk_length(const struct writer *writer, const char *bytes,
			   size_t length)
{
	size_t limit = PIPE_BUF, end;

	if (writer->regular)
		limit = PAGE_BYTES - (size_t)(writer->offset % PAGE_BYTES);
	if (length <= limit)
		return length;
	for (end = limit; end > 0; end--)
		if (bytes[end - 1] == '\n')
			return end;
	for (end = limit; bytes[end] != '\n'; end++)
		; /* the one line that has to be cut */
	return end + 1;
}

static int write_all(struct writer *writer, const char *bytes, size_t length)
{
	ssize_t n;

	while (length) {
		n = write_some(writer, bytes, length);
		if (n < 0) {
			writer->failed = errno;
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
	size_t done = 0, chunk;

	while (done < writer->used && !writer->failed) {
		chunk = chunk_length(writer, writer->buffer + done,
				     writer->used - done);
		if (write_all(writer, writer->buffer + done, chunk) < 0)
			break;
		done += chunk;
	}
	writer->used = 0;
}

void writer_line(struct writer *writer, struct line *line)
{
	if (writer->failed)
		return;
	if (line->used == sizeof(line->bytes))
		line->used--;
	line->bytes[line->used++] = '\n';
	if (writer->used + line->used > WRITER_BUFFER_BYTES)
		writer_flush(writer);
	memcpy(writer->buffer + writer->used, line->bytes, line->used);
	writer->used += line->used;
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
