/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/phrase.h"

#include <stdarg.h>
#include <stdio.h>

#include "flow/say.h"

void phrase_begin(struct phrase *phrase, char *text, size_t bytes)
{
	*phrase = (struct phrase){.text = text, .bytes = bytes};
	text[0] = '\0';
}

static void cut_whole(struct phrase *phrase)
{
	size_t at = phrase->bytes - 1;

	while (at > 0 && ((unsigned char)phrase->text[at - 1] & 0xc0) == 0x80)
		at--;
	if (at > 0 && (unsigned char)phrase->text[at - 1] >= 0xc0)
		at--;
	else
		at = phrase->bytes - 1;
	phrase->text[at] = '\0';
	phrase->used = phrase->bytes;
}

void phrase_add(struct phrase *phrase, const char *format, ...)
{
	va_list args;
	int wanted;

	if (phrase->used >= phrase->bytes)
		return;
	va_start(args, format);
	wanted = vsnprintf(phrase->text + phrase->used,
			   phrase->bytes - phrase->used, format, args);
	va_end(args);
	if (wanted < 0)
		return;
	if ((size_t)wanted < phrase->bytes - phrase->used)
		phrase->used += (size_t)wanted;
	else
		cut_whole(phrase);
}

void phrase_padded(struct phrase *phrase, const char *text, size_t columns)
{
	size_t taken = say_columns(text);

	phrase_add(phrase, "%s%*s", text,
		   taken < columns ? (int)(columns - taken) : 0, "");
}

void phrase_terms(struct phrase *phrase, int first, unsigned long long term,
		  unsigned long long count)
{
	const char *plus = first ? "" : " + ";

	if (count > 3) {
		phrase_add(phrase, "%s%llu x %llu", plus, count, term);
		return;
	}
	for (; count > 0; count--) {
		phrase_add(phrase, "%s%llu", plus, term);
		plus = " + ";
	}
}
