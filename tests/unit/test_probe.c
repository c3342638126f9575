/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/probe.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/error.h"
#include "packets.h"
#include "random.h"
#include "wire/checksum.h"

#define ETHERNET 14
#define TCP      24 /* with the MSS option */

static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t their_mac[6] = {2, 0, 0, 0, 0, 2};

static struct addr addr_of(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(text, &addr), 0);
	return addr;
}

static struct probe probe_of(const char *source, const char *dest,
			     bool ethernet)
{
	struct probe probe = {
		.source = addr_of(source),
		.dest = addr_of(dest),
		.source_port = 40000,
		.dest_port = 80,
		.seq = 0x5e1fd404,
		.mss = 1460,
		.ethernet = ethernet,
	};

	memcpy(probe.source_mac, our_mac, 6);
	memcpy(probe.dest_mac, their_mac, 6);
	return probe;
}

static void craft(const struct probe *probe, uint8_t *bytes, size_t *length)
{
	struct error error = ERROR_INIT;

	memset(bytes, 0xa5, PROBE_MAX_BYTES);
	assert_int_equal(probe_craft(probe, bytes, length, &error), 0);
	assert_true(*length <= PROBE_MAX_BYTES);
}

static void assert_bytes(const uint8_t *bytes, size_t length, const char *hex)
{
	struct bytes expected = bytes_hex(hex);

	assert_int_equal(length, expected.count);
	assert_memory_equal(bytes, expected.at, length);
	free(expected.at);
}

/* The sum over pseudo-header and all that follows the IP header is 0. */
static void assert_transport_sum(const struct addr *source,
				 const struct addr *dest, uint8_t protocol,
				 const uint8_t *bytes, size_t length)
{
	uint32_t sum =
		checksum_pseudo(source, dest, protocol, (uint32_t)length);

	assert_int_equal(checksum_finish_be(checksum_add(sum, bytes, length)),
			 0);
}

/* ---- golden bytes ---- */

/* (tos 0x0, ttl 64, id 54276, offset 0, flags [DF], proto TCP (6), length 44)
 *     10.9.0.1.40000 > 10.9.0.2.80: Flags [S], cksum 0xba6c (correct),
 *     seq 1579144196, win 64240, options [mss 1460], length 0 */
#define GOLDEN4                                                                \
	"4500002cd4044000400652b30a090001"                                     \
	"0a0900029c4000505e1fd40400000000"                                     \
	"6002faf0ba6c0000020405b4"

/* (hlim 64, next-header TCP (6) payload length: 24)
 *     fd00::1.40000 > fd00::2.80: Flags [S], cksum 0xd47c (correct),
 *     seq 1579144196, win 64240, options [mss 1460], length 0 */
#define GOLDEN6                                                                \
	"6000000000180640fd00000000000000"                                     \
	"0000000000000001fd00000000000000"                                     \
	"00000000000000029c4000505e1fd404"                                     \
	"000000006002faf0d47c0000020405b4"

static void test_golden_ipv4(void **state)
{
	struct probe probe = probe_of("10.9.0.1", "10.9.0.2", false);
	uint8_t bytes[PROBE_MAX_BYTES];
	size_t length;

	(void)state;
	craft(&probe, bytes, &length);
	assert_bytes(bytes, length, GOLDEN4);
	/* 02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype IPv4 (0x0800) */
	probe.ethernet = true;
	craft(&probe, bytes, &length);
	assert_bytes(bytes, length, "0200000000020200000000010800" GOLDEN4);
}

static void test_golden_ipv6(void **state)
{
	struct probe probe = probe_of("fd00::1", "fd00::2", false);
	uint8_t bytes[PROBE_MAX_BYTES];
	size_t length;

	(void)state;
	craft(&probe, bytes, &length);
	assert_bytes(bytes, length, GOLDEN6);
	/* 02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype IPv6 (0x86dd) */
	probe.ethernet = true;
	craft(&probe, bytes, &length);
	assert_bytes(bytes, length, "02000000000202000000000186dd" GOLDEN6);
}

