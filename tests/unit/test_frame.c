/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pcap/dlt.h>

#include "packets.h"
#include "random.h"

static struct frame dissect(const uint8_t *bytes, size_t captured,
			    size_t original, int dlt)
{
	const struct frame_input input = {
		.number = 1,
		.dlt = dlt,
		.bytes = bytes,
		.captured = captured,
		.original = original,
	};
	struct frame frame;

	frame_dissect(&frame, &input);
	return frame;
}

static struct frame dissect_hex(const char *hex, int dlt)
{
	struct bytes bytes = bytes_hex(hex);
	struct frame frame = dissect(bytes.at, bytes.count, bytes.count, dlt);

	free(bytes.at);
	return frame;
}

static void test_kinds(void **state)
{
	struct frame frame;

	(void)state;
	frame = dissect_hex(SYN4, DLT_RAW);
	assert_int_equal(frame.kind, FRAME_TCP);
	assert_int_equal(frame.fault, FRAME_SOUND);
	assert_int_equal(frame.tcp.source_port, 40000);
	assert_int_equal(dissect_hex(SYN_ACK6, DLT_RAW).kind, FRAME_TCP);
	assert_int_equal(dissect_hex(CHAIN6, DLT_RAW).kind, FRAME_TCP);
	assert_int_equal(dissect_hex(UNREACH4, DLT_RAW).kind, FRAME_ICMP_ERROR);
	assert_int_equal(dissect_hex(UNREACH6, DLT_RAW).kind, FRAME_ICMP_ERROR);
	assert_int_equal(dissect_hex(FRAGMENT4, DLT_RAW).kind, FRAME_FRAGMENT);
	assert_int_equal(dissect_hex(FRAGMENT6, DLT_RAW).kind, FRAME_FRAGMENT);
	/* Ethernet with ARP. */
	assert_int_equal(dissect_hex("ffffffffffff0200000000010806"
				     "0001080006040001",
				     DLT_EN10MB)
				 .kind,
			 FRAME_NOT_IP);
	/* UDP 9 > 53, length 9. */
	frame = dissect_hex("4500001d00000000401100000a0900010a090002"
			    "000900350009000061",
			    DLT_RAW);
	assert_int_equal(frame.kind, FRAME_UDP);
	assert_int_equal(frame.udp.dest_port, 53);
	assert_int_equal(frame.udp.length, 9);
	/* A ping. */
	assert_int_equal(dissect_hex("4500001c00000000400100000a090001"
				     "0a0900020800000000000000",
				     DLT_RAW)
				 .kind,
			 FRAME_OTHER);
}

/* cut: there was more on the wire. */
static void check_fault(const char *hex, int dlt, enum frame_fault fault,
			bool cut)
{
	struct bytes bytes = bytes_hex(hex);
	struct frame frame = dissect(bytes.at, bytes.count,
				     bytes.count + (cut ? 100 : 0), dlt);

	free(bytes.at);
	assert_int_equal(frame.kind, FRAME_FAULTY);
	assert_int_equal(frame.fault, fault);
	assert_true(frame_fault_text(fault)[0] != '\0');
}

static void test_faults(void **state)
{
	static const uint8_t byte = 0x45;
	struct frame frame = dissect(&byte, 1, 0, DLT_RAW);

	(void)state;
	assert_int_equal(frame.fault, FRAME_CAPLEN);
	check_fault(SYN4, 147, FRAME_LINK_UNKNOWN, false);
	check_fault("ffffffffffff02000000000108", DLT_EN10MB, FRAME_LINK_CUT,
		    true);
	check_fault("ffffffffffff0200000000018100000181000001810000018100"
		    "000181000001810000018100000181000001810000018100"
		    "00018100",
		    DLT_EN10MB, FRAME_LINK_BAD, false);
	check_fault("4500002c0000", DLT_RAW, FRAME_IP_CUT, true);
	check_fault("4400002c000040003f0627b80a0900010a090002", DLT_RAW,
		    FRAME_IP_BAD, false);
	/* A data offset of 4 words. */
	check_fault("45000028000040003f0600000a0900010a090002"
		    "9c4000500000000100000000400204000000",
		    DLT_RAW, FRAME_TCP_CUT, true);
	check_fault("45000028000040003f0600000a0900010a090002"
		    "9c40005000000001000000004002040000000000",
		    DLT_RAW, FRAME_TCP_BAD, false);
	check_fault("4500001a00000000401100000a0900010a090002000900350009",
		    DLT_RAW, FRAME_UDP_BAD, false);
	check_fault("4500001d00000000401100000a0900010a090002000900350009",
		    DLT_RAW, FRAME_UDP_CUT, true);
	check_fault("4500001c00000000400100000a0900010a09000203", DLT_RAW,
		    FRAME_ICMP_CUT, true);
}

