/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/frame.h"

#include <net/ethernet.h>
#include <netinet/in.h>

#include "flow/say.h"

enum {
	UDP_BYTES = 8,
};

static uint16_t load_be16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* packet_parse() knows what was captured; what was on the wire rules. */
static void payload_bound(struct packet *packet,
			  const struct frame_input *input)
{
	size_t before = (size_t)(packet->payload - input->bytes);
	size_t wire = input->original - before;
	const uint8_t *ip = packet->l3;
	bool unsaid = packet->source.family == AF_INET ? !(ip[2] | ip[3])
						       : !(ip[4] | ip[5]);

	if (unsaid || packet->payload_length > wire)
		packet->payload_length = wire;
}

static void dissect_tcp(struct frame *frame)
{
	switch (packet_tcp(&frame->packet, &frame->tcp)) {
	case PACKET_OK:
		frame->kind = FRAME_TCP;
		return;
	case PACKET_TRUNCATED:
		/* Cut in the options: short of them it is whole. */
		if (frame->tcp.options)
			frame->kind = FRAME_TCP;
		frame->fault = FRAME_TCP_CUT;
		return;
	default:
		frame->fault = FRAME_TCP_BAD;
	}
}

/* RFC 768. */
static void dissect_udp(struct frame *frame)
{
	const struct packet *packet = &frame->packet;
	const uint8_t *at = packet->payload;

	if (packet->payload_length < UDP_BYTES) {
		frame->fault = FRAME_UDP_BAD;
	} else if (packet->payload_bytes < UDP_BYTES) {
		frame->fault = FRAME_UDP_CUT;
	} else {
		frame->udp = (struct udp_view){
			.source_port = load_be16(at),
			.dest_port = load_be16(at + 2),
			.length = load_be16(at + 4),
		};
		frame->kind = FRAME_UDP;
	}
}

/* A quote at fault is no fault of the frame: type and code hold. */
static void dissect_icmp(struct frame *frame)
{
	const struct packet *packet = &frame->packet;
	enum packet_error error = packet_icmp_error(packet, &frame->icmp);

	if (packet->payload_bytes < 8 && packet->payload_length >= 8)
		frame->fault = FRAME_ICMP_CUT;
	else if (error && frame->icmp.quoted.l3 == NULL)
		frame->kind = FRAME_OTHER;
	else
		frame->kind = FRAME_ICMP_ERROR;
}

static void dissect_ip(struct frame *frame)
{
	const struct packet *packet = &frame->packet;

	if (packet->fragment_offset > 0) {
		frame->kind = FRAME_FRAGMENT;
		return;
	}
	switch (packet->protocol) {
	case IPPROTO_TCP:
		dissect_tcp(frame);
		break;
	case IPPROTO_UDP:
		dissect_udp(frame);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		dissect_icmp(frame);
		break;
	default:
		frame->kind = FRAME_OTHER;
	}
}

void frame_dissect(struct frame *frame, const struct frame_input *input)
{
	struct packet *packet = &frame->packet;
	enum packet_error error;

	frame->number = input->number;
	frame->time_ns = input->time_ns;
	frame->captured = input->captured;
	frame->original = input->original;
	frame->kind = FRAME_FAULTY;
	frame->fault = FRAME_SOUND;
	if (input->captured > input->original) {
		frame->fault = FRAME_CAPLEN;
		return;
	}
	error = packet_parse(packet, input->dlt, input->bytes, input->captured);
	if (error == PACKET_OK) {
		payload_bound(packet, input);
		dissect_ip(frame);
	} else if (error == PACKET_NOT_IP) {
		frame->kind = FRAME_NOT_IP;
	} else if (error == PACKET_BAD_LINK) {
		frame->fault = FRAME_LINK_UNKNOWN;
	} else if (packet->ethertype != ETHERTYPE_IP &&
		   packet->ethertype != ETHERTYPE_IPV6) {
		frame->fault = error == PACKET_TRUNCATED ? FRAME_LINK_CUT
							 : FRAME_LINK_BAD;
	} else {
		frame->fault =
			error == PACKET_TRUNCATED ? FRAME_IP_CUT : FRAME_IP_BAD;
	}
}

const char *frame_fault_text(enum frame_fault fault)
{
	switch (fault) {
	case FRAME_SOUND:
		return _("nothing is wrong with it");
	case FRAME_CAPLEN:
		return _("more bytes captured than were on the wire");
	case FRAME_LINK_UNKNOWN:
		return _("a link type that is not known here");
	case FRAME_LINK_CUT:
		return _("the capture ends within the link header");
	case FRAME_LINK_BAD:
		return _("more VLAN tags than can be");
	case FRAME_IP_CUT:
		return _("the capture ends within the IP header");
	case FRAME_IP_BAD:
		return _("an IP length that contradicts another");
	case FRAME_TCP_CUT:
		return _("the capture ends within the TCP header");
	case FRAME_TCP_BAD:
		return _("a TCP header length that cannot be");
	case FRAME_UDP_CUT:
		return _("the capture ends within the UDP header");
	case FRAME_UDP_BAD:
		return _("shorter than a UDP header");
	case FRAME_ICMP_CUT:
		return _("the capture ends within the ICMP header");
	}
	return "";
}
