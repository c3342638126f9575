/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_CAPTURE_H
#define NET_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

struct error;

/*
 * Received packets of one interface, by libpcap: never promiscuous, a BPF
 * filter in the kernel, our own packets left out. Opened with CAP_NET_RAW,
 * then owned and read by the receiver thread.
 */
struct capture;

#define CAPTURE_SNAP_BYTES 200 /* an ICMP error that quotes a long header */
#define CAPTURE_RING_BYTES (6 << 20)

struct capture *capture_open(const char *interface, const char *filter,
			     struct error *error);
void capture_close(struct capture *capture);

/* For poll(); readable when packets wait. */
int capture_fd(const struct capture *capture);
/* The DLT_ value. */
int capture_link_type(const struct capture *capture);

/* Calls `packet` for each one that waits, at most `limit`, without blocking.
 * wall_ns is the kernel's time stamp (CLOCK_REALTIME). How many there were,
 * or -1 with an error when the device is gone. */
int capture_read(struct capture *capture, int limit,
		 void (*packet)(void *context, int64_t wall_ns,
				const uint8_t *bytes, size_t captured),
		 void *context, struct error *error);

/* Packets that the kernel had to drop for want of room, since the opening. */
uint64_t capture_drops(struct capture *capture);

/* The filter for replies to probes from source ports first to last, in
 * pcap-filter(7): SYN,ACK and RST over IPv4 and IPv6 (libpcap's tcp[] is
 * IPv4 only), destination unreachable of ICMP and ICMPv6, IPv6 with
 * extension headers (read in full by us); with neighbours also ARP replies
 * and neighbour advertisements. buffer[CAPTURE_FILTER_BYTES]. */
#define CAPTURE_FILTER_BYTES 512
const char *capture_filter(char *buffer, uint16_t first, uint16_t last,
			   int neighbours);

#endif
