/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/cookie.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

struct sip {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate_left(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotate_left(s->v1, 13) ^ s->v0;
	s->v3 = rotate_left(s->v3, 16) ^ s->v2;
	s->v0 = rotate_left(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = rotate_left(s->v1, 17) ^ s->v2;
	s->v3 = rotate_left(s->v3, 21) ^ s->v0;
	s->v2 = rotate_left(s->v2, 32);
}

static inline void sip_block(struct sip *s, uint64_t block)
{
	s->v3 ^= block;
	sip_round(s);
	sip_round(s);
	s->v0 ^= block;
}

static inline uint64_t sip_finish(struct sip *s)
{
	s->v2 ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* Inlined below with a constant length, so that the compiler unrolls it: one
 * call a probe and one a reply, at the full rate of the scan. */
static inline __attribute__((always_inline)) uint64_t
sip_hash(const struct cookie_key *key, const uint8_t *bytes, size_t length)
{
	/* "somepseudorandomlygeneratedbytes" */
	struct sip s = {
		.v0 = key->k[0] ^ UINT64_C(0x736f6d6570736575),
		.v1 = key->k[1] ^ UINT64_C(0x646f72616e646f6d),
		.v2 = key->k[0] ^ UINT64_C(0x6c7967656e657261),
		.v3 = key->k[1] ^ UINT64_C(0x7465646279746573),
	};
	size_t whole = length & ~(size_t)7;
	uint64_t block;

	for (size_t i = 0; i < whole; i += 8) {
		memcpy(&block, bytes + i, 8);
		sip_block(&s, le64toh(block));
	}
	/* The last block ends in the length, modulo 256. */
	block = 0;
	if (length > whole)
		memcpy(&block, bytes + whole, length - whole);
	sip_block(&s, le64toh(block) | (uint64_t)length << 56);
	return sip_finish(&s);
}

uint64_t siphash(const struct cookie_key *key, const void *bytes, size_t length)
{
	return sip_hash(key, bytes, length);
}

static inline __attribute__((always_inline)) uint32_t
cookie_hash(const struct cookie_key *key, const struct addr *source,
	    uint16_t source_port, const struct addr *dest, uint16_t dest_port,
	    const size_t addr_bytes)
{
	uint8_t tuple[36];
	uint8_t *ports = tuple + 2 * addr_bytes;

	memcpy(tuple, source->bytes, addr_bytes);
	memcpy(tuple + addr_bytes, dest->bytes, addr_bytes);
	ports[0] = source_port >> 8;
	ports[1] = source_port & 0xff;
	ports[2] = dest_port >> 8;
	ports[3] = dest_port & 0xff;
	return (uint32_t)sip_hash(key, tuple, 2 * addr_bytes + 4);
}

uint32_t cookie_seq(const struct cookie_key *key, const struct addr *source,
		    uint16_t source_port, const struct addr *dest,
		    uint16_t dest_port)
{
	assert(source->family == dest->family);
	/* The lengths differ, so the hash tells the families apart. */
	if (source->family == AF_INET)
		return cookie_hash(key, source, source_port, dest, dest_port,
				   4);
	return cookie_hash(key, source, source_port, dest, dest_port, 16);
}
