/* SPDX-License-Identifier: BSD-2-Clause */
#include <pcap/pcap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

#include "net/capture.h"
#include "packets.h"

#define FIRST 40000
#define LAST  40015
#define TCP4  20 /* where TCP begins in SYN_ACK4 and the like */
#define TCP6  40

enum { SYN = 2, RST = 4, ACK = 16 };

/* Ethernet (len 6), IPv4 (len 4), Reply 10.9.0.2 is-at 02:00:00:00:00:02,
 *     length 28 */
#define ARP_REPLY                                                              \
	"0001080006040002020000000002"                                         \
	"0a0900020200000000010a090001"
/* Ethernet (len 6), IPv4 (len 4), Request who-has 10.9.0.1 tell 10.9.0.2,
 *     length 28 */
#define ARP_REQUEST                                                            \
	"0001080006040001020000000002"                                         \
	"0a0900020000000000000a090001"
/* (hlim 255, next-header ICMPv6 (58) payload length: 32) fd00::2 > fd00::1:
 *     ICMP6, neighbor advertisement, length 32, tgt is fd00::2, Flags
 *     [solicited, override], destination link-address option (2):
 *     02:00:00:00:00:02 */
#define ADVERTISEMENT6                                                         \
	"6000000000203afffd00000000000000"                                     \
	"0000000000000002fd00000000000000"                                     \
	"000000000000000188000000"                                             \
	"60000000fd000000000000000000000000000002"                             \
	"0201020000000002"
/* (ttl 64, id 1, flags [none], proto ICMP (1), length 28)
 *     10.9.0.2 > 10.9.0.1: ICMP echo reply, id 1, seq 1, length 8 */
#define ECHO4                                                                  \
	"4500001c00010000400166cd0a0900020a090001"                             \
	"0000fffd00010001"
/* (hlim 64, next-header ICMPv6 (58) payload length: 8) fd00::2 > fd00::1:
 *     ICMP6, echo reply, id 1, seq 1 */
#define ECHO6                                                                  \
	"6000000000083a40fd00000000000000"                                     \
	"0000000000000002fd00000000000000"                                     \
	"00000000000000018100000000010001"
/* (ttl 64, id 1, flags [none], proto UDP (17), length 28)
 *     10.9.0.2.80 > 10.9.0.1.40000: UDP, length 0; behind it what would be
 *     a SYN,ACK's flags */
#define UDP4                                                                   \
	"4500002800010000401166b10a0900020a090001"                             \
	"00509c400014000000000000501200000000000000000000"
#define UDP6                                                                   \
	"6000000000141140fd00000000000000"                                     \
	"0000000000000002fd00000000000000"                                     \
	"000000000000000100509c4000140000"                                     \
	"000000005012000000000000"
/* (ttl 64, id 1, offset 0, flags [none], proto TCP (6), length 48, options
 *     (EOL)) 10.9.0.2.80 > 10.9.0.1.40000: Flags [S.]: a header of 28 bytes */
#define OPTIONS4                                                               \
	"470000300001000040060000"                                             \
	"0a0900020a0900010101010101010100"                                     \
	"00509c40112233445e1fd4055012ffff00000000"

/* ---- the filter on one packet ---- */

struct link {
	int dlt;
	bool neighbours;
};

static const struct link links[] = {
	{DLT_EN10MB, true},     {DLT_EN10MB, false},   {DLT_RAW, false},
	{DLT_LINUX_SLL, false}, {DLT_LINUX_SLL, true},
};
#define LINKS (sizeof(links) / sizeof(*links))

/* A link-layer header of that type before it; its length. */
static size_t put_header(int dlt, uint16_t ethertype, uint8_t *bytes)
{
	switch (dlt) {
	case DLT_EN10MB:
		memset(bytes, 2, 12);
		store_be16(bytes + 12, ethertype);
		return 14;
	case DLT_LINUX_SLL:
		memset(bytes, 0, 16);
		store_be16(bytes + 2, 1);
		store_be16(bytes + 4, 6);
		store_be16(bytes + 14, ethertype);
		return 16;
	default:
		return 0;
	}
}

