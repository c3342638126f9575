/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/datagram.h"

#include <stdbool.h>
#include <string.h>
#include <zlib.h>

enum {
	AT_MAGIC = 0,
	AT_VERSION = 4,
	AT_KIND = 5,
	AT_ZERO = 6,
	AT_SESSION = 8,
	AT_HEADER_CRC = 16,
	AT_SEQUENCE = 20,
	AT_LENGTH = 24,
	AT_SENT = 28,
	AT_FILLING_CRC = 36,
	AT_COUNTS = 40,
	VERSION = 1,
	COUNTS = 5,
};

static const uint8_t magic[4] = {'s', 'y', 'n', 'U'};

static void put32(uint8_t *at, uint32_t value)
{
	for (int i = 3; i >= 0; i--, value >>= 8)
		at[i] = (uint8_t)value;
}

static void put64(uint8_t *at, uint64_t value)
{
	put32(at, (uint32_t)(value >> 32));
	put32(at + 4, (uint32_t)value);
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

static uint64_t get64(const uint8_t *at)
{
	return (uint64_t)get32(at) << 32 | get32(at + 4);
}

uint32_t datagram_crc(const uint8_t *bytes, size_t length)
{
	return (uint32_t)crc32_z(crc32_z(0, NULL, 0), bytes, length);
}

/* With the field that holds it as zero. */
static uint32_t header_crc(const uint8_t *bytes)
{
	uint8_t header[DATAGRAM_HEADER_BYTES];

	memcpy(header, bytes, sizeof(header));
	put32(header + AT_HEADER_CRC, 0);
	return datagram_crc(header, sizeof(header));
}

void datagram_encode(const struct datagram *datagram, uint8_t *bytes)
{
	const struct datagram_counts *counts = &datagram->counts;
	const uint32_t values[COUNTS] = {
		counts->received, counts->duplicates, counts->reordered,
		counts->replied,  counts->waiting,
	};

	memcpy(bytes + AT_MAGIC, magic, sizeof(magic));
	bytes[AT_VERSION] = VERSION;
	bytes[AT_KIND] = (uint8_t)datagram->kind;
	memset(bytes + AT_ZERO, 0, 2);
	put64(bytes + AT_SESSION, datagram->session);
	put32(bytes + AT_SEQUENCE, datagram->sequence);
	put32(bytes + AT_LENGTH, datagram->length);
	put64(bytes + AT_SENT, (uint64_t)datagram->sent_ns);
	put32(bytes + AT_FILLING_CRC, datagram->filling_crc);
	for (int i = 0; i < COUNTS; i++)
		put32(bytes + AT_COUNTS + 4 * i, values[i]);
	put32(bytes + AT_HEADER_CRC, header_crc(bytes));
}

static void read_fields(const uint8_t *bytes, struct datagram *out)
{
	const uint8_t *counts = bytes + AT_COUNTS;

	*out = (struct datagram){
		.kind = (enum datagram_kind)bytes[AT_KIND],
		.session = get64(bytes + AT_SESSION),
		.sequence = get32(bytes + AT_SEQUENCE),
		.length = get32(bytes + AT_LENGTH),
		.sent_ns = (int64_t)get64(bytes + AT_SENT),
		.filling_crc = get32(bytes + AT_FILLING_CRC),
		.counts =
			{
				.received = get32(counts),
				.duplicates = get32(counts + 4),
				.reordered = get32(counts + 8),
				.replied = get32(counts + 12),
				.waiting = get32(counts + 16),
			},
	};
}

static bool header_holds(const uint8_t *bytes)
{
	return memcmp(bytes + AT_MAGIC, magic, sizeof(magic)) == 0 &&
	       bytes[AT_VERSION] == VERSION &&
	       bytes[AT_KIND] >= DATAGRAM_PROBE &&
	       bytes[AT_KIND] <= DATAGRAM_REPORT_REPLY &&
	       get32(bytes + AT_HEADER_CRC) == header_crc(bytes);
}

enum datagram_state datagram_decode(const uint8_t *bytes, size_t length,
				    struct datagram *out)
{
	if (length < DATAGRAM_HEADER_BYTES)
		return DATAGRAM_FOREIGN;
	read_fields(bytes, out);
	if (!header_holds(bytes))
		return DATAGRAM_UNSURE;
	if (out->length != length ||
	    out->filling_crc != datagram_crc(bytes + DATAGRAM_HEADER_BYTES,
					     length - DATAGRAM_HEADER_BYTES))
		return DATAGRAM_DAMAGED;
	return DATAGRAM_INTACT;
}
