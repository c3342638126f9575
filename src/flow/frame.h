/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_FRAME_H
#define FLOW_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "wire/packet.h"

/*
 * One captured packet, dissected: what it is, or what is wrong with it.
 * Nothing is copied; it points into the caller's bytes. Pure, any thread.
 */

/* As the capture has it. */
struct frame_input {
	uint64_t number; /* from 1, as Wireshark counts */
	int64_t time_ns; /* since any epoch, never compared with a clock */
	int dlt;         /* a DLT_ value of libpcap */
	const uint8_t *bytes;
	size_t captured, original; /* bytes there, bytes on the wire */
};

enum frame_kind {
	FRAME_TCP,        /* tcp holds; fault FRAME_TCP_CUT: the capture
			     ends within its options */
	FRAME_UDP,        /* udp holds; maybe the first fragment of more */
	FRAME_ICMP_ERROR, /* icmp holds; its quote may be at fault */
	FRAME_FRAGMENT,   /* a later fragment, of whatever protocol */
	FRAME_OTHER,      /* IP, but none of the above (ping, SCTP, ...) */
	FRAME_NOT_IP,     /* ARP and the like: packet.ethertype */
	FRAME_FAULTY,     /* fault says why */
};

enum frame_fault {
	FRAME_SOUND,
	FRAME_CAPLEN,       /* more bytes captured than were on the wire */
	FRAME_LINK_UNKNOWN, /* a link type that is not known here */
	FRAME_LINK_CUT,     /* the capture ends within the link header */
	FRAME_LINK_BAD,     /* more VLAN tags than can be */
	FRAME_IP_CUT,       /* ... within the IP header */
	FRAME_IP_BAD,       /* an IP length that contradicts another */
	FRAME_TCP_CUT,      /* ports may hold: tcp.source_port, dest_port */
	FRAME_TCP_BAD,      /* a data offset below 20 or beyond the segment */
	FRAME_UDP_CUT,
	FRAME_UDP_BAD, /* shorter than its header */
	FRAME_ICMP_CUT,
};

struct udp_view {
	uint16_t source_port, dest_port;
	uint16_t length; /* by its own header, which it counts */
};

struct frame {
	uint64_t number;
	int64_t time_ns;
	size_t captured, original;
	enum frame_kind kind;
	enum frame_fault fault;
	/* Its payload_length is at most what was on the wire; an IP length of
	 * 0 (a segment that the network card is to cut) is that. */
	struct packet packet;
	struct tcp_view tcp;
	struct udp_view udp;
	struct icmp_error_view icmp;
};

/* Fills *frame; every field but those that `kind` names is undefined. */
void frame_dissect(struct frame *frame, const struct frame_input *input);

/* A sentence for people, in their language: "the capture ends within the IP
 * header". Static. */
const char *frame_fault_text(enum frame_fault fault);

#endif
