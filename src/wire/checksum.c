/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/checksum.h"

#include <arpa/inet.h>
#include <assert.h>

uint32_t checksum_add(uint32_t sum, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;
	uint64_t wide = sum;
	size_t i;

	for (i = 0; i + 1 < length; i += 2)
		wide += (uint32_t)at[i] << 8 | at[i + 1];
	if (i < length)
		wide += (uint32_t)at[i] << 8;

	/* End-around carry: no length of input loses a bit. */
	while (wide >> 32)
		wide = (wide & UINT32_MAX) + (wide >> 32);
	return (uint32_t)wide;
}

uint16_t checksum_finish_be(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

uint32_t checksum_pseudo(const struct addr *source, const struct addr *dest,
			 uint8_t protocol, uint32_t length)
{
	size_t bytes = source->family == AF_INET ? 4 : 16;
	uint32_t sum = 0;

	assert(source->family == dest->family);
	sum = checksum_add(sum, source->bytes, bytes);
	sum = checksum_add(sum, dest->bytes, bytes);
	/* The fields are as wide as they are in IPv6; in IPv4 the upper half
	 * of the length is 0 and the sum the same. */
	return sum + (length >> 16) + (length & 0xffff) + protocol;
}
