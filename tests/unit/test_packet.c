/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/packet.h"

#include <pcap/dlt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "packets.h"
#include "random.h"
#include "wire/reply.h"
#include "wire/tcpopt.h"

static const struct addr us4 = {.family = AF_INET, .bytes = {10, 9, 0, 1}};
static const struct addr target4 = {.family = AF_INET, .bytes = {10, 9, 0, 2}};
static const struct addr router4 = {.family = AF_INET,
				    .bytes = {10, 9, 0, 254}};
static const struct addr us6 = {.family = AF_INET6,
				.bytes = {[0] = 0xfd, [15] = 1}};
static const struct addr target6 = {.family = AF_INET6,
				    .bytes = {[0] = 0xfd, [15] = 2}};
static const struct addr router6 = {.family = AF_INET6,
				    .bytes = {[0] = 0xfd, [15] = 0xfe}};

static const struct reply_key key = {
	.cookie = KEY_REFERENCE, .source_port = 40000, .source_ports = 8};

/* Keeps the reads below from being optimised away. */
static volatile uint8_t sink;

/* [view, view + count) has to lie in the buffer; reads it, for ASan. */
static void check_view(struct bytes buffer, const uint8_t *view, size_t count)
{
	if (count == 0)
		return;
	assert_in_range((uintptr_t)view, (uintptr_t)buffer.at,
			(uintptr_t)buffer.at + buffer.count);
	assert_in_range((uintptr_t)view + count, (uintptr_t)buffer.at,
			(uintptr_t)buffer.at + buffer.count);
	for (size_t i = 0; i < count; i++)
		sink ^= view[i];
}

static void check_packet(struct bytes buffer, const struct packet *packet,
			 enum packet_error error)
{
	check_view(buffer, packet->l3, packet->l3_bytes);
	if (error)
		return;
	check_view(buffer, packet->payload, packet->payload_bytes);
	assert_in_range(packet->payload_bytes, 0, packet->payload_length);
	assert_true(packet->source.family == packet->dest.family);
}

static void check_options(const struct tcp_view *tcp)
{
	struct tcpopt_walk walk;
	struct tcpopt option;
	int count = 0;

	tcpopt_begin(&walk, tcp->options, tcp->options_bytes);
	while (tcpopt_next(&walk, &option))
		assert_in_range(++count, 1, 20);
}

/* Parses, follows every view that the packet offers, and checks that each
 * stays in the buffer. Returns what packet_parse() said. */
static enum packet_error exercise(int dlt, struct bytes buffer)
{
	struct icmp_error_view icmp;
	struct neighbour_view neighbour;
	struct packet packet;
	struct tcp_view tcp;
	struct reply reply;
	enum packet_error error;

	error = packet_parse(&packet, dlt, buffer.at, buffer.count);
	check_packet(buffer, &packet, error);
	packet_neighbour(&packet, error, &neighbour);
	if (error)
		return error;
	if (packet_tcp(&packet, &tcp) == PACKET_OK) {
		assert_int_equal(packet.fragment_offset, 0);
		check_view(buffer, tcp.options, tcp.options_bytes);
		check_view(buffer, tcp.data, tcp.data_bytes);
		assert_in_range(tcp.data_bytes, 0, tcp.data_length);
		check_options(&tcp);
	}
	if (packet_icmp_error(&packet, &icmp) == PACKET_OK)
		check_packet(buffer, &icmp.quoted, PACKET_OK);
	reply_classify(&packet, &key, &reply);
	return PACKET_OK;
}

/* As exercise(), on an exact-size copy of the first bytes. */
static enum packet_error exercise_cut(int dlt, const uint8_t *bytes,
				      size_t count)
{
	struct bytes buffer = bytes_copy(bytes, count);
	enum packet_error error = exercise(dlt, buffer);

	free(buffer.at);
	return error;
}

static void test_tcp4(void **state)
{
	struct bytes bytes = bytes_hex(SYN_ACK4);
	struct packet packet;
	struct tcp_view tcp;

	(void)state;
	assert_int_equal(packet_parse(&packet, DLT_RAW, bytes.at, bytes.count),
			 PACKET_OK);
	assert_int_equal(packet.ethertype, 0x0800);
	assert_ptr_equal(packet.l3, bytes.at);
	assert_int_equal(packet.l3_bytes, 60);
	assert_true(addr_equal(&packet.source, &target4));
	assert_true(addr_equal(&packet.dest, &us4));
	assert_int_equal(packet.ttl, 64);
	assert_int_equal(packet.protocol, IPPROTO_TCP);
	assert_int_equal(packet.id, 0);
	assert_int_equal(packet.fragment_offset, 0);
	assert_false(packet.more_fragments);
	assert_ptr_equal(packet.payload, bytes.at + 20);
	assert_int_equal(packet.payload_bytes, 40);
	assert_int_equal(packet.payload_length, 40);

	assert_int_equal(packet_tcp(&packet, &tcp), PACKET_OK);
	assert_int_equal(tcp.source_port, 80);
	assert_int_equal(tcp.dest_port, 40000);
	assert_int_equal(tcp.seq, 287454020);
	assert_int_equal(tcp.ack, 1579144197);
	assert_int_equal(tcp.flags, TCP_SYN | TCP_ACK);
	assert_int_equal(tcp.window, 65160);
	assert_int_equal(tcp.checksum, 0x2234);
	assert_int_equal(tcp.urgent, 0);
	assert_ptr_equal(tcp.options, bytes.at + 40);
	assert_int_equal(tcp.options_bytes, 20);
	assert_int_equal(tcp.data_bytes, 0);
	assert_int_equal(tcp.data_length, 0);
	free(bytes.at);
}

