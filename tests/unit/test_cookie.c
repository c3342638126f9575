/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/cookie.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "packets.h"
#include "random.h"

static const struct cookie_key reference_key = KEY_REFERENCE;

/* The published vectors: key 00 01 ... 0f, input 00 01 ... of 0, 1, 2, ... 63
 * bytes. The one of 15 bytes is worked through in the paper's appendix A. */
static const uint64_t vectors[64] = {
	UINT64_C(0x726fdb47dd0e0e31), UINT64_C(0x74f839c593dc67fd),
	UINT64_C(0x0d6c8009d9a94f5a), UINT64_C(0x85676696d7fb7e2d),
	UINT64_C(0xcf2794e0277187b7), UINT64_C(0x18765564cd99a68d),
	UINT64_C(0xcbc9466e58fee3ce), UINT64_C(0xab0200f58b01d137),
	UINT64_C(0x93f5f5799a932462), UINT64_C(0x9e0082df0ba9e4b0),
	UINT64_C(0x7a5dbbc594ddb9f3), UINT64_C(0xf4b32f46226bada7),
	UINT64_C(0x751e8fbc860ee5fb), UINT64_C(0x14ea5627c0843d90),
	UINT64_C(0xf723ca908e7af2ee), UINT64_C(0xa129ca6149be45e5),
	UINT64_C(0x3f2acc7f57c29bdb), UINT64_C(0x699ae9f52cbe4794),
	UINT64_C(0x4bc1b3f0968dd39c), UINT64_C(0xbb6dc91da77961bd),
	UINT64_C(0xbed65cf21aa2ee98), UINT64_C(0xd0f2cbb02e3b67c7),
	UINT64_C(0x93536795e3a33e88), UINT64_C(0xa80c038ccd5ccec8),
	UINT64_C(0xb8ad50c6f649af94), UINT64_C(0xbce192de8a85b8ea),
	UINT64_C(0x17d835b85bbb15f3), UINT64_C(0x2f2e6163076bcfad),
	UINT64_C(0xde4daaaca71dc9a5), UINT64_C(0xa6a2506687956571),
	UINT64_C(0xad87a3535c49ef28), UINT64_C(0x32d892fad841c342),
	UINT64_C(0x7127512f72f27cce), UINT64_C(0xa7f32346f95978e3),
	UINT64_C(0x12e0b01abb051238), UINT64_C(0x15e034d40fa197ae),
	UINT64_C(0x314dffbe0815a3b4), UINT64_C(0x027990f029623981),
	UINT64_C(0xcadcd4e59ef40c4d), UINT64_C(0x9abfd8766a33735c),
	UINT64_C(0x0e3ea96b5304a7d0), UINT64_C(0xad0c42d6fc585992),
	UINT64_C(0x187306c89bc215a9), UINT64_C(0xd4a60abcf3792b95),
	UINT64_C(0xf935451de4f21df2), UINT64_C(0xa9538f0419755787),
	UINT64_C(0xdb9acddff56ca510), UINT64_C(0xd06c98cd5c0975eb),
	UINT64_C(0xe612a3cb9ecba951), UINT64_C(0xc766e62cfcadaf96),
	UINT64_C(0xee64435a9752fe72), UINT64_C(0xa192d576b245165a),
	UINT64_C(0x0a8787bf8ecb74b2), UINT64_C(0x81b3e73d20b49b6f),
	UINT64_C(0x7fa8220ba3b2ecea), UINT64_C(0x245731c13ca42499),
	UINT64_C(0xb78dbfaf3a8d83bd), UINT64_C(0xea1ad565322a1a0b),
	UINT64_C(0x60e61c23a3795013), UINT64_C(0x6606d7e446282b93),
	UINT64_C(0x6ca4ecb15c5f91e1), UINT64_C(0x9f626da15c9625f3),
	UINT64_C(0xe51b38608ef25f57), UINT64_C(0x958a324ceb064572),
};

static void test_reference_vectors(void **state)
{
	uint8_t input[64];

	(void)state;
	for (size_t i = 0; i < sizeof(input); i++)
		input[i] = (uint8_t)i;
	for (size_t length = 0; length < 64; length++) {
		struct bytes bytes = bytes_copy(input, length);

		assert_true(siphash(&reference_key, bytes.at, length) ==
			    vectors[length]);
		free(bytes.at);
	}
	assert_true(vectors[15] == UINT64_C(0xa129ca6149be45e5));
}

/* Inputs at any alignment, and longer than the length byte can tell. */
static void test_alignment_and_length(void **state)
{
	static uint8_t input[600];
	static uint8_t shifted[601];
	struct random random = random_new();

	(void)state;
	for (size_t i = 0; i < sizeof(input); i++)
		input[i] = shifted[i + 1] = (uint8_t)random_next(&random);
	for (size_t length = 0; length <= sizeof(input); length++)
		assert_true(siphash(&reference_key, input, length) ==
			    siphash(&reference_key, shifted + 1, length));
	assert_true(siphash(&reference_key, input, 1) !=
		    siphash(&reference_key, input, 257));
}

