/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/meaning.h"

#include <assert.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <string.h>
#include <sys/socket.h>

/* The port that it left from says which try a probe is. */
static void name_try(struct meaning *meaning, const struct reply_key *key,
		     uint16_t source_port)
{
	unsigned offset = (unsigned)source_port - key->source_port;

	if (key->try_ports == 0)
		return;
	if (offset < key->try_ports)
		meaning->try = (uint8_t)(offset + 1);
	else
		meaning->canary = true;
}

static bool port_is_ours(const struct reply_key *key, uint16_t port)
{
	return port >= key->source_port &&
	       port - key->source_port < key->source_ports;
}

static bool is_arp(const struct packet *packet, enum packet_error parsed)
{
	return parsed == PACKET_NOT_IP && packet->ethertype == ETHERTYPE_ARP;
}

/* RFC 4861, by the ICMPv6 type. */
static bool is_discovery(const struct packet *packet, enum packet_error parsed,
			 uint8_t type)
{
	return parsed == PACKET_OK && packet->protocol == IPPROTO_ICMPV6 &&
	       packet->payload_bytes > 0 && packet->payload[0] == type;
}

void meaning_of_received(struct meaning *meaning, const struct packet *packet,
			 enum packet_error parsed, enum reply_kind kind,
			 const struct reply *reply, const struct reply_key *key)
{
	*meaning = (struct meaning){.kind = MEANING_NONE};
	switch (kind) {
	case REPLY_VERDICT:
		meaning->kind = MEANING_REPLY;
		meaning->target = reply->target;
		meaning->port = reply->port;
		meaning->verdict = reply->verdict;
		meaning->reason = reply->reason;
		name_try(meaning, key, reply->source_port);
		break;
	case REPLY_REJECTED:
		meaning->kind = MEANING_REJECTED;
		meaning->flaw = reply->flaw;
		break;
	case REPLY_NONE:
		if (is_arp(packet, parsed) ||
		    is_discovery(packet, parsed, ND_NEIGHBOR_ADVERT))
			meaning->kind = MEANING_NEIGHBOUR;
		break;
	}
}

void meaning_of_sent(struct meaning *meaning, const struct packet *packet,
		     enum packet_error parsed, const struct reply_key *key)
{
	struct tcp_view tcp;

