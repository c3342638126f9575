/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/packet.h"

#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <pcap/dlt.h>
#include <string.h>
#include <sys/socket.h>

enum {
	VLAN_TAGS_MAX = 8,
	IP6_EXTENSIONS_MAX = 16,
	IP4_BYTES = 20,
	IP6_BYTES = 40,
	TCP_BYTES = 20,
	ICMP_BYTES = 8,
	ARP_BYTES = 28,
	NEIGHBOUR_ADVERT_BYTES = 24,
};

static uint16_t load_be16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t load_be32(const uint8_t *at)
{
	return (uint32_t)load_be16(at) << 16 | load_be16(at + 2);
}

/* The way through the link header. */
struct cursor {
	const uint8_t *next;
	size_t left;
};

/* The next bytes, or NULL and no step where fewer are left. */
static const uint8_t *cursor_take(struct cursor *at, size_t bytes)
{
	const uint8_t *taken = at->next;

	if (bytes > at->left)
		return NULL;
	at->next += bytes;
	at->left -= bytes;
	return taken;
}

/* A tag is the TCI and the ethertype of what follows: IEEE 802.1Q 9.3. */
static enum packet_error skip_vlan_tags(struct cursor *at, uint16_t *ethertype)
{
	const uint8_t *tag;

	for (int tags = 0; tags <= VLAN_TAGS_MAX; tags++) {
		if (*ethertype != ETH_P_8021Q && *ethertype != ETH_P_8021AD &&
		    *ethertype != ETH_P_QINQ1)
			return PACKET_OK;
		tag = cursor_take(at, 4);
		if (!tag)
			return PACKET_TRUNCATED;
		*ethertype = load_be16(tag + 2);
	}
	return PACKET_MALFORMED;
}

static enum packet_error link_ethertype(struct cursor *at, size_t header_bytes,
					size_t ethertype_at,
					uint16_t *ethertype)
{
	const uint8_t *header = cursor_take(at, header_bytes);
	enum packet_error error;

	if (!header)
		return PACKET_TRUNCATED;
	*ethertype = load_be16(header + ethertype_at);
	error = skip_vlan_tags(at, ethertype);
	/* Less is the length of an 802.3 frame, or a cooked capture's mark
	 * for one. */
	if (*ethertype < ETH_P_802_3_MIN)
		*ethertype = 0;
	return error;
}

/* NULL has the address family in the byte order of the host that captured,
 * LOOP in network order. IPv6 has a number of its own in each system. */
static enum packet_error link_family(struct cursor *at, uint16_t *ethertype)
{
	const uint8_t *header = cursor_take(at, 4);
	uint32_t family;

	if (!header)
		return PACKET_TRUNCATED;
	family = load_be32(header);
	if (family > UINT16_MAX) /* no family is so large: little-endian */
		family = __builtin_bswap32(family);

	switch (family) {
	case 2:
		*ethertype = ETHERTYPE_IP;
		break;
	case 10: /* Linux */
	case 23: /* Windows */
	case 24: /* NetBSD, OpenBSD, Npcap */
	case 28: /* FreeBSD */
	case 30: /* Darwin */
		*ethertype = ETHERTYPE_IPV6;
		break;
	}
	return PACKET_OK;
}

static uint16_t ip_ethertype(uint8_t first_byte)
{
	switch (first_byte >> 4) {
	case 4:
		return ETHERTYPE_IP;
	case 6:
		return ETHERTYPE_IPV6;
	default:
		return 0;
	}
}

static enum packet_error link_parse(struct cursor *at, int dlt,
				    uint16_t *ethertype)
{
	switch (dlt) {
	case DLT_EN10MB:
		return link_ethertype(at, 14, 12, ethertype);
	case DLT_LINUX_SLL:
		return link_ethertype(at, 16, 14, ethertype);
	case DLT_LINUX_SLL2:
		return link_ethertype(at, 20, 0, ethertype);
	case DLT_NULL:
	case DLT_LOOP:
		return link_family(at, ethertype);
	case DLT_RAW:
		if (at->left == 0)
			return PACKET_TRUNCATED;
		*ethertype = ip_ethertype(at->next[0]);
		return PACKET_OK;
	case DLT_IPV4:
		*ethertype = ETHERTYPE_IP;
		return PACKET_OK;
	case DLT_IPV6:
		*ethertype = ETHERTYPE_IPV6;
		return PACKET_OK;
	default:
		return PACKET_BAD_LINK;
	}
}

