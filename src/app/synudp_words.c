/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/synudp_words.h"

#include <stdio.h>

#include "base/escape.h"
#include "base/writer.h"
#include "report/line.h"
#include "spec/addr.h"
#include "talk/icmperror.h"
#include "talk/prober_result.h"

void words_count(struct line *line, uint64_t value, const char *noun)
{
	line_grouped(line, value);
	line_text(line, " ");
	line_text(line, noun);
	if (value != 1)
		line_text(line, "s");
}

void words_millis(struct line *line, int64_t ns)
{
	line_decimal(line, ((uint64_t)ns + 500) / 1000, 3);
}

void words_address(struct line *line, const struct addr *addr)
{
	char raw[ADDR_TEXT_BYTES], text[4 * ADDR_TEXT_BYTES];

	/* An interface may be named with any bytes. */
	escape_line(addr_format(addr, raw), text, sizeof(text));
	line_text(line, text);
}

/* Tenths of a per cent. */
static void percent(struct line *line, uint64_t part, uint64_t whole)
{
	line_decimal(line, whole ? (part * 1000 + whole / 2) / whole : 0, 1);
	line_text(line, " %");
}

void words_icmp(struct line *line, const struct icmp_error *error)
{
	char raw[ICMP_ERROR_TEXT_BYTES], text[4 * ICMP_ERROR_TEXT_BYTES];

	escape_line(icmp_error_text(error, raw), text, sizeof(text));
	line_text(line, text);
}

void words_oddity(struct writer *writer, uint64_t value, const char *text)
{
	struct line line;

	if (!value)
		return;
	line_begin(&line);
	line_grouped(&line, value);
	line_text(&line, " ");
	line_text(&line, text);
	line_end(&line, writer);
}

void words_number(struct line *line, uint64_t value, unsigned width)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	line_right(line, text, width);
}

void words_loss(struct line *line, const struct prober_result *run)
{
	const struct tracker_counts *counts = &run->counts;
	uint64_t missing = counts->sent - counts->arrived;

	line_grouped(line, missing);
	if (run->end == PROBER_REFUSED || run->end == PROBER_TOO_BIG) {
		line_text(line, " not answered");
		return;
	}
	line_text(line, " lost (");
	percent(line, missing, counts->sent);
	line_text(line, ")");
	if (missing && run->lost_somewhere == missing) {
		line_text(line, ", which way is unknown");
	} else if (missing) {
		line_text(line, ": ");
		line_grouped(line, run->lost_out);
		line_text(line, " out, ");
		line_grouped(line, run->lost_back);
		line_text(line, " back");
		if (run->lost_somewhere) {
			line_text(line, ", ");
			line_grouped(line, run->lost_somewhere);
			line_text(line, " unknown");
		}
	}
}