static void test_tcp6(void **state)
{
	struct bytes bytes = bytes_hex(SYN_ACK6);
	struct packet packet;
	struct tcp_view tcp;

	(void)state;
	assert_int_equal(packet_parse(&packet, DLT_RAW, bytes.at, bytes.count),
			 PACKET_OK);
	assert_int_equal(packet.ethertype, 0x86dd);
	assert_true(addr_equal(&packet.source, &target6));
	assert_true(addr_equal(&packet.dest, &us6));
	assert_int_equal(packet.ttl, 64);
	assert_int_equal(packet.payload_length, 40);
	assert_int_equal(packet_tcp(&packet, &tcp), PACKET_OK);
	assert_int_equal(tcp.ack, 214615561);
	assert_int_equal(tcp.flags, TCP_SYN | TCP_ACK);
	assert_int_equal(tcp.options_bytes, 20);
	free(bytes.at);
}

/* What follows the IP length (Ethernet pads to 60 bytes) is no data; what the
 * capture cut off counts in the length alone. */
static void test_padding_and_snaplen(void **state)
{
	struct bytes padded = bytes_hex(DATA4 "0000");
	struct packet packet;
	struct tcp_view tcp;

	(void)state;
	assert_int_equal(packet_parse_ip(&packet, padded.at, padded.count),
			 PACKET_OK);
	assert_int_equal(packet.l3_bytes, 47);
	assert_int_equal(packet_tcp(&packet, &tcp), PACKET_OK);
	assert_int_equal(tcp.data_bytes, 5);
	assert_int_equal(tcp.data_length, 5);
	assert_memory_equal(tcp.data, "hello", 5);

	assert_int_equal(packet_parse_ip(&packet, padded.at, 42), PACKET_OK);
	assert_int_equal(packet.payload_bytes, 22);
	assert_int_equal(packet.payload_length, 25);
	assert_int_equal(packet_tcp(&packet, &tcp), PACKET_OK);
	assert_int_equal(tcp.data_bytes, 2);
	assert_int_equal(tcp.data_length, 5);
	free(padded.at);
}

/* A segment as the kernel hands it to a card that cuts it: length 0. */
static void test_length_zero(void **state)
{
	struct bytes four = bytes_hex(DATA4), six = bytes_hex(SYN_ACK6);
	struct packet packet;
	struct tcp_view tcp;

	(void)state;
	store_be16(four.at + 2, 0);
	assert_int_equal(packet_parse_ip(&packet, four.at, four.count),
			 PACKET_OK);
	assert_int_equal(packet_tcp(&packet, &tcp), PACKET_OK);
	assert_int_equal(tcp.data_length, 5);

	store_be16(six.at + 4, 0);
	assert_int_equal(packet_parse_ip(&packet, six.at, six.count),
			 PACKET_OK);
	assert_int_equal(packet_tcp(&packet, &tcp), PACKET_OK);
	/* No next header: there is nothing, and that is right. */
	six.at[6] = IPPROTO_NONE;
	assert_int_equal(packet_parse_ip(&packet, six.at, six.count),
			 PACKET_OK);
	assert_int_equal(packet.payload_length, 0);
	free(four.at);
	free(six.at);
}

