/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/crossing_parts.h"

#include <stdlib.h>

/* ---- both put together ---- */

/* The stream of the other capture that the passages lead to. */
static bool find_partner(const struct crossing *crossing, unsigned capture,
			 uint64_t stream, uint64_t *partner)
{
	const struct pairing *pairing = &crossing->pairing;

	for (size_t i = 0; i < pairing->count; i++) {
		const struct passage *passage = &pairing->passages[i];
		uint32_t here = passage->from == capture ? passage->sent
							 : passage->arrived;
		uint32_t there = passage->from == capture ? passage->arrived
							  : passage->sent;

		if (here == PAIRING_NONE || there == PAIRING_NONE ||
		    crossing_sighting(crossing, capture, here)->stream !=
			    stream)
			continue;
		*partner = crossing_sighting(crossing, !capture, there)->stream;
		return true;
	}
	return false;
}

static bool is_taken(const struct crossing *crossing, uint64_t stream)
{
	for (size_t i = 0; i < crossing->ladder_count; i++) {
		const struct crossing_ladder *ladder = &crossing->ladders[i];

		if (ladder->there[1] &&
		    ladder->ladder[1].conversation.stream == stream)
			return true;
	}
	return false;
}

/* Takes the ladder over. */
static void move_ladder(struct crossing_ladder *to, unsigned capture,
			struct ladder *ladder)
{
	to->ladder[capture] = *ladder;
	to->there[capture] = true;
	ladder_init(ladder, 0);
	ladder->conversation.stream = UINT64_MAX;
}

static void join_ladders(struct crossing *crossing)
{
	struct capture *first = &crossing->capture[0];
	struct capture *second = &crossing->capture[1];

	for (size_t i = 0; i < first->ladder_count; i++) {
		struct crossing_ladder *to =
			&crossing->ladders[crossing->ladder_count++];
		struct ladder *ladder = &first->ladders[i], *other = NULL;
		uint64_t partner;

		if (find_partner(crossing, 0, ladder->conversation.stream,
				 &partner))
			other = crossing_find(second, partner);
		if (other)
			move_ladder(to, 1, other);
		move_ladder(to, 0, ladder);
	}
	for (size_t i = 0; i < second->ladder_count; i++) {
		struct ladder *ladder = &second->ladders[i];

		if (ladder->conversation.stream == UINT64_MAX ||
		    is_taken(crossing, ladder->conversation.stream))
			continue;
		move_ladder(&crossing->ladders[crossing->ladder_count++], 1,
			    ladder);
	}
}

static struct crossing_ladder *find_ladder(const struct crossing *crossing,
					   unsigned capture, uint32_t index)
{
	uint32_t stream;

	if (index == PAIRING_NONE)
		return NULL;
	stream = crossing_sighting(crossing, capture, index)->stream;
	for (size_t i = 0; i < crossing->ladder_count; i++) {
		struct crossing_ladder *ladder = &crossing->ladders[i];

		if (ladder->there[capture] &&
		    ladder->ladder[capture].conversation.stream == stream)
			return ladder;
	}
	return NULL;
}

static struct crossing_ladder *ladder_for(const struct crossing *crossing,
					  const struct passage *passage)
{
	struct crossing_ladder *ladder =
		find_ladder(crossing, passage->from, passage->sent);

	if (ladder)
		return ladder;
	return find_ladder(crossing, !passage->from, passage->arrived);
}

static void count_passage(struct crossing_ladder *ladder,
			  const struct passage *passage, bool again)
{
	struct pairing_way *way = &ladder->way[passage->from];

	way->sent += passage->sent != PAIRING_NONE && !again;
	way->arrived += passage->fate == PASSAGE_ARRIVED ||
			(passage->fate == PASSAGE_RECUT && !again);
	way->lost += passage->fate == PASSAGE_LOST;
	way->again += passage->fate == PASSAGE_AGAIN;
	way->unsent += passage->fate == PASSAGE_UNSENT;
	way->overtaken += passage->overtaken;
}

