/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/person.h"

#include <stdarg.h>
#include <stdio.h>

void person_note(const struct person *person, enum log_level level,
		 const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) >= 0)
		person->note(person->context, level, text);
	va_end(args);
}