/* Every link type before one packet. */
static const struct {
	const char *name;
	int dlt;
	const char *header, *packet;
} links[] = {
	/* 02:00:00:00:00:02 > 02:00:00:00:00:01, ethertype IPv4 */
	{"ethernet", DLT_EN10MB, "0200000000010200000000020800", SYN_ACK4},
	{"ethernet", DLT_EN10MB, "02000000000102000000000286dd", SYN_ACK6},
	/* 802.1Q: vlan 10 */
	{"802.1q", DLT_EN10MB, "0200000000010200000000028100000a0800",
	 SYN_ACK4},
	/* 802.1Q-QinQ: vlan 100, 802.1Q: vlan 10 */
	{"qinq", DLT_EN10MB, "02000000000102000000000288a800648100000a0800",
	 SYN_ACK4},
	/* 802.1Q-9100: vlan 100, 802.1Q: vlan 10 */
	{"9100", DLT_EN10MB, "020000000001020000000002910000648100000a86dd",
	 SYN_ACK6},
	/* eight tags are the most */
	{"eight tags", DLT_EN10MB,
	 "020000000001020000000002"
	 "8100000181000002810000038100000481000005810000068100000781000008"
	 "0800",
	 SYN_ACK4},
	/* In 02:00:00:00:00:02 ethertype IPv4 */
	{"cooked v1", DLT_LINUX_SLL, "00000001000602000000000200000800",
	 SYN_ACK4},
	{"cooked v1", DLT_LINUX_SLL, "000000010006020000000002000086dd",
	 SYN_ACK6},
	{"cooked v1, 802.1q", DLT_LINUX_SLL,
	 "00000001000602000000000200008100000a0800", SYN_ACK4},
	/* In ifindex 2 02:00:00:00:00:02 ethertype IPv4 */
	{"cooked v2", DLT_LINUX_SLL2,
	 "0800000000000002000100060200000000020000", SYN_ACK4},
	{"cooked v2", DLT_LINUX_SLL2,
	 "86dd000000000002000100060200000000020000", SYN_ACK6},
	/* In ifindex 2 02:00:00:00:00:02 ethertype 802.1Q, vlan 10 */
	{"cooked v2, 802.1q", DLT_LINUX_SLL2,
	 "8100000000000002000100060200000000020000000a0800", SYN_ACK4},
	{"raw", DLT_RAW, "", SYN_ACK4},
	{"raw", DLT_RAW, "", SYN_ACK6},
	{"ipv4", DLT_IPV4, "", SYN_ACK4},
	{"ipv6", DLT_IPV6, "", SYN_ACK6},
	/* AF IPv4 (2), AF IPv6 (10, 23, 24, 28, 30); both byte orders */
	{"null, little-endian", DLT_NULL, "02000000", SYN_ACK4},
	{"null, big-endian", DLT_NULL, "00000002", SYN_ACK4},
	{"null, Linux", DLT_NULL, "0a000000", SYN_ACK6},
	{"null, Windows", DLT_NULL, "17000000", SYN_ACK6},
	{"null, OpenBSD", DLT_NULL, "18000000", SYN_ACK6},
	{"null, FreeBSD", DLT_NULL, "1c000000", SYN_ACK6},
	{"null, Darwin", DLT_NULL, "1e000000", SYN_ACK6},
	{"null, Darwin, big-endian", DLT_NULL, "0000001e", SYN_ACK6},
	{"loop", DLT_LOOP, "00000002", SYN_ACK4},
	{"loop", DLT_LOOP, "00000018", SYN_ACK6},
};

#define LINKS (sizeof(links) / sizeof(links[0]))

static struct bytes link_frame(size_t i)
{
	char hex[400];

	snprintf(hex, sizeof(hex), "%s%s", links[i].header, links[i].packet);
	return bytes_hex(hex);
}

static void test_every_link_type(void **state)
{
	(void)state;
	for (size_t i = 0; i < LINKS; i++) {
		size_t header_bytes = strlen(links[i].header) / 2;
		struct bytes frame = link_frame(i);
		struct packet packet;
		struct tcp_view tcp;

		if (packet_parse(&packet, links[i].dlt, frame.at,
				 frame.count) != PACKET_OK)
			fail_msg("%s: not parsed", links[i].name);
		assert_ptr_equal(packet.l3, frame.at + header_bytes);
		assert_int_equal(packet.l3_bytes, frame.count - header_bytes);
		assert_int_equal(packet.ethertype,
				 packet.source.family == AF_INET ? 0x0800
								 : 0x86dd);
		assert_int_equal(packet_tcp(&packet, &tcp), PACKET_OK);
		assert_int_equal(tcp.dest_port, 40000);
		free(frame.at);
	}
}

/* Cut anywhere, a frame parses from the end of its IP header on. */
static void test_every_link_type_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < LINKS; i++) {
		size_t link_bytes = strlen(links[i].header) / 2;
		struct bytes frame = link_frame(i);
		size_t ip_bytes = frame.at[link_bytes] >> 4 == 4 ? 20 : 40;

		for (size_t cut = 0; cut <= frame.count; cut++) {
			bool whole = cut >= link_bytes + ip_bytes;

			assert_int_equal(
				exercise_cut(links[i].dlt, frame.at, cut),
				whole ? PACKET_OK : PACKET_TRUNCATED);
		}
		free(frame.at);
	}
}

static void check_error(int dlt, const char *hex, enum packet_error expected,
			unsigned ethertype)
{
	struct bytes frame = bytes_hex(hex);
	struct packet packet;

	assert_int_equal(packet_parse(&packet, dlt, frame.at, frame.count),
			 expected);
	assert_int_equal(packet.ethertype, ethertype);
	exercise(dlt, frame);
	free(frame.at);
}

static void test_not_ip(void **state)
{
	(void)state;
	/* ethertype LLDP (0x88cc), behind a tag too */
	check_error(DLT_EN10MB, "0180c200000e02000000000288cc0000",
		    PACKET_NOT_IP, 0x88cc);
	check_error(DLT_EN10MB, "0180c200000e0200000000028100000a88cc0000",
		    PACKET_NOT_IP, 0x88cc);
	/* 802.3 length 38: STP */
	check_error(DLT_EN10MB, "0180c20000000200000000020026424203",
		    PACKET_NOT_IP, 0);
	/* cooked: 802.2 LLC */
	check_error(DLT_LINUX_SLL, "00000001000602000000000200000004",
		    PACKET_NOT_IP, 0);
	/* AF AppleTalk; a family that nobody has */
	check_error(DLT_NULL, "10000000", PACKET_NOT_IP, 0);
	check_error(DLT_NULL, "ffffffff", PACKET_NOT_IP, 0);
	/* IP version 5 */
	check_error(DLT_RAW, "50", PACKET_NOT_IP, 0);
}

