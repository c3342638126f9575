/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/drawing_crossing.h"

#include <assert.h>
#include <stdio.h>

#include "flow/crossing.h"
#include "flow/crossing_text.h"
#include "flow/crossing_words.h"
#include "flow/drawing.h"
#include "flow/drawing_text.h"
#include "flow/ladder_head.h"
#include "flow/ladder_text.h"
#include "flow/proof.h"
#include "flow/say.h"
#include "flow/view.h"
#include "report/line.h"

/* ---- text ---- */

static void put_line(void *arg, const char *text)
{
	text_line(arg, text);
}

void text_crossing(struct drawing *drawing, const struct crossing *crossing,
		   const struct view_summary *summary)
{
	const struct ladder_style style = {
		.columns = drawing->config->columns,
		.ascii = drawing->config->ascii,
	};
	char text[PROOF_BYTES * 2];

	(void)summary;
	text_wrapped(drawing, "", 0,
		     crossing_clock_text(crossing, text, sizeof(text)));
	for (size_t i = 0; i < crossing_count(crossing); i++) {
		const struct crossing_ladder *ladder = crossing_at(crossing, i);

		text_line(drawing, "");
		text_wrapped(
			drawing, "", 0,
			ladder_title(&crossing_ladder_of(ladder)->conversation,
				     text, sizeof(text)));
		crossing_text(crossing, ladder, &style, put_line, drawing);
	}
	if (crossing_left_out(crossing) == 0)
		return;
	snprintf(text, sizeof(text),
		 _("%llu more conversations are not drawn; --stream chooses."),
		 (unsigned long long)crossing_left_out(crossing));
	text_line(drawing, "");
	text_wrapped(drawing, "", 0, text);
}

/* ---- NDJSON ---- */

static void number(struct line *line, const char *key, uint64_t value)
{
	line_text(line, key);
	line_number(line, value);
}