/* What counts is what was on the wire: not an IP length beyond it, not one of
 * 0 (a segment that the card is to cut), and not what was captured. */
static void test_lengths(void **state)
{
	struct bytes bytes = bytes_hex(DATA4);

	(void)state;
	assert_int_equal(
		dissect(bytes.at, 40, bytes.count, DLT_RAW).tcp.data_length, 5);
	store_be16(bytes.at + 2, 0);
	assert_int_equal(dissect(bytes.at, 40, 5000, DLT_RAW).tcp.data_length,
			 4960);
	store_be16(bytes.at + 2, 9999);
	assert_int_equal(dissect(bytes.at, bytes.count, bytes.count, DLT_RAW)
				 .tcp.data_length,
			 5);
	store_be16(bytes.at + 2, 42);
	assert_int_equal(dissect(bytes.at, bytes.count, bytes.count, DLT_RAW)
				 .tcp.data_length,
			 2);
	free(bytes.at);
}

/* A snap length that ends within the options takes nothing else away. */
static void test_cut_options(void **state)
{
	struct bytes bytes = bytes_hex(SYN_ACK4);
	struct frame frame;

	(void)state;
	for (size_t cut = 40; cut < bytes.count; cut++) {
		frame = dissect(bytes.at, cut, bytes.count, DLT_RAW);
		assert_int_equal(frame.kind, FRAME_TCP);
		assert_int_equal(frame.fault, FRAME_TCP_CUT);
		assert_int_equal(frame.tcp.seq, 0x11223344);
		assert_int_equal(frame.tcp.options_bytes, cut - 40);
		assert_int_equal(frame.tcp.data_length, 0);
	}
	free(bytes.at);
}

/* Every packet cut at every byte, with every link type, each in a buffer of
 * its size: no read beyond (ASan), and a kind or a fault. */
static void test_cuts(void **state)
{
	static const char *const packets[] = {
		SYN4, SYN_ACK4, DATA4,    UNREACH4, FRAGMENT4,
		SYN6, SYN_ACK6, UNREACH6, CHAIN6,   FRAGMENT6,
	};
	static const int links[] = {DLT_RAW,       DLT_EN10MB,     DLT_NULL,
				    DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_IPV4,
				    DLT_IPV6,      DLT_LOOP};

	(void)state;
	for (size_t p = 0; p < sizeof(packets) / sizeof(packets[0]); p++) {
		struct bytes whole = bytes_hex(packets[p]);

		for (size_t cut = 0; cut <= whole.count; cut++) {
			struct bytes bytes = bytes_copy(whole.at, cut);

			for (size_t i = 0; i < sizeof(links) / sizeof(int);
			     i++) {
				struct frame frame = dissect(
					bytes.at, cut, whole.count, links[i]);

				if (frame.kind == FRAME_FAULTY)
					assert_int_not_equal(frame.fault,
							     FRAME_SOUND);
			}
			free(bytes.at);
		}
		free(whole.at);
	}
}

static void test_noise(void **state)
{
	struct random random = random_new();
	struct bytes whole = bytes_hex(SYN_ACK4 SYN_ACK6 UNREACH4);

	(void)state;
	for (int i = 0; i < 200000; i++) {
		size_t count = random_below(&random, whole.count);
		struct bytes bytes = bytes_copy(whole.at, count);
		struct frame frame;

		for (int n = 0; n < 4 && count > 0; n++)
			bytes.at[random_below(&random, count)] =
				(uint8_t)random_next(&random);
		frame = dissect(bytes.at, count,
				count + random_below(&random, 3), DLT_RAW);
		if (frame.kind == FRAME_TCP)
			assert_in_range(frame.tcp.data_length, 0, count + 2);
		free(bytes.at);
	}
	free(whole.at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_cut_options),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
