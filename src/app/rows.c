/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/rows.h"

#include <stdio.h>
#include <wctype.h>

/* As libedit draws it at that column: a tab to the next stop, ^X for a
 * control character, \U+XXXX for what cannot be printed. */
static unsigned drawn_columns(wchar_t c, unsigned column)
{
	int width = wcwidth(c);

	if (c == L'\t')
		return 8 - column % 8;
	if (c < 0x20 || c == 0x7f)
		return 2;
	if (width >= 0)
		return (unsigned)width;
	return (unsigned)snprintf(NULL, 0, "\\U+%04lX", (unsigned long)c);
}

unsigned rows_below(unsigned prompt_columns, const wchar_t *text, size_t length,
		    unsigned columns)
{
	unsigned row = prompt_columns / columns;
	unsigned column = prompt_columns % columns;

	for (size_t i = 0; i < length; i++) {
		unsigned width = drawn_columns(text[i], column);

		if (column + width > columns && width <= columns) {
			row++;
			column = 0;
		}
		column += width;
		row += column / columns;
		column %= columns;
	}
	return row;
}