static void test_malformed(void **state)
{
	struct packet packet;

	(void)state;
	/* nine tags */
	check_error(DLT_EN10MB,
		    "020000000001020000000002"
		    "81000001810000028100000381000004810000058100000681000007"
		    "81000008810000090800" SYN_ACK4,
		    PACKET_MALFORMED, 0x0800);
	/* the ethertype and the version differ */
	check_error(DLT_EN10MB, "0200000000010200000000020800" SYN_ACK6,
		    PACKET_MALFORMED, 0x0800);
	check_error(DLT_EN10MB, "02000000000102000000000286dd" SYN_ACK4,
		    PACKET_MALFORMED, 0x86dd);
	check_error(DLT_IPV4, SYN_ACK6, PACKET_MALFORMED, 0x0800);
	check_error(DLT_IPV6, SYN_ACK4, PACKET_MALFORMED, 0x86dd);
	/* total length 19 */
	check_error(DLT_RAW,
		    "450000130000400040060000"
		    "0a0900020a090001",
		    PACKET_MALFORMED, 0x0800);
	/* version 5 where IP was promised */
	assert_int_equal(packet_parse_ip(&packet, (const uint8_t *)"\x50", 1),
			 PACKET_MALFORMED);
}

static void test_unknown_link_type(void **state)
{
	struct bytes frame = bytes_hex(SYN_ACK4);
	static const int unknown[] = {DLT_IEEE802_11, DLT_PPP, DLT_USB_LINUX,
				      -1, 99999};

	(void)state;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		struct packet packet;

		assert_int_equal(packet_parse(&packet, unknown[i], frame.at,
					      frame.count),
				 PACKET_BAD_LINK);
	}
	free(frame.at);
}

/* What packet_tcp() has to say of `captured` bytes of a 96-byte packet. */
static enum packet_error expect_tcp(size_t ip_bytes, size_t data_offset,
				    size_t captured)
{
	size_t payload = captured - ip_bytes, length = 96 - ip_bytes;

	if (payload < 20)
		return PACKET_TRUNCATED;
	if (data_offset < 5 || data_offset * 4 > length)
		return PACKET_MALFORMED;
	return data_offset * 4 > payload ? PACKET_TRUNCATED : PACKET_OK;
}

static void check_header_lengths(size_t ihl, size_t data_offset,
				 size_t captured)
{
	/* Each byte but those set below is an option of length 255. */
	uint8_t packet_bytes[96];
	enum packet_error expected = PACKET_OK;
	struct bytes buffer;
	struct packet packet;
	struct tcp_view tcp;

	memset(packet_bytes, 0xff, sizeof(packet_bytes));
	packet_bytes[0] = (uint8_t)(0x40 | ihl);
	store_be16(packet_bytes + 2, 96);
	store_be16(packet_bytes + 6, 0);
	packet_bytes[9] = IPPROTO_TCP;
	packet_bytes[ihl * 4 + 12] = (uint8_t)(data_offset << 4);

	if (captured < 20)
		expected = PACKET_TRUNCATED;
	else if (ihl < 5)
		expected = PACKET_MALFORMED;
	else if (captured < ihl * 4)
		expected = PACKET_TRUNCATED;

	buffer = bytes_copy(packet_bytes, captured);
	assert_int_equal(exercise(DLT_RAW, buffer), expected);
	if (expected == PACKET_OK) {
		packet_parse(&packet, DLT_RAW, buffer.at, buffer.count);
		assert_int_equal(packet_tcp(&packet, &tcp),
				 expect_tcp(ihl * 4, data_offset, captured));
	}
	free(buffer.at);
}

static void test_every_header_length4(void **state)
{
	(void)state;
	for (size_t ihl = 0; ihl < 16; ihl++)
		for (size_t offset = 0; offset < 16; offset++)
			for (size_t captured = 0; captured <= 96; captured++)
				check_header_lengths(ihl, offset, captured);
}

/* Every total length with every IHL and capture length. */
static void test_every_total_length4(void **state)
{
	struct bytes bytes = bytes_hex(UNREACH4);

	(void)state;
	for (unsigned ihl = 0; ihl < 16; ihl++) {
		bytes.at[0] = (uint8_t)(0x40 | ihl);
		for (unsigned total = 0; total <= bytes.count + 1; total++) {
			store_be16(bytes.at + 2, (uint16_t)total);
			for (size_t cut = 0; cut <= bytes.count; cut++)
				exercise_cut(DLT_RAW, bytes.at, cut);
		}
	}
	free(bytes.at);
}

