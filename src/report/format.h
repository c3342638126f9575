/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef REPORT_FORMAT_H
#define REPORT_FORMAT_H

#include <stdbool.h>

#include "spec/result.h"

/* Inside report/ only: what a sink asks of each format. */

struct writer;

struct format_context {
	struct writer *writer;
	bool single; /* one target: text needs no address */
	bool colour;
	bool shown[VERDICT_COUNT];
	bool headed; /* text: the heading is out */
};

/* Its strings are printable UTF-8. */
struct format_row {
	const struct result *result;
	const char *address;
	const char *service; /* NULL where unknown */
};

struct format {
	const char *name;
	void (*begin)(struct format_context *context); /* may be NULL */
	void (*row)(struct format_context *context,
		    const struct format_row *row);
	void (*summary)(struct format_context *context,
			const struct summary *summary); /* may be NULL */
};

const struct format *format_text(void);
const struct format *format_ndjson(void);
const struct format *format_csv(void);

/* Whole microseconds, rounded; rtt_ns >= 0. */
static inline uint64_t format_rtt_us(int64_t rtt_ns)
{
	return ((uint64_t)rtt_ns + 500) / 1000;
}

/* Millionths, rounded, for line_decimal(.., 6). */
uint64_t format_millionths(double value);

#endif
