/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"

/* Enough to fill an error's text, since no byte gets shorter by escaping, and
 * for a context before a full text. */
#define RAW_BYTES 1200

static void text_append(char raw[RAW_BYTES], const char *text)
{
	size_t used = strlen(raw);

	snprintf(raw + used, RAW_BYTES - used, "%s", text);
}

__attribute__((format(printf, 2, 0))) static void
text_format(char raw[RAW_BYTES], const char *format, va_list args)
{
	if (vsnprintf(raw, RAW_BYTES, format, args) < 0)
		snprintf(raw, RAW_BYTES, "(unprintable message)");
}

int error_set(struct error *error, enum status status, const char *format, ...)
{
	char raw[RAW_BYTES];
	va_list args;

	if (!error)
		return -1;
	va_start(args, format);
	text_format(raw, format, args);
	va_end(args);
	error->status = status;
	escape_line(raw, error->text, sizeof(error->text));
	return -1;
}

int error_errno(struct error *error, const char *format, ...)
{
	int number = errno;
	char raw[RAW_BYTES];
	char reason[256];
	va_list args;

	if (!error)
		return -1;
	va_start(args, format);
	text_format(raw, format, args);
	va_end(args);
	errno = number;
	/* %m is strerror(errno), but safe in any thread. */
	snprintf(reason, sizeof(reason), ": %m");
	text_append(raw, reason);
	error->status = STATUS_FAILED;
	escape_line(raw, error->text, sizeof(error->text));
	errno = number;
	return -1;
}

int error_context(struct error *error, const char *format, ...)
{
	char raw[RAW_BYTES];
	va_list args;

	if (!error)
		return -1;
	va_start(args, format);
	text_format(raw, format, args);
	va_end(args);
	text_append(raw, ": ");
	text_append(raw, error->text);
	escape_line(raw, error->text, sizeof(error->text));
	return -1;
}
