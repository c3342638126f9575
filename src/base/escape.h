/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include <stddef.h>

/*
 * Text from outside made safe for a terminal: valid UTF-8 passes, control
 * characters (C0, DELETE and C1) and bytes that are not UTF-8 become \xNN.
 * The output has no byte that a second pass would change. Pure.
 */

/* Escapes the first in_bytes of `in` into out with a NUL behind; stops before
 * the first character that does not fit whole. out_bytes >= 1. Returns how
 * many bytes of `in` were used. */
size_t escape_text(const char *in, size_t in_bytes, char *out,
		   size_t out_bytes);

/* All of the string `in`; a text that does not fit ends in "...".
 * out_bytes >= 4. */
void escape_line(const char *in, char *out, size_t out_bytes);

/* Room for a value as error lines show it. */
#define ESCAPE_QUOTE_BYTES 64

/* value in double quotes, escaped; a long one is cut and "..." put behind the
 * closing quote. Into quoted, which is returned. */
const char *escape_quote(const char *value, char quoted[ESCAPE_QUOTE_BYTES]);

#endif
