/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/datagrams.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "flow/frame.h"

/* RFC 1122 3.3.2: reassembly is given up after 60 s at the latest; the same
 * ID later is another datagram. */
#define REASSEMBLY_NS 60000000000LL

struct recent {
	struct addr source, dest;
	uint16_t source_port, dest_port;
	uint32_t id;
	struct datagram_place place;
};

struct datagrams {
	uint64_t count, evicted_count;
	uint64_t touch;
	struct datagram whole;   /* the last that came in one piece */
	struct datagram evicted; /* the last given up */
	struct slot {
		uint64_t touched; /* 0: free */
		struct datagram datagram;
	} slots[DATAGRAMS_MAX];
	struct slot *latest; /* fragments mostly follow their like */
	uint64_t recents;
	struct recent recent[DATAGRAMS_MAX];
};

struct datagrams *datagrams_new(void)
{
	return calloc(1, sizeof(struct datagrams));
}

void datagrams_free(struct datagrams *datagrams)
{
	free(datagrams);
}

uint64_t datagrams_count(const struct datagrams *datagrams)
{
	return datagrams->count;
}

uint64_t datagrams_evicted(const struct datagrams *datagrams)
{
	return datagrams->evicted_count;
}

/* All but the list of fragments: it is long and mostly unused. */
static void clear(struct datagram *datagram)
{
	memset(datagram, 0, offsetof(struct datagram, fragment));
}

static void begin(struct datagram *datagram, const struct frame *frame)
{
	const struct packet *packet = &frame->packet;

	clear(datagram);
	datagram->source = packet->source;
	datagram->dest = packet->dest;
	datagram->protocol = packet->protocol;
	datagram->id = packet->id;
	datagram->first_frame = frame->number;
	datagram->first_ns = frame->time_ns;
	datagram->fragmented =
		packet->fragment_offset > 0 || packet->more_fragments;
}

/* The first fragment, or the only one: it has the header. */
static void add_header(struct datagrams *datagrams, struct datagram *datagram,
		       const struct frame *frame)
{
	struct recent *recent;

	if (frame->kind != FRAME_UDP)
		return;
	datagram->ports_known = true;
	datagram->source_port = frame->udp.source_port;
	datagram->dest_port = frame->udp.dest_port;
	datagram->udp_length = frame->udp.length;
	recent = &datagrams->recent[datagrams->recents++ % DATAGRAMS_MAX];
	*recent = (struct recent){
		.source = datagram->source,
		.dest = datagram->dest,
		.source_port = datagram->source_port,
		.dest_port = datagram->dest_port,
		.id = datagram->id,
		.place = {datagram->number, frame->number},
	};
}

static bool is_listed(const struct datagram *datagram, uint32_t offset)
{
	uint32_t listed = datagram->fragments;

	if (listed > DATAGRAM_FRAGMENTS_MAX)
		listed = DATAGRAM_FRAGMENTS_MAX;
	for (uint32_t i = 0; i < listed; i++) {
		if (datagram->fragment[i].offset == offset)
			return true;
	}
	return false;
}

static void add_piece(struct datagram *datagram, const struct frame *frame)
{
	const struct packet *packet = &frame->packet;
	uint32_t bytes = (uint32_t)packet->payload_length;
	uint32_t offset = packet->fragment_offset;

	datagram->last_ns = frame->time_ns;
	if (is_listed(datagram, offset)) {
		datagram->duplicates++;
		return;
	}
	if (datagram->fragments < DATAGRAM_FRAGMENTS_MAX)
		datagram->fragment[datagram->fragments] = (struct fragment){
			.frame = frame->number,
			.time_ns = frame->time_ns,
			.offset = offset,
			.bytes = bytes,
			.more = packet->more_fragments,
		};
	datagram->fragments++;
	datagram->counted += bytes;
	if (!packet->more_fragments)
		datagram->ip_payload = offset + bytes;
	datagram->complete = datagram->ip_payload &&
			     datagram->counted >= datagram->ip_payload;
}

