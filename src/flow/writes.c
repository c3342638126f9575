/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/writes.h"

#include <string.h>

#include "flow/phrase.h"
#include "flow/say.h"
#include "flow/segment.h"
#include "flow/sequence.h"
#include "wire/packet.h"

static bool is_going(const struct writes *writes)
{
	return writes->now.number && writes->now.end == WRITE_OPEN;
}

/* Why the write of now cannot go on with this segment; WRITE_OPEN: it can. */
static enum write_end interrupted(const struct writes *writes,
				  const struct segment *segment)
{
	if (segment->seq != writes->next)
		return WRITE_GAP;
	if (segment->time_ns - writes->now.last_ns >= WRITE_PAUSE_NS)
		return WRITE_PAUSED;
	return writes->answered ? WRITE_ANSWERED : WRITE_OPEN;
}

static void begin(struct writes *writes, const struct segment *segment,
		  uint8_t options_bytes)
{
	writes->now = (struct write){
		.stream = segment->stream,
		.from_client = segment->from_client,
		.number = ++writes->count,
		.first_frame = segment->frame,
		.first_ns = segment->time_ns,
		.seq = segment->seq,
		.mss = segment->mss_peer,
		.options_bytes = options_bytes,
	};
	writes->answered = false;
}

static void add_run(struct write *write, uint32_t bytes)
{
	unsigned used = write->runs_used;

	if (used && !write->runs_more && write->runs[used - 1].bytes == bytes) {
		write->runs[used - 1].segments++;
	} else if (used < WRITE_RUNS_MAX) {
		write->runs[used].bytes = bytes;
		write->runs[used].segments = 1;
		write->runs_used++;
	} else {
		write->runs_more = true;
	}
}

static void add(struct writes *writes, const struct segment *segment,
		struct write_part *part)
{
	struct write *write = &writes->now;

	part->number = write->number;
	part->from = write->bytes;
	write->bytes += segment->len;
	part->to = write->bytes;
	write->segments++;
	write->last_frame = segment->frame;
	write->last_ns = segment->time_ns;
	write->offload |= (segment->notes & NOTE_OFFLOAD) != 0;
	add_run(write, segment->len);
	writes->next = segment->seq + segment->len;
}

/* Data that was sent before belongs to no write; what is new in a segment
 * that is only partly so is the business of retransmission, not of cutting. */
static bool has_new_data(const struct segment *segment)
{
	return segment->len > 0 && !(segment->flags & TCP_RST) &&
	       !(segment->notes &
		 (NOTE_ANY_RETRANSMISSION | NOTE_OUT_OF_ORDER |
		  NOTE_KEEP_ALIVE | NOTE_ZERO_WINDOW_PROBE | NOTE_FRAGMENTED));
}

void writes_take(struct writes *writes, struct writes *other,
		 const struct segment *segment, uint8_t options_bytes,
		 struct write_part *part, struct write *before,
		 struct write *with)
{
	*part = (struct write_part){.number = 0};
	before->number = with->number = 0;
	if (!has_new_data(segment))
		return;
	other->answered = true;
	if (is_going(writes))
		writes->now.end = interrupted(writes, segment);
	if (!is_going(writes)) {
		if (writes->now.end > WRITE_FINISHED)
			*before = writes->now;
		begin(writes, segment, options_bytes);
	}
	add(writes, segment, part);
	if (segment->flags & (TCP_PSH | TCP_FIN)) {
		writes->now.end = segment->flags & TCP_PSH ? WRITE_PUSHED
							   : WRITE_FINISHED;
		part->last = true;
		*with = writes->now;
	}
}

const char *write_end_text(enum write_end end)
{
	switch (end) {
	case WRITE_OPEN:
		return _("not ended in this capture");
	case WRITE_PUSHED:
		return _("ended by PSH");
	case WRITE_FINISHED:
		return _("ended by FIN");
	case WRITE_PAUSED:
		return _("ended by a pause of 200 ms or more");
	case WRITE_ANSWERED:
		return _("ended by data from the other end");
	case WRITE_GAP:
		return _("ended by a gap in the capture");
	}
	return "";
}

static void say_runs(struct phrase *phrase, const struct write *write)
{
	for (unsigned i = 0; i < write->runs_used; i++)
		phrase_terms(phrase, i == 0, write->runs[i].bytes,
			     write->runs[i].segments);
	if (write->runs_more)
		phrase_add(phrase, " + ...");
}

static void say_why(struct phrase *phrase, const struct write *write)
{
	if (write->offload)
		phrase_add(phrase,
			   _("; larger than the MSS %1$u: captured above "
			     "the cut, which the network card makes"),
			   (unsigned)write->mss);
	else if (write->segments < 2)
		return;
	else if (write->mss == 0)
		phrase_add(phrase, _("; MSS not seen"));
	else if (write->options_bytes == 12)
		phrase_add(phrase, _("; MSS %1$u less 12 for timestamps"),
			   (unsigned)write->mss);
	else if (write->options_bytes)
		phrase_add(phrase, _("; MSS %1$u less %2$u for options"),
			   (unsigned)write->mss,
			   (unsigned)write->options_bytes);
	else
		phrase_add(phrase, _("; MSS %1$u"), (unsigned)write->mss);
}

char *write_text(const struct write *write, char *text, size_t bytes)
{
	struct phrase phrase;

	phrase_begin(&phrase, text, bytes);
	phrase_add(&phrase, "%llu = ", (unsigned long long)write->bytes);
	say_runs(&phrase, write);
	say_why(&phrase, write);
	return text;
}