static void check_chain6(uint8_t length, uint8_t data_offset, size_t captured)
{
	struct bytes chain = bytes_hex(CHAIN6);
	struct bytes cut;
	enum packet_error expected = PACKET_OK;

	/* Length of the destination options, which stand at 48. */
	chain.at[49] = length;
	chain.at[80 + 12] = (uint8_t)(data_offset << 4);
	cut = bytes_copy(chain.at, captured);
	/* 40 + 60 bytes, of which 48 stand before the header in question. */
	if (captured >= 56 && (length + 1) * 8 > 52)
		expected = PACKET_MALFORMED;
	else if (captured < 48 + (length + 1u) * 8)
		expected = PACKET_TRUNCATED;
	else if (length == 1 && captured < 80)
		expected = PACKET_TRUNCATED;
	/* With another length what follows is anything. */
	if (expected == PACKET_OK && length != 1)
		exercise(DLT_RAW, cut);
	else
		assert_int_equal(exercise(DLT_RAW, cut), expected);
	free(cut.at);
	free(chain.at);
}

static void test_every_header_length6(void **state)
{
	static const uint8_t lengths[] = {0, 1, 2, 3, 4, 5, 6, 7, 127, 255};

	(void)state;
	for (size_t i = 0; i < sizeof(lengths); i++)
		for (uint8_t offset = 0; offset < 16; offset++)
			for (size_t captured = 0; captured <= 100; captured++)
				check_chain6(lengths[i], offset, captured);
}

/* Every payload length with every chain of two kinds. */
static void test_every_payload_length6(void **state)
{
	static const uint8_t kinds[] = {IPPROTO_HOPOPTS,
					IPPROTO_ROUTING,
					IPPROTO_DSTOPTS,
					IPPROTO_FRAGMENT,
					IPPROTO_TCP,
					IPPROTO_ICMPV6,
					IPPROTO_NONE,
					51,
					255};
	struct bytes chain = bytes_hex(CHAIN6);

	(void)state;
	for (size_t kind = 0; kind < sizeof(kinds) * sizeof(kinds); kind++) {
		chain.at[6] = kinds[kind % sizeof(kinds)];
		chain.at[40] = kinds[kind / sizeof(kinds)];
		for (uint16_t length = 0; length <= 61; length++) {
			store_be16(chain.at + 4, length);
			for (size_t cut = 30; cut <= 100; cut += 7)
				exercise_cut(DLT_RAW, chain.at, cut);
		}
	}
	free(chain.at);
}

static void test_extension_headers(void **state)
{
	struct bytes bytes = bytes_hex(CHAIN6);
	struct packet packet;
	struct tcp_view tcp;

	(void)state;
	assert_int_equal(packet_parse_ip(&packet, bytes.at, bytes.count),
			 PACKET_OK);
	assert_int_equal(packet.protocol, IPPROTO_TCP);
	assert_int_equal(packet.id, 0xdeadbeef);
	assert_int_equal(packet.fragment_offset, 0);
	assert_true(packet.more_fragments);
	assert_int_equal(packet.payload_length, 20);
	assert_int_equal(packet_tcp(&packet, &tcp), PACKET_OK);
	assert_int_equal(tcp.ack, SEQ6 + 1);

	/* The extension reaches beyond the payload length: by contradiction,
	 * not by the capture. */
	store_be16(bytes.at + 4, 23);
	assert_int_equal(packet_parse_ip(&packet, bytes.at, bytes.count),
			 PACKET_MALFORMED);
	/* What is no extension header ends the walk: AH. */
	store_be16(bytes.at + 4, 60);
	bytes.at[6] = 51;
	assert_int_equal(packet_parse_ip(&packet, bytes.at, bytes.count),
			 PACKET_OK);
	assert_int_equal(packet.protocol, 51);
	assert_int_equal(packet.payload_length, 60);
	free(bytes.at);
}

/* Sixteen extension headers are walked, not one more. */
static void test_extension_header_limit(void **state)
{
	(void)state;
	for (size_t headers = 15; headers <= 17; headers++) {
		uint8_t bytes[40 + 17 * 8 + 20] = {0x60};
		struct packet packet;

		store_be16(bytes + 4, (uint16_t)(headers * 8 + 20));
		bytes[6] = IPPROTO_DSTOPTS;
		for (size_t i = 0; i < headers; i++)
			bytes[40 + i * 8] = i + 1 == headers ? IPPROTO_TCP
							     : IPPROTO_DSTOPTS;
		assert_int_equal(
			packet_parse_ip(&packet, bytes, 60 + headers * 8),
			headers <= 16 ? PACKET_OK : PACKET_MALFORMED);
	}
}

static void test_fragments(void **state)
{
	struct bytes four = bytes_hex(FRAGMENT4), six = bytes_hex(FRAGMENT6);
	struct packet packet;
	struct tcp_view tcp;

	(void)state;
	assert_int_equal(packet_parse_ip(&packet, four.at, four.count),
			 PACKET_OK);
	assert_int_equal(packet.id, 4660);
	assert_int_equal(packet.fragment_offset, 1480);
	assert_true(packet.more_fragments);
	assert_int_equal(packet.payload_length, 16);
	assert_int_equal(packet_tcp(&packet, &tcp), PACKET_MALFORMED);
	assert_int_equal(tcp.dest_port, 0);

	assert_int_equal(packet_parse_ip(&packet, six.at, six.count),
			 PACKET_OK);
	assert_int_equal(packet.id, 0xdeadbeef);
	assert_int_equal(packet.fragment_offset, 1448);
	assert_true(packet.more_fragments);
	assert_int_equal(packet.protocol, IPPROTO_TCP);
	assert_int_equal(packet.payload_length, 8);
	assert_int_equal(packet_tcp(&packet, &tcp), PACKET_MALFORMED);

	/* Behind a later fragment's header there is data: not walked. */
	six.at[40] = IPPROTO_DSTOPTS;
	assert_int_equal(packet_parse_ip(&packet, six.at, six.count),
			 PACKET_OK);
	assert_int_equal(packet.protocol, IPPROTO_DSTOPTS);
	assert_int_equal(packet.payload_length, 8);
	free(four.at);
	free(six.at);
}