static void load_addr(struct addr *addr, uint16_t family, const uint8_t *bytes)
{
	*addr = (struct addr){.family = family};
	memcpy(addr->bytes, bytes, family == AF_INET ? 4 : 16);
}

/* May the first bytes of the payload be read? */
static enum packet_error payload_has(const struct packet *packet, size_t bytes)
{
	if (bytes > packet->payload_length)
		return PACKET_MALFORMED;
	if (bytes > packet->payload_bytes)
		return PACKET_TRUNCATED;
	return PACKET_OK;
}

/* The payload starts after the header and is so long by the IP header. */
static void payload_set(struct packet *packet, size_t header_bytes,
			size_t length)
{
	size_t captured = packet->l3_bytes - header_bytes;

	packet->payload = packet->l3 + header_bytes;
	packet->payload_length = length;
	packet->payload_bytes = captured < length ? captured : length;
}

/* RFC 791 3.1. */
static enum packet_error ip4_parse(struct packet *packet)
{
	const uint8_t *ip = packet->l3;
	size_t header_bytes, total;

	if (packet->l3_bytes < IP4_BYTES)
		return PACKET_TRUNCATED;
	header_bytes = (ip[0] & 0x0fu) * 4;
	if (ip[0] >> 4 != 4 || header_bytes < IP4_BYTES)
		return PACKET_MALFORMED;
	if (packet->l3_bytes < header_bytes)
		return PACKET_TRUNCATED;
	total = load_be16(ip + 2);
	if (total == 0)
		total = packet->l3_bytes;
	if (total < header_bytes)
		return PACKET_MALFORMED;

	packet->id = load_be16(ip + 4);
	packet->more_fragments = ip[6] & 0x20;
	packet->fragment_offset = (load_be16(ip + 6) & 0x1fffu) * 8;
	packet->ttl = ip[8];
	packet->protocol = ip[9];
	load_addr(&packet->source, AF_INET, ip + 12);
	load_addr(&packet->dest, AF_INET, ip + 16);
	payload_set(packet, header_bytes, total - header_bytes);
	return PACKET_OK;
}

/* Steps over one extension header, RFC 8200 4; the caller knows that
 * packet->protocol names one. */
static enum packet_error ip6_extension(struct packet *packet)
{
	const uint8_t *header = packet->payload;
	enum packet_error error;
	size_t bytes = 8;

	error = payload_has(packet, bytes);
	if (error)
		return error;
	if (packet->protocol == IPPROTO_FRAGMENT) {
		packet->fragment_offset = load_be16(header + 2) & 0xfff8u;
		packet->more_fragments = header[3] & 1;
		packet->id = load_be32(header + 4);
	} else {
		bytes = (header[1] + 1u) * 8;
		error = payload_has(packet, bytes);
		if (error)
			return error;
	}
	packet->protocol = header[0];
	packet->payload += bytes;
	packet->payload_bytes -= bytes;
	packet->payload_length -= bytes;
	return PACKET_OK;
}

static enum packet_error ip6_walk(struct packet *packet)
{
	enum packet_error error;

	for (int headers = 0; headers <= IP6_EXTENSIONS_MAX; headers++) {
		switch (packet->protocol) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
		case IPPROTO_FRAGMENT:
			/* Beyond the first fragment there is no header. */
			if (packet->fragment_offset > 0)
				return PACKET_OK;
			error = ip6_extension(packet);
			if (error)
				return error;
			break;
		default:
			return PACKET_OK;
		}
	}
	return PACKET_MALFORMED;
}

