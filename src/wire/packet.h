/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WIRE_PACKET_H
#define WIRE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/addr.h"

/*
 * A bounds-checked view over captured bytes. Nothing is copied; pointers go
 * into the caller's buffer. No field is read that lies beyond the captured
 * length, and none beyond the length that the IP header claims. Pure, any
 * thread.
 *
 *   link header | IP header, options or extension headers | payload
 *   ^ by DLT      ^ family, source, dest, ttl               ^ payload
 */

enum packet_error {
	PACKET_OK,
	PACKET_NOT_IP,    /* ARP and the like: ethertype is set */
	PACKET_TRUNCATED, /* a header reaches beyond the captured bytes */
	PACKET_MALFORMED, /* a length that contradicts another */
	PACKET_BAD_LINK,  /* a link type that is not known here */
};

struct packet {
	uint16_t ethertype; /* host order, VLAN tags skipped; 0 if unknown */
	const uint8_t *l3;  /* what follows the link header */
	size_t l3_bytes;    /* captured of it */
	struct addr source, dest;
	uint8_t ttl;              /* or hop limit */
	uint8_t protocol;         /* of the payload, after extension headers */
	uint32_t id;              /* IPv4 ID or the fragment header's */
	uint32_t fragment_offset; /* bytes; only 0 has the TCP header */
	bool more_fragments;
	const uint8_t *payload;
	size_t payload_bytes;  /* captured of it, at most payload_length */
	size_t payload_length; /* by the IP header */
};

struct tcp_view {
	uint16_t source_port, dest_port;
	uint32_t seq, ack;
	uint8_t flags; /* TCP_FIN ... */
	uint16_t window, urgent, checksum;
	const uint8_t *options;
	size_t options_bytes; /* captured */
	const uint8_t *data;
	size_t data_bytes;  /* captured */
	size_t data_length; /* by the IP header */
};

enum {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
	TCP_ECE = 0x40,
	TCP_CWR = 0x80,
};

/* An ICMP or ICMPv6 error (never an echo): what it says and the datagram it
 * quotes. Only as much of the quote as was captured is there. */
struct icmp_error_view {
	uint8_t type, code;
	struct packet quoted; /* its payload holds at least the ports and the
				 sequence number when tcp_ok */
	bool tcp_ok;          /* the quote is TCP and reaches the seq field */
	uint16_t source_port, dest_port;
	uint32_t seq;
};

/* An ARP reply or a neighbour advertisement. */
struct neighbour_view {
	struct addr addr;
	uint8_t mac[6];
};

/* dlt: a DLT_ value of libpcap: EN10MB (802.1Q and QinQ skipped),
 * LINUX_SLL, LINUX_SLL2, RAW, IPV4, IPV6, NULL, LOOP. On anything but
 * PACKET_OK only ethertype, l3 and l3_bytes hold. IPv6 extension headers
 * (hop-by-hop, routing, destination, fragment) are walked, at most 16, and
 * none beyond the first fragment. An IP length of 0 claims nothing and ends
 * where the capture does: a segment that the network card is to cut (TSO), or
 * a jumbogram. */
enum packet_error packet_parse(struct packet *packet, int dlt,
			       const uint8_t *bytes, size_t captured);

/* The same from the IP header on; for quotes. An IP length beyond the bytes
 * is no error here either: payload_bytes tells what is there. */
enum packet_error packet_parse_ip(struct packet *packet, const uint8_t *bytes,
				  size_t captured);

/* PACKET_OK when the 20 bytes and the options claimed are there and
 * fragment_offset is 0. Else the ports hold if they are there (they are 0
 * where not), and nothing else does; but where the capture ends within the
 * options (PACKET_TRUNCATED, and `options` is set) all holds that is there.
 * RFC 9293 3.1. */
enum packet_error packet_tcp(const struct packet *packet, struct tcp_view *tcp);

/* PACKET_OK for destination unreachable, time exceeded, parameter problem,
 * packet too big whose quote has its IP header; PACKET_MALFORMED for other
 * ICMP types. Where only the quote is at fault, type and code hold still. */
enum packet_error packet_icmp_error(const struct packet *packet,
				    struct icmp_error_view *icmp);

/* true for an ARP reply (RFC 826; Ethernet, IPv4) or a neighbour
 * advertisement (RFC 4861 4.4) with a target link-layer address option and
 * hop limit 255. `parsed` is what packet_parse() said of it. */
bool packet_neighbour(const struct packet *packet, enum packet_error parsed,
		      struct neighbour_view *neighbour);

#endif
