/* SPDX-License-Identifier: BSD-2-Clause */
/* A captured packet, as the receiver has it: parsed, classified, and asked
 * whether it is a neighbour's answer. The first byte picks the link type. */
#include <pcap/dlt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/packet.h"
#include "wire/reply.h"

static const int link_types[] = {
	DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_RAW,
	DLT_IPV4,   DLT_IPV6,      DLT_NULL,       DLT_LOOP,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct reply_key key = {
		.cookie = {{1, 2}}, .source_port = 20000, .source_ports = 32};
	struct neighbour_view neighbour;
	struct packet packet;
	struct tcp_view tcp;
	struct reply reply;
	enum packet_error parsed;

	if (size < 1)
		return 0;
	parsed = packet_parse(&packet,
			      link_types[data[0] % (sizeof(link_types) /
						    sizeof(link_types[0]))],
			      data + 1, size - 1);
	(void)packet_neighbour(&packet, parsed, &neighbour);
	if (parsed != PACKET_OK)
		return 0;
	if (packet.payload < data + 1 ||
	    packet.payload + packet.payload_bytes > data + size)
		abort();
	if (packet_tcp(&packet, &tcp) == PACKET_OK &&
	    (tcp.data < packet.payload ||
	     tcp.data + tcp.data_bytes > data + size))
		abort();
	(void)reply_classify(&packet, &key, &reply);
	return 0;
}