static bool passes_filter(const char *filter, const struct link *link,
			  uint16_t ethertype, const struct bytes *packet)
{
	pcap_t *pcap = pcap_open_dead(link->dlt, CAPTURE_SNAP_BYTES);
	struct bpf_program program;
	uint8_t bytes[512];
	struct pcap_pkthdr header = {.len = 0};
	size_t length = put_header(link->dlt, ethertype, bytes);
	bool passed;

	assert_non_null(pcap);
	assert_true(length + packet->count <= sizeof(bytes));
	memcpy(bytes + length, packet->at, packet->count);
	length += packet->count;
	header.len = (bpf_u_int32)length;
	header.caplen =
		length < CAPTURE_SNAP_BYTES ? header.len : CAPTURE_SNAP_BYTES;
	assert_true(strlen(filter) < CAPTURE_FILTER_BYTES - 1);
	if (pcap_compile(pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN) < 0)
		fail_msg("%s: %s", filter, pcap_geterr(pcap));
	passed = pcap_offline_filter(&program, &header, bytes) != 0;
	pcap_freecode(&program);
	pcap_close(pcap);
	return passed;
}

static bool passes(const struct link *link, uint16_t ethertype,
		   const struct bytes *packet)
{
	char filter[CAPTURE_FILTER_BYTES];

	return passes_filter(
		capture_filter(filter, FIRST, LAST, link->neighbours), link,
		ethertype, packet);
}

static bool passes_sent(const struct link *link, uint16_t ethertype,
			const struct bytes *packet)
{
	char filter[CAPTURE_FILTER_BYTES];

	return passes_filter(
		capture_sent_filter(filter, FIRST, LAST, link->neighbours),
		link, ethertype, packet);
}

static uint16_t ethertype_of(const struct bytes *packet)
{
	return packet->at[0] >> 4 == 4   ? 0x0800
	       : packet->at[0] >> 4 == 6 ? 0x86dd
					 : 0x0806;
}

/* The same on each kind of link. */
static void check(const struct bytes *packet, bool expected)
{
	for (size_t i = 0; i < LINKS; i++)
		if (passes(&links[i], ethertype_of(packet), packet) != expected)
			fail_msg("link type %d: %s", links[i].dlt,
				 expected ? "dropped" : "passed");
}

static void check_hex(const char *hex, bool expected)
{
	struct bytes packet = bytes_hex(hex);

	check(&packet, expected);
	free(packet.at);
}

static bool is_reply(unsigned flags)
{
	return flags & RST || (flags & (SYN | ACK)) == (SYN | ACK);
}

/* All combinations of flags: what can be a reply passes, nothing else. */
static void test_flags(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags < 256; flags++) {
		struct bytes v4 = bytes_hex(SYN_ACK4);
		struct bytes v6 = bytes_hex(SYN_ACK6);

		v4.at[TCP4 + 13] = (uint8_t)flags;
		v6.at[TCP6 + 13] = (uint8_t)flags;
		for (size_t i = 0; i < 3; i += 2) { /* EN10MB, RAW */
			assert_int_equal(passes(&links[i], 0x0800, &v4),
					 is_reply(flags));
			assert_int_equal(passes(&links[i], 0x86dd, &v6),
					 is_reply(flags));
		}
		free(v4.at);
		free(v6.at);
	}
}

static void test_tcp(void **state)
{
	(void)state;
	check_hex(SYN_ACK4, true);
	check_hex(SYN_ACK6, true);
	check_hex(RST4, true);
	check_hex(RST6, true);
	check_hex(OPTIONS4, true);
	/* Our own, a segment of a connection. */
	check_hex(SYN4, false);
	check_hex(SYN6, false);
	check_hex(DATA4, false);
}

