/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/probe.h"

#include <libnet.h>
#include <string.h>

#include "base/error.h"
#include "wire/checksum.h"

#define HOPS       64
#define WINDOW     64240 /* as a Linux SYN has it */
#define MSS_BYTES  4
#define TCP_LENGTH (LIBNET_TCP_H + MSS_BYTES)
#define ETHERNET   LIBNET_ETH_H

uint16_t probe_mss(uint16_t family, unsigned mtu_bytes)
{
	unsigned headers = family == AF_INET ? 40 : 60;
	unsigned least = family == AF_INET ? 536 : 1220;
	unsigned mss = mtu_bytes > headers ? mtu_bytes - headers : 0;

	if (mss > 65495) /* loopback: what Linux says there */
		mss = 65495;
	return (uint16_t)(mss < least ? least : mss);
}

static struct libnet_in6_addr in6(const struct addr *addr)
{
	struct libnet_in6_addr out;

	memcpy(&out, addr->bytes, sizeof(out));
	return out;
}

static uint32_t in4_be(const struct addr *addr)
{
	uint32_t be;

	memcpy(&be, addr->bytes, sizeof(be));
	return be;
}

static int build_ip(libnet_t *net, const struct addr *source,
		    const struct addr *dest, uint16_t id, uint8_t protocol,
		    uint8_t hops, uint16_t length)
{
	if (dest->family == AF_INET)
		return libnet_build_ipv4((uint16_t)(LIBNET_IPV4_H + length), 0,
					 id, IP_DF, hops, protocol, 0,
					 in4_be(source), in4_be(dest), NULL, 0,
					 net, 0);
	return libnet_build_ipv6(0, 0, length, protocol, hops, in6(source),
				 in6(dest), NULL, 0, net, 0);
}

static int build_ethernet(libnet_t *net, const uint8_t *dest,
			  const uint8_t *source, uint16_t type)
{
	return libnet_build_ethernet(dest, source, type, NULL, 0, net, 0);
}

static int build_syn(libnet_t *net, const struct probe *probe)
{
	uint8_t mss[MSS_BYTES] = {2, MSS_BYTES, (uint8_t)(probe->mss >> 8),
				  (uint8_t)probe->mss};

	if (libnet_build_tcp_options(mss, sizeof(mss), net, 0) < 0 ||
	    libnet_build_tcp(probe->source_port, probe->dest_port, probe->seq,
			     0, TH_SYN, WINDOW, 0, 0, TCP_LENGTH, NULL, 0, net,
			     0) < 0 ||
	    build_ip(net, &probe->source, &probe->dest, (uint16_t)probe->seq,
		     IPPROTO_TCP, HOPS, TCP_LENGTH) < 0)
		return -1;
	return probe->ethernet
		       ? build_ethernet(net, probe->dest_mac, probe->source_mac,
					probe->dest.family == AF_INET
						? ETHERTYPE_IP
						: ETHERTYPE_IPV6)
		       : 0;
}

/* RFC 4861 4.3: to the solicited-node group, hop limit 255, with our own
 * link-layer address as an option. */
static int build_ns(libnet_t *net, const struct addr *source,
		    const uint8_t *mac, const struct addr *target)
{
	uint8_t group_mac[6] = {0x33, 0x33, 0xff};
	struct addr group = {.family = AF_INET6, .bytes = {0xff, 0x02}};
	uint8_t option[6];

	memcpy(option, mac, sizeof(option));
	group.bytes[11] = 1;
	group.bytes[12] = 0xff;
	memcpy(group.bytes + 13, target->bytes + 13, 3);
	memcpy(group_mac + 3, target->bytes + 13, 3);
	if (libnet_build_icmpv6_ndp_opt(ND_OPT_SOURCE_LINKADDR, option,
					sizeof(option), net, 0) < 0 ||
	    libnet_build_icmpv6_ndp_nsol(ND_NEIGHBOR_SOLICIT, 0, 0, in6(target),
					 NULL, 0, net, 0) < 0 ||
	    build_ip(net, source, &group, 0, IPPROTO_ICMPV6, 255, 32) < 0)
		return -1;
	return build_ethernet(net, group_mac, mac, ETHERTYPE_IPV6);
}