/* Ethernet (len 6), IPv4 (len 4), Request who-has 10.9.0.2 tell 10.9.0.1,
 *     length 28, from 02:00:00:00:00:01 to everybody (RFC 826: the target's
 *     hardware address is not known; 0 by custom) */
static void test_golden_arp(void **state)
{
	struct addr source = addr_of("10.9.0.1"), target = addr_of("10.9.0.2");
	struct error error = ERROR_INIT;
	uint8_t bytes[SOLICIT_MAX_BYTES];
	size_t length;

	(void)state;
	assert_int_equal(probe_solicit(&source, our_mac, &target, bytes,
				       &length, &error),
			 0);
	assert_bytes(bytes, length,
		     "ffffffffffff0200000000010806"
		     "00010800060400010200000000010a090001"
		     "0000000000000a090002");
}

/* 02:00:00:00:00:01 > 33:33:ff:cd:ef:01, ethertype IPv6
 *     (hlim 255, next-header ICMPv6 (58) payload length: 32)
 *     fe80::1 > ff02::1:ffcd:ef01: ICMP6, neighbor solicitation, length 32,
 *     who has fe80::12:34ab:cd:ef01, source link-address option (1), length 8
 *     (1): 02:00:00:00:00:01 */
static void test_golden_ns(void **state)
{
	struct addr source = addr_of("fe80::1");
	struct addr target = addr_of("fe80::12:34ab:cd:ef01");
	struct addr group = addr_of("ff02::1:ffcd:ef01");
	struct error error = ERROR_INIT;
	uint8_t bytes[SOLICIT_MAX_BYTES];
	size_t length;

	(void)state;
	assert_int_equal(probe_solicit(&source, our_mac, &target, bytes,
				       &length, &error),
			 0);
	assert_bytes(bytes, length,
		     "3333ffcdef0102000000000186dd"
		     "6000000000203afffe800000000000000000000000000001"
		     "ff0200000000000000000001ffcdef01"
		     "8700664000000000fe80000000000000001234ab00cdef01"
		     "0101020000000001");
	assert_transport_sum(&source, &group, IPPROTO_ICMPV6,
			     bytes + ETHERNET + 40, 32);
}

/* ---- a patched template against what libnet builds ---- */

static struct addr random_addr(struct random *random, uint16_t family)
{
	struct addr addr = {.family = family};

	for (int i = 0; i < (family == AF_INET ? 4 : 16); i++) {
		uint64_t byte = random_next(random);

		/* Zeros and ones, which checksums are delicate about. */
		addr.bytes[i] = byte & 0x700   ? (uint8_t)byte
				: byte & 0x800 ? 0
					       : 0xff;
	}
	return addr;
}

static void random_change(struct random *random, struct probe *probe)
{
	static const uint32_t delicate[] = {0,       1,          0xffff,
					    0x10000, 0xffff0000, 0xffffffff};

	probe->dest = random_addr(random, probe->source.family);
	probe->source_port = (uint16_t)random_next(random);
	probe->dest_port = (uint16_t)random_next(random);
	probe->seq = (uint32_t)random_next(random);
	if (random_below(random, 4) == 0)
		probe->seq = delicate[random_below(random, 6)];
	for (int i = 0; i < 6; i++)
		probe->dest_mac[i] = (uint8_t)random_next(random);
}

static void assert_sums(const struct probe *probe, const uint8_t *bytes,
			size_t length)
{
	const uint8_t *ip = bytes + (probe->ethernet ? ETHERNET : 0);

	if (probe->source.family == AF_INET)
		assert_int_equal(checksum_finish_be(checksum_add(0, ip, 20)),
				 0);
	assert_transport_sum(&probe->source, &probe->dest, IPPROTO_TCP,
			     bytes + length - TCP, TCP);
}

