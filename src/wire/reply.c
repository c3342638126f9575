/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/reply.h"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>

#include "wire/packet.h"

/* Where an ICMP message says nothing of the port. */
#define REASON_NONE REASON_COUNT

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* By code: RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1. */
static const enum reason icmp4_unreach[] = {
	[ICMP_NET_UNREACH] = REASON_ICMP_NET_UNREACH,
	[ICMP_HOST_UNREACH] = REASON_ICMP_HOST_UNREACH,
	[ICMP_PROT_UNREACH] = REASON_ICMP_PROTO_UNREACH,
	[ICMP_PORT_UNREACH] = REASON_ICMP_PORT_UNREACH,
	[ICMP_FRAG_NEEDED] = REASON_NONE,
	[ICMP_SR_FAILED] = REASON_ICMP_HOST_UNREACH,
	[ICMP_NET_UNKNOWN] = REASON_ICMP_NET_UNREACH,
	[ICMP_HOST_UNKNOWN] = REASON_ICMP_HOST_UNREACH,
	[ICMP_HOST_ISOLATED] = REASON_ICMP_HOST_UNREACH,
	[ICMP_NET_ANO] = REASON_ICMP_NET_PROHIBITED,
	[ICMP_HOST_ANO] = REASON_ICMP_HOST_PROHIBITED,
	[ICMP_NET_UNR_TOS] = REASON_ICMP_NET_UNREACH,
	[ICMP_HOST_UNR_TOS] = REASON_ICMP_HOST_UNREACH,
	[ICMP_PKT_FILTERED] = REASON_ICMP_ADMIN_PROHIBITED,
	[ICMP_PREC_VIOLATION] = REASON_ICMP_ADMIN_PROHIBITED,
	[ICMP_PREC_CUTOFF] = REASON_ICMP_ADMIN_PROHIBITED,
};

/* By code: RFC 4443 3.1. The last two have no name in <netinet/icmp6.h>: the
 * source failed a policy; a reject route, which a network has set up against
 * the destination and so is nearer to prohibited than to unreachable. */
static const enum reason icmp6_unreach[] = {
	[ICMP6_DST_UNREACH_NOROUTE] = REASON_ICMP_NET_UNREACH,
	[ICMP6_DST_UNREACH_ADMIN] = REASON_ICMP_ADMIN_PROHIBITED,
	[ICMP6_DST_UNREACH_BEYONDSCOPE] = REASON_ICMP_NET_UNREACH,
	[ICMP6_DST_UNREACH_ADDR] = REASON_ICMP_HOST_UNREACH,
	[ICMP6_DST_UNREACH_NOPORT] = REASON_ICMP_PORT_UNREACH,
	[5] = REASON_ICMP_ADMIN_PROHIBITED,
	[6] = REASON_ICMP_NET_PROHIBITED,
};

static bool port_is_ours(const struct reply_key *key, uint16_t port)
{
	return port >= key->source_port &&
	       port - key->source_port < key->source_ports;
}

static enum reason icmp_reason(uint16_t family, uint8_t type, uint8_t code)
{
	if (family == AF_INET && type == ICMP_DEST_UNREACH &&
	    code < COUNT_OF(icmp4_unreach))
		return icmp4_unreach[code];
	if (family == AF_INET6 && type == ICMP6_DST_UNREACH &&
	    code < COUNT_OF(icmp6_unreach))
		return icmp6_unreach[code];
	return REASON_NONE;
}

/* A capture sees what we send, too, and where we scan ourselves it may go to
 * one of our source ports: the SYN, and the RST without ACK by which our
 * kernel, who knows nothing of the probe, answers a SYN,ACK (RFC 9293
 * 3.10.7.1). Nobody else sends from an address to itself. */
static bool segment_is_our_own(const struct packet *packet,
			       const struct tcp_view *tcp,
			       const struct reply_key *key)
{
	uint8_t flags = tcp->flags & (TCP_SYN | TCP_RST | TCP_ACK);
	uint32_t seq;

	if (flags != TCP_SYN && flags != TCP_RST)
		return false;
	if (!port_is_ours(key, tcp->source_port))
		return false;
	if (addr_equal(&packet->source, &packet->dest))
		return true;
	seq = cookie_seq(&key->cookie, &packet->source, tcp->source_port,
			 &packet->dest, tcp->dest_port);
	return tcp->seq == seq + (flags == TCP_RST);
}

static enum reply_kind reject(struct reply *out, enum reply_flaw flaw)
{
	out->flaw = flaw;
	return REPLY_REJECTED;
}

static enum reply_kind classify_tcp(const struct packet *packet,
				    const struct reply_key *key,
				    struct reply *out)
{
	struct tcp_view tcp;
	enum packet_error error = packet_tcp(packet, &tcp);
	bool reset = tcp.flags & TCP_RST;
	uint32_t seq;

	if (!port_is_ours(key, tcp.dest_port))
		return REPLY_NONE;
	if (error)
		return reject(out, FLAW_SHORT);
	if (segment_is_our_own(packet, &tcp, key))
		return REPLY_NONE;
	/* RFC 9293 3.10.7 answers a SYN in no other way that tells the port's
	 * state: a challenge ACK (RFC 5961 4.2) does not. */
	if (!(tcp.flags & TCP_ACK) || !(tcp.flags & (TCP_SYN | TCP_RST)))
		return reject(out, FLAW_FLAGS);
	seq = cookie_seq(&key->cookie, &packet->dest, tcp.dest_port,
			 &packet->source, tcp.source_port);
	if (tcp.ack != seq + 1)
		return reject(out, FLAW_COOKIE);

	*out = (struct reply){
		.target = packet->source,
		.source = packet->dest,
		.port = tcp.source_port,
		.source_port = tcp.dest_port,
		.verdict = reset ? VERDICT_CLOSED : VERDICT_OPEN,
		.reason = reset ? REASON_RST : REASON_SYN_ACK,
		.ttl = packet->ttl,
	};
	return REPLY_VERDICT;
}

static enum reply_kind classify_icmp(const struct packet *packet,
				     const struct reply_key *key,
				     struct reply *out)
{
	const struct packet *quoted;
	struct icmp_error_view icmp;
	enum reason reason;

	if (packet_icmp_error(packet, &icmp) != PACKET_OK || !icmp.tcp_ok ||
	    !port_is_ours(key, icmp.source_port))
		return REPLY_NONE;
	quoted = &icmp.quoted;
	reason = icmp_reason(quoted->source.family, icmp.type, icmp.code);
	if (reason == REASON_NONE)
		return REPLY_NONE;
	/* It has to come back to whoever sent what it quotes. */
	if (!addr_equal(&packet->dest, &quoted->source))
		return reject(out, FLAW_ADDRESS);
	if (icmp.seq != cookie_seq(&key->cookie, &quoted->source,
				   icmp.source_port, &quoted->dest,
				   icmp.dest_port))
		return reject(out, FLAW_COOKIE);

	*out = (struct reply){
		.target = quoted->dest,
		.source = quoted->source,
		.port = icmp.dest_port,
		.source_port = icmp.source_port,
		.verdict = VERDICT_FILTERED,
		.reason = reason,
		.ttl = packet->ttl,
	};
	return REPLY_VERDICT;
}

enum reply_kind reply_classify(const struct packet *packet,
			       const struct reply_key *key, struct reply *out)
{
	/* Of a fragment but the first, neither view has a port or a quote. */
	if (packet->protocol == IPPROTO_TCP)
		return classify_tcp(packet, key, out);
	return classify_icmp(packet, key, out);
}