static void signed_number(struct line *line, const char *key, int64_t value)
{
	line_text(line, key);
	if (value < 0)
		line_text(line, "-");
	line_number(line, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

static void string(struct line *line, const char *key, const char *value)
{
	line_text(line, key);
	line_json(line, value);
}

static void put_clock(struct drawing *drawing, const struct crossing *crossing)
{
	static const char *const names[] = {
		[PAIRING_CLOCK_SAME] = "same",
		[PAIRING_CLOCK_MIDDLE] = "middle",
		[PAIRING_CLOCK_ONE_WAY] = "one-way",
		[PAIRING_CLOCK_UNKNOWN] = "unknown",
	};
	const struct pairing *pairing = crossing_pairing(crossing);
	struct line line;

	line_begin(&line);
	signed_number(&line,
		      "{\"type\":\"clock\",\"offset_ns\":", pairing->offset_ns);
	string(&line, ",\"how\":", names[pairing->clock]);
	if (pairing->least_known)
		signed_number(&line, ",\"least_ns\":", pairing->least_ns);
	if (pairing->most_known)
		signed_number(&line, ",\"most_ns\":", pairing->most_ns);
	line_text(&line, "}");
	line_end(&line, &drawing->writer);
}

static void put_packet(struct line *line, const struct sighting *sighting)
{
	char flags[16];

	string(line, ",\"from\":", sighting->from_client ? "client" : "server");
	if (sighting->kind == SIGHTING_ICMP) {
		number(line, ",\"icmp_type\":", sighting->flags);
		number(line, ",\"icmp_code\":", sighting->window);
		return;
	}
	string(line, ",\"flags\":",
	       flags_short(sighting->flags, flags, sizeof(flags)));
	number(line, ",\"seq_raw\":", sighting->seq);
	number(line, ",\"ack_raw\":", sighting->ack);
	number(line, ",\"len\":", sighting->len);
	number(line, ",\"ip_id\":", sighting->id);
}

/* Where a capture has it: "stream" and "frame" of the first, "stream2" and
 * "frame2" of the second. */
static void put_place(struct line *line, unsigned capture,
		      const struct sighting *sighting)
{
	number(line,
	       capture ? ",\"stream2\":" : ",\"stream\":", sighting->stream);
	number(line, capture ? ",\"frame2\":" : ",\"frame\":", sighting->frame);
}

static void put_pair(struct drawing *drawing, const struct crossing *crossing,
		     const struct passage *passage)
{
	const struct sighting *seen[2] = {NULL, NULL}, *any;
	unsigned from = passage->from;
	int64_t begin_ns = crossing_begin_ns(crossing), at_ns[2] = {0, 0};
	struct line line;

	if (passage->sent != PAIRING_NONE)
		seen[from] = crossing_sighting(crossing, from, passage->sent);
	if (passage->arrived != PAIRING_NONE)
		seen[!from] =
			crossing_sighting(crossing, !from, passage->arrived);
	any = seen[from] ? seen[from] : seen[!from];
	assert(any);
	line_begin(&line);
	string(&line, "{\"type\":\"pair\",\"fate\":",
	       passage_fate_name((enum passage_fate)passage->fate));
	for (unsigned c = 0; c < 2; c++) {
		if (!seen[c])
			continue;
		put_place(&line, c, seen[c]);
		at_ns[c] = pairing_time(crossing_pairing(crossing), c,
					seen[c]->time_ns) -
			   begin_ns;
	}
	if (seen[from])
		signed_number(&line, ",\"sent_ns\":", at_ns[from]);
	if (seen[!from])
		signed_number(&line, ",\"arrived_ns\":", at_ns[!from]);
	put_packet(&line, any);
	line_text(&line, passage->fate == PASSAGE_LOST ? ",\"lost\":true"
						       : ",\"lost\":false");
	if (passage->fate == PASSAGE_LOST)
		line_text(&line, passage->cover == PASSAGE_COVERED
					 ? ",\"covered\":true"
					 : ",\"covered\":false");
	line_text(&line, passage->overtaken ? ",\"overtaken\":true}"
					    : ",\"overtaken\":false}");
	line_end(&line, &drawing->writer);
}

static void both(struct line *line, const char *key, uint64_t first,
		 uint64_t second)
{
	number(line, key, first);
	number(line, ",", second);
	line_text(line, "]");
}

static void put_summary(struct drawing *drawing,
			const struct crossing *crossing,
			const struct view_summary *summary)
{
	const struct pairing_way *way = crossing_pairing(crossing)->way;
	struct line line;

	line_begin(&line);
	line_text(&line, "{\"type\":\"summary\"");
	both(&line, ",\"sent\":[", way[0].sent, way[1].sent);
	both(&line, ",\"arrived\":[", way[0].arrived, way[1].arrived);
	both(&line, ",\"lost\":[", way[0].lost, way[1].lost);
	both(&line, ",\"duplicates\":[", way[0].again, way[1].again);
	both(&line, ",\"overtaken\":[", way[0].overtaken, way[1].overtaken);
	both(&line, ",\"unsent\":[", way[0].unsent, way[1].unsent);
	both(&line, ",\"unpaired\":[", crossing_unpaired(crossing, 0),
	     crossing_unpaired(crossing, 1));
	signed_number(&line, ",\"first_ns\":", crossing_begin_ns(crossing));
	line_text(&line, summary->complete ? ",\"complete\":true}"
					   : ",\"complete\":false}");
	line_end(&line, &drawing->writer);
}

void ndjson_crossing(struct drawing *drawing, const struct crossing *crossing,
		     const struct view_summary *summary)
{
	const struct pairing *pairing = crossing_pairing(crossing);

	put_clock(drawing, crossing);
	for (size_t i = 0; i < pairing->count; i++)
		put_pair(drawing, crossing, &pairing->passages[i]);
	put_summary(drawing, crossing, summary);
}