static void patched_equals_crafted(struct random *random, uint16_t family,
				   bool ethernet)
{
	struct error error = ERROR_INIT;
	struct probe_template template;
	struct probe probe = {.ethernet = ethernet};
	uint8_t patched[PROBE_MAX_BYTES], crafted[PROBE_MAX_BYTES];
	size_t length;

	for (int i = 0; i < 600; i++) {
		if (i % 20 == 0) {
			probe.source = random_addr(random, family);
			probe.mss = (uint16_t)random_next(random);
			for (int j = 0; j < 6; j++)
				probe.source_mac[j] =
					(uint8_t)random_next(random);
			random_change(random, &probe);
			assert_int_equal(
				probe_template_init(&template, &probe, &error),
				0);
		}
		random_change(random, &probe);
		memset(patched, 0x5a, sizeof(patched));
		probe_patch(&template, &probe, patched);
		craft(&probe, crafted, &length);
		assert_int_equal(template.length, length);
		assert_memory_equal(patched, crafted, length);
		assert_sums(&probe, patched, length);
		for (size_t j = length; j < sizeof(patched); j++)
			assert_int_equal(patched[j], 0x5a);
	}
}

static void test_patch(void **state)
{
	struct random random = random_new();

	(void)state;
	patched_equals_crafted(&random, AF_INET, false);
	patched_equals_crafted(&random, AF_INET, true);
	patched_equals_crafted(&random, AF_INET6, false);
	patched_equals_crafted(&random, AF_INET6, true);
}

/* A solicitation is right for any target; its checksum too. */
static void test_solicit(void **state)
{
	struct random random = random_new();

	(void)state;
	for (int i = 0; i < 500; i++) {
		struct addr source = random_addr(&random, AF_INET6);
		struct addr target = random_addr(&random, AF_INET6);
		struct addr group = addr_of("ff02::1:ff00:0");
		struct error error = ERROR_INIT;
		uint8_t bytes[SOLICIT_MAX_BYTES];
		size_t length;

		assert_int_equal(probe_solicit(&source, our_mac, &target, bytes,
					       &length, &error),
				 0);
		assert_int_equal(length, SOLICIT_MAX_BYTES);
		memcpy(group.bytes + 13, target.bytes + 13, 3);
		assert_memory_equal(bytes + 3, target.bytes + 13, 3);
		assert_memory_equal(bytes + ETHERNET + 24, group.bytes, 16);
		assert_memory_equal(bytes + ETHERNET + 48, target.bytes, 16);
		assert_int_equal(bytes[ETHERNET + 7], 255);
		assert_transport_sum(&source, &group, IPPROTO_ICMPV6,
				     bytes + ETHERNET + 40, 32);
	}
}

/* The MTU less both headers, within what each family guarantees. */
static void test_mss(void **state)
{
	(void)state;
	assert_int_equal(probe_mss(AF_INET, 1500), 1460);
	assert_int_equal(probe_mss(AF_INET6, 1500), 1440);
	assert_int_equal(probe_mss(AF_INET, 1420), 1380); /* wireguard */
	assert_int_equal(probe_mss(AF_INET, 65536), 65495);
	assert_int_equal(probe_mss(AF_INET6, 65536), 65476);
	assert_int_equal(probe_mss(AF_INET, 0), 536);
	assert_int_equal(probe_mss(AF_INET, 68), 536);
	assert_int_equal(probe_mss(AF_INET6, 1280), 1220);
	assert_int_equal(probe_mss(AF_INET6, 0), 1220);
	assert_int_equal(probe_mss(AF_INET6, 1u << 31), 65495);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden_ipv4),
		cmocka_unit_test(test_golden_ipv6),
		cmocka_unit_test(test_golden_arp),
		cmocka_unit_test(test_golden_ns),
		cmocka_unit_test(test_patch),
		cmocka_unit_test(test_solicit),
		cmocka_unit_test(test_mss),
	};

	return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
