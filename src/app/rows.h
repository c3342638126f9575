/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef APP_ROWS_H
#define APP_ROWS_H

#include <stddef.h>
#include <wchar.h>

/* How many rows below its first one a terminal's cursor stands after a prompt
 * of so many columns and the text, wrapped as libedit wraps it: a character
 * that does not fit goes to the next row, and after the last column of a row
 * the cursor is in the next one. By the locale's wcwidth(). Pure. */
unsigned rows_below(unsigned prompt_columns, const wchar_t *text, size_t length,
		    unsigned columns);

#endif
