/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/tally.h"

/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pcap/pcap.h>

#include "base/error.h"
#include "packets.h"

enum { SYN = 2, RST = 4, PSH = 8, ACK = 16, FIN = 1 };

/* The client's port, its and the server's first sequence number. */
struct talk {
	uint16_t port;
	uint32_t client, server;
};

static struct tally *new_tally(void)
{
	struct tally *tally = tally_new(NULL);

	assert_non_null(tally);
	return tally;
}

static void hand_in(struct tally *tally, struct bytes bytes, bool outbound)
{
	struct recording *recording = tally_recording(tally);

	recording->ops->packet(recording,
			       &(struct record){
				       .bytes = bytes.at,
				       .captured = (uint32_t)bytes.count,
				       .length = (uint32_t)bytes.count,
				       .link_type = DLT_RAW,
				       .outbound = outbound,
			       });
	free(bytes.at);
}

/* From 10.9.0.1 (the client) to 10.9.0.2 port 80, or back. */
static void segment(struct tally *tally, bool client, const struct talk *talk,
		    unsigned flags, uint32_t seq, uint32_t ack)
{
	struct bytes bytes = bytes_hex(client ? SYN4 : SYN_ACK4);

	store_be16(bytes.at + 20 + (client ? 0 : 2), talk->port);
	store_be32(bytes.at + 24, seq);
	store_be32(bytes.at + 28, ack);
	bytes.at[33] = (uint8_t)flags;
	hand_in(tally, bytes, client);
}

static void syn(struct tally *tally, const struct talk *talk)
{
	segment(tally, true, talk, SYN, talk->client, 0);
}

static void syn_ack(struct tally *tally, const struct talk *talk)
{
	segment(tally, false, talk, SYN | ACK, talk->server, talk->client + 1);
}

static void ack(struct tally *tally, const struct talk *talk)
{
	segment(tally, true, talk, ACK, talk->client + 1, talk->server + 1);
}

static uint64_t handshakes(const struct tally *tally)
{
	return tally_counts(tally)->handshakes;
}

static void test_half_open(void **state)
{
	static const struct talk talk = {40000, 1000, 5000};
	struct tally *tally = new_tally();
	const struct tally_counts *counts = tally_counts(tally);

	(void)state;
	syn(tally, &talk);
	syn_ack(tally, &talk);
	/* What a kernel that knows nothing of it says. */
	segment(tally, true, &talk, RST, 1001, 0);
	assert_int_equal(counts->handshakes, 0);
	assert_int_equal(counts->packets_out, 2);
	assert_int_equal(counts->packets_in, 1);
	assert_int_equal(counts->bytes_out, 88);
	assert_int_equal(counts->bytes_in, 60);
	tally_free(tally);
}

static void test_completed(void **state)
{
	static const struct talk talk = {40000, UINT32_MAX, UINT32_MAX};
	struct tally *tally = new_tally();

	(void)state;
	syn(tally, &talk);
	syn_ack(tally, &talk);
	assert_int_equal(handshakes(tally), 0);
	ack(tally, &talk);
	assert_int_equal(handshakes(tally), 1);
	/* Data, the end of it, and all of that once more. */
	segment(tally, true, &talk, ACK | PSH, 0, 0);
	segment(tally, true, &talk, ACK | FIN, 5, 0);
	ack(tally, &talk);
	syn_ack(tally, &talk);
	ack(tally, &talk);
	assert_int_equal(handshakes(tally), 1);
	tally_free(tally);
}

/* An acknowledgment of something else, a reset, the wrong direction. */
static void test_not_completed(void **state)
{
	static const struct talk talk = {40000, 1000, 5000};
	static const struct talk other = {40001, 1000, 5000};
	struct tally *tally = new_tally();

	(void)state;
	ack(tally, &talk);
	syn_ack(tally, &talk);
	segment(tally, true, &talk, ACK, 1001, 5000);
	segment(tally, true, &talk, ACK, 1001, 5002);
	segment(tally, true, &talk, RST | ACK, 1001, 5001);
	segment(tally, false, &talk, ACK, 1001, 5001);
	ack(tally, &other);
	assert_int_equal(handshakes(tally), 0);
	ack(tally, &talk);
	assert_int_equal(handshakes(tally), 1);
	tally_free(tally);
}

static void test_ipv6(void **state)
{
	struct tally *tally = new_tally();
	struct bytes bytes = bytes_hex(SYN6);

	(void)state;
	hand_in(tally, bytes_hex(SYN6), true);
	hand_in(tally, bytes_hex(SYN_ACK6), false);
	assert_int_equal(handshakes(tally), 0);
	/* SYN6 as the ACK of SYN_ACK6, whose sequence number is 11223344. */
	store_be32(bytes.at + 44, SEQ6 + 1);
	store_be32(bytes.at + 48, 0x11223345);
	bytes.at[53] = ACK;
	hand_in(tally, bytes, true);
	assert_int_equal(handshakes(tally), 1);
	tally_free(tally);
}

/* A target where every port is open, asked by many: the table grows. */
static void test_many(void **state)
{
	struct tally *tally = new_tally();
	uint32_t completed = 0;

	(void)state;
	for (uint32_t i = 0; i < 200000; i++) {
		struct talk talk = {(uint16_t)i, i * 7, i * 11};

		syn_ack(tally, &talk);
		if (i % 3)
			continue;
		ack(tally, &talk);
		completed++;
	}
	for (uint32_t i = 1; i < 200000; i += 3) {
		struct talk talk = {(uint16_t)i, i * 7, i * 11};

		ack(tally, &talk);
		completed++;
	}
	assert_int_equal(handshakes(tally), completed);
	assert_int_equal(tally_counts(tally)->missing, 0);
	tally_free(tally);
}

/* Beyond its most it says so. */
static void test_too_many(void **state)
{
	struct tally *tally = new_tally();

	(void)state;
	for (uint32_t i = 0; i < (1 << 20) + 5; i++) {
		struct talk talk = {40000, i, i};

		syn_ack(tally, &talk);
		if (i % 8 == 0)
			ack(tally, &talk);
	}
	assert_int_equal(tally_counts(tally)->missing, 5);
	assert_int_equal(handshakes(tally), 1 << 17);
	tally_free(tally);
}

static void test_dropped(void **state)
{
	static const struct pcapng_statistics totals[2] = {
		{.received = 5, .dropped = 2}, {.received = 7, .dropped = 4}};
	struct tally *tally = new_tally();
	struct recording *recording = tally_recording(tally);

	(void)state;
	recording->ops->end(recording, totals, 2);
	assert_int_equal(tally_counts(tally)->missing, 6);
	tally_free(tally);
	tally_free(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_half_open),
		cmocka_unit_test(test_completed),
		cmocka_unit_test(test_not_completed),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_dropped),
	};

	return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}
