/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/reply.h"

#include <pcap/dlt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "packets.h"
#include "random.h"
#include "wire/packet.h"

static const struct addr us4 = {.family = AF_INET, .bytes = {10, 9, 0, 1}};
static const struct addr target4 = {.family = AF_INET, .bytes = {10, 9, 0, 2}};
static const struct addr us6 = {.family = AF_INET6,
				.bytes = {[0] = 0xfd, [15] = 1}};
static const struct addr target6 = {.family = AF_INET6,
				    .bytes = {[0] = 0xfd, [15] = 2}};

/* Source ports 39999 to 40006. */
static const struct reply_key key = {
	.cookie = KEY_REFERENCE, .source_port = 39999, .source_ports = 8};

/* Where the fields stand in the packets of packets.h. */
enum {
	TCP4 = 20,
	TCP6 = 40,
	SOURCE_PORT = 0,
	DEST_PORT = 2,
	SEQ = 4,
	ACK = 8,
	FLAGS = 13,
	QUOTE4 = TCP4 + 8,
	QUOTE6 = TCP6 + 8,
};

static enum reply_kind classify(struct bytes bytes, struct reply *reply)
{
	struct packet packet;

	memset(reply, 0xee, sizeof(*reply));
	assert_int_equal(packet_parse(&packet, DLT_RAW, bytes.at, bytes.count),
			 PACKET_OK);
	return reply_classify(&packet, &key, reply);
}

static void check_verdict(const char *hex, enum verdict verdict,
			  enum reason reason)
{
	struct bytes bytes = bytes_hex(hex);
	bool is_ip4 = bytes.at[0] >> 4 == 4;
	struct reply reply;

	assert_int_equal(classify(bytes, &reply), REPLY_VERDICT);
	assert_true(addr_equal(&reply.target, is_ip4 ? &target4 : &target6));
	assert_true(addr_equal(&reply.source, is_ip4 ? &us4 : &us6));
	assert_int_equal(reply.port, 80);
	assert_int_equal(reply.source_port, 40000);
	assert_int_equal(reply.verdict, verdict);
	assert_int_equal(reply.reason, reason);
	assert_int_equal(reply.ttl, 64);
	free(bytes.at);
}

static void check_kind(const char *hex, enum reply_kind kind)
{
	struct bytes bytes = bytes_hex(hex);
	struct reply reply;

	assert_int_equal(classify(bytes, &reply), kind);
	free(bytes.at);
}

static void test_open(void **state)
{
	(void)state;
	check_verdict(SYN_ACK4, VERDICT_OPEN, REASON_SYN_ACK);
	check_verdict(SYN_ACK6, VERDICT_OPEN, REASON_SYN_ACK);
	/* behind extension headers, as a first fragment */
	check_verdict(CHAIN6, VERDICT_OPEN, REASON_SYN_ACK);
}

static void test_closed(void **state)
{
	(void)state;
	check_verdict(RST4, VERDICT_CLOSED, REASON_RST);
	check_verdict(RST6, VERDICT_CLOSED, REASON_RST);
}

static void test_filtered(void **state)
{
	(void)state;
	check_verdict(UNREACH4, VERDICT_FILTERED, REASON_ICMP_HOST_UNREACH);
	check_verdict(UNREACH6, VERDICT_FILTERED, REASON_ICMP_HOST_UNREACH);
}

/* The acknowledgment is right in all of them: data and the ends of a
 * connection, or SYN or RST without ACK, are no answer to a SYN. */
static void test_every_combination_of_flags(void **state)
{
	struct bytes bytes = bytes_hex(SYN_ACK4);

	(void)state;
	for (unsigned flags = 0; flags < 256; flags++) {
		enum reply_kind expected = REPLY_REJECTED;
		struct reply reply;

		bytes.at[TCP4 + FLAGS] = (uint8_t)flags;
		if (flags & TCP_ACK && flags & (TCP_SYN | TCP_RST))
			expected = REPLY_VERDICT;
		assert_int_equal(classify(bytes, &reply), expected);
		if (expected == REPLY_VERDICT)
			assert_int_equal(reply.verdict, flags & TCP_RST
								? VERDICT_CLOSED
								: VERDICT_OPEN);
	}
	free(bytes.at);
	check_kind(DATA4, REPLY_REJECTED);
}