/* Data that looks like an ICMP error is none in a later fragment. */
static void test_icmp_fragments(void **state)
{
	struct bytes bytes = bytes_hex(UNREACH4);
	struct icmp_error_view icmp;
	struct packet packet;

	(void)state;
	store_be16(bytes.at + 6, 0x2000); /* the first, more to come */
	packet_parse_ip(&packet, bytes.at, bytes.count);
	assert_int_equal(packet_icmp_error(&packet, &icmp), PACKET_OK);
	store_be16(bytes.at + 6, 1);
	packet_parse_ip(&packet, bytes.at, bytes.count);
	assert_int_equal(packet_icmp_error(&packet, &icmp), PACKET_MALFORMED);
	free(bytes.at);
}

/* The ports are told where they are, whatever is wrong behind them. */
static void test_ports_of_a_broken_segment(void **state)
{
	struct bytes bytes = bytes_hex(SYN_ACK4);
	struct packet packet;
	struct tcp_view tcp;

	(void)state;
	for (size_t cut = 20; cut < 60; cut++) {
		packet_parse_ip(&packet, bytes.at, cut);
		assert_int_equal(packet_tcp(&packet, &tcp), PACKET_TRUNCATED);
		assert_int_equal(tcp.dest_port, cut < 24 ? 0 : 40000);
		assert_int_equal(tcp.flags, cut < 40 ? 0 : TCP_SYN | TCP_ACK);
		assert_int_equal(tcp.options != NULL, cut >= 40);
	}
	bytes.at[32] = 0x40;
	packet_parse_ip(&packet, bytes.at, bytes.count);
	assert_int_equal(packet_tcp(&packet, &tcp), PACKET_MALFORMED);
	assert_int_equal(tcp.source_port, 80);
	free(bytes.at);
}

static void check_quote(const char *hex, const struct addr *router,
			const struct addr *us, const struct addr *target,
			uint32_t seq)
{
	struct bytes bytes = bytes_hex(hex);
	struct icmp_error_view icmp;
	struct packet packet;

	assert_int_equal(packet_parse_ip(&packet, bytes.at, bytes.count),
			 PACKET_OK);
	assert_true(addr_equal(&packet.source, router));
	assert_int_equal(packet_icmp_error(&packet, &icmp), PACKET_OK);
	assert_int_equal(icmp.type, us->family == AF_INET ? 3 : 1);
	assert_int_equal(icmp.code, us->family == AF_INET ? 1 : 3);
	assert_true(icmp.tcp_ok);
	assert_true(addr_equal(&icmp.quoted.source, us));
	assert_true(addr_equal(&icmp.quoted.dest, target));
	assert_int_equal(icmp.quoted.ttl, 63);
	assert_int_equal(icmp.source_port, 40000);
	assert_int_equal(icmp.dest_port, 80);
	assert_int_equal(icmp.seq, seq);
	free(bytes.at);
}

static void test_icmp_error(void **state)
{
	(void)state;
	check_quote(UNREACH4, &router4, &us4, &target4, SEQ4);
	check_quote(UNREACH6, &router6, &us6, &target6, SEQ6);
}

/* The quote is there from the end of its IP header on, its TCP fields from
 * eight bytes on; both when the packet is so short (the IP length says so)
 * and when the capture is. */
static void check_quote_cut(const char *hex, size_t ip_bytes, bool by_length)
{
	struct bytes bytes = bytes_hex(hex);

	/* Not length 0, which claims nothing and so cuts nothing off. */
	for (size_t cut = ip_bytes + by_length; cut <= bytes.count; cut++) {
		size_t quote = cut < ip_bytes + 8 ? 0 : cut - ip_bytes - 8;
		struct icmp_error_view icmp;
		struct packet packet;
		struct bytes part;

		if (by_length && ip_bytes == 20)
			store_be16(bytes.at + 2, (uint16_t)cut);
		else if (by_length)
			store_be16(bytes.at + 4, (uint16_t)(cut - 40));
		part = bytes_copy(bytes.at, by_length ? bytes.count : cut);
		exercise(DLT_RAW, part);
		packet_parse_ip(&packet, part.at, part.count);
		if (quote < ip_bytes) {
			assert_int_not_equal(packet_icmp_error(&packet, &icmp),
					     PACKET_OK);
			assert_int_equal(icmp.type, cut < ip_bytes + 8 ? 0
						    : ip_bytes == 20   ? 3
								       : 1);
		} else {
			assert_int_equal(packet_icmp_error(&packet, &icmp),
					 PACKET_OK);
			assert_int_equal(icmp.tcp_ok, quote >= ip_bytes + 8);
			assert_int_equal(icmp.source_port,
					 icmp.tcp_ok ? 40000 : 0);
		}
		free(part.at);
	}
	free(bytes.at);
}

