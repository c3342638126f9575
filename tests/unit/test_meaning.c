/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/meaning.h"

/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pcap/pcap.h>

#include "packets.h"

/* Tries 1 to 3 leave from 39999 to 40001, canaries from 40002 to 40004. */
static const struct reply_key key = {.cookie = KEY_REFERENCE,
				     .source_port = 39999,
				     .source_ports = 6,
				     .try_ports = 3};
/* -g 40000 */
static const struct reply_key one_port = {
	.cookie = KEY_REFERENCE, .source_port = 40000, .source_ports = 1};

/* Where fields are. */
enum { TCP4 = 20, TCP6 = 40, SOURCE_PORT = 0, ACK = 8, FLAGS = 13 };

/* ARP, Request who-has 10.9.0.2 tell 10.9.0.1, length 28 */
#define ARP_REQUEST                                                            \
	"0200000000020200000000010806"                                         \
	"0001080006040001020000000001"                                         \
	"0a0900010000000000000a090002"
/* (hlim 255, next-header ICMPv6 (58) payload length: 24) fd00::1 > fd00::2:
 *     ICMP6, neighbor solicitation, length 24, who has fd00::2 */
#define SOLICIT6                                                               \
	"6000000000183afffd00000000000000"                                     \
	"0000000000000001fd00000000000000"                                     \
	"000000000000000287000000"                                             \
	"00000000fd000000000000000000000000000002"

static struct meaning received(const struct reply_key *with, int dlt,
			       struct bytes bytes)
{
	enum reply_kind kind = REPLY_NONE;
	struct meaning meaning;
	struct packet packet;
	struct reply reply;
	enum packet_error parsed =
		packet_parse(&packet, dlt, bytes.at, bytes.count);

	if (parsed == PACKET_OK)
		kind = reply_classify(&packet, with, &reply);
	meaning_of_received(&meaning, &packet, parsed, kind, &reply, with);
	return meaning;
}

static struct meaning sent(const struct reply_key *with, int dlt,
			   struct bytes bytes)
{
	struct meaning meaning;
	struct packet packet;
	enum packet_error parsed =
		packet_parse(&packet, dlt, bytes.at, bytes.count);

	meaning_of_sent(&meaning, &packet, parsed, with);
	return meaning;
}

static void expect(const struct meaning *meaning, const char *expected)
{
	char text[MEANING_TEXT_BYTES + 1];
	size_t n = meaning_text(meaning, text);

	text[n] = '\0';
	assert_string_equal(text, expected);
}

static void expect_received(const char *hex, const char *expected)
{
	struct bytes bytes = bytes_hex(hex);
	struct meaning meaning = received(&key, DLT_RAW, bytes);

	expect(&meaning, expected);
	free(bytes.at);
}

static void expect_sent(int dlt, const char *hex, const char *expected)
{
	struct bytes bytes = bytes_hex(hex);
	struct meaning meaning = sent(&key, dlt, bytes);

	expect(&meaning, expected);
	free(bytes.at);
}

static void test_replies(void **state)
{
	(void)state;
	expect_received(SYN_ACK4, "port 80 open: syn-ack, answers try 2");
	expect_received(SYN_ACK6, "port 80 open: syn-ack, answers try 2");
	expect_received(RST4, "port 80 closed: rst, answers try 2");
	expect_received(RST6, "port 80 closed: rst, answers try 2");
	expect_received(UNREACH4, "port 80 filtered: icmp-host-unreach, "
				  "answers try 2");
	expect_received(UNREACH6, "port 80 filtered: icmp-host-unreach, "
				  "answers try 2");
}

static void test_probes(void **state)
{
	(void)state;
	expect_sent(DLT_RAW, SYN4, "probe, try 2");
	expect_sent(DLT_RAW, SYN6, "probe, try 2");
	/* What we sent is no reply. */
	expect_received(SYN4, "");
	expect_received(SYN6, "");
}

