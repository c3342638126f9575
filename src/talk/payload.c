/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/payload.h"

#include <stdio.h>
#include <string.h>

enum {
	UNIT = 9, /* eight digits and a comma */
};

void payload_fill(char *out, size_t bytes, bool lf)
{
	for (size_t at = 0; at < bytes; at += UNIT) {
		char unit[32];
		size_t left = bytes - at;

		snprintf(unit, sizeof(unit), "%08zu,", at);
		memcpy(out + at, unit, left < UNIT ? left : UNIT);
	}
	if (lf && bytes > 0)
		out[bytes - 1] = '\n';
}
