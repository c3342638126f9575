/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_CAPFILE_H
#define NET_CAPFILE_H

#include <stdint.h>
#include <stdio.h>

struct error;

/*
 * Reads a capture file through libpcap: pcap and pcapng, micro- and
 * nanoseconds, either byte order. Frames are pulled one by one. One thread a
 * file.
 *
 * Of a damaged file the frames before the damage are read, then the error
 * names the file and the first frame that is at fault. Its status is
 * STATUS_FAILED where no frame could be read, STATUS_INCOMPLETE where some
 * were. What libpcap does not read counts as damage: in one pcapng file
 * interfaces of different link types or snap lengths, a second interface of
 * raw IP (libpcap compares two different numbers for the type), sections of
 * different byte order, a block of more than 16 MiB, a frame longer than the
 * snap length.
 */
struct capfile;

/* The year 2116: a stamp from then on makes no sense, so that differences of
 * any two, and of two clocks, are within 64 bits. */
#define CAPFILE_END_NS (INT64_C(1) << 62)

/* One frame of a capture, read or live. */
struct capframe {
	uint64_t number; /* from 1, as Wireshark counts; a filter skips some */
	int64_t t_ns;    /* since 1970; 0 where the stamp makes no sense */
	uint32_t captured, length; /* bytes; captured <= length */
	const uint8_t *bytes;      /* until the next read */
};

/* path "-" is stdin. NULL with an error that quotes the path when it cannot be
 * read, is no capture, or has a link type that packet_parse() does not know
 * (named). */
struct capfile *capfile_open(const char *path, struct error *error);

/* The same of an open stream, as fmemopen() makes it; `name` is for errors.
 * The stream is taken over, and closed in case of an error too. */
struct capfile *capfile_open_stream(FILE *stream, const char *name,
				    struct error *error);

/* NULL is legal. */
void capfile_close(struct capfile *capfile);

/* A DLT_ value of libpcap. */
int capfile_link_type(const struct capfile *capfile);

/* Only frames that match are to be read from now on; pcap-filter(7). -1 with
 * STATUS_USAGE. To be called before the first frame is read. */
int capfile_filter(struct capfile *capfile, const char *expression,
		   struct error *error);

/* 1 and the next frame; 0 at the end; or -1 with an error. */
int capfile_next(struct capfile *capfile, struct capframe *frame,
		 struct error *error);

/* Those read so far, with those that the filter skipped. */
uint64_t capfile_frames(const struct capfile *capfile);

#endif
