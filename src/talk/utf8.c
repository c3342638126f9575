/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/utf8.h"

/* The length of a sequence by its first byte; 0 for one that begins none. */
static size_t sequence_bytes(unsigned char first)
{
	if (first < 0xc2 || first > 0xf4)
		return 0;
	return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
}

size_t utf8_whole(const char *text, size_t bytes)
{
	const unsigned char *in = (const unsigned char *)text;

	for (size_t back = 1; back <= 3 && back <= bytes; back++) {
		unsigned char byte = in[bytes - back];

		if ((byte & 0xc0) == 0x80)
			continue;
		return sequence_bytes(byte) > back ? bytes - back : bytes;
	}
	return bytes;
}