/* Only the block is ours: 39999 to 40006. */
static void test_source_port_block(void **state)
{
	struct bytes tcp = bytes_hex(RST6), icmp = bytes_hex(UNREACH6);

	(void)state;
	for (unsigned port = 0; port < 65536; port++) {
		bool is_ours = port >= 39999 && port <= 40006;
		uint32_t seq = cookie_seq(&key.cookie, &us6, (uint16_t)port,
					  &target6, 80);
		enum reply_kind expected = is_ours ? REPLY_VERDICT : REPLY_NONE;
		struct reply reply;

		store_be16(tcp.at + TCP6 + DEST_PORT, (uint16_t)port);
		store_be32(tcp.at + TCP6 + ACK, seq + 1);
		assert_int_equal(classify(tcp, &reply), expected);
		if (is_ours)
			assert_int_equal(reply.source_port, port);

		store_be16(icmp.at + QUOTE6 + TCP6 + SOURCE_PORT,
			   (uint16_t)port);
		store_be32(icmp.at + QUOTE6 + TCP6 + SEQ, seq);
		assert_int_equal(classify(icmp, &reply), expected);
		if (is_ours)
			assert_int_equal(reply.source_port, port);
	}
	free(tcp.at);
	free(icmp.at);
}

/* The block may end in 65535, and does not go on at 0. */
static void test_block_at_the_end(void **state)
{
	struct reply_key last = key;
	struct bytes bytes = bytes_hex(RST4);
	struct packet packet;
	struct reply reply;

	(void)state;
	last.source_port = 65530;
	last.source_ports = 6;
	packet_parse_ip(&packet, bytes.at, bytes.count);
	for (unsigned port = 65520; port < 65550; port++) {
		store_be16(bytes.at + TCP4 + DEST_PORT, port & 0xffff);
		assert_int_equal(reply_classify(&packet, &last, &reply),
				 port >= 65530 && port <= 65535 ? REPLY_REJECTED
								: REPLY_NONE);
	}
	free(bytes.at);
}

/* Of 10.96.106.44 port 223 the cookie is ffffffff (found by search): the
 * acknowledgment is 0. */
static void test_ack_wraps(void **state)
{
	static const struct addr target = {.family = AF_INET,
					   .bytes = {10, 96, 106, 44}};
	struct bytes bytes = bytes_hex(RST4);
	struct reply reply;

	(void)state;
	assert_int_equal(cookie_seq(&key.cookie, &us4, 40000, &target, 223),
			 0xffffffff);
	memcpy(bytes.at + 12, target.bytes, 4);
	store_be16(bytes.at + TCP4 + SOURCE_PORT, 223);
	store_be32(bytes.at + TCP4 + ACK, 0);
	assert_int_equal(classify(bytes, &reply), REPLY_VERDICT);
	store_be32(bytes.at + TCP4 + ACK, 1);
	assert_int_equal(classify(bytes, &reply), REPLY_REJECTED);
	free(bytes.at);
}

/* 10,000 guesses at the acknowledgment or the quoted sequence number. */
static void check_forged(const char *hex, size_t at, uint32_t right,
			 struct random *random)
{
	struct bytes bytes = bytes_hex(hex);
	struct reply reply;

	for (int i = 0; i < 10000; i++) {
		uint32_t guess = (uint32_t)random_next(random);

		store_be32(bytes.at + at, guess);
		assert_int_equal(classify(bytes, &reply),
				 guess == right ? REPLY_VERDICT
						: REPLY_REJECTED);
	}
	/* The likely ones: 0, all ones, without the 1. */
	store_be32(bytes.at + at, 0);
	assert_int_equal(classify(bytes, &reply), REPLY_REJECTED);
	store_be32(bytes.at + at, 0xffffffff);
	assert_int_equal(classify(bytes, &reply), REPLY_REJECTED);
	store_be32(bytes.at + at, right - 1);
	assert_int_equal(classify(bytes, &reply), REPLY_REJECTED);
	store_be32(bytes.at + at, right + 1);
	assert_int_equal(classify(bytes, &reply), REPLY_REJECTED);
	free(bytes.at);
}

static void test_forged(void **state)
{
	struct random random = random_new();

	(void)state;
	check_forged(SYN_ACK4, TCP4 + ACK, SEQ4 + 1, &random);
	check_forged(RST4, TCP4 + ACK, SEQ4 + 1, &random);
	check_forged(SYN_ACK6, TCP6 + ACK, SEQ6 + 1, &random);
	check_forged(RST6, TCP6 + ACK, SEQ6 + 1, &random);
	check_forged(UNREACH4, QUOTE4 + TCP4 + SEQ, SEQ4, &random);
	check_forged(UNREACH6, QUOTE6 + TCP6 + SEQ, SEQ6, &random);
}

