/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/datagram.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "flow/phrase.h"
#include "flow/say.h"

enum {
	UDP_BYTES = 8,
};

static int by_offset(const void *a, const void *b)
{
	const struct fragment *left = a, *right = b;

	return (left->offset > right->offset) - (left->offset < right->offset);
}

static void say_fragments(struct phrase *phrase,
			  const struct datagram *datagram)
{
	struct fragment sorted[DATAGRAM_FRAGMENTS_MAX];
	size_t count = datagram->fragments < DATAGRAM_FRAGMENTS_MAX
			       ? datagram->fragments
			       : DATAGRAM_FRAGMENTS_MAX;
	size_t at = 0, like;

	for (size_t i = 0; i < count; i++)
		sorted[i] = datagram->fragment[i];
	qsort(sorted, count, sizeof(sorted[0]), by_offset);
	for (; at < count; at += like) {
		for (like = 1; at + like < count &&
			       sorted[at + like].bytes == sorted[at].bytes;
		     like++)
			;
		phrase_terms(phrase, at == 0, sorted[at].bytes, like);
	}
	if (datagram->fragments > count)
		phrase_add(phrase, " + ...");
}

/* What the fragments carry: the whole, and what of it is a header. */
static void say_whole(struct phrase *phrase, const struct datagram *datagram)
{
	if (datagram->udp_length >= UDP_BYTES)
		phrase_add(phrase, _("%1$u + 8 UDP header"),
			   datagram->udp_length - UDP_BYTES);
	else if (datagram->ip_payload)
		phrase_add(phrase, "%u", datagram->ip_payload);
	else
		phrase_add(phrase, "?");
}

char *datagram_text(const struct datagram *datagram, char *text, size_t bytes)
{
	struct phrase phrase;

	phrase_begin(&phrase, text, bytes);
	say_whole(&phrase, datagram);
	if (!datagram->fragmented) {
		phrase_add(&phrase, _(" = %1$u: not fragmented"),
			   datagram->counted);
		return text;
	}
	phrase_add(&phrase, " = ");
	say_fragments(&phrase, datagram);
	if (!datagram->complete)
		phrase_add(&phrase, _("; incomplete: %1$u bytes seen"),
			   datagram->counted);
	if (datagram->duplicates)
		phrase_add(&phrase, _("; %1$u came again"),
			   datagram->duplicates);
	return text;
}