static struct addr addr_of(uint16_t family, const char *bytes)
{
	struct addr addr = {.family = family};

	memcpy(addr.bytes, bytes, family == AF_INET ? 4 : 16);
	return addr;
}

static const char a6[] = "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1";
static const char b6[] = "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2";

/* The layout of what is hashed: source, destination, ports. Both numbers are
 * from another implementation of SipHash. */
static void test_known_cookies(void **state)
{
	struct addr a = addr_of(AF_INET, "\x0a\x09\x00\x01");
	struct addr b = addr_of(AF_INET, "\x0a\x09\x00\x02");
	static const uint8_t tuple[12] = {10, 9, 0,    1,    10, 9,
					  0,  2, 0x9c, 0x40, 0,  80};

	(void)state;
	assert_int_equal(cookie_seq(&reference_key, &a, 40000, &b, 80), SEQ4);
	assert_int_equal((uint32_t)siphash(&reference_key, tuple, 12), SEQ4);

	a = addr_of(AF_INET6, a6);
	b = addr_of(AF_INET6, b6);
	assert_int_equal(cookie_seq(&reference_key, &a, 40000, &b, 80), SEQ6);
}

/* Each part of the four-tuple and each half of the key counts. */
static void check_each_part(struct addr a, struct addr b)
{
	size_t width = a.family == AF_INET ? 4 : 16;
	struct cookie_key key = reference_key;
	uint32_t seq = cookie_seq(&key, &a, 40000, &b, 80);

	assert_int_equal(cookie_seq(&key, &a, 40000, &b, 80), seq);
	assert_int_not_equal(cookie_seq(&key, &b, 40000, &a, 80), seq);
	assert_int_not_equal(cookie_seq(&key, &a, 80, &b, 40000), seq);
	for (int bit = 0; bit < 16; bit++) {
		assert_int_not_equal(
			cookie_seq(&key, &a, 40000 ^ 1 << bit, &b, 80), seq);
		assert_int_not_equal(
			cookie_seq(&key, &a, 40000, &b, 80 ^ 1 << bit), seq);
	}
	for (size_t i = 0; i < width; i++) {
		struct addr other = a;

		other.bytes[i] ^= 1;
		assert_int_not_equal(cookie_seq(&key, &other, 40000, &b, 80),
				     seq);
		other = b;
		other.bytes[i] ^= 0x80;
		assert_int_not_equal(cookie_seq(&key, &a, 40000, &other, 80),
				     seq);
	}
	for (int half = 0; half < 2; half++) {
		key = reference_key;
		key.k[half] ^= 1;
		assert_int_not_equal(cookie_seq(&key, &a, 40000, &b, 80), seq);
	}
}

static void test_each_part_counts(void **state)
{
	(void)state;
	check_each_part(addr_of(AF_INET, "\x0a\x09\x00\x01"),
			addr_of(AF_INET, "\x0a\x09\x00\x02"));
	check_each_part(addr_of(AF_INET6, a6), addr_of(AF_INET6, b6));
}

/* A captured packet has no scope. */
static void test_scope_does_not_count(void **state)
{
	struct addr a = addr_of(AF_INET6, a6), b = addr_of(AF_INET6, b6);

	(void)state;
	a.scope = 7;
	b.scope = 8;
	assert_int_equal(cookie_seq(&reference_key, &a, 40000, &b, 80), SEQ6);
}

/* Over 65,536 ports of one target: no constant bit, and no more equal pairs
 * than chance has (2^31 pairs in 2^32 numbers: 0.5 expected; 20 has a
 * probability below 10^-20). */
static int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void test_spread(void **state)
{
	static uint32_t seqs[65536];
	struct addr a = addr_of(AF_INET, "\x0a\x09\x00\x01");
	struct addr b = addr_of(AF_INET, "\x0a\x09\x00\x02");
	unsigned ones[32] = {0}, equal = 0;

	(void)state;
	for (unsigned port = 0; port < 65536; port++) {
		seqs[port] = cookie_seq(&reference_key, &a, 40000, &b,
					(uint16_t)port);
		for (int bit = 0; bit < 32; bit++)
			ones[bit] += seqs[port] >> bit & 1;
	}
	/* 32768 +- 8 standard deviations of 128 */
	for (int bit = 0; bit < 32; bit++)
		assert_in_range(ones[bit], 32768 - 1024, 32768 + 1024);
	qsort(seqs, 65536, sizeof(seqs[0]), compare_u32);
	for (unsigned i = 1; i < 65536; i++)
		equal += seqs[i] == seqs[i - 1];
	assert_in_range(equal, 0, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reference_vectors),
		cmocka_unit_test(test_alignment_and_length),
		cmocka_unit_test(test_known_cookies),
		cmocka_unit_test(test_each_part_counts),
		cmocka_unit_test(test_scope_does_not_count),
		cmocka_unit_test(test_spread),
	};

	return cmocka_run_group_tests_name("cookie", tests, NULL, NULL);
}