/* A right acknowledgment is right for its own four-tuple alone. */
static void check_other_tuple(const char *hex, size_t from, size_t to)
{
	struct bytes bytes = bytes_hex(hex);
	struct reply reply;

	for (size_t at = from; at < to; at++) {
		bytes.at[at] ^= 1;
		assert_int_equal(classify(bytes, &reply), REPLY_REJECTED);
		bytes.at[at] ^= 1;
	}
	free(bytes.at);
}

static void test_other_tuple(void **state)
{
	(void)state;
	/* both addresses and the asked port */
	check_other_tuple(SYN_ACK4, 12, 22);
	check_other_tuple(SYN_ACK6, 8, 42);
	/* the same in the quote, and the port behind ours */
	check_other_tuple(UNREACH4, QUOTE4 + 12, QUOTE4 + 20);
	check_other_tuple(UNREACH4, QUOTE4 + 22, QUOTE4 + 24);
	check_other_tuple(UNREACH6, QUOTE6 + 8, QUOTE6 + 40);
	check_other_tuple(UNREACH6, QUOTE6 + 42, QUOTE6 + 44);
}

/* The error has to come to the address that sent what it quotes. */
static void test_icmp_to_another_address(void **state)
{
	(void)state;
	check_other_tuple(UNREACH4, 16, 20);
	check_other_tuple(UNREACH6, 24, 40);
}

#define NONE REASON_COUNT

static void check_codes(const char *hex, size_t type_at, unsigned unreachable,
			const enum reason *reasons, unsigned count)
{
	struct bytes bytes = bytes_hex(hex);

	for (unsigned type = 0; type < 256; type++) {
		for (unsigned code = 0; code < 256; code++) {
			enum reason reason = NONE;
			enum reply_kind kind;
			struct reply reply;

			bytes.at[type_at] = (uint8_t)type;
			bytes.at[type_at + 1] = (uint8_t)code;
			if (type == unreachable && code < count)
				reason = reasons[code];
			kind = classify(bytes, &reply);
			if (reason == NONE) {
				assert_int_equal(kind, REPLY_NONE);
				continue;
			}
			assert_int_equal(kind, REPLY_VERDICT);
			assert_int_equal(reply.verdict, VERDICT_FILTERED);
			assert_int_equal(reply.reason, reason);
		}
	}
	free(bytes.at);
}

static void test_icmp_codes(void **state)
{
	static const enum reason icmp4[] = {
		REASON_ICMP_NET_UNREACH,      /* net */
		REASON_ICMP_HOST_UNREACH,     /* host */
		REASON_ICMP_PROTO_UNREACH,    /* protocol */
		REASON_ICMP_PORT_UNREACH,     /* port */
		NONE,                         /* fragmentation needed */
		REASON_ICMP_HOST_UNREACH,     /* source route failed */
		REASON_ICMP_NET_UNREACH,      /* net unknown */
		REASON_ICMP_HOST_UNREACH,     /* host unknown */
		REASON_ICMP_HOST_UNREACH,     /* source host isolated */
		REASON_ICMP_NET_PROHIBITED,   /* net prohibited */
		REASON_ICMP_HOST_PROHIBITED,  /* host prohibited */
		REASON_ICMP_NET_UNREACH,      /* net, for the TOS */
		REASON_ICMP_HOST_UNREACH,     /* host, for the TOS */
		REASON_ICMP_ADMIN_PROHIBITED, /* filtered */
		REASON_ICMP_ADMIN_PROHIBITED, /* precedence violation */
		REASON_ICMP_ADMIN_PROHIBITED, /* precedence cutoff */
	};
	static const enum reason icmp6[] = {
		REASON_ICMP_NET_UNREACH,      /* no route */
		REASON_ICMP_ADMIN_PROHIBITED, /* prohibited */
		REASON_ICMP_NET_UNREACH,      /* beyond scope */
		REASON_ICMP_HOST_UNREACH,     /* address */
		REASON_ICMP_PORT_UNREACH,     /* port */
		REASON_ICMP_ADMIN_PROHIBITED, /* source fails policy */
		REASON_ICMP_NET_PROHIBITED,   /* reject route */
	};

	(void)state;
	check_codes(UNREACH4, TCP4, 3, icmp4, 16);
	check_codes(UNREACH6, TCP6, 1, icmp6, 7);
}