/* Twice: first how many, then which. */
static void share_passages(struct crossing *crossing, bool count_only)
{
	const struct pairing *pairing = &crossing->pairing;

	for (size_t i = 0; i < pairing->count; i++) {
		const struct passage *passage = &pairing->passages[i];
		struct crossing_ladder *ladder = ladder_for(crossing, passage);
		const struct passage *before = i ? passage - 1 : NULL;

		if (!ladder)
			continue;
		if (!count_only) {
			ladder->passages[ladder->count] = (uint32_t)i;
			count_passage(ladder, passage,
				      before && before->from == passage->from &&
					      before->sent == passage->sent);
		}
		ladder->count++;
	}
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* How long packets were on the way from the end of that capture. */
static int time_way(const struct crossing *crossing,
		    struct crossing_ladder *ladder, unsigned from)
{
	int64_t *flights = calloc(ladder->count + 1, sizeof(*flights));
	struct pairing_way *way = &ladder->way[from];
	size_t count = 0;

	if (!flights)
		return -1;
	for (size_t i = 0; i < ladder->count; i++) {
		struct crossing_row row;

		crossing_row(crossing, ladder, i, &row);
		if (row.passage->from == from &&
		    row.passage->fate == PASSAGE_ARRIVED)
			flights[count++] = row.arrived_ns - row.sent_ns;
	}
	qsort(flights, count, sizeof(*flights), by_value);
	way->fastest_ns = count ? flights[0] : -1;
	way->slowest_ns = count ? flights[count - 1] : -1;
	way->middle_ns = count ? flights[count / 2] : -1;
	free(flights);
	return 0;
}

static void find_client(const struct crossing *crossing,
			struct crossing_ladder *ladder)
{
	const struct passage *passage;
	bool is_sent, from_client;
	unsigned capture;

	if (ladder->count == 0)
		return;
	passage = &crossing->pairing.passages[ladder->passages[0]];
	is_sent = passage->sent != PAIRING_NONE;
	capture = is_sent ? passage->from : !passage->from;
	from_client =
		crossing_sighting(crossing, capture,
				  is_sent ? passage->sent : passage->arrived)
			->from_client;
	ladder->client = from_client ? passage->from : !passage->from;
}

int crossing_join(struct crossing *crossing)
{
	size_t most = crossing->capture[0].ladder_count +
		      crossing->capture[1].ladder_count;

	crossing->ladders = calloc(most + 1, sizeof(*crossing->ladders));
	if (!crossing->ladders)
		return -1;
	join_ladders(crossing);
	share_passages(crossing, true);
	for (size_t i = 0; i < crossing->ladder_count; i++) {
		struct crossing_ladder *ladder = &crossing->ladders[i];

		ladder->passages =
			calloc(ladder->count + 1, sizeof(*ladder->passages));
		if (!ladder->passages)
			return -1;
		ladder->count = 0;
	}
	share_passages(crossing, false);
	for (size_t i = 0; i < crossing->ladder_count; i++) {
		struct crossing_ladder *ladder = &crossing->ladders[i];

		find_client(crossing, ladder);
		if (time_way(crossing, ladder, 0) < 0 ||
		    time_way(crossing, ladder, 1) < 0)
			return -1;
	}
	return 0;
}

/* ---- for who draws ---- */

const struct pairing *crossing_pairing(const struct crossing *crossing)
{
	return &crossing->pairing;
}

const struct sighting *crossing_sighting(const struct crossing *crossing,
					 unsigned capture, uint32_t index)
{
	return &crossing->capture[capture].sightings[index];
}

int64_t crossing_begin_ns(const struct crossing *crossing)
{
	const struct capture *capture = crossing->capture;
	int64_t second_ns =
		pairing_time(&crossing->pairing, 1, capture[1].first_ns);

	if (!capture[1].begun)
		return capture[0].first_ns;
	return capture[0].begun && capture[0].first_ns < second_ns
		       ? capture[0].first_ns
		       : second_ns;
}

size_t crossing_count(const struct crossing *crossing)
{
	return crossing->ladder_count;
}

const struct crossing_ladder *crossing_at(const struct crossing *crossing,
					  size_t nth)
{
	return &crossing->ladders[nth];
}

uint64_t crossing_left_out(const struct crossing *crossing)
{
	const struct capture *capture = crossing->capture;

	return capture[0].left_out > capture[1].left_out ? capture[0].left_out
							 : capture[1].left_out;
}

uint64_t crossing_unpaired(const struct crossing *crossing, unsigned capture)
{
	return crossing->capture[capture].unpaired;
}

const struct ladder *crossing_ladder_of(const struct crossing_ladder *ladder)
{
	unsigned client = ladder->client;

	return &ladder->ladder[ladder->there[client] ? client : !client];
}

/* By frame: rows are in the order of the capture. */
static const struct ladder_row *find_row(const struct ladder *ladder,
					 const struct sighting *sighting)
{
	size_t low = 0, high = ladder->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct ladder_row *row = &ladder->rows[middle];
		uint64_t frame =
			row->kind == LADDER_SEGMENT  ? row->segment.frame
			: row->kind == LADDER_NOTICE ? row->notice.frame
						     : row->fragment.frame;

		if (frame == sighting->frame)
			return row;
		if (frame < sighting->frame)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static int64_t begin_of(const struct crossing *crossing,
			const struct crossing_ladder *ladder)
{
	const struct passage *first =
		&crossing->pairing.passages[ladder->passages[0]];
	bool is_sent = first->sent != PAIRING_NONE;
	unsigned capture = is_sent ? first->from : !first->from;

	return pairing_time(
		&crossing->pairing, capture,
		crossing_sighting(crossing, capture,
				  is_sent ? first->sent : first->arrived)
			->time_ns);
}

void crossing_row(const struct crossing *crossing,
		  const struct crossing_ladder *ladder, size_t nth,
		  struct crossing_row *row)
{
	const struct pairing *pairing = &crossing->pairing;
	const struct passage *passage =
		&pairing->passages[ladder->passages[nth]];
	unsigned from = passage->from;
	int64_t begin_ns = begin_of(crossing, ladder);

	*row = (struct crossing_row){
		.passage = passage,
		.from_client = from == ladder->client,
	};
	if (nth > 0 && passage->sent != PAIRING_NONE) {
		const struct passage *before =
			&pairing->passages[ladder->passages[nth - 1]];

		row->again =
			before->from == from && before->sent == passage->sent;
	}
	if (passage->sent != PAIRING_NONE) {
		row->sent = crossing_sighting(crossing, from, passage->sent);
		row->sent_row = find_row(&ladder->ladder[from], row->sent);
		row->sent_ns = pairing_time(pairing, from, row->sent->time_ns) -
			       begin_ns;
	}
	if (passage->arrived != PAIRING_NONE) {
		row->arrived =
			crossing_sighting(crossing, !from, passage->arrived);
		row->arrived_row =
			find_row(&ladder->ladder[!from], row->arrived);
		row->arrived_ns =
			pairing_time(pairing, !from, row->arrived->time_ns) -
			begin_ns;
	}
}