	*meaning = (struct meaning){.kind = MEANING_NONE};
	if (is_arp(packet, parsed) ||
	    is_discovery(packet, parsed, ND_NEIGHBOR_SOLICIT))
		meaning->kind = MEANING_QUESTION;
	if (parsed != PACKET_OK || packet_tcp(packet, &tcp) != PACKET_OK ||
	    !port_is_ours(key, tcp.source_port))
		return;
	if (tcp.flags & TCP_RST)
		meaning->kind = MEANING_RESET;
	else if ((tcp.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		meaning->kind = MEANING_PROBE;
	else
		meaning->kind = MEANING_SEGMENT;
	meaning->target = packet->dest;
	meaning->port = tcp.dest_port;
	if (meaning->kind == MEANING_PROBE)
		name_try(meaning, key, tcp.source_port);
}

static void of_connect_out(struct meaning *meaning, const struct packet *packet,
			   const struct tcp_view *tcp)
{
	meaning->target = packet->dest;
	meaning->port = tcp->dest_port;
	if (tcp->flags & TCP_RST) /* RFC 9293: 3.10.5, 3.10.7.1 */
		meaning->kind =
			tcp->flags & TCP_ACK ? MEANING_ABORT : MEANING_RESET;
	else if (tcp->flags & TCP_SYN)
		meaning->kind = MEANING_PROBE;
	else
		meaning->kind = MEANING_SHAKEN;
}

static void of_connect_in(struct meaning *meaning, const struct packet *packet,
			  const struct tcp_view *tcp)
{
	meaning->target = packet->source;
	meaning->port = tcp->source_port;
	if (!(tcp->flags & (TCP_SYN | TCP_RST))) {
		meaning->kind = MEANING_SPOKEN;
		return;
	}
	meaning->kind = MEANING_REPLY;
	meaning->verdict = tcp->flags & TCP_RST ? VERDICT_CLOSED : VERDICT_OPEN;
	meaning->reason =
		tcp->flags & TCP_RST ? REASON_CONN_REFUSED : REASON_SYN_ACK;
}

void meaning_of_connect(struct meaning *meaning, const struct packet *packet,
			bool outbound)
{
	struct icmp_error_view icmp;
	struct tcp_view tcp;

	*meaning = (struct meaning){.kind = MEANING_NONE};
	if (packet_tcp(packet, &tcp) == PACKET_OK) {
		if (outbound)
			of_connect_out(meaning, packet, &tcp);
		else
			of_connect_in(meaning, packet, &tcp);
		return;
	}
	if (packet_icmp_error(packet, &icmp) != PACKET_OK || !icmp.tcp_ok)
		return;
	meaning->reason = reply_icmp_reason(icmp.quoted.source.family,
					    icmp.type, icmp.code);
	if (meaning->reason == REASON_COUNT)
		return;
	meaning->kind = MEANING_REPLY;
	meaning->target = icmp.quoted.dest;
	meaning->port = icmp.dest_port;
	meaning->verdict = VERDICT_FILTERED;
}

/* ---- words: no printf, a full scan has 131,070 of them ---- */

struct words {
	char *bytes;
	size_t used;
};

static void say(struct words *words, const char *text)
{
	size_t length = strlen(text);

	assert(words->used + length <= MEANING_TEXT_BYTES);
	memcpy(words->bytes + words->used, text, length);
	words->used += length;
}

static void say_number(struct words *words, unsigned number)
{
	char digits[12];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	say(words, digits + at);
}

static void say_reply(struct words *words, const struct meaning *meaning)
{
	say(words, "port ");
	say_number(words, meaning->port);
	say(words, " ");
	say(words, verdict_name(meaning->verdict));
	say(words, ": ");
	say(words, reason_name(meaning->reason));
	if (meaning->canary) {
		say(words, ", answers a canary");
	} else if (meaning->try) {
		say(words, ", answers try ");
		say_number(words, meaning->try);
	}
}

static void say_probe(struct words *words, const struct meaning *meaning)
{
	say(words, "probe");
	if (meaning->canary) {
		say(words, ", a canary: this port has answered before");
	} else if (meaning->try) {
		say(words, ", try ");
		say_number(words, meaning->try);
	}
}

static const char *const flaws[] = {
	[FLAW_SHORT] = "its TCP header is not whole",
	[FLAW_FLAGS] = "neither SYN,ACK nor RST,ACK",
	[FLAW_COOKIE] = "cookie does not match",
	[FLAW_ADDRESS] = "it quotes what another address sent",
};

size_t meaning_text(const struct meaning *meaning,
		    char text[MEANING_TEXT_BYTES])
{
	struct words words = {.bytes = text};

	switch (meaning->kind) {
	case MEANING_NONE:
		break;
	case MEANING_PROBE:
		say_probe(&words, meaning);
		break;
	case MEANING_REPLY:
		say_reply(&words, meaning);
		break;
	case MEANING_REJECTED:
		say(&words, "rejected: ");
		say(&words, flaws[meaning->flaw]);
		break;
	case MEANING_RESET:
		say(&words, "from our own kernel: it knows no such connection");
		break;
	case MEANING_SEGMENT:
		say(&words, "ours, but neither a probe nor a RST");
		break;
	case MEANING_SHAKEN:
		say(&words, "the handshake is complete: "
			    "a program may see the connection");
		break;
	case MEANING_ABORT:
		say(&words, "closed at once, by a RST");
		break;
	case MEANING_SPOKEN:
		say(&words, "the other end, in that connection");
		break;
	case MEANING_QUESTION:
		say(&words, "asks for an address on the link");
		break;
	case MEANING_NEIGHBOUR:
		say(&words, "tells an address on the link");
		break;
	}
	return words.used;
}
