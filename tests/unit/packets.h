/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_PACKETS_H
#define TESTS_UNIT_PACKETS_H

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * Packets that the tests of wire/ share, and the means to hold one in a
 * buffer of its exact size, where ASan sees a read of one byte too many.
 *
 *   fd00::1, 10.9.0.1  us, source port 40000
 *   fd00::2, 10.9.0.2  the target, port 80
 *   fd00::fe, 10.9.0.254  a router
 *
 * The sequence numbers of the SYNs are their cookies under the key of the
 * published SipHash vectors, 00 01 ... 0f. Above each packet is what
 * `tcpdump -nvvS` says of it; all checksums are correct.
 */

#define KEY_REFERENCE                                                          \
	{                                                                      \
		{                                                              \
			UINT64_C(0x0706050403020100),                          \
				UINT64_C(0x0f0e0d0c0b0a0908)                   \
		}                                                              \
	}
#define SEQ4 UINT32_C(0x5e1fd404)
#define SEQ6 UINT32_C(0x0ccac608)

/* (tos 0x0, ttl 63, id 0, offset 0, flags [DF], proto TCP (6), length 44)
 *     10.9.0.1.40000 > 10.9.0.2.80: Flags [S], seq 1579144196, win 1024,
 *     options [mss 1460], length 0 */
#define SYN4                                                                   \
	"4500002c000040003f0627b80a090001"                                     \
	"0a0900029c4000505e1fd40400000000"                                     \
	"60020400b15d0000020405b4"

/* (tos 0x0, ttl 64, id 0, offset 0, flags [DF], proto TCP (6), length 60)
 *     10.9.0.2.80 > 10.9.0.1.40000: Flags [S.], seq 287454020, ack
 *     1579144197, win 65160, options [mss 1460,sackOK,TS val 1 ecr 2,nop,
 *     wscale 7], length 0 */
#define SYN_ACK4                                                               \
	"4500003c00004000400626a80a090002"                                     \
	"0a09000100509c40112233445e1fd405"                                     \
	"a012fe8822340000020405b40402080a"                                     \
	"000000010000000201030307"

/* (tos 0x0, ttl 64, id 0, offset 0, flags [DF], proto TCP (6), length 40)
 *     10.9.0.2.80 > 10.9.0.1.40000: Flags [R.], seq 0, ack 1579144197,
 *     win 0, length 0 */
#define RST4                                                                   \
	"4500002800004000400626bc0a090002"                                     \
	"0a09000100509c40000000005e1fd405"                                     \
	"50140000cd060000"

/* (tos 0x0, ttl 64, id 0, offset 0, flags [DF], proto TCP (6), length 45)
 *     10.9.0.2.80 > 10.9.0.1.40000: Flags [P.], seq 287454021:287454026,
 *     ack 1579144197, win 510, length 5 */
#define DATA4                                                                  \
	"4500002d00004000400626b70a090002"                                     \
	"0a09000100509c40112233455e1fd405"                                     \
	"501801fe42c6000068656c6c6f"

/* (tos 0x0, ttl 64, id 0, offset 0, flags [DF], proto ICMP (1), length 72)
 *     10.9.0.254 > 10.9.0.1: ICMP host 10.9.0.2 unreachable, length 52
 *     (then SYN4) */
#define UNREACH4                                                               \
	"4500004800004000400125a50a0900fe"                                     \
	"0a0900010301113200000000" SYN4

/* (tos 0x0, ttl 64, id 4660, offset 1480, flags [+], proto TCP (6),
 *     length 36) 10.9.0.2 > 10.9.0.1: ip-proto-6 */
#define FRAGMENT4                                                              \
	"45000024123420b9400633d30a090002"                                     \
	"0a090001303132333435363738396162"                                     \
	"63646566"

/* (hlim 63, next-header TCP (6) payload length: 24)
 *     fd00::1.40000 > fd00::2.80: Flags [S], seq 214615560, win 1024,
 *     options [mss 1440], length 0 */
#define SYN6                                                                   \
	"600000000018063ffd00000000000000"                                     \
	"0000000000000001fd00000000000000"                                     \
	"00000000000000029c4000500ccac608"                                     \
	"00000000600204002ad30000020405a0"

/* (hlim 64, next-header TCP (6) payload length: 40)
 *     fd00::2.80 > fd00::1.40000: Flags [S.], seq 287454020, ack 214615561,
 *     win 65160, options [mss 1460,sackOK,TS val 1 ecr 2,nop,wscale 7],
 *     length 0 */
#define SYN_ACK6                                                               \
	"6000000000280640fd00000000000000"                                     \
	"0000000000000002fd00000000000000"                                     \
	"000000000000000100509c4011223344"                                     \
	"0ccac609a012fe889b950000020405b4"                                     \
	"0402080a000000010000000201030307"

/* (hlim 64, next-header TCP (6) payload length: 20)
 *     fd00::2.80 > fd00::1.40000: Flags [R.], seq 0, ack 214615561, win 0,
 *     length 0 */
#define RST6                                                                   \
	"6000000000140640fd00000000000000"                                     \
	"0000000000000002fd00000000000000"                                     \
	"000000000000000100509c4000000000"                                     \
	"0ccac6095014000046680000"

/* (hlim 64, next-header ICMPv6 (58) payload length: 72) fd00::fe > fd00::1:
 *     ICMP6, destination unreachable, unreachable address fd00::2
 *     (then SYN6) */
#define UNREACH6                                                               \
	"6000000000483a40fd00000000000000"                                     \
	"00000000000000fefd00000000000000"                                     \
	"000000000000000101039d4000000000" SYN6

/* (hlim 64, next-header Options (0) payload length: 60) fd00::2 > fd00::1:
 *     HBH (padn) DSTOPT (padn) RT6 (len=0, type=254, segleft=0)
 *     frag (0xdeadbeef:0|20) 80 > 40000: Flags [S.], seq 287454020,
 *     ack 214615561, win 65160, length 0 */
#define CHAIN6                                                                 \
	"60000000003c0040fd00000000000000"                                     \
	"0000000000000002fd00000000000000"                                     \
	"00000000000000013c00010400000000"                                     \
	"2b01010c000000000000000000000000"                                     \
	"2c00fe000000000006000001deadbeef"                                     \
	"00509c40112233440ccac6095012fe88"                                     \
	"037b0000"

/* (hlim 64, next-header Fragment (44) payload length: 16)
 *     fd00::2 > fd00::1: frag (0xdeadbeef:1448|8) */
#define FRAGMENT6                                                              \
	"6000000000102c40fd00000000000000"                                     \
	"0000000000000002fd00000000000000"                                     \
	"0000000000000001060005a9deadbeef"                                     \
	"3031323334353637"

struct bytes {
	uint8_t *at;
	size_t count;
};

/* A copy in a buffer of that size; free(bytes.at). */
static inline struct bytes bytes_copy(const void *from, size_t count)
{
	struct bytes bytes = {malloc(count), count};

	assert(bytes.at);
	memcpy(bytes.at, from, count);
	return bytes;
}

static inline struct bytes bytes_hex(const char *hex)
{
	struct bytes bytes = {malloc(strlen(hex) / 2), strlen(hex) / 2};

	assert(bytes.at);
	for (size_t i = 0; i < bytes.count; i++) {
		char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

		bytes.at[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return bytes;
}

static inline void store_be16(uint8_t *at, uint16_t value)
{
	at[0] = value >> 8;
	at[1] = value & 0xff;
}

static inline void store_be32(uint8_t *at, uint32_t value)
{
	store_be16(at, value >> 16);
	store_be16(at + 2, value & 0xffff);
}

#endif