static void test_icmp_quote_cut(void **state)
{
	(void)state;
	check_quote_cut(UNREACH4, 20, false);
	check_quote_cut(UNREACH4, 20, true);
	check_quote_cut(UNREACH6, 40, false);
	check_quote_cut(UNREACH6, 40, true);
}

/* Every header length of the quoted packet, cut anywhere. */
static void test_icmp_quote_header_length(void **state)
{
	struct bytes bytes = bytes_hex(UNREACH4);

	(void)state;
	for (unsigned ihl = 0; ihl < 16; ihl++) {
		struct icmp_error_view icmp;
		struct packet packet;

		bytes.at[28] = (uint8_t)(0x40 | ihl);
		for (size_t cut = 0; cut <= bytes.count; cut++)
			exercise_cut(DLT_RAW, bytes.at, cut);
		packet_parse_ip(&packet, bytes.at, bytes.count);
		/* 44 bytes quoted, as its own length says: 11 words. */
		assert_int_equal(packet_icmp_error(&packet, &icmp),
				 ihl < 5         ? PACKET_MALFORMED
				 : ihl * 4 <= 44 ? PACKET_OK
						 : PACKET_TRUNCATED);
		assert_int_equal(icmp.tcp_ok, ihl >= 5 && ihl * 4 + 8 <= 44);
		assert_int_equal(icmp.type, 3);
	}
	free(bytes.at);
}

static void check_icmp_type(const char *hex, size_t at, unsigned type,
			    bool is_error)
{
	struct bytes bytes = bytes_hex(hex);
	struct icmp_error_view icmp;
	struct packet packet;

	bytes.at[at] = (uint8_t)type;
	packet_parse_ip(&packet, bytes.at, bytes.count);
	assert_int_equal(packet_icmp_error(&packet, &icmp),
			 is_error ? PACKET_OK : PACKET_MALFORMED);
	free(bytes.at);
}

static void test_icmp_types(void **state)
{
	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		/* unreachable, time exceeded, parameter problem */
		check_icmp_type(UNREACH4, 20, type,
				type == 3 || type == 11 || type == 12);
		/* unreachable, too big, time exceeded, parameter problem */
		check_icmp_type(UNREACH6, 40, type, type >= 1 && type <= 4);
	}
}

/* ICMP is ICMP over its own IP alone, and quotes its own. */
static void test_icmp_of_the_wrong_family(void **state)
{
	struct bytes four = bytes_hex(UNREACH4), six = bytes_hex(UNREACH6);
	/* ICMP with the IPv6 SYN in the quote; lengths aside as above */
	struct bytes mixed = bytes_hex("4500005c00004000400100000a0900fe"
				       "0a0900010301000000000000" SYN6);
	struct icmp_error_view icmp;
	struct packet packet;

	(void)state;
	four.at[9] = IPPROTO_ICMPV6;
	packet_parse_ip(&packet, four.at, four.count);
	assert_int_equal(packet_icmp_error(&packet, &icmp), PACKET_MALFORMED);
	six.at[6] = IPPROTO_ICMP;
	packet_parse_ip(&packet, six.at, six.count);
	assert_int_equal(packet_icmp_error(&packet, &icmp), PACKET_MALFORMED);
	assert_int_equal(packet_parse_ip(&packet, mixed.at, mixed.count),
			 PACKET_OK);
	assert_int_equal(packet_icmp_error(&packet, &icmp), PACKET_MALFORMED);
	free(four.at);
	free(six.at);
	free(mixed.at);
}

/* ethertype ARP, Ethernet (len 6), IPv4 (len 4), Reply 10.9.0.2 is-at
 * 02:00:00:00:00:02, length 28 */
#define ARP_REPLY                                                              \
	"02000000000102000000000208060001"                                     \
	"0800060400020200000000020a090002"                                     \
	"0200000000010a090001"

/* (hlim 255, next-header ICMPv6 (58) payload length: 32) fe80::2 > fe80::1:
 * ICMP6, neighbor advertisement, length 32, tgt is fe80::2, Flags [solicited,
 * override], destination link-address option (2), length 8 (1):
 * 02:00:00:00:00:02 */
#define ADVERT                                                                 \
	"02000000000102000000000286dd6000"                                     \
	"000000203afffe800000000000000000"                                     \
	"000000000002fe800000000000000000"                                     \
	"0000000000018800181a60000000fe80"                                     \
	"00000000000000000000000000020201"                                     \
	"020000000002"

/* Does the packet, with one byte changed, name a neighbour? */
static bool is_neighbour(const char *hex, size_t at, uint8_t value, size_t cut,
			 struct neighbour_view *neighbour)
{
	struct bytes whole = bytes_hex(hex), bytes;
	enum packet_error error;
	struct packet packet;
	bool is;