static void test_ports(void **state)
{
	static const struct {
		uint16_t port;
		bool passes;
	} ports[] = {{FIRST, true},      {FIRST + 7, true}, {LAST, true},
		     {FIRST - 1, false}, {LAST + 1, false}, {80, false},
		     {0, false},         {65535, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++) {
		struct bytes v4 = bytes_hex(SYN_ACK4);
		struct bytes v6 = bytes_hex(SYN_ACK6);

		store_be16(v4.at + TCP4 + 2, ports[i].port);
		store_be16(v6.at + TCP6 + 2, ports[i].port);
		check(&v4, ports[i].passes);
		check(&v6, ports[i].passes);
		/* As a source port it means nothing. */
		store_be16(v4.at + TCP4, FIRST);
		store_be16(v6.at + TCP6, FIRST);
		check(&v4, ports[i].passes);
		check(&v6, ports[i].passes);
		free(v4.at);
		free(v6.at);
	}
}

static void test_icmp(void **state)
{
	(void)state;
	check_hex(UNREACH4, true);
	check_hex(UNREACH6, true);
	check_hex(ECHO4, false);
	check_hex(ECHO6, false);
	for (unsigned type = 0; type < 256; type++) {
		struct bytes v4 = bytes_hex(UNREACH4);
		struct bytes v6 = bytes_hex(UNREACH6);

		v4.at[20] = (uint8_t)type;
		v6.at[40] = (uint8_t)type;
		assert_int_equal(passes(&links[1], 0x0800, &v4), type == 3);
		assert_int_equal(passes(&links[1], 0x86dd, &v6), type == 1);
		assert_int_equal(passes(&links[0], 0x86dd, &v6),
				 type == 1 || type == 136);
		free(v4.at);
		free(v6.at);
	}
}

static void test_udp(void **state)
{
	(void)state;
	check_hex(UDP4, false);
	check_hex(UDP6, false);
}

/* Only where the neighbours are asked for, and answers only. */
static void test_neighbours(void **state)
{
	struct bytes reply = bytes_hex(ARP_REPLY);
	struct bytes request = bytes_hex(ARP_REQUEST);
	struct bytes advertisement = bytes_hex(ADVERTISEMENT6);

	(void)state;
	for (size_t i = 0; i < LINKS; i++) {
		const struct link *link = &links[i];

		assert_int_equal(passes(link, 0x86dd, &advertisement),
				 link->neighbours);
		if (link->dlt == DLT_RAW)
			continue;
		assert_int_equal(passes(link, 0x0806, &reply),
				 link->neighbours);
		assert_false(passes(link, 0x0806, &request));
	}
	/* A solicitation is no answer. */
	advertisement.at[40] = 135;
	check(&advertisement, false);
	free(reply.at);
	free(request.at);
	free(advertisement.at);
}

/* A later fragment has no TCP header where the filter would look. */
static void test_fragments(void **state)
{
	struct bytes packet = bytes_hex(SYN_ACK4);

	(void)state;
	check_hex(FRAGMENT4, false);
	/* SYN_ACK4 with more fragments to come: its header is here. */
	store_be16(packet.at + 6, 0x2000);
	check(&packet, true);
	for (uint16_t offset = 1; offset < 0x2000; offset = offset * 2 + 1) {
		store_be16(packet.at + 6, offset);
		check(&packet, false);
		store_be16(packet.at + 6, 0x2000 | offset);
		check(&packet, false);
	}
	free(packet.at);
	packet = bytes_hex(UNREACH4);
	store_be16(packet.at + 6, 185);
	check(&packet, false);
	free(packet.at);
}

/* Extension headers: BPF cannot follow the chain, so they pass in full:
 * hop-by-hop, routing, fragment, destination options. */
static void test_extension_headers(void **state)
{
	static const uint8_t kinds[] = {0, 43, 44, 60};

	(void)state;
	check_hex(CHAIN6, true);
	check_hex(FRAGMENT6, true);
	for (unsigned next = 0; next < 256; next++) {
		struct bytes packet = bytes_hex(CHAIN6);
		bool is_kind = memchr(kinds, (int)next, sizeof(kinds)) != NULL;

		packet.at[6] = (uint8_t)next;
		if (next != IPPROTO_TCP && next != IPPROTO_ICMPV6)
			assert_int_equal(passes(&links[2], 0x86dd, &packet),
					 is_kind);
		free(packet.at);
	}
}

/* Cut short anywhere: dropped or passed, never a surprise; and nothing of
 * another kind of frame passes. */
static void test_short_and_strange(void **state)
{
	struct bytes packet = bytes_hex(SYN_ACK4);
	struct bytes text = bytes_copy("GET / HTTP/1.0\r\n\r\n...........", 29);

	(void)state;
	for (size_t count = 0; count < TCP4 + 14; count++) {
		struct bytes part = bytes_copy(packet.at, count);

		assert_false(passes(&links[0], 0x0800, &part));
		free(part.at);
	}
	assert_false(passes(&links[0], 0x88cc, &packet)); /* LLDP */
	assert_false(passes(&links[0], 0x86dd, &packet));
	assert_false(passes(&links[2], 0, &text));
	free(packet.at);
	free(text.at);
}

/* What we send: whatever leaves from our ports, and our questions. */
static void test_sent(void **state)
{
	static const uint16_t ports[] = {FIRST - 1, FIRST, LAST, LAST + 1};
	struct bytes request = bytes_hex(ARP_REQUEST);
	struct bytes reply = bytes_hex(ARP_REPLY);
	struct bytes solicit = bytes_hex(ADVERTISEMENT6);

	(void)state;
	solicit.at[40] = 135;
	for (size_t i = 0; i < LINKS; i++) {
		const struct link *link = &links[i];

		for (size_t k = 0; k < 4; k++) {
			struct bytes v4 = bytes_hex(SYN4);
			struct bytes v6 = bytes_hex(SYN6);
			bool ours = k == 1 || k == 2;

			store_be16(v4.at + TCP4, ports[k]);
			store_be16(v6.at + TCP6, ports[k]);
			for (unsigned flags = 0; flags < 256; flags++) {
				v4.at[TCP4 + 13] = v6.at[TCP6 + 13] =
					(uint8_t)flags;
				assert_int_equal(passes_sent(link, 0x0800, &v4),
						 ours);
				assert_int_equal(passes_sent(link, 0x86dd, &v6),
						 ours);
			}
			free(v4.at);
			free(v6.at);
		}
		assert_int_equal(passes_sent(link, 0x86dd, &solicit),
				 link->neighbours);
		if (link->dlt == DLT_RAW)
			continue;
		assert_int_equal(passes_sent(link, 0x0806, &request),
				 link->neighbours);
		assert_false(passes_sent(link, 0x0806, &reply));
	}
	free(request.at);
	free(reply.at);
	free(solicit.at);
}

/* Loopback: both in one. */
static void test_loopback(void **state)
{
	static const char *const all[] = {SYN4,     SYN6,     SYN_ACK4,
					  SYN_ACK6, RST4,     RST6,
					  UNREACH4, UNREACH6, CHAIN6};
	static const char *const none[] = {ECHO4, UDP4, DATA4};
	char filter[CAPTURE_FILTER_BYTES];

	(void)state;
	capture_loopback_filter(filter, FIRST, LAST);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct bytes packet = bytes_hex(all[i]);

		assert_true(passes_filter(filter, &links[1],
					  ethertype_of(&packet), &packet));
		free(packet.at);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		struct bytes packet = bytes_hex(none[i]);

		assert_false(passes_filter(filter, &links[1],
					   ethertype_of(&packet), &packet));
		free(packet.at);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_icmp),
		cmocka_unit_test(test_udp),
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_extension_headers),
		cmocka_unit_test(test_short_and_strange),
		cmocka_unit_test(test_sent),
		cmocka_unit_test(test_loopback),
	};

	return cmocka_run_group_tests_name("capture filter", tests, NULL, NULL);
}
