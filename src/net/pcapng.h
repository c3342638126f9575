/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_PCAPNG_H
#define NET_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct writer;

/*
 * The one writer of captures: pcapng (draft-ietf-opsawg-pcapng), or for a
 * name that ends in ".pcap" the classic form with its nanosecond magic, which
 * has one link type and neither comments, directions nor statistics. Little
 * endian on every host. Buffered; nothing is allocated per packet, and a
 * failure (disk full, closed pipe) is kept for pcapng_close(). What has been
 * flushed ends at a block's end, so that a run that is killed leaves a file
 * that can be read. One thread at a time.
 *
 *   section header         program
 *   interface description  name, link type, snap length, nanoseconds
 *   ...                    one for each interface, in their order
 *   enhanced packet        interface, time, bytes, direction, comment
 *   ...
 *   interface statistics   begin and end, packets received and dropped
 */
struct pcapng;

struct pcapng_interface {
	const char *name;
	int link_type;       /* the DLT_ value that libpcap captures with */
	uint32_t snap_bytes; /* 0: packets are whole */
};

struct pcapng_config {
	const char *path;                          /* NULL: standard output */
	const char *program;                       /* "synscan 0.1.0" */
	const struct pcapng_interface *interfaces; /* at least one; not kept */
	size_t n_interfaces;
};

enum pcapng_direction { PCAPNG_UNKNOWN, PCAPNG_INBOUND, PCAPNG_OUTBOUND };

struct pcapng_packet {
	unsigned interface; /* its place in the configuration */
	int64_t wall_ns;    /* CLOCK_REALTIME */
	const uint8_t *bytes;
	size_t captured, length; /* bytes here (no more than the interface's
				    snap length), bytes on the wire */
	enum pcapng_direction direction;
	const char *comment;  /* printable UTF-8; NULL: none */
	size_t comment_bytes; /* at most 65535 */
};

struct pcapng_statistics {
	int64_t begin_ns, end_ns; /* CLOCK_REALTIME */
	uint64_t received, dropped;
};

bool pcapng_is_classic(const char *path);

/* Creates or empties the file and writes what stands before the packets. NULL
 * with an error: STATUS_FAILED; or STATUS_USAGE, and then the file is as it
 * was, for a terminal and for interfaces of different link types in the
 * classic form. */
struct pcapng *pcapng_open(const struct pcapng_config *config,
			   struct error *error);

void pcapng_write(struct pcapng *pcapng, const struct pcapng_packet *packet);

/* Of one interface, behind its last packet. */
void pcapng_statistics(struct pcapng *pcapng, unsigned interface,
		       const struct pcapng_statistics *statistics);

void pcapng_flush(struct pcapng *pcapng);

/* Packets taken before the first failure. */
uint64_t pcapng_written(const struct pcapng *pcapng);

/* For writer_same(). */
const struct writer *pcapng_writer(const struct pcapng *pcapng);

/* Flushes, closes and frees; NULL is fine. -1 with STATUS_FAILED, which names
 * the file, when not all could be written. */
int pcapng_close(struct pcapng *pcapng, struct error *error);

#endif
