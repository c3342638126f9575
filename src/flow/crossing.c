/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/crossing.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "flow/crossing_parts.h"
#include "flow/flow.h"

static int no_memory(struct error *error)
{
	return error_set(error, STATUS_FAILED, "out of memory");
}

struct crossing *crossing_new(const struct crossing_config *config,
			      struct error *error)
{
	struct crossing *crossing = calloc(1, sizeof(*crossing));

	if (crossing) {
		crossing->config = *config;
		crossing->tuples = calloc(config->stream_count + 1,
					  sizeof(*crossing->tuples));
		for (unsigned c = 0; c < 2; c++)
			crossing->capture[c].ladders = calloc(
				CROSSING_LADDERS_MAX, sizeof(struct ladder));
	}
	if (crossing && crossing->tuples && crossing->capture[0].ladders &&
	    crossing->capture[1].ladders)
		return crossing;
	crossing_free(crossing);
	no_memory(error);
	return NULL;
}

static void ladders_free(struct ladder *ladders, size_t count)
{
	for (size_t i = 0; i < count; i++)
		ladder_fini(&ladders[i]);
	free(ladders);
}

void crossing_free(struct crossing *crossing)
{
	if (!crossing)
		return;
	for (size_t i = 0; i < crossing->ladder_count; i++) {
		ladder_fini(&crossing->ladders[i].ladder[0]);
		ladder_fini(&crossing->ladders[i].ladder[1]);
		free(crossing->ladders[i].passages);
	}
	free(crossing->ladders);
	for (unsigned c = 0; c < 2; c++) {
		ladders_free(crossing->capture[c].ladders,
			     crossing->capture[c].ladder_count);
		free(crossing->capture[c].sightings);
	}
	pairing_fini(&crossing->pairing);
	free(crossing->tuples);
	free(crossing);
}

/* ---- what is seen ---- */

static bool is_low(const struct conversation *conversation, int which)
{
	int order = addr_compare(&conversation->addr[which],
				 &conversation->addr[!which]);

	if (order)
		return order < 0;
	return conversation->port[which] < conversation->port[!which];
}

static uint64_t tuple_of(const struct crossing *crossing,
			 const struct conversation *conversation)
{
	uint8_t bytes[2 * (2 + 16 + 2)] = {0}, *at = bytes;
	int low = is_low(conversation, CLIENT) ? CLIENT : SERVER;

	for (int i = 0; i < 2; i++) {
		int which = i ? !low : low;
		const struct addr *addr = &conversation->addr[which];

		memcpy(at, &addr->family, 2);
		memcpy(at + 2, addr->bytes, 16);
		memcpy(at + 18, &conversation->port[which], 2);
		at += 20;
	}
	return siphash(&crossing->config.key, bytes, sizeof(bytes));
}

static bool is_wanted_stream(const struct crossing *crossing, uint64_t stream)
{
	for (size_t i = 0; i < crossing->config.stream_count; i++)
		if (crossing->config.streams[i] == stream)
			return true;
	return false;
}

