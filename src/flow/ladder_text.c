/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/ladder_text.h"

#include <stdio.h>
#include <string.h>

#include "flow/ladder.h"
#include "flow/phrase.h"
#include "flow/proof.h"
#include "flow/say.h"
#include "flow/wrap.h"
#include "wire/packet.h"

/*
 *   1.000000 SYN_SENT     ─── SYN seq 0 win 64240 ───────────▶ LISTEN
 *   ^ time   ^ client     ^ arrow                              ^ server
 */
enum {
	COLUMNS = 80,
	COLUMNS_MIN = 60,
	TIME_COLUMNS = 11,
	STATE_COLUMNS = 12,
};

struct drawing {
	const struct ladder *ladder;
	struct ladder_style style;
	unsigned arrow; /* columns of it */
	const char *bar, *left, *right;
	const char *client, *server; /* states at the last row */
	void (*put)(void *arg, const char *line);
	void *arg;
};

static void put_bars(struct phrase *line, const struct drawing *drawing,
		     size_t count)
{
	while (count-- > 0)
		phrase_add(line, "%s", drawing->bar);
}

/* A line of text from that column on, on as many lines as it needs. */
static void put_text(const struct drawing *drawing, const char *margin,
		     unsigned indent, const char *text)
{
	const struct wrap wrap = {
		.columns = drawing->style.columns,
		.indent = indent,
		.put = drawing->put,
		.arg = drawing->arg,
	};

	wrap_text(&wrap, margin, text);
}

/* The arrow with its label; the label must leave room for both ends. */
static void put_arrow(struct phrase *line, const struct drawing *drawing,
		      const char *label, bool to_server)
{
	size_t label_columns = say_columns(label);
	size_t room = drawing->arrow - 1 - label_columns - 2;

	if (!to_server)
		phrase_add(line, "%s", drawing->left);
	put_bars(line, drawing, room / 2);
	phrase_add(line, " %s ", label);
	put_bars(line, drawing, room - room / 2);
	if (to_server)
		phrase_add(line, "%s", drawing->right);
}

static void put_row(const struct drawing *drawing, int64_t since_ns,
		    const char *label, bool to_server)
{
	char bytes[WRAP_LINE_BYTES], time[32];
	struct phrase line;
	long long us = since_ns / 1000;

	snprintf(time, sizeof(time), "%s%lld.%06lld", us < 0 ? "-" : "",
		 (us < 0 ? -us : us) / 1000000, (us < 0 ? -us : us) % 1000000);
	phrase_begin(&line, bytes, sizeof(bytes));
	phrase_add(&line, "%*s ", TIME_COLUMNS, time);
	phrase_padded(&line, drawing->client, STATE_COLUMNS);
	phrase_add(&line, " ");
	put_arrow(&line, drawing, label, to_server);
	phrase_add(&line, " %s", drawing->server);
	drawing->put(drawing->arg, bytes);
}

