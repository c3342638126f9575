/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/tcpopt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "packets.h"
#include "random.h"

/* Walks to the end. Every option has to lie within the buffer, and no walk
 * can have more options than half the bytes. */
static unsigned walk_all(const uint8_t *options, size_t bytes, int *malformed)
{
	struct tcpopt_walk walk;
	struct tcpopt option;
	unsigned count = 0;

	tcpopt_begin(&walk, options, bytes);
	while (tcpopt_next(&walk, &option)) {
		assert_in_range(option.data - options, 2, bytes);
		assert_in_range(option.length, 0,
				options + bytes - option.data);
		assert_int_not_equal(option.kind, TCPOPT_KIND_END);
		assert_int_not_equal(option.kind, TCPOPT_KIND_NOP);
		assert_in_range(++count, 1, bytes / 2);
	}
	assert_int_equal(tcpopt_next(&walk, &option), 0);
	*malformed = walk.malformed;
	return count;
}

static void check_walk(const char *hex, unsigned options, int malformed)
{
	struct bytes bytes = bytes_hex(hex);
	int is_malformed;

	assert_int_equal(walk_all(bytes.at, bytes.count, &is_malformed),
			 options);
	assert_int_equal(is_malformed, malformed);
	free(bytes.at);
}

static void test_syn_options(void **state)
{
	/* mss 1460,sackOK,TS val 1 ecr 2,nop,wscale 7 */
	struct bytes bytes = bytes_hex("020405b40402080a000000010000000201"
				       "030307");
	struct tcpopt_walk walk;
	struct tcpopt option;

	(void)state;
	tcpopt_begin(&walk, bytes.at, bytes.count);
	assert_int_equal(tcpopt_next(&walk, &option), 1);
	assert_int_equal(option.kind, TCPOPT_KIND_MSS);
	assert_int_equal(option.length, 2);
	assert_memory_equal(option.data, "\x05\xb4", 2);
	assert_int_equal(tcpopt_next(&walk, &option), 1);
	assert_int_equal(option.kind, TCPOPT_KIND_SACK_PERMITTED);
	assert_int_equal(option.length, 0);
	assert_int_equal(tcpopt_next(&walk, &option), 1);
	assert_int_equal(option.kind, TCPOPT_KIND_TIMESTAMPS);
	assert_int_equal(option.length, 8);
	assert_memory_equal(option.data, "\0\0\0\1\0\0\0\2", 8);
	assert_int_equal(tcpopt_next(&walk, &option), 1);
	assert_int_equal(option.kind, TCPOPT_KIND_WINDOW_SCALE);
	assert_int_equal(option.data[0], 7);
	assert_int_equal(tcpopt_next(&walk, &option), 0);
	assert_int_equal(walk.malformed, 0);
	free(bytes.at);
}

static void test_no_options(void **state)
{
	int malformed;

	(void)state;
	assert_int_equal(walk_all(NULL, 0, &malformed), 0);
	assert_int_equal(malformed, 0);
}

static void test_ends(void **state)
{
	(void)state;
	/* nop,nop,nop,nop */
	check_walk("01010101", 0, 0);
	/* eol and padding, which is not looked at */
	check_walk("000405b4", 0, 0);
	/* mss 1460,eol,[padding] */
	check_walk("020405b400ffffff", 1, 0);
	/* sackOK,nop,nop,sack 1 {1:2} */
	check_walk("04020101050a0000000100000002", 2, 0);
}

/* Length 0 or 1 walks no further: it would for ever. */
static void test_short_length(void **state)
{
	(void)state;
	check_walk("02000000", 0, 1);
	check_walk("02010000", 0, 1);
	check_walk("020405b408000101", 1, 1);
	check_walk("020405b408010101", 1, 1);
	/* SACK of an odd length is the reader's to judge */
	check_walk("050300", 1, 0);
}

static void test_beyond_the_end(void **state)
{
	(void)state;
	/* the kind alone, after a nop */
	check_walk("0102", 0, 1);
	/* mss of 4 bytes in 3 */
	check_walk("020405", 0, 1);
	/* length 255 */
	check_walk("04021eff0000", 1, 1);
}

/* Every kind and length before two bytes of data, in an exact buffer. */
static void test_every_kind_and_length(void **state)
{
	(void)state;
	for (unsigned kind = 2; kind < 256; kind++) {
		for (unsigned length = 0; length < 256; length++) {
			uint8_t option[4] = {(uint8_t)kind, (uint8_t)length};
			struct bytes bytes = bytes_copy(option, 4);
			int malformed;

			walk_all(bytes.at, bytes.count, &malformed);
			assert_int_equal(malformed, length < 2 || length > 4);
			free(bytes.at);
		}
	}
}

static void test_random(void **state)
{
	struct random random = random_new();

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint8_t options[40];
		struct bytes bytes;
		int malformed;

		/* Small values make the walk go on. */
		for (size_t j = 0; j < sizeof(options); j++)
			options[j] = random_next(&random) % 12;
		bytes = bytes_copy(options, random_next(&random) % 41);
		walk_all(bytes.at, bytes.count, &malformed);
		free(bytes.at);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syn_options),
		cmocka_unit_test(test_no_options),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_short_length),
		cmocka_unit_test(test_beyond_the_end),
		cmocka_unit_test(test_every_kind_and_length),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("tcpopt", tests, NULL, NULL);
}