/* The source port says which try; or that it is a canary. */
static void test_tries(void **state)
{
	static const char *const texts[] = {
		"probe, try 1",
		"probe, try 2",
		"probe, try 3",
		"probe, a canary: this port has answered before",
		"probe, a canary: this port has answered before",
		"probe, a canary: this port has answered before",
	};
	struct bytes bytes = bytes_hex(SYN4);
	struct meaning meaning;

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		store_be16(bytes.at + TCP4 + SOURCE_PORT,
			   (uint16_t)(39999 + i));
		meaning = sent(&key, DLT_RAW, bytes);
		expect(&meaning, texts[i]);
		assert_int_equal(meaning.try, i < 3 ? i + 1 : 0);
		assert_int_equal(meaning.canary, i >= 3);
		assert_int_equal(meaning.port, 80);
		assert_int_equal(meaning.target.bytes[3], 2);
	}
	store_be16(bytes.at + TCP4 + SOURCE_PORT, 39998);
	assert_int_equal(sent(&key, DLT_RAW, bytes).kind, MEANING_NONE);
	store_be16(bytes.at + TCP4 + SOURCE_PORT, 40005);
	assert_int_equal(sent(&key, DLT_RAW, bytes).kind, MEANING_NONE);
	free(bytes.at);
}

static void test_canary_answered(void **state)
{
	struct bytes bytes = bytes_hex(RST4);
	struct meaning meaning;
	static const struct addr us = {AF_INET, 0, {10, 9, 0, 1}};
	static const struct addr target = {AF_INET, 0, {10, 9, 0, 2}};

	(void)state;
	store_be16(bytes.at + TCP4 + 2, 40003);
	store_be32(bytes.at + TCP4 + ACK,
		   cookie_seq(&key.cookie, &us, 40003, &target, 80) + 1);
	meaning = received(&key, DLT_RAW, bytes);
	expect(&meaning, "port 80 closed: rst, answers a canary");
	free(bytes.at);
}

static void test_one_port(void **state)
{
	struct bytes reply = bytes_hex(SYN_ACK4), probe = bytes_hex(SYN4);
	struct meaning meaning = received(&one_port, DLT_RAW, reply);

	(void)state;
	expect(&meaning, "port 80 open: syn-ack");
	meaning = sent(&one_port, DLT_RAW, probe);
	expect(&meaning, "probe");
	free(reply.at);
	free(probe.at);
}

static void test_rejected(void **state)
{
	struct bytes bytes = bytes_hex(SYN_ACK4), quote = bytes_hex(UNREACH4);
	struct bytes cut = bytes_hex(RST4);
	struct meaning meaning;

	(void)state;
	store_be32(bytes.at + TCP4 + ACK, SEQ4 + 2);
	meaning = received(&key, DLT_RAW, bytes);
	expect(&meaning, "rejected: cookie does not match");
	bytes.at[TCP4 + FLAGS] = TCP_ACK;
	meaning = received(&key, DLT_RAW, bytes);
	expect(&meaning, "rejected: neither SYN,ACK nor RST,ACK");
	cut.count = 30;
	meaning = received(&key, DLT_RAW, cut);
	expect(&meaning, "rejected: its TCP header is not whole");
	quote.at[19] ^= 3; /* to 10.9.0.2 */
	meaning = received(&key, DLT_RAW, quote);
	expect(&meaning, "rejected: it quotes what another address sent");
	free(bytes.at);
	free(quote.at);
	free(cut.at);
}

/* SYN4 and SYN6 as a RST that left from here. */
static void test_own_kernel(void **state)
{
	struct bytes v4 = bytes_hex(SYN4), v6 = bytes_hex(SYN6);
	struct meaning meaning;

	(void)state;
	v4.at[TCP4 + FLAGS] = v6.at[TCP6 + FLAGS] = TCP_RST;
	meaning = sent(&key, DLT_RAW, v4);
	expect(&meaning, "from our own kernel: it knows no such connection");
	assert_int_equal(meaning.port, 80);
	meaning = sent(&key, DLT_RAW, v6);
	expect(&meaning, "from our own kernel: it knows no such connection");
	/* What would complete a handshake, and never does. */
	v4.at[TCP4 + FLAGS] = TCP_ACK;
	meaning = sent(&key, DLT_RAW, v4);
	expect(&meaning, "ours, but neither a probe nor a RST");
	free(v4.at);
	free(v6.at);
}

