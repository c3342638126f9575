/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/linktype.h"

#include <pcap/pcap.h>

#include "base/error.h"
#include "wire/packet.h"

int linktype_check(int link_type, struct error *error)
{
	const char *name = pcap_datalink_val_to_name(link_type);
	const char *what = pcap_datalink_val_to_description(link_type);
	const uint8_t nothing[1] = {0};
	struct packet packet;

	if (packet_parse(&packet, link_type, nothing, 0) != PACKET_BAD_LINK)
		return 0;
	return error_set(error, STATUS_FAILED,
			 "link type %s (%d%s%s) is not read here; Ethernet, "
			 "Linux cooked, raw IP and BSD loopback are",
			 name ? name : "without a name", link_type,
			 what ? ": " : "", what ? what : "");
}
