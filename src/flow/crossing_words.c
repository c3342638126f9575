/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/crossing_words.h"

#include <stdio.h>

#include "flow/crossing.h"
#include "flow/phrase.h"
#include "flow/proof.h"
#include "flow/say.h"
#include "report/duration.h"
#include "wire/packet.h"

enum {
	TIME_BYTES = 32,
};

/* "-1000.123 ms": an offset is told to the microsecond, and with its sign. */
static const char *offset_text(int64_t ns, char text[TIME_BYTES])
{
	uint64_t us = ((uint64_t)(ns < 0 ? -ns : ns) + 500) / 1000;

	snprintf(text, TIME_BYTES, "%s%llu.%03llu ms",
		 us == 0  ? ""
		 : ns < 0 ? "-"
			  : "+",
		 (unsigned long long)(us / 1000),
		 (unsigned long long)(us % 1000));
	return text;
}

static void say_bounds(struct phrase *phrase, const struct pairing *pairing)
{
	char least[TIME_BYTES], most[TIME_BYTES];

	if (pairing->least_known && pairing->most_known)
		phrase_add(phrase,
			   _(" By the fastest packets it lies between %1$s "
			     "and %2$s."),
			   offset_text(pairing->least_ns, least),
			   offset_text(pairing->most_ns, most));
}

char *crossing_clock_text(const struct crossing *crossing, char *text,
			  size_t bytes)
{
	const struct pairing *pairing = crossing_pairing(crossing);
	char offset[TIME_BYTES];
	struct phrase phrase;

	phrase_begin(&phrase, text, bytes);
	offset_text(pairing->offset_ns, offset);
	switch (pairing->clock) {
	case PAIRING_CLOCK_SAME:
		phrase_add(&phrase, "%s",
			   _("Clock offset 0: both captures as of one clock, "
			     "since no packet arrives before it was sent."));
		say_bounds(&phrase, pairing);
		break;
	case PAIRING_CLOCK_MIDDLE:
		phrase_add(&phrase,
			   _("Clock offset %1$s (second capture less first): "
			     "so that the fastest packet takes the same time "
			     "either way."),
			   offset);
		say_bounds(&phrase, pairing);
		break;
	case PAIRING_CLOCK_ONE_WAY:
		phrase_add(&phrase,
			   _("Clock offset %1$s (second capture less first): "
			     "only one way was seen, and its fastest packet "
			     "is taken to need no time."),
			   offset);
		break;
	case PAIRING_CLOCK_UNKNOWN:
		phrase_add(&phrase, "%s",
			   _("No packet is in both captures: the clock offset "
			     "is not known."));
		break;
	}
	return text;
}

static void say_counts(struct phrase *phrase, const struct pairing_way *way)
{
	if (way->lost > 0)
		phrase_add(phrase, _(", %1$llu lost"),
			   (unsigned long long)way->lost);
	if (way->again > 0)
		phrase_add(phrase, _(", %1$llu arrived again"),
			   (unsigned long long)way->again);
	if (way->overtaken > 0)
		phrase_add(phrase, _(", %1$llu overtaken"),
			   (unsigned long long)way->overtaken);
	if (way->unsent > 0)
		phrase_add(phrase, _(", %1$llu seen arriving only"),
			   (unsigned long long)way->unsent);
}

char *crossing_way_text(const struct crossing_ladder *ladder, int which,
			char *text, size_t bytes)
{
	unsigned client = ladder->client;
	const struct pairing_way *way =
		&ladder->way[which == CLIENT ? client : !client];
	char fastest[TIME_BYTES], slowest[TIME_BYTES], middle[TIME_BYTES];
	struct phrase phrase;

	phrase_begin(&phrase, text, bytes);
	phrase_add(&phrase,
		   which == CLIENT ? _("client to server: %1$llu sent")
				   : _("server to client: %1$llu sent"),
		   (unsigned long long)way->sent);
	say_counts(&phrase, way);
	if (way->fastest_ns >= 0)
		phrase_add(&phrase,
			   _("; on the way from %1$s to %2$s, half of them "
			     "at most %3$s"),
			   duration_text(way->fastest_ns, fastest, TIME_BYTES),
			   duration_text(way->slowest_ns, slowest, TIME_BYTES),
			   duration_text(way->middle_ns, middle, TIME_BYTES));
	return text;
}

static void say_lost(struct phrase *phrase, const struct crossing_row *row)
{
	static const char *const texts[] = {
		[PASSAGE_COVERED] = N_("lost"),
		[PASSAGE_TOO_EARLY] =
			N_("lost, or before the other capture began"),
		[PASSAGE_TOO_LATE] =
			N_("lost, or after the other capture ended"),
		[PASSAGE_UNKNOWN] = N_("not in the other capture"),
	};

	phrase_add(phrase, "%s",
		   row->again ? _("a part of it is lost")
			      : _(texts[row->passage->cover]));
}

char *crossing_fate_text(const struct crossing_row *row, char *text,
			 size_t bytes)
{
	const struct passage *passage = row->passage;
	char flight[TIME_BYTES];
	struct phrase phrase;

	phrase_begin(&phrase, text, bytes);
	duration_text(row->arrived_ns - row->sent_ns, flight, sizeof(flight));
	switch ((enum passage_fate)passage->fate) {
	case PASSAGE_ARRIVED:
		phrase_add(&phrase, _("after %1$s"), flight);
		break;
	case PASSAGE_AGAIN:
		phrase_add(&phrase, _("again after %1$s"), flight);
		break;
	case PASSAGE_RECUT:
		phrase_add(&phrase,
			   _("cut in another way on arrival: %1$u bytes "
			     "after %2$s"),
			   row->arrived->len, flight);
		break;
	case PASSAGE_LOST:
		say_lost(&phrase, row);
		break;
	default:
		phrase_add(&phrase, "%s", _("seen arriving only"));
	}
	if (passage->overtaken)
		phrase_add(&phrase, "%s", _(", overtaken"));
	return text;
}

static const struct ladder_row *data_of(const struct crossing_row *row)
{
	return row->sent_row ? row->sent_row : row->arrived_row;
}

const struct segment *crossing_segment(const struct crossing_row *row)
{
	const struct ladder_row *data = data_of(row);

	return data && data->kind == LADDER_SEGMENT ? &data->segment : NULL;
}

char *crossing_label_text(const struct crossing_row *row, char *text,
			  size_t bytes)
{
	const struct segment *segment = crossing_segment(row);
	const struct ladder_row *data = data_of(row);
	struct phrase phrase;
	char flags[40];

	phrase_begin(&phrase, text, bytes);
	if (data && data->kind == LADDER_NOTICE)
		phrase_add(&phrase, "ICMP %s", notice_name(&data->notice));
	if (!segment)
		return text;
	phrase_add(&phrase, "%s seq %u",
		   flags_text(segment->flags, flags, sizeof(flags)),
		   segment->seq);
	if (segment->flags & TCP_ACK)
		phrase_add(&phrase, " ack %u", segment->ack);
	if (segment->len)
		phrase_add(&phrase, " len %u", segment->len);
	return text;
}

char *crossing_frames_text(const struct crossing_row *row, char *text,
			   size_t bytes)
{
	struct phrase phrase;

	phrase_begin(&phrase, text, bytes);
	if (row->sent)
		phrase_add(&phrase, "#%llu",
			   (unsigned long long)row->sent->frame);
	if (row->sent && row->arrived)
		phrase_add(&phrase, " \u2192 ");
	if (row->arrived)
		phrase_add(&phrase, "#%llu",
			   (unsigned long long)row->arrived->frame);
	return text;
}
