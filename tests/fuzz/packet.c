/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A captured packet, as the receiver has it: parsed, classified, and asked
 * whether it is a neighbour's answer. The first byte picks the link type and
 * says whether the packet is made a proof: no input guesses a cookie.
 */
#include <pcap/dlt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/cookie.h"
#include "wire/packet.h"
#include "wire/reply.h"

static const int link_types[] = {
	DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_RAW,
	DLT_IPV4,   DLT_IPV6,      DLT_NULL,       DLT_LOOP,
};

enum {
	LINK_TYPE_MASK = 0x0f,
	MAKE_ANSWER = 0x80, /* acknowledges our SYN, or quotes it */
	MAKE_OURS = 0x40,   /* is what we send, or our kernel */
};

static const struct reply_key key = {
	.cookie = {{1, 2}}, .source_port = 20000, .source_ports = 32};

static int link_type(uint8_t byte)
{
	size_t n = byte & LINK_TYPE_MASK;

	return n < sizeof(link_types) / sizeof(link_types[0]) ? link_types[n]
							      : DLT_PPP;
}

static void store_be32(const uint8_t *at, uint32_t value)
{
	value = __builtin_bswap32(value);
	memcpy((uint8_t *)at, &value, sizeof(value));
}

static uint32_t cookie(const struct addr *source, uint16_t source_port,
		       const struct addr *dest, uint16_t dest_port)
{
	return cookie_seq(&key.cookie, source, source_port, dest, dest_port);
}

/* Writes the right number into the caller's bytes. */
static void prove(const struct packet *packet, uint8_t how)
{
	struct icmp_error_view icmp;
	struct tcp_view tcp;
	const struct packet *quoted = &icmp.quoted;
	uint32_t seq;

	if (packet_icmp_error(packet, &icmp) == PACKET_OK && icmp.tcp_ok) {
		seq = cookie(&quoted->source, icmp.source_port, &quoted->dest,
			     icmp.dest_port);
		store_be32(quoted->payload + 4, seq);
	}
	if (packet_tcp(packet, &tcp) != PACKET_OK)
		return;
	if (how & MAKE_ANSWER) {
		seq = cookie(&packet->dest, tcp.dest_port, &packet->source,
			     tcp.source_port);
		store_be32(packet->payload + 8, seq + 1);
	}
	if (how & MAKE_OURS) {
		seq = cookie(&packet->source, tcp.source_port, &packet->dest,
			     tcp.dest_port);
		store_be32(packet->payload + 4,
			   seq + ((tcp.flags & TCP_RST) != 0));
	}
}

/* Views never reach beyond the packet. */
static void check_views(const struct packet *packet, const uint8_t *bytes,
			size_t size)
{
	struct tcp_view tcp;

	if (packet->payload < bytes ||
	    packet->payload + packet->payload_bytes > bytes + size)
		abort();
	if (packet_tcp(packet, &tcp) == PACKET_OK &&
	    (tcp.data < packet->payload ||
	     tcp.data + tcp.data_bytes > bytes + size))
		abort();
}

static void take(uint8_t first, uint8_t *bytes, size_t size)
{
	struct neighbour_view neighbour;
	struct packet packet;
	struct reply reply;
	enum packet_error parsed =
		packet_parse(&packet, link_type(first), bytes, size);

	(void)packet_neighbour(&packet, parsed, &neighbour);
	if (parsed != PACKET_OK)
		return;
	check_views(&packet, bytes, size);
	if (first & (MAKE_ANSWER | MAKE_OURS))
		prove(&packet, first);
	if (reply_classify(&packet, &key, &reply) == REPLY_VERDICT &&
	    (reply.source_port < key.source_port ||
	     reply.source_port >= key.source_port + key.source_ports))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes;

	if (size < 1)
		return 0;
	bytes = malloc(size > 1 ? size - 1 : 1);
	if (!bytes)
		abort();
	memcpy(bytes, data + 1, size - 1);
	take(data[0], bytes, size - 1);
	free(bytes);
	return 0;
}