/* Flags and numbers; the window where it finds room. */
static bool label_segment(const struct drawing *drawing,
			  const struct segment *segment, char *label,
			  size_t bytes)
{
	size_t room = drawing->arrow - 5;
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

/* What lies under the arrow: the window where the arrow had no room, the
 * proof, the notes. */
static void proof_line(const struct segment *segment, bool window_shown,
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

static void raw_line(const struct segment *segment, char *text, size_t bytes)
{
	struct phrase phrase;

	phrase_begin(&phrase, text, bytes);
	phrase_add(&phrase, _("raw: seq %1$u ack %2$u"), segment->seq_raw,
		   segment->ack_raw);
	if (segment->scale > 0)
		phrase_add(&phrase, _(", win %1$u x %2$u = %3$u"),
			   (unsigned)segment->window, 1u << segment->scale,
			   segment->window_scaled);
	else
		phrase_add(&phrase,
			   segment->scale < 0
				   ? _(", win %1$u (scale not known)")
				   : _(", win %1$u"),
			   (unsigned)segment->window);
}

static const char *frame_margin(uint64_t frame, char text[32])
{
	snprintf(text, 32, " #%llu", (unsigned long long)frame);
	return text;
}

static void draw_segment(struct drawing *drawing, const struct segment *segment)
{
	char text[PROOF_BYTES * 2 + 64], margin[32];
	bool window_shown = label_segment(drawing, segment, text, sizeof(text));

	drawing->client = endstate_name(segment->client_state);
	drawing->server = endstate_name(segment->server_state);
	put_row(drawing, segment->since_ns, text, segment->from_client);
	proof_line(segment, window_shown, text, sizeof(text));
	put_text(drawing, frame_margin(segment->frame, margin),
		 TIME_COLUMNS + 1, text);
	if (!drawing->style.raw)
		return;
	raw_line(segment, text, sizeof(text));
	put_text(drawing, "", TIME_COLUMNS + 1, text);
}

/* The arrow ends at the end whose packet is quoted: it goes back to it. */
static void draw_notice(const struct drawing *drawing,
			const struct notice *notice)
{
	char text[PROOF_BYTES], margin[32], address[ADDR_TEXT_BYTES];
	struct phrase phrase;

	phrase_begin(&phrase, text, sizeof(text));
	phrase_add(&phrase, "ICMP %s", notice_name(notice));
	text[say_fit(text, drawing->arrow - 5)] = '\0';
	put_row(drawing, notice->since_ns, text, !notice->quotes_client);
	phrase_begin(&phrase, text, sizeof(text));
	phrase_add(&phrase, _("from %1$s, type %2$u code %3$u: "),
		   addr_format(&notice->source, address),
		   (unsigned)notice->type, (unsigned)notice->code);
	notice_quote(notice, text + phrase.used, sizeof(text) - phrase.used);
	put_text(drawing, frame_margin(notice->frame, margin), TIME_COLUMNS + 1,
		 text);
	put_text(drawing, "", TIME_COLUMNS + 1,
		 notice_why(notice, text, sizeof(text)));
}

static void draw_fragment(const struct drawing *drawing,
			  const struct ladder_fragment *fragment)
{
	char text[PROOF_BYTES], margin[32];

	snprintf(text, sizeof(text), _("fragment: %1$u bytes from %2$u"),
		 fragment->bytes, fragment->offset);
	text[say_fit(text, drawing->arrow - 5)] = '\0';
	put_row(drawing, fragment->since_ns, text, fragment->from_client);
	snprintf(text, sizeof(text),
		 fragment->more ? _("of the segment with ID %1$u; more follow")
				: _("of the segment with ID %1$u; the last"),
		 fragment->id);
	put_text(drawing, frame_margin(fragment->frame, margin),
		 TIME_COLUMNS + 1, text);
}

static void draw_row(struct drawing *drawing, const struct ladder_row *row)
{
	switch (row->kind) {
	case LADDER_SEGMENT:
		draw_segment(drawing, &row->segment);
		break;
	case LADDER_NOTICE:
		draw_notice(drawing, &row->notice);
		break;
	case LADDER_FRAGMENT:
		draw_fragment(drawing, &row->fragment);
		break;
	}
}

/* "MSS 1460, window scale 7, SACK, timestamps" of the first SYN of an end. */
static void say_offer(struct phrase *phrase, const struct segment *syn)
{
	if (syn->mss)
		phrase_add(phrase, "MSS %u", (unsigned)syn->mss);
	else
		phrase_add(phrase, "%s", _("no MSS"));
	if (syn->window_scale >= 0)
		phrase_add(phrase, _(", window scale %1$d"), syn->window_scale);
	if (syn->sack_permitted)
		phrase_add(phrase, "%s", _(", SACK"));
	if (syn->timestamps)
		phrase_add(phrase, "%s", _(", timestamps"));
}

static const struct segment *find_syn(const struct ladder *ladder, int which)
{
	for (size_t i = 0; i < ladder->count; i++) {
		const struct ladder_row *row = &ladder->rows[i];

		if (row->kind == LADDER_SEGMENT &&
		    row->segment.flags & TCP_SYN &&
		    row->segment.from_client == (which == CLIENT))
			return &row->segment;
	}
	return NULL;
}

char *ladder_offer(const struct ladder *ladder, int which, char *text,
		   size_t bytes)
{
	const struct segment *syn = find_syn(ladder, which);
	struct phrase phrase;

	phrase_begin(&phrase, text, bytes);
	if (syn)
		say_offer(&phrase, syn);
	return text;
}

static void draw_end(const struct drawing *drawing, int which)
{
	char text[PROOF_BYTES * 2], offer[PROOF_BYTES];
	char endpoint[ENDPOINT_TEXT_BYTES];
	struct phrase phrase;

	ladder_offer(drawing->ladder, which, offer, sizeof(offer));
	conversation_endpoint(&drawing->ladder->conversation, which, endpoint);
	phrase_begin(&phrase, text, sizeof(text));
	phrase_add(&phrase,
		   which == CLIENT ? _("client %1$s") : _("server %1$s"),
		   endpoint);
	if (*offer)
		phrase_add(&phrase, ": %s", offer);
	put_text(drawing, "", 0, text);
}

/* What the reader must know about where and when this was captured. */
static void draw_caveats(const struct drawing *drawing)
{
	const struct conversation *conversation =
		&drawing->ladder->conversation;

	if (conversation_is_midstream(conversation))
		put_text(drawing, "", 0,
			 _("The capture begins midstream: no SYN was seen "
			   "first, so who is the client is a guess, and "
			   "numbers count from the first segment seen."));
	if (conversation_is_one_sided(conversation))
		put_text(drawing, "", 0, _("Only one end was seen sending."));
	if (conversation_is_offloaded(conversation))
		put_text(drawing, "", 0,
			 _("Some segments are larger than the MSS: the "
			   "capture sits above the network card, which "
			   "cuts them."));
}

static void draw_head(const struct drawing *drawing)
{
	char bytes[WRAP_LINE_BYTES];
	struct phrase line;

	draw_end(drawing, CLIENT);
	draw_end(drawing, SERVER);
	put_text(drawing, "", 0,
		 _("States are those inferred at the one point of the "
		   "capture; LISTEN of an end that has sent nothing is "
		   "presumed."));
	draw_caveats(drawing);
	phrase_begin(&line, bytes, sizeof(bytes));
	phrase_padded(&line, _("   seconds"), TIME_COLUMNS + 1);
	phrase_padded(&line, _("client"),
		      STATE_COLUMNS + 1 + drawing->arrow + 1);
	phrase_add(&line, "%s", _("server"));
	drawing->put(drawing->arg, bytes);
}

static void draw_foot(const struct drawing *drawing)
{
	const struct ladder *ladder = drawing->ladder;
	char text[PROOF_BYTES];

	if (ladder->left_out > 0) {
		snprintf(text, sizeof(text),
			 _("... and %1$llu more rows, left out."),
			 (unsigned long long)ladder->left_out);
		put_text(drawing, "", TIME_COLUMNS + 1, text);
	}
	if (!drawing->style.headless)
		put_text(drawing, "", TIME_COLUMNS + 1,
			 close_text(conversation_close(&ladder->conversation)));
}

unsigned ladder_columns(const struct ladder_style *style)
{
	if (style->columns == 0)
		return COLUMNS;
	if (style->columns < COLUMNS_MIN)
		return COLUMNS_MIN;
	return style->columns < WRAP_COLUMNS_MAX ? style->columns
						 : WRAP_COLUMNS_MAX;
}

void ladder_text(const struct ladder *ladder, const struct ladder_style *style,
		 void (*put)(void *arg, const char *line), void *arg)
{
	struct drawing drawing = {
		.ladder = ladder,
		.style = *style,
		.bar = style->ascii ? "-" : "\u2500",
		.left = style->ascii ? "<" : "\u25c0",
		.right = style->ascii ? ">" : "\u25b6",
		.client = "",
		.server = "",
		.put = put,
		.arg = arg,
	};

	drawing.style.columns = ladder_columns(style);
	drawing.arrow = drawing.style.columns - TIME_COLUMNS - 1 -
			2 * (STATE_COLUMNS + 1);
	if (!style->headless)
		draw_head(&drawing);
	for (size_t i = 0; i < ladder->count; i++)
		draw_row(&drawing, &ladder->rows[i]);
	draw_foot(&drawing);
}