/* RFC 792 quotes eight bytes of the segment: enough, and no less is. */
static void check_quote_cut(const char *hex, size_t least)
{
	struct bytes whole = bytes_hex(hex);

	for (size_t cut = whole.at[0] >> 4 == 4 ? 20 : 40; cut <= whole.count;
	     cut++) {
		struct bytes bytes = bytes_copy(whole.at, cut);
		struct reply reply;

		assert_int_equal(classify(bytes, &reply),
				 cut < least ? REPLY_NONE : REPLY_VERDICT);
		free(bytes.at);
	}
	free(whole.at);
}

static void test_quote_cut(void **state)
{
	(void)state;
	check_quote_cut(UNREACH4, 20 + 8 + 20 + 8);
	check_quote_cut(UNREACH6, 40 + 8 + 40 + 8);
}

static void test_not_tcp(void **state)
{
	struct bytes bytes = bytes_hex(UNREACH4);
	struct reply reply;

	(void)state;
	/* the quote is UDP; the whole is */
	bytes.at[QUOTE4 + 9] = IPPROTO_UDP;
	assert_int_equal(classify(bytes, &reply), REPLY_NONE);
	bytes.at[9] = IPPROTO_UDP;
	assert_int_equal(classify(bytes, &reply), REPLY_NONE);
	free(bytes.at);
}

/* Right in all but that they are not the first fragment. */
static void test_later_fragments(void **state)
{
	static const char *const four[] = {SYN_ACK4, RST4, UNREACH4};
	struct bytes bytes;
	struct reply reply;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		bytes = bytes_hex(four[i]);
		for (unsigned offset = 1; offset < 0x2000; offset++) {
			store_be16(bytes.at + 6, (uint16_t)offset);
			assert_int_equal(classify(bytes, &reply), REPLY_NONE);
		}
		/* more fragments, the first of them */
		store_be16(bytes.at + 6, 0x2000);
		assert_int_equal(classify(bytes, &reply), REPLY_VERDICT);
		/* an error whose quote is a later fragment */
		if (i == 2) {
			store_be16(bytes.at + QUOTE4 + 6, 1);
			assert_int_equal(classify(bytes, &reply), REPLY_NONE);
		}
		free(bytes.at);
	}
	bytes = bytes_hex(CHAIN6);
	store_be16(bytes.at + 74, 8);
	assert_int_equal(classify(bytes, &reply), REPLY_NONE);
	free(bytes.at);
	check_kind(FRAGMENT4, REPLY_NONE);
	check_kind(FRAGMENT6, REPLY_NONE);
}

/* To our port, but broken behind the ports. */
static void test_broken_segment(void **state)
{
	struct bytes whole = bytes_hex(SYN_ACK4);
	struct reply reply;

	(void)state;
	for (size_t cut = 20; cut < whole.count; cut++) {
		struct bytes bytes = bytes_copy(whole.at, cut);

		assert_int_equal(classify(bytes, &reply),
				 cut < 24 ? REPLY_NONE : REPLY_REJECTED);
		free(bytes.at);
	}
	whole.at[TCP4 + 12] = 0x40; /* data offset 4 */
	assert_int_equal(classify(whole, &reply), REPLY_REJECTED);
	free(whole.at);
}

/* A segment from a to b, of which the capture saw what matters here. */
static enum reply_kind classify_segment(const uint8_t *from, uint16_t port_from,
					const uint8_t *to, uint16_t port_to,
					uint32_t seq, uint8_t flags)
{
	struct bytes bytes = bytes_hex(RST4);
	enum reply_kind kind;
	struct reply reply;

	memcpy(bytes.at + 12, from, 4);
	memcpy(bytes.at + 16, to, 4);
	store_be16(bytes.at + TCP4 + SOURCE_PORT, port_from);
	store_be16(bytes.at + TCP4 + DEST_PORT, port_to);
	store_be32(bytes.at + TCP4 + SEQ, seq);
	bytes.at[TCP4 + FLAGS] = flags;
	kind = classify(bytes, &reply);
	free(bytes.at);
	return kind;
}

/* We scan ourselves, our source ports included: on loopback the capture sees
 * 127.0.0.1.40000 > 127.0.0.1.40001: Flags [S], and where that is open our
 * kernel's 127.0.0.1.40000 > 127.0.0.1.40001: Flags [R]. */