static int build_arp(libnet_t *net, const struct addr *source,
		     const uint8_t *mac, const struct addr *target)
{
	static const uint8_t everyone[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	static const uint8_t nobody[6];

	if (libnet_build_arp(ARPHRD_ETHER, ETHERTYPE_IP, 6, 4, ARPOP_REQUEST,
			     mac, source->bytes, nobody, target->bytes, NULL, 0,
			     net, 0) < 0)
		return -1;
	return build_ethernet(net, everyone, mac, ETHERTYPE_ARP);
}

static libnet_t *assembler(struct error *error)
{
	char text[LIBNET_ERRBUF_SIZE] = "";
	libnet_t *net = libnet_init(LIBNET_NONE, NULL, text);

	if (!net)
		error_set(error, STATUS_FAILED, "libnet: %s", text);
	return net;
}

/* The bytes of what was built; ends the assembler. */
static int assemble(libnet_t *net, int built, size_t room, uint8_t *bytes,
		    size_t *length, struct error *error)
{
	uint8_t *packet = NULL;
	uint32_t n = 0;
	int status = -1;

	if (built < 0 || libnet_pblock_coalesce(net, &packet, &n) < 0) {
		error_set(error, STATUS_FAILED, "libnet: %s",
			  libnet_geterror(net));
	} else if (n > room) {
		error_set(error, STATUS_FAILED, "libnet: %u bytes for a probe",
			  n);
	} else {
		memcpy(bytes, packet, n);
		*length = n;
		status = 0;
	}
	/* libnet aligns the packet inside the block that it allocated. */
	if (packet)
		free(packet - net->aligner);
	libnet_destroy(net);
	return status;
}

int probe_craft(const struct probe *probe, uint8_t *bytes, size_t *length,
		struct error *error)
{
	libnet_t *net = assembler(error);

	return net ? assemble(net, build_syn(net, probe), PROBE_MAX_BYTES,
			      bytes, length, error)
		   : -1;
}

int probe_solicit(const struct addr *source, const uint8_t source_mac[6],
		  const struct addr *target, uint8_t *bytes, size_t *length,
		  struct error *error)
{
	libnet_t *net = assembler(error);
	int built;

	if (!net)
		return -1;
	built = target->family == AF_INET
			? build_arp(net, source, source_mac, target)
			: build_ns(net, source, source_mac, target);
	return assemble(net, built, SOLICIT_MAX_BYTES, bytes, length, error);
}

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, (uint16_t)(value >> 16));
	put16(at + 2, (uint16_t)value);
}

int probe_template_init(struct probe_template *template,
			const struct probe *probe, struct error *error)
{
	uint8_t *bytes = template->bytes, *tcp;
	struct addr source = probe->source;
	struct addr zero = {.family = probe->source.family};
	size_t length = 0;

	if (probe_craft(probe, bytes, &length, error) < 0)
		return -1;
	template->length = (uint16_t)length;
	template->family = source.family;
	template->l3 = probe->ethernet ? ETHERNET : 0;
	template->l4 = (uint16_t)(length - TCP_LENGTH);
	tcp = bytes + template->l4;
	/* Zero what is patched, then sum the rest once. */
	put32(tcp, 0);
	put32(tcp + 4, 0);
	put16(tcp + 16, 0);
	template->tcp_sum =
		checksum_pseudo(&source, &zero, IPPROTO_TCP, TCP_LENGTH);
	template->tcp_sum = checksum_add(template->tcp_sum, tcp, TCP_LENGTH);
	if (source.family == AF_INET) {
		uint8_t *ip = bytes + template->l3;

		put16(ip + 4, 0);
		put16(ip + 10, 0);
		put32(ip + 16, 0);
		template->ip_sum = checksum_add(0, ip, LIBNET_IPV4_H);
	}
	return 0;
}

void probe_patch(const struct probe_template *template,
		 const struct probe *probe, uint8_t *bytes)
{
	uint8_t *ip = bytes + template->l3, *tcp = bytes + template->l4;
	size_t addr_bytes = template->family == AF_INET ? 4 : 16;
	uint32_t dest_sum = checksum_add(0, probe->dest.bytes, addr_bytes);
	uint16_t sum_be;

	memcpy(bytes, template->bytes, template->length);
	if (template->l3)
		memcpy(bytes, probe->dest_mac, 6);
	put16(tcp, probe->source_port);
	put16(tcp + 2, probe->dest_port);
	put32(tcp + 4, probe->seq);
	sum_be = checksum_finish_be(
		checksum_add(template->tcp_sum + dest_sum, tcp, 8));
	memcpy(tcp + 16, &sum_be, 2);
	if (template->family == AF_INET6) {
		memcpy(ip + 24, probe->dest.bytes, 16);
		return;
	}
	put16(ip + 4, (uint16_t)probe->seq);
	memcpy(ip + 16, probe->dest.bytes, 4);
	sum_be = checksum_finish_be(
		checksum_add(template->ip_sum + dest_sum, ip + 4, 2));
	memcpy(ip + 10, &sum_be, 2);
}
