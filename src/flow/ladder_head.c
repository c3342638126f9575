/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/ladder_head.h"

#include <stdio.h>

#include "flow/ladder.h"
#include "flow/phrase.h"
#include "flow/say.h"
#include "wire/packet.h"

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

char *ladder_title(const struct conversation *conversation, char *text,
		   size_t bytes)
{
	char client[ENDPOINT_TEXT_BYTES], server[ENDPOINT_TEXT_BYTES];

	snprintf(text, bytes, _("Stream %llu: %s > %s"),
		 (unsigned long long)conversation->stream,
		 conversation_endpoint(conversation, CLIENT, client),
		 conversation_endpoint(conversation, SERVER, server));
	return text;
}

const char *ladder_level(void)
{
	return _("Arrows are level: from one point of capture there is no time "
		 "of flight. With a capture from each end they slope.");
}

char *ladder_end_text(const struct ladder *ladder, int which, char *text,
		      size_t bytes)
{
	const struct segment *syn = find_syn(ladder, which);
	char endpoint[ENDPOINT_TEXT_BYTES];
	struct phrase phrase;

	conversation_endpoint(&ladder->conversation, which, endpoint);
	phrase_begin(&phrase, text, bytes);
	phrase_add(&phrase,
		   which == CLIENT ? _("client %1$s") : _("server %1$s"),
		   endpoint);
	if (syn) {
		phrase_add(&phrase, "%s", _(": "));
		say_offer(&phrase, syn);
	}
	return text;
}

const char *ladder_caveat(const struct ladder *ladder, unsigned nth)
{
	const struct conversation *conversation = &ladder->conversation;
	const char *caveats[4];
	unsigned count = 0;

	caveats[count++] =
		_("States are those inferred at the one point of the capture; "
		  "LISTEN of an end that has sent nothing is presumed.");
	if (conversation_is_midstream(conversation))
		caveats[count++] =
			_("The capture begins midstream: no SYN was seen "
			  "first, so who is the client is a guess, and "
			  "numbers count from the first segment seen.");
	if (conversation_is_one_sided(conversation))
		caveats[count++] = _("Only one end was seen sending.");
	if (conversation_is_offloaded(conversation))
		caveats[count++] =
			_("Some segments are larger than the MSS: the "
			  "capture sits above the network card, which "
			  "cuts them.");
	return nth < count ? caveats[nth] : NULL;
}
