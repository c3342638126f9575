/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/datagram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"

/* CRC-32's check value (ISO 3309): that of "123456789". */
static void test_crc(void **state)
{
	(void)state;
	assert_int_equal(datagram_crc((const uint8_t *)"123456789", 9),
			 0xcbf43926);
	assert_int_equal(datagram_crc(NULL, 0), 0);
}

/*
 * A reply of session 0x0102030405060708, number 258, of 62 bytes, sent at
 * 72623859790382856 ns; the server got 1, 2 again, 3 out of order, replied
 * 4 times and holds 5. Its filling is "ab".
 */
static const uint8_t wire[62] = {
	's',  'y',  'n',  'U',
	0x01, 0x02, 0x00, 0x00, /* magic, version, kind */
	0x01, 0x02, 0x03, 0x04,
	0x05, 0x06, 0x07, 0x08, /* session */
	0x00, 0x00, 0x00, 0x00, /* header CRC: below */
	0x00, 0x00, 0x01, 0x02, /* number */
	0x00, 0x00, 0x00, 0x3e, /* length */
	0x01, 0x02, 0x03, 0x04,
	0x05, 0x06, 0x07, 0x08, /* sent */
	0x9e, 0x83, 0x48, 0x6d, /* CRC-32 of "ab" */
	0x00, 0x00, 0x00, 0x01, /* received */
	0x00, 0x00, 0x00, 0x02, /* duplicates */
	0x00, 0x00, 0x00, 0x03, /* reordered */
	0x00, 0x00, 0x00, 0x04, /* replied */
	0x00, 0x00, 0x00, 0x05, /* waiting */
	'a',  'b',
};

static const struct datagram plain = {
	.kind = DATAGRAM_PROBE_REPLY,
	.session = 0x0102030405060708,
	.sequence = 258,
	.length = 62,
	.sent_ns = 72623859790382856,
	.filling_crc = 0x9e83486d,
	.counts = {1, 2, 3, 4, 5},
};

static void test_wire(void **state)
{
	uint8_t bytes[62] = {0}, expected[62];
	uint32_t crc;

	(void)state;
	datagram_encode(&plain, bytes);
	bytes[60] = 'a';
	bytes[61] = 'b';
	memcpy(expected, wire, sizeof(wire));
	crc = datagram_crc(wire, DATAGRAM_HEADER_BYTES);
	for (int i = 0; i < 4; i++)
		expected[16 + i] = (uint8_t)(crc >> (24 - 8 * i));
	assert_memory_equal(bytes, expected, sizeof(bytes));
}

static void test_round_trip(void **state)
{
	uint8_t bytes[62];
	struct datagram out;

	(void)state;
	datagram_encode(&plain, bytes);
	bytes[60] = 'a';
	bytes[61] = 'b';
	assert_int_equal(datagram_decode(bytes, sizeof(bytes), &out),
			 DATAGRAM_INTACT);
	assert_int_equal(out.kind, plain.kind);
	assert_true(out.session == plain.session);
	assert_int_equal(out.sequence, plain.sequence);
	assert_int_equal(out.length, plain.length);
	assert_true(out.sent_ns == plain.sent_ns);
	assert_int_equal(out.counts.received, 1);
	assert_int_equal(out.counts.duplicates, 2);
	assert_int_equal(out.counts.reordered, 3);
	assert_int_equal(out.counts.replied, 4);
	assert_int_equal(out.counts.waiting, 5);
}

/* Each single byte, to each other value: found, and told by its place. */
static void test_every_altered_byte(void **state)
{
	uint8_t bytes[62];
	struct datagram out;

	(void)state;
	datagram_encode(&plain, bytes);
	bytes[60] = 'a';
	bytes[61] = 'b';
	for (size_t at = 0; at < sizeof(bytes); at++) {
		for (int mask = 1; mask < 256; mask++) {
			bytes[at] ^= (uint8_t)mask;
			assert_int_equal(
				datagram_decode(bytes, sizeof(bytes), &out),
				at < DATAGRAM_HEADER_BYTES ? DATAGRAM_UNSURE
							   : DATAGRAM_DAMAGED);
			bytes[at] ^= (uint8_t)mask;
		}
	}
}

/* Cut at every byte, in a buffer of exactly that size for the sanitizer. */
static void test_cut(void **state)
{
	uint8_t bytes[62];
	struct datagram out;

	(void)state;
	datagram_encode(&plain, bytes);
	bytes[60] = 'a';
	bytes[61] = 'b';
	for (size_t length = 0; length < sizeof(bytes); length++) {
		uint8_t *exact = malloc(length ? length : 1);
		enum datagram_state got;

		assert_non_null(exact);
		memcpy(exact, bytes, length);
		got = datagram_decode(exact, length, &out);
		assert_int_equal(got, length < DATAGRAM_HEADER_BYTES
					      ? DATAGRAM_FOREIGN
					      : DATAGRAM_DAMAGED);
		free(exact);
	}
}

/* One that is longer than it says, and lengths that say nonsense. */
static void test_length(void **state)
{
	static const uint32_t lengths[] = {0, 59, 60, 61, 63, 0xffffffff};
	uint8_t bytes[62] = {0};
	struct datagram datagram = plain, out;

	(void)state;
	datagram.filling_crc = datagram_crc(bytes + 60, 2);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		datagram.length = lengths[i];
		datagram_encode(&datagram, bytes);
		assert_int_equal(datagram_decode(bytes, sizeof(bytes), &out),
				 DATAGRAM_DAMAGED);
	}
}

/* A right checksum does not make a kind or a version that there is not. */
static void test_unknown_kind(void **state)
{
	uint8_t bytes[60];
	struct datagram datagram = {.kind = 5, .length = 60}, out;

	(void)state;
	datagram_encode(&datagram, bytes);
	assert_int_equal(datagram_decode(bytes, 60, &out), DATAGRAM_UNSURE);
	datagram.kind = 0;
	datagram_encode(&datagram, bytes);
	assert_int_equal(datagram_decode(bytes, 60, &out), DATAGRAM_UNSURE);
}

static void test_noise(void **state)
{
	struct random random = random_new();
	struct datagram out;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t length = random_below(&random, 130);
		uint8_t *bytes = malloc(length ? length : 1);

		assert_non_null(bytes);
		for (size_t i = 0; i < length; i++)
			bytes[i] = (uint8_t)random_next(&random);
		if (length >= 8) /* get past the first look */
			memcpy(bytes, wire, 8);
		assert_int_equal(datagram_decode(bytes, length, &out),
				 length < 60 ? DATAGRAM_FOREIGN
					     : DATAGRAM_UNSURE);
		free(bytes);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc),
		cmocka_unit_test(test_wire),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_every_altered_byte),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_unknown_kind),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests_name("datagram", tests, NULL, NULL);
}