/* RFC 791: source, destination, protocol and ID tell datagrams apart. */
static bool is_of(const struct datagram *datagram, const struct frame *frame)
{
	const struct packet *packet = &frame->packet;

	return datagram->id == packet->id &&
	       frame->time_ns - datagram->first_ns < REASSEMBLY_NS &&
	       (datagram->protocol == packet->protocol ||
		packet->source.family == AF_INET6) &&
	       addr_equal(&datagram->source, &packet->source) &&
	       addr_equal(&datagram->dest, &packet->dest) &&
	       !(datagram->complete && packet->fragment_offset == 0);
}

/* The slot to use next: a free one, else one that is done with, else the
 * oldest. */
static struct slot *slot_free(struct datagrams *datagrams)
{
	struct slot *best = &datagrams->slots[0];

	for (size_t i = 0; i < DATAGRAMS_MAX; i++) {
		struct slot *slot = &datagrams->slots[i];

		if (!slot->touched)
			return slot;
		if (slot->datagram.complete != best->datagram.complete
			    ? slot->datagram.complete
			    : slot->touched < best->touched)
			best = slot;
	}
	return best;
}

static struct slot *slot_find(struct datagrams *datagrams,
			      const struct frame *frame)
{
	if (datagrams->latest && is_of(&datagrams->latest->datagram, frame))
		return datagrams->latest;
	for (size_t i = 0; i < DATAGRAMS_MAX; i++) {
		struct slot *slot = &datagrams->slots[i];

		if (slot->touched && is_of(&slot->datagram, frame))
			return slot;
	}
	return NULL;
}

static struct datagram *slot_take(struct datagrams *datagrams,
				  const struct frame *frame,
				  const struct datagram **evicted)
{
	struct slot *slot = slot_find(datagrams, frame);

	if (slot) {
		slot->touched = ++datagrams->touch;
		datagrams->latest = slot;
		return &slot->datagram;
	}
	slot = slot_free(datagrams);
	datagrams->latest = slot;
	if (slot->touched && !slot->datagram.complete) {
		datagrams->evicted = slot->datagram;
		datagrams->evicted_count++;
		*evicted = &datagrams->evicted;
	}
	slot->touched = ++datagrams->touch;
	begin(&slot->datagram, frame);
	slot->datagram.number = ++datagrams->count;
	return &slot->datagram;
}

struct datagram *datagrams_take(struct datagrams *datagrams,
				const struct frame *frame,
				const struct datagram **evicted)
{
	const struct packet *packet = &frame->packet;
	struct datagram *datagram;

	*evicted = NULL;
	if (packet->fragment_offset > 0 || packet->more_fragments) {
		datagram = slot_take(datagrams, frame, evicted);
	} else {
		datagram = &datagrams->whole;
		begin(datagram, frame);
		datagram->number = ++datagrams->count;
	}
	if (packet->fragment_offset == 0)
		add_header(datagrams, datagram, frame);
	add_piece(datagram, frame);
	return datagram;
}

bool datagrams_find(const struct datagrams *datagrams,
		    const struct datagram_quote *quote,
		    struct datagram_place *place)
{
	for (uint64_t back = 1;
	     back <= DATAGRAMS_MAX && back <= datagrams->recents; back++) {
		const struct recent *recent =
			&datagrams->recent[(datagrams->recents - back) %
					   DATAGRAMS_MAX];

		if (recent->id == quote->id &&
		    recent->source_port == quote->source_port &&
		    recent->dest_port == quote->dest_port &&
		    addr_equal(&recent->source, quote->source) &&
		    addr_equal(&recent->dest, quote->dest)) {
			*place = recent->place;
			return true;
		}
	}
	return false;
}

const struct datagram *datagrams_open(const struct datagrams *datagrams,
				      size_t nth)
{
	for (size_t i = 0; i < DATAGRAMS_MAX; i++) {
		const struct slot *slot = &datagrams->slots[i];

		if (slot->touched && !slot->datagram.complete && nth-- == 0)
			return &slot->datagram;
	}
	return NULL;
}
