/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_CAPTURE_H
#define NET_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct error;

/*
 * Packets of one interface, by libpcap: never promiscuous, a BPF filter in the
 * kernel; those that came in, or those that this host sends, or all. Loopback
 * has each packet once, as one that came in. Opened with CAP_NET_RAW, then
 * owned and read by one thread (the receiver's, in a scan).
 */
struct capture;

#define CAPTURE_SNAP_BYTES 200 /* an ICMP error that quotes a long header */
#define CAPTURE_RING_BYTES (6 << 20) /* a scan waits while it is cleared */

#define CAPTURE_BLOCK_NS (20 * NS_PER_MS)

struct capture_config {
	const char *interface;
	const char *filter;
	bool sent;           /* what this host sends, and nothing else; not of
				loopback */
	bool all;            /* what came in and what this host sends; in
				blocks, up to CAPTURE_BLOCK_NS late. filter may
				be NULL; a bad one is STATUS_USAGE */
	unsigned snap_bytes; /* 0: CAPTURE_SNAP_BYTES */
	unsigned ring_bytes; /* 0: CAPTURE_RING_BYTES */
};

struct capture_packet {
	int64_t wall_ns; /* the kernel's time stamp, CLOCK_REALTIME */
	const uint8_t *bytes;
	size_t captured, length; /* bytes here, bytes on the wire */
};

struct capture *capture_open(const struct capture_config *config,
			     struct error *error);
void capture_close(struct capture *capture);

/* For poll(); readable when packets wait. */
int capture_fd(const struct capture *capture);
/* The DLT_ value. */
int capture_link_type(const struct capture *capture);

/* Calls `packet` for each one that waits, at most `limit`, without blocking.
 * How many there were, or -1 with an error when the device is gone. */
int capture_read(struct capture *capture, int limit,
		 void (*packet)(void *context,
				const struct capture_packet *packet),
		 void *context, struct error *error);

/* Packets that the kernel had to drop for want of room, since the opening. */
uint64_t capture_drops(struct capture *capture);
/* Packets that passed the filter, the dropped ones included. */
uint64_t capture_received(struct capture *capture);

/* The filter for replies to probes from source ports first to last, in
 * pcap-filter(7): SYN,ACK and RST over IPv4 and IPv6 (libpcap's tcp[] is
 * IPv4 only), destination unreachable of ICMP and ICMPv6, IPv6 with
 * extension headers (read in full by us); with neighbours also ARP replies
 * and neighbour advertisements. buffer[CAPTURE_FILTER_BYTES]. */
#define CAPTURE_FILTER_BYTES 640
const char *capture_filter(char *buffer, uint16_t first, uint16_t last,
			   int neighbours);

/* The filter for what we send from these ports, our kernel's RSTs included;
 * with neighbours also ARP requests and neighbour solicitations. Any packet
 * that it takes was sent by this host only where nothing else is captured. */
const char *capture_sent_filter(char *buffer, uint16_t first, uint16_t last,
				int neighbours);
/* What connects from these ports lead to, both ways: all their segments, and
 * the ICMP errors that quote one. */
const char *capture_connect_filter(char *buffer, uint16_t first, uint16_t last);
/* Both of a SYN scan, for loopback. */
const char *capture_loopback_filter(char *buffer, uint16_t first,
				    uint16_t last);

#endif
