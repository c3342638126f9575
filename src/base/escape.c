/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/escape.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* How many bytes the printable character at `in` has; 0 when a control
 * character or something that is not UTF-8 stands there (RFC 3629: no
 * surrogates, no overlong forms, nothing above U+10FFFF). */
static size_t printable_bytes(const unsigned char *in, size_t in_bytes)
{
	static const uint32_t least[5] = {0, 0, 0xa0, 0x800, 0x10000};
	uint32_t code;
	size_t n;

	if (in[0] < 0x80)
		return in[0] >= 0x20 && in[0] != 0x7f;
	n = in[0] >= 0xf0 ? 4 : in[0] >= 0xe0 ? 3 : 2;
	if (in[0] < 0xc2 || in[0] > 0xf4 || n > in_bytes)
		return 0;
	code = in[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((in[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (in[i] & 0x3f);
	}
	/* U+0080 to U+009F are controls: a terminal may obey them. */
	if (code < least[n] || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return n;
}

size_t escape_text(const char *in, size_t in_bytes, char *out, size_t out_bytes)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *bytes = (const unsigned char *)in;
	size_t used = 0;

	while (used < in_bytes) {
		size_t n = printable_bytes(bytes + used, in_bytes - used);

		if (out_bytes <= (n ? n : 4))
			break;
		if (n) {
			memcpy(out, in + used, n);
			out += n;
			out_bytes -= n;
			used += n;
			continue;
		}
		*out++ = '\\';
		*out++ = 'x';
		*out++ = hex[bytes[used] >> 4];
		*out++ = hex[bytes[used] & 15];
		out_bytes -= 4;
		used++;
	}
	*out = '\0';
	return used;
}

void escape_line(const char *in, char *out, size_t out_bytes)
{
	size_t bytes = strlen(in);
	size_t end;

	if (escape_text(in, bytes, out, out_bytes) == bytes)
		return;
	escape_text(in, bytes, out, out_bytes - 3);
	end = strlen(out);
	memcpy(out + end, "...", 4);
}

const char *escape_quote(const char *value, char quoted[ESCAPE_QUOTE_BYTES])
{
	/* Around it go two quotes and the three dots. */
	char inner[ESCAPE_QUOTE_BYTES - 5];
	size_t bytes = strnlen(value, sizeof(inner));
	size_t used = escape_text(value, bytes, inner, sizeof(inner));

	snprintf(quoted, ESCAPE_QUOTE_BYTES, "\"%s\"%s", inner,
		 value[used] == '\0' ? "" : "...");
	return quoted;
}