static int by_tuple(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The second capture counts streams in its own way: there the ends tell. */
static bool is_wanted(struct crossing *crossing, unsigned capture,
		      const struct conversation *conversation, uint64_t tuple,
		      bool began)
{
	const struct crossing_config *config = &crossing->config;

	if (config->stream_count == 0)
		return true;
	if (capture == 1)
		return bsearch(&tuple, crossing->tuples, crossing->tuple_count,
			       sizeof(tuple), by_tuple);
	if (!is_wanted_stream(crossing, conversation->stream))
		return false;
	if (began && crossing->tuple_count < config->stream_count) {
		crossing->tuples[crossing->tuple_count++] = tuple;
		qsort(crossing->tuples, crossing->tuple_count, sizeof(tuple),
		      by_tuple);
	}
	return true;
}

static void see_segment(struct sighting *sighting,
			const struct flow_event *event)
{
	const struct segment *segment = &event->segment;

	sighting->kind = SIGHTING_TCP;
	sighting->seq = segment->seq_raw;
	sighting->ack = segment->ack_raw;
	sighting->len = segment->len;
	sighting->stamp = segment->timestamps ? segment->ts_value : 0;
	sighting->window = segment->window;
	sighting->flags = segment->flags;
	sighting->from_client = segment->from_client;
}

/* It goes the way back to who sent what it quotes. */
static void see_notice(struct sighting *sighting,
		       const struct flow_event *event)
{
	const struct notice *notice = &event->notice;

	sighting->kind = SIGHTING_ICMP;
	sighting->seq = notice->quoted_seq_raw;
	sighting->window = notice->code;
	sighting->flags = notice->type;
	sighting->from_client = !notice->quotes_client;
}

static struct sighting *sighting_new(struct capture *capture)
{
	size_t room = capture->room ? capture->room * 2 : 1024;
	struct sighting *more;

	if (capture->count == capture->room) {
		more = realloc(capture->sightings, room * sizeof(*more));
		if (!more)
			return NULL;
		capture->sightings = more;
		capture->room = room;
	}
	return &capture->sightings[capture->count++];
}

static int see(struct crossing *crossing, struct capture *capture,
	       const struct flow_event *event, uint64_t tuple)
{
	const struct conversation *conversation = event->conversation;
	struct sighting *sighting;

	if (event->kind != FLOW_SEGMENT && event->kind != FLOW_NOTICE)
		return 0;
	if (capture->count == PAIRING_SIGHTINGS_MAX) {
		capture->unpaired++;
		return 0;
	}
	sighting = sighting_new(capture);
	if (!sighting)
		return -1;
	*sighting = (struct sighting){
		.frame = event->frame.number,
		.time_ns = event->frame.time_ns,
		.tuple = tuple,
		.stream = (uint32_t)conversation->stream,
		.id = event->frame.packet.id,
		.ttl = event->frame.packet.ttl,
	};
	if (event->kind == FLOW_SEGMENT)
		see_segment(sighting, event);
	else
		see_notice(sighting, event);
	sighting->from_low =
		is_low(conversation, sighting->from_client ? CLIENT : SERVER);
	(void)crossing;
	return 0;
}

/* ---- what is drawn ---- */

struct ladder *crossing_find(struct capture *capture, uint64_t stream)
{
	for (size_t i = capture->ladder_count; i-- > 0;)
		if (capture->ladders[i].conversation.stream == stream)
			return &capture->ladders[i];
	return NULL;
}

static int draw(struct capture *capture, const struct flow_event *event)
{
	struct ladder *ladder =
		crossing_find(capture, event->conversation->stream);

	if (!ladder && capture->ladder_count == CROSSING_LADDERS_MAX) {
		capture->left_out += event->began;
		return 0;
	}
	if (!ladder) {
		ladder = &capture->ladders[capture->ladder_count++];
		ladder_init(ladder, 0);
	}
	return ladder_add(ladder, event);
}

static void note_time(struct capture *capture, int64_t time_ns)
{
	if (!capture->begun || time_ns < capture->first_ns)
		capture->first_ns = time_ns;
	if (!capture->begun || time_ns > capture->last_ns)
		capture->last_ns = time_ns;
	capture->begun = true;
}

int crossing_take(struct crossing *crossing, unsigned capture,
		  const struct flow_event *event, struct error *error)
{
	struct capture *into = &crossing->capture[capture];
	uint64_t tuple;

	if (event->kind == FLOW_FAULT)
		return 0;
	/* From where packets are left out nothing can be said. */
	if (into->unpaired == 0)
		note_time(into, event->frame.time_ns);
	if (!event->conversation)
		return 0;
	tuple = tuple_of(crossing, event->conversation);
	if (!is_wanted(crossing, capture, event->conversation, tuple,
		       event->began))
		return 0;
	if (see(crossing, into, event, tuple) < 0 ||
	    (crossing->config.ladders && draw(into, event) < 0))
		return no_memory(error);
	return 0;
}

int crossing_finish(struct crossing *crossing, struct error *error)
{
	struct pairing_capture captures[2];

	for (unsigned c = 0; c < 2; c++) {
		const struct capture *capture = &crossing->capture[c];

		captures[c] = (struct pairing_capture){
			.sightings = capture->sightings,
			.count = capture->count,
			.first_ns = capture->first_ns,
			.last_ns = capture->last_ns,
		};
	}
	if (pairing_make(&crossing->pairing, captures, error) < 0)
		return -1;
	return crossing_join(crossing) < 0 ? no_memory(error) : 0;
}