static void expect_connect(const char *hex, uint8_t flags, bool outbound,
			   const char *expected)
{
	struct bytes bytes = bytes_hex(hex);
	struct meaning meaning;
	struct packet packet;

	if (flags)
		bytes.at[TCP4 + FLAGS] = flags;
	assert_int_equal(packet_parse(&packet, DLT_RAW, bytes.at, bytes.count),
			 PACKET_OK);
	meaning_of_connect(&meaning, &packet, outbound);
	expect(&meaning, expected);
	free(bytes.at);
}

static void test_connect(void **state)
{
	(void)state;
	expect_connect(SYN4, TCP_SYN, true, "probe");
	expect_connect(SYN4, TCP_ACK, true,
		       "the handshake is complete: a program may see the "
		       "connection");
	expect_connect(SYN4, TCP_RST | TCP_ACK, true,
		       "closed at once, by a RST");
	expect_connect(SYN4, TCP_RST, true,
		       "from our own kernel: it knows no such connection");
	/* As if SYN4 came from port 40000. */
	expect_connect(SYN4, TCP_SYN | TCP_ACK, false,
		       "port 40000 open: syn-ack");
	expect_connect(SYN4, TCP_RST | TCP_ACK, false,
		       "port 40000 closed: conn-refused");
	expect_connect(SYN4, TCP_ACK | TCP_FIN, false,
		       "the other end, in that connection");
	expect_connect(UNREACH6, 0, false,
		       "port 80 filtered: icmp-host-unreach");
	expect_connect(FRAGMENT4, 0, false, "");
}

static void test_neighbours(void **state)
{
	struct bytes reply = bytes_hex(ARP_REQUEST);
	struct bytes advert = bytes_hex(SOLICIT6);
	struct meaning meaning;

	(void)state;
	expect_sent(DLT_EN10MB, ARP_REQUEST, "asks for an address on the link");
	expect_sent(DLT_RAW, SOLICIT6, "asks for an address on the link");
	reply.at[21] = 2;
	meaning = received(&key, DLT_EN10MB, reply);
	expect(&meaning, "tells an address on the link");
	advert.at[40] = 136;
	meaning = received(&key, DLT_RAW, advert);
	expect(&meaning, "tells an address on the link");
	free(reply.at);
	free(advert.at);
}

/* Other traffic means nothing, wherever it is cut. */
static void test_nothing(void **state)
{
	static const char *const others[] = {FRAGMENT4, FRAGMENT6, UNREACH6,
					     CHAIN6};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		expect_sent(DLT_RAW, others[i], "");
	expect_received(FRAGMENT4, "");
	expect_received(FRAGMENT6, "");
	for (size_t cut = 0; cut < strlen(SYN4) / 2; cut++) {
		struct bytes whole = bytes_hex(SYN4), part;

		part = bytes_copy(whole.at, cut);
		if (cut < TCP4 + 24)
			assert_int_equal(sent(&key, DLT_RAW, part).kind,
					 MEANING_NONE);
		free(whole.at);
		free(part.at);
	}
}

/* The longest of each kind fits. */
static void test_longest(void **state)
{
	char text[MEANING_TEXT_BYTES];
	struct meaning meaning = {.try = 255, .port = 65535};

	(void)state;
	for (int kind = MEANING_NONE; kind <= MEANING_NEIGHBOUR; kind++) {
		for (unsigned i = 0; i < 2 * VERDICT_COUNT * REASON_COUNT;
		     i++) {
			meaning.kind = (enum meaning_kind)kind;
			meaning.canary = i % 2;
			meaning.verdict = (enum verdict)(i / 2 % VERDICT_COUNT);
			meaning.reason = (enum reason)(i / 2 / VERDICT_COUNT);
			meaning.flaw = (enum reply_flaw)(i % 4);
			assert_true(meaning_text(&meaning, text) <
				    MEANING_TEXT_BYTES);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_probes),
		cmocka_unit_test(test_tries),
		cmocka_unit_test(test_canary_answered),
		cmocka_unit_test(test_one_port),
		cmocka_unit_test(test_rejected),
		cmocka_unit_test(test_own_kernel),
		cmocka_unit_test(test_connect),
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_longest),
	};

	return cmocka_run_group_tests_name("meaning", tests, NULL, NULL);
}
