/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FUZZ_TEXT_H
#define FUZZ_TEXT_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The input as a string in memory of just its size; for the caller to free.
 * No argument of a program holds a NUL: what is behind one is cut off. NULL
 * when memory is out. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return NULL;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

#endif