/* RFC 8200 3. */
static enum packet_error ip6_parse(struct packet *packet)
{
	const uint8_t *ip = packet->l3;
	size_t length;

	if (packet->l3_bytes < IP6_BYTES)
		return PACKET_TRUNCATED;
	if (ip[0] >> 4 != 6)
		return PACKET_MALFORMED;

	length = load_be16(ip + 4);
	packet->protocol = ip[6];
	packet->ttl = ip[7];
	load_addr(&packet->source, AF_INET6, ip + 8);
	load_addr(&packet->dest, AF_INET6, ip + 24);
	if (length == 0 && packet->protocol != IPPROTO_NONE)
		length = packet->l3_bytes - IP6_BYTES;
	payload_set(packet, IP6_BYTES, length);
	return ip6_walk(packet);
}

static enum packet_error ip_parse(struct packet *packet)
{
	switch (packet->ethertype) {
	case ETHERTYPE_IP:
		return ip4_parse(packet);
	case ETHERTYPE_IPV6:
		return ip6_parse(packet);
	default:
		return PACKET_NOT_IP;
	}
}

enum packet_error packet_parse(struct packet *packet, int dlt,
			       const uint8_t *bytes, size_t captured)
{
	struct cursor at = {bytes, captured};
	enum packet_error error;

	memset(packet, 0, sizeof(*packet));
	error = link_parse(&at, dlt, &packet->ethertype);
	packet->l3 = at.next;
	packet->l3_bytes = at.left;
	return error ? error : ip_parse(packet);
}

enum packet_error packet_parse_ip(struct packet *packet, const uint8_t *bytes,
				  size_t captured)
{
	enum packet_error error;

	error = packet_parse(packet, DLT_RAW, bytes, captured);
	/* Whoever calls it IP has promised a 4 or a 6. */
	return error == PACKET_NOT_IP ? PACKET_MALFORMED : error;
}

enum packet_error packet_tcp(const struct packet *packet, struct tcp_view *tcp)
{
	const uint8_t *at = packet->payload;
	enum packet_error error;
	size_t header_bytes;

	memset(tcp, 0, sizeof(*tcp));
	if (packet->protocol != IPPROTO_TCP || packet->fragment_offset > 0)
		return PACKET_MALFORMED;
	error = payload_has(packet, 4);
	if (error)
		return error;
	tcp->source_port = load_be16(at);
	tcp->dest_port = load_be16(at + 2);

	error = payload_has(packet, TCP_BYTES);
	if (error)
		return error;
	header_bytes = (at[12] >> 4) * 4u;
	if (header_bytes < TCP_BYTES)
		return PACKET_MALFORMED;
	error = payload_has(packet, header_bytes);
	if (error == PACKET_MALFORMED)
		return error;

	tcp->seq = load_be32(at + 4);
	tcp->ack = load_be32(at + 8);
	tcp->flags = at[13];
	tcp->window = load_be16(at + 14);
	tcp->checksum = load_be16(at + 16);
	tcp->urgent = load_be16(at + 18);
	tcp->options = at + TCP_BYTES;
	tcp->data = at + header_bytes;
	tcp->data_length = packet->payload_length - header_bytes;
	if (error) { /* the capture ends within the options */
		tcp->options_bytes = packet->payload_bytes - TCP_BYTES;
		tcp->data = at + packet->payload_bytes;
		return error;
	}
	tcp->options_bytes = header_bytes - TCP_BYTES;
	tcp->data_bytes = packet->payload_bytes - header_bytes;
	return PACKET_OK;
}

/* RFC 792; RFC 4443 2.1. */
static bool icmp_type_is_error(const struct packet *packet, uint8_t type)
{
	if (packet->protocol == IPPROTO_ICMP)
		return type == ICMP_DEST_UNREACH ||
		       type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETERPROB;
	return type == ICMP6_DST_UNREACH || type == ICMP6_PACKET_TOO_BIG ||
	       type == ICMP6_TIME_EXCEEDED || type == ICMP6_PARAM_PROB;
}