	if (at < whole.count)
		whole.at[at] = value;
	bytes = bytes_copy(whole.at, cut < whole.count ? cut : whole.count);
	error = packet_parse(&packet, DLT_EN10MB, bytes.at, bytes.count);
	is = packet_neighbour(&packet, error, neighbour);
	free(bytes.at);
	free(whole.at);
	return is;
}

#define UNCHANGED SIZE_MAX

static void test_arp_reply(void **state)
{
	struct neighbour_view seen;

	(void)state;
	assert_true(is_neighbour(ARP_REPLY, UNCHANGED, 0, 42, &seen));
	assert_true(addr_equal(&seen.addr, &target4));
	assert_memory_equal(seen.mac, "\2\0\0\0\0\2", 6);
	for (size_t cut = 0; cut < 42; cut++)
		assert_false(is_neighbour(ARP_REPLY, UNCHANGED, 0, cut, &seen));
	/* hardware, protocol, both lengths, operation: a request */
	for (size_t at = 14; at < 22; at++)
		assert_false(
			is_neighbour(ARP_REPLY, at, 1 + (at == 15), 42, &seen));
	/* RARP has another ethertype */
	assert_false(is_neighbour(ARP_REPLY, 12, 0x80, 42, &seen));
	/* padded to the least of Ethernet */
	assert_true(is_neighbour(ARP_REPLY "00000000000000000000000000000000"
					   "0000",
				 UNCHANGED, 0, 60, &seen));
}

static void test_neighbour_advertisement(void **state)
{
	static const struct addr target = {
		.family = AF_INET6,
		.bytes = {[0] = 0xfe, [1] = 0x80, [15] = 2}};
	struct neighbour_view seen;

	(void)state;
	assert_true(is_neighbour(ADVERT, UNCHANGED, 0, 86, &seen));
	assert_true(addr_equal(&seen.addr, &target));
	assert_memory_equal(seen.mac, "\2\0\0\0\0\2", 6);
	for (size_t cut = 0; cut < 86; cut++)
		assert_false(is_neighbour(ADVERT, UNCHANGED, 0, cut, &seen));
	/* forwarded: hop limit 254 */
	assert_false(is_neighbour(ADVERT, 21, 254, 86, &seen));
	/* a solicitation; code 1 */
	assert_false(is_neighbour(ADVERT, 54, 135, 86, &seen));
	assert_false(is_neighbour(ADVERT, 55, 1, 86, &seen));
	/* another option; its length 0 (endless), 2 (beyond the end) */
	assert_false(is_neighbour(ADVERT, 78, 1, 86, &seen));
	assert_false(is_neighbour(ADVERT, 79, 0, 86, &seen));
	assert_false(is_neighbour(ADVERT, 79, 2, 86, &seen));
	/* no option: the payload length ends before it */
	assert_false(is_neighbour(ADVERT, 19, 24, 86, &seen));
	/* a TCP packet is none */
	assert_false(is_neighbour("02000000000102000000000286dd" SYN_ACK6,
				  UNCHANGED, 0, 999, &seen));
}

/* Changed at random, for every link type. */
static void test_random_mutations(void **state)
{
	static const char *const bases[] = {ARP_REPLY, ADVERT};
	struct random random = random_new();

	(void)state;
	for (int i = 0; i < 100000; i++) {
		size_t link = random_next(&random) % (LINKS + 2);
		struct bytes frame = link < LINKS
					     ? link_frame(link)
					     : bytes_hex(bases[link - LINKS]);
		int changes = (int)(random_next(&random) % 4);
		uint64_t r;

		while (changes-- > 0) {
			r = random_next(&random);
			frame.at[r % frame.count] = (uint8_t)(r >> 32);
		}
		r = random_next(&random);
		exercise_cut(link < LINKS ? links[link].dlt : DLT_EN10MB,
			     frame.at,
			     r & 1 ? frame.count : r % (frame.count + 1));
		free(frame.at);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp4),
		cmocka_unit_test(test_tcp6),
		cmocka_unit_test(test_padding_and_snaplen),
		cmocka_unit_test(test_length_zero),
		cmocka_unit_test(test_every_link_type),
		cmocka_unit_test(test_every_link_type_cut),
		cmocka_unit_test(test_not_ip),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_unknown_link_type),
		cmocka_unit_test(test_every_header_length4),
		cmocka_unit_test(test_every_total_length4),
		cmocka_unit_test(test_every_header_length6),
		cmocka_unit_test(test_every_payload_length6),
		cmocka_unit_test(test_extension_headers),
		cmocka_unit_test(test_extension_header_limit),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_icmp_fragments),
		cmocka_unit_test(test_ports_of_a_broken_segment),
		cmocka_unit_test(test_icmp_error),
		cmocka_unit_test(test_icmp_quote_cut),
		cmocka_unit_test(test_icmp_quote_header_length),
		cmocka_unit_test(test_icmp_types),
		cmocka_unit_test(test_icmp_of_the_wrong_family),
		cmocka_unit_test(test_arp_reply),
		cmocka_unit_test(test_neighbour_advertisement),
		cmocka_unit_test(test_random_mutations),
	};

	return cmocka_run_group_tests_name("packet", tests, NULL, NULL);
}
