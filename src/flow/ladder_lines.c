/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/ladder_lines.h"

#include <stdio.h>

#include "flow/ladder_text.h"
#include "flow/phrase.h"
#include "flow/proof.h"
#include "flow/say.h"
#include "flow/segment.h"
#include "flow/wrap.h"
#include "wire/packet.h"

enum {
	TIME_COLUMNS = 11,
	STATE_COLUMNS = 12,
};

void ladder_lines_begin(struct ladder_lines *lines,
			const struct ladder_style *style,
			void (*put)(void *arg, const char *line), void *arg)
{
	unsigned columns = ladder_columns(style);

	*lines = (struct ladder_lines){
		.columns = columns,
		.arrow = columns - TIME_COLUMNS - 1 - 2 * (STATE_COLUMNS + 1),
		.ascii = style->ascii,
		.client = "",
		.server = "",
		.put = put,
		.arg = arg,
	};
}

size_t ladder_lines_room(const struct ladder_lines *lines)
{
	return lines->arrow - 5;
}

static void put_bars(struct phrase *line, const struct ladder_lines *lines,
		     size_t count)
{
	while (count-- > 0)
		phrase_add(line, "%s", lines->ascii ? "-" : "\u2500");
}

static void put_text(const struct ladder_lines *lines, const char *margin,
		     unsigned indent, const char *text)
{
	const struct wrap wrap = {
		.columns = lines->columns,
		.indent = indent,
		.put = lines->put,
		.arg = lines->arg,
	};

	wrap_text(&wrap, margin, text);
}

void ladder_lines_text(const struct ladder_lines *lines, const char *text)
{
	put_text(lines, "", 0, text);
}

void ladder_lines_below(const struct ladder_lines *lines, const char *margin,
			const char *text)
{
	put_text(lines, margin, TIME_COLUMNS + 1, text);
}

/* The part of it at the sender's end: columns of bars. */
static void put_begin(struct phrase *line, const struct ladder_lines *lines,
		      size_t columns, enum ladder_arrow arrow)
{
	if (arrow == LADDER_ARROW_HALF)
		phrase_padded(line, "", columns);
	else
		put_bars(line, lines, columns);
}

/* The part with the head, or with the cross and nothing behind it. */
static void put_end(struct phrase *line, const struct ladder_lines *lines,
		    size_t columns, bool to_server, enum ladder_arrow arrow)
{
	const char *right = lines->ascii ? ">" : "\u25b6";
	const char *left = lines->ascii ? "<" : "\u25c0";
	const char *cross = lines->ascii ? "x" : "\u2715";
	size_t behind = arrow == LADDER_ARROW_LOST ? columns / 2 : 0;

	if (!to_server) {
		phrase_padded(line, "", behind);
		phrase_add(line, "%s", behind ? cross : left);
	}
	put_bars(line, lines, columns - behind);
	if (to_server) {
		phrase_add(line, "%s", behind ? cross : right);
		phrase_padded(line, "", behind);
	}
}

/* The arrow with its label; the label must leave room for both ends. */
static void put_arrow(struct phrase *line, const struct ladder_lines *lines,
		      const char *label, bool to_server,
		      enum ladder_arrow arrow)
{
	size_t room = lines->arrow - 1 - say_columns(label) - 2;

	if (to_server)
		put_begin(line, lines, room / 2, arrow);
	else
		put_end(line, lines, room / 2, false, arrow);
	phrase_add(line, " %s ", label);
	if (to_server)
		put_end(line, lines, room - room / 2, true, arrow);
	else
		put_begin(line, lines, room - room / 2, arrow);
}

void ladder_lines_row(const struct ladder_lines *lines, int64_t since_ns,
		      const char *label, bool to_server,
		      enum ladder_arrow arrow)
{
	char bytes[WRAP_LINE_BYTES], time[32];
	struct phrase line;
	long long us = since_ns / 1000;

	snprintf(time, sizeof(time), "%s%lld.%06lld", us < 0 ? "-" : "",
		 (us < 0 ? -us : us) / 1000000, (us < 0 ? -us : us) % 1000000);
	phrase_begin(&line, bytes, sizeof(bytes));
	phrase_add(&line, "%*s ", TIME_COLUMNS, time);
	phrase_padded(&line, lines->client, STATE_COLUMNS);
	phrase_add(&line, " ");
	put_arrow(&line, lines, label, to_server, arrow);
	phrase_add(&line, " %s", lines->server);
	lines->put(lines->arg, bytes);
}

void ladder_lines_heading(const struct ladder_lines *lines)
{
	char bytes[WRAP_LINE_BYTES];
	struct phrase line;

	phrase_begin(&line, bytes, sizeof(bytes));
	phrase_padded(&line, _("   seconds"), TIME_COLUMNS + 1);
	phrase_padded(&line, _("client"), STATE_COLUMNS + 1 + lines->arrow + 1);
	phrase_add(&line, "%s", _("server"));
	lines->put(lines->arg, bytes);
}

bool ladder_lines_label(const struct ladder_lines *lines,
			const struct segment *segment, char *label,
			size_t bytes)
{
	size_t room = ladder_lines_room(lines);
	struct phrase phrase;
	char flags[40];
	size_t before;

	phrase_begin(&phrase, label, bytes);
	phrase_add(&phrase, "%s seq %u",
		   flags_text(segment->flags, flags, sizeof(flags)),
		   segment->seq);
	if (segment->flags & TCP_ACK)
		phrase_add(&phrase, " ack %u", segment->ack);
	if (segment->len)
		phrase_add(&phrase, " len %u", segment->len);
	before = phrase.used;
	phrase_add(&phrase, " win %u", segment->window_scaled);
	if (say_columns(label) <= room)
		return true;
	label[before] = '\0';
	label[say_fit(label, room)] = '\0';
	return false;
}

void ladder_lines_proof(const struct segment *segment, bool window_shown,
			char *text, size_t bytes)
{
	char proof[PROOF_BYTES], notes[PROOF_BYTES];
	struct phrase phrase;

	phrase_begin(&phrase, text, bytes);
	if (!window_shown)
		phrase_add(&phrase, _("win %1$u; "), segment->window_scaled);
	phrase_add(&phrase, "%s", proof_text(segment, proof, sizeof(proof)));
	if (segment->notes)
		phrase_add(&phrase, " [%s]",
			   proof_notes(segment, notes, sizeof(notes)));
}