static bool packet_is_icmp(const struct packet *packet)
{
	if (packet->fragment_offset > 0)
		return false;
	return packet->protocol == (packet->source.family == AF_INET
					    ? IPPROTO_ICMP
					    : IPPROTO_ICMPV6);
}

static enum packet_error quote_parse(struct icmp_error_view *icmp,
				     const uint8_t *bytes, size_t captured)
{
	const struct packet *quoted = &icmp->quoted;
	enum packet_error error;

	error = packet_parse_ip(&icmp->quoted, bytes, captured);
	if (error)
		return error;
	/* RFC 792 promises eight bytes of TCP: up to the sequence number. */
	if (quoted->protocol != IPPROTO_TCP || quoted->fragment_offset > 0 ||
	    quoted->payload_bytes < 8)
		return PACKET_OK;
	icmp->tcp_ok = true;
	icmp->source_port = load_be16(quoted->payload);
	icmp->dest_port = load_be16(quoted->payload + 2);
	icmp->seq = load_be32(quoted->payload + 4);
	return PACKET_OK;
}

enum packet_error packet_icmp_error(const struct packet *packet,
				    struct icmp_error_view *icmp)
{
	enum packet_error error;

	memset(icmp, 0, sizeof(*icmp));
	if (!packet_is_icmp(packet))
		return PACKET_MALFORMED;
	error = payload_has(packet, ICMP_BYTES);
	if (error)
		return error;
	icmp->type = packet->payload[0];
	icmp->code = packet->payload[1];
	if (!icmp_type_is_error(packet, icmp->type))
		return PACKET_MALFORMED;

	error = quote_parse(icmp, packet->payload + ICMP_BYTES,
			    packet->payload_bytes - ICMP_BYTES);
	if (!error && icmp->quoted.source.family != packet->source.family)
		return PACKET_MALFORMED;
	return error;
}

/* RFC 826: what hardware, what protocol, their lengths, the operation, then
 * sender's and target's addresses. */
static bool arp_reply(const uint8_t *arp, size_t bytes,
		      struct neighbour_view *neighbour)
{
	static const uint8_t ethernet_ipv4_reply[8] = {0, 1, 8, 0, 6, 4, 0, 2};

	if (bytes < ARP_BYTES || memcmp(arp, ethernet_ipv4_reply, 8) != 0)
		return false;
	memcpy(neighbour->mac, arp + 8, 6);
	load_addr(&neighbour->addr, AF_INET, arp + 14);
	return true;
}

/* RFC 4861 4.4 and, for the option, 4.6.1. Hop limit 255: no router has
 * forwarded it. */
static bool neighbour_advert(const struct packet *packet,
			     struct neighbour_view *neighbour)
{
	const uint8_t *advert = packet->payload;
	size_t at = NEIGHBOUR_ADVERT_BYTES, option_bytes;

	if (packet->source.family != AF_INET6 || !packet_is_icmp(packet) ||
	    packet->more_fragments || packet->ttl != 255)
		return false;
	if (payload_has(packet, at) || advert[0] != ND_NEIGHBOR_ADVERT ||
	    advert[1] != 0)
		return false;

	for (; packet->payload_bytes - at >= 8; at += option_bytes) {
		option_bytes = advert[at + 1] * 8u;
		if (option_bytes == 0 ||
		    option_bytes > packet->payload_bytes - at)
			return false;
		if (advert[at] != ND_OPT_TARGET_LINKADDR || option_bytes != 8)
			continue;
		memcpy(neighbour->mac, advert + at + 2, 6);
		load_addr(&neighbour->addr, AF_INET6, advert + 8);
		return true;
	}
	return false;
}

bool packet_neighbour(const struct packet *packet, enum packet_error parsed,
		      struct neighbour_view *neighbour)
{
	if (parsed == PACKET_NOT_IP && packet->ethertype == ETHERTYPE_ARP)
		return arp_reply(packet->l3, packet->l3_bytes, neighbour);
	return parsed == PACKET_OK && neighbour_advert(packet, neighbour);
}