static void test_our_own_on_loopback(void **state)
{
	static const uint8_t lo[4] = {127, 0, 0, 1};

	(void)state;
	assert_int_equal(classify_segment(lo, 40000, lo, 40001, 123, TCP_SYN),
			 REPLY_NONE);
	assert_int_equal(classify_segment(lo, 40000, lo, 40001, 123, TCP_RST),
			 REPLY_NONE);
	/* not from the block, or with ACK: not ours */
	assert_int_equal(classify_segment(lo, 5000, lo, 40001, 123, TCP_SYN),
			 REPLY_REJECTED);
	assert_int_equal(
		classify_segment(lo, 40000, lo, 40001, 123, TCP_RST | TCP_ACK),
		REPLY_REJECTED);
	assert_int_equal(classify_segment(lo, 40000, lo, 40001, 123, TCP_FIN),
			 REPLY_REJECTED);
	assert_int_equal(
		classify_segment(lo, 40000, lo, 40001, 123, TCP_SYN | TCP_RST),
		REPLY_REJECTED);
}

/* 127.0.0.1 asks 127.0.0.2, or 10.9.0.1 a port 40001 far away: our own SYN
 * and the RST for its answer prove themselves, others do not. */
static void test_our_own_to_another_address(void **state)
{
	uint32_t seq = cookie_seq(&key.cookie, &us4, 40000, &target4, 40001);

	(void)state;
	assert_int_equal(classify_segment(us4.bytes, 40000, target4.bytes,
					  40001, seq, TCP_SYN),
			 REPLY_NONE);
	assert_int_equal(classify_segment(us4.bytes, 40000, target4.bytes,
					  40001, seq + 1, TCP_RST),
			 REPLY_NONE);
	assert_int_equal(classify_segment(us4.bytes, 40000, target4.bytes,
					  40001, seq + 1, TCP_SYN),
			 REPLY_REJECTED);
	assert_int_equal(classify_segment(us4.bytes, 40000, target4.bytes,
					  40001, seq, TCP_RST),
			 REPLY_REJECTED);
	/* The other way it is a simultaneous open, which says nothing. */
	assert_int_equal(classify_segment(target4.bytes, 40001, us4.bytes,
					  40000, seq, TCP_SYN),
			 REPLY_REJECTED);
}

/* To a port that is no source port of ours: our SYNs on any link. */
static void test_our_probes(void **state)
{
	(void)state;
	check_kind(SYN4, REPLY_NONE);
	check_kind(SYN6, REPLY_NONE);
}

/* Packets under a key that is not ours, changed at random: no crash, and no
 * verdict, whatever the change. (One of 2^32 acks would be right by chance.) */
static void test_random_mutations(void **state)
{
	static const char *const bases[] = {
		SYN_ACK4, SYN_ACK6, RST4, RST6, UNREACH4,  UNREACH6,
		DATA4,    CHAIN6,   SYN4, SYN6, FRAGMENT4, FRAGMENT6,
	};
	struct reply_key other = key;
	struct random random = random_new();
	unsigned kinds[3] = {0};

	(void)state;
	other.cookie.k[0] = random_next(&random);
	other.cookie.k[1] = random_next(&random);
	for (int i = 0; i < 100000; i++) {
		struct bytes whole =
			bytes_hex(bases[random_next(&random) % 12]);
		int changes = (int)(random_next(&random) % 6);
		struct packet packet;
		struct bytes bytes;
		struct reply reply;
		uint64_t r;

		while (changes-- > 0) {
			r = random_next(&random);
			whole.at[r % whole.count] = (uint8_t)(r >> 32);
		}
		r = random_next(&random);
		bytes = bytes_copy(whole.at,
				   r % 4 ? whole.count : r % whole.count);
		if (!packet_parse_ip(&packet, bytes.at, bytes.count))
			kinds[reply_classify(&packet, &other, &reply)]++;
		free(bytes.at);
		free(whole.at);
	}
	assert_int_equal(kinds[REPLY_VERDICT], 0);
	/* They did reach the proof. */
	assert_in_range(kinds[REPLY_REJECTED], 10000, 100000);
	assert_in_range(kinds[REPLY_NONE], 10000, 100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_filtered),
		cmocka_unit_test(test_every_combination_of_flags),
		cmocka_unit_test(test_source_port_block),
		cmocka_unit_test(test_block_at_the_end),
		cmocka_unit_test(test_ack_wraps),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_other_tuple),
		cmocka_unit_test(test_icmp_to_another_address),
		cmocka_unit_test(test_icmp_codes),
		cmocka_unit_test(test_quote_cut),
		cmocka_unit_test(test_not_tcp),
		cmocka_unit_test(test_later_fragments),
		cmocka_unit_test(test_broken_segment),
		cmocka_unit_test(test_our_own_on_loopback),
		cmocka_unit_test(test_our_own_to_another_address),
		cmocka_unit_test(test_our_probes),
		cmocka_unit_test(test_random_mutations),
	};

	return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
