/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/checksum.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "packets.h"
#include "random.h"

static uint16_t finish(uint32_t sum)
{
	return ntohs(checksum_finish_be(sum));
}

/* The worked example of RFC 1071 section 3: the sum is ddf2. */
static void test_rfc_1071_example(void **state)
{
	static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03,
					0xf4, 0xf5, 0xf6, 0xf7};

	(void)state;
	assert_int_equal(finish(checksum_add(0, bytes, sizeof(bytes))),
			 0xffff & ~0xddf2);
}

static void test_empty_and_odd(void **state)
{
	static const uint8_t odd[] = {0x12, 0x34, 0x56};
	static const uint8_t even[] = {0x12, 0x34, 0x56, 0x00};

	(void)state;
	assert_int_equal(checksum_add(7, odd, 0), 7);
	assert_int_equal(checksum_add(0, odd, 3), checksum_add(0, even, 4));
	assert_int_equal(finish(0), 0xffff);
	assert_int_equal(finish(0xffff), 0);
	assert_int_equal(finish(0xffffffff), 0);
}

/* What is stored as it is makes the whole sum to 0. */
static void test_ip_header(void **state)
{
	struct bytes packet = bytes_hex(SYN_ACK4);
	uint16_t sum_be;

	(void)state;
	assert_int_equal(finish(checksum_add(0, packet.at, 20)), 0);
	memset(packet.at + 10, 0, 2);
	sum_be = checksum_finish_be(checksum_add(0, packet.at, 20));
	memcpy(packet.at + 10, &sum_be, 2);
	assert_int_equal(packet.at[10], 0x26);
	assert_int_equal(packet.at[11], 0xa8);
	free(packet.at);
}

static void check_transport(const char *hex, uint16_t family, uint8_t protocol)
{
	size_t header = family == AF_INET ? 20 : 40;
	size_t width = family == AF_INET ? 4 : 16;
	struct bytes packet = bytes_hex(hex);
	struct addr source = {.family = family}, dest = {.family = family};
	uint32_t sum;

	memcpy(source.bytes, packet.at + header - 2 * width, width);
	memcpy(dest.bytes, packet.at + header - width, width);
	sum = checksum_pseudo(&source, &dest, protocol,
			      (uint32_t)(packet.count - header));
	sum = checksum_add(sum, packet.at + header, packet.count - header);
	assert_int_equal(finish(sum), 0);
	free(packet.at);
}

/* Checksums that tcpdump found correct. */
static void test_transport(void **state)
{
	(void)state;
	check_transport(SYN4, AF_INET, IPPROTO_TCP);
	check_transport(SYN_ACK4, AF_INET, IPPROTO_TCP);
	check_transport(RST4, AF_INET, IPPROTO_TCP);
	check_transport(DATA4, AF_INET, IPPROTO_TCP); /* odd length */
	check_transport(SYN6, AF_INET6, IPPROTO_TCP);
	check_transport(SYN_ACK6, AF_INET6, IPPROTO_TCP);
	check_transport(RST6, AF_INET6, IPPROTO_TCP);
	check_transport(UNREACH6, AF_INET6, IPPROTO_ICMPV6);
}

/* The upper half of a length counts: a jumbogram, RFC 2675. */
static void test_pseudo_length(void **state)
{
	struct addr any = {.family = AF_INET6};

	(void)state;
	assert_int_equal(finish(checksum_pseudo(&any, &any, 6, 0x00012345)),
			 0xffff & ~(6 + 1 + 0x2345));
}

/* A sum of any length loses no carry, and may be had in pieces. */
static void test_long_input(void **state)
{
	size_t count = 1 << 20;
	struct bytes ones = {malloc(count), count};
	struct random random = random_new();
	uint32_t whole, pieces;

	(void)state;
	assert_non_null(ones.at);
	memset(ones.at, 0xff, count);
	assert_int_equal(finish(checksum_add(0xffffffff, ones.at, count)), 0);

	for (size_t i = 0; i < count; i++)
		ones.at[i] = (uint8_t)random_next(&random);
	whole = checksum_add(0, ones.at, count);
	pieces = checksum_add(0, ones.at, 4098);
	pieces = checksum_add(pieces, ones.at + 4098, count - 4098);
	assert_int_equal(finish(whole), finish(pieces));
	free(ones.at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc_1071_example),
		cmocka_unit_test(test_empty_and_odd),
		cmocka_unit_test(test_ip_header),
		cmocka_unit_test(test_transport),
		cmocka_unit_test(test_pseudo_length),
		cmocka_unit_test(test_long_input),
	};

	return cmocka_run_group_tests_name("checksum", tests, NULL, NULL);
}
