/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/ladder.h"

#include <stdlib.h>

#include "flow/flow.h"

void ladder_init(struct ladder *ladder, size_t rows_max)
{
	*ladder = (struct ladder){
		.rows_max = rows_max ? rows_max : LADDER_ROWS_MAX,
	};
}

void ladder_fini(struct ladder *ladder)
{
	free(ladder->rows);
	*ladder = (struct ladder){.rows = NULL};
}

/* Room for one more, or NULL: out of memory. */
static struct ladder_row *row_new(struct ladder *ladder)
{
	size_t room = ladder->rows_room ? ladder->rows_room * 2 : 16;
	struct ladder_row *rows;

	if (ladder->count == ladder->rows_room) {
		rows = realloc(ladder->rows, room * sizeof(*rows));
		if (!rows)
			return NULL;
		ladder->rows = rows;
		ladder->rows_room = room;
	}
	return &ladder->rows[ladder->count++];
}

/* The fragment that this very frame was. */
static void fill_fragment(struct ladder_fragment *fragment,
			  const struct flow_event *event)
{
	const struct packet *packet = &event->frame.packet;
	const struct conversation *conversation = event->conversation;

	*fragment = (struct ladder_fragment){
		.frame = event->frame.number,
		.since_ns = event->frame.time_ns - conversation->first_ns,
		.from_client = addr_equal(&packet->source,
					  &conversation->addr[CLIENT]),
		.id = packet->id,
		.offset = packet->fragment_offset,
		.bytes = (uint32_t)packet->payload_length,
		.more = packet->more_fragments,
	};
}

int ladder_add(struct ladder *ladder, const struct flow_event *event)
{
	struct ladder_row *row;

	if (!event->conversation || event->kind == FLOW_FAULT)
		return 0;
	ladder->conversation = *event->conversation;
	if (ladder->count == ladder->rows_max) {
		ladder->left_out++;
		return 0;
	}
	row = row_new(ladder);
	if (!row)
		return -1;
	switch (event->kind) {
	case FLOW_SEGMENT:
		row->kind = LADDER_SEGMENT;
		row->segment = event->segment;
		break;
	case FLOW_NOTICE:
		row->kind = LADDER_NOTICE;
		row->notice = event->notice;
		break;
	default:
		row->kind = LADDER_FRAGMENT;
		fill_fragment(&row->fragment, event);
	}
	return 0;
}
