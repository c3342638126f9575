/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/wrap.h"

#include <string.h>

#include "flow/phrase.h"
#include "flow/say.h"

/* Without the blanks at its end. */
static size_t trimmed(const char *text, size_t bytes)
{
	while (bytes > 0 && text[bytes - 1] == ' ')
		bytes--;
	return bytes;
}

void wrap_text(const struct wrap *wrap, const char *margin, const char *text)
{
	char bytes[WRAP_LINE_BYTES];
	struct phrase line;
	size_t taken;

	do {
		taken = say_break(text, wrap->columns - wrap->indent);
		phrase_begin(&line, bytes, sizeof(bytes));
		phrase_padded(&line, margin, wrap->indent);
		phrase_add(&line, "%.*s", (int)trimmed(text, taken), text);
		wrap->put(wrap->arg, bytes);
		text += taken + strspn(text + taken, " ");
		margin = "";
	} while (*text && taken > 0);
}
