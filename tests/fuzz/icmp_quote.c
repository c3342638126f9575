/* SPDX-License-Identifier: BSD-2-Clause */
/* An ICMP error and what it quotes: IPv4 or IPv6 by the first nibble. */
#include <stdint.h>
#include <stdlib.h>

#include "wire/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct icmp_error_view icmp;
	struct packet packet;

	if (packet_parse_ip(&packet, data, size) != PACKET_OK)
		return 0;
	if (packet_icmp_error(&packet, &icmp) == PACKET_OK &&
	    icmp.quoted.payload_bytes > 0 &&
	    (icmp.quoted.payload < data ||
	     icmp.quoted.payload + icmp.quoted.payload_bytes > data + size))
		abort();
	return 0;
}
