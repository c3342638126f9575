/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two captures of the same conversations, one from each end, and both from
 * strangers: paired packet by packet and drawn. The input is two bytes that
 * say how long the first capture is, most significant first, and the two
 * captures; where the second has no bytes, the first is taken for it. The
 * highest bit: only two of the streams are asked for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "flow/crossing.h"
#include "flow/flow.h"
#include "flow/view.h"
#include "fuzz/failing.h"
#include "net/capfile.h"

enum {
	HEAD_BYTES = 2,
	SOME_STREAMS = 0x80,
	CONVERSATIONS_MAX = 4,
};

static const struct cookie_key key = {{1, 2}};

struct pair {
	struct crossing *crossing;
	struct views *views;
	struct flow_event event;
};

static int read_frames(struct pair *pair, unsigned which,
		       struct capfile *capfile, struct flow *flow,
		       struct error *error)
{
	struct capframe frame;
	int more;

	while ((more = capfile_next(capfile, &frame, error)) > 0) {
		const struct frame_input input = {
			.number = frame.number,
			.time_ns = frame.t_ns,
			.dlt = capfile_link_type(capfile),
			.bytes = frame.bytes,
			.captured = frame.captured,
			.original = frame.length,
		};

		if (flow_take(flow, &input, &pair->event, error) < 0 ||
		    crossing_take(pair->crossing, which, &pair->event, error) <
			    0)
			return -1;
	}
	return more;
}

/* Damage is no reason to stop: what was read before it is paired. */
static int read_capture(struct pair *pair, unsigned which, const uint8_t *data,
			size_t size, struct error *error)
{
	const struct flow_config config = {
		.key = key,
		.details = true,
		.conversations_max = CONVERSATIONS_MAX,
	};
	FILE *stream = fmemopen((void *)data, size, "rb");
	struct capfile *capfile =
		stream ? capfile_open_stream(stream, "input", error) : NULL;
	struct flow *flow = capfile ? flow_new(&config, error) : NULL;
	int result = -1;

	if (flow)
		result = read_frames(pair, which, capfile, flow, error);
	flow_free(flow);
	capfile_close(capfile);
	return result;
}

static int open_outputs(struct pair *pair, bool some, struct error *error)
{
	static const char *const formats[] = {
		"text:/dev/null", "ndjson:/dev/null", "svg:/dev/null",
		"html:/dev/null"};
	static const uint64_t streams[2] = {0, 2};
	const struct crossing_config config = {
		.key = key,
		.streams = streams,
		.stream_count = some ? 2 : 0,
		.ladders = true,
	};
	const struct view_config view = {
		.kind = VIEW_LADDER,
		.verbose = true,
		.source = "first",
		.second_source = "second",
	};

	pair->crossing = crossing_new(&config, error);
	if (!pair->crossing)
		return -1;
	pair->views = views_new(&view);
	if (!pair->views)
		return error_errno(error, "outputs");
	for (size_t i = 0; i < 4; i++)
		if (views_add(pair->views, formats[i], error) < 0)
			return -1;
	return 0;
}

/* Every row has a sending or an arrival. */
static void check(const struct crossing *crossing)
{
	for (size_t i = 0; i < crossing_count(crossing); i++) {
		const struct crossing_ladder *ladder = crossing_at(crossing, i);

		if (!crossing_ladder_of(ladder))
			abort();
		for (size_t n = 0; n < ladder->count; n++) {
			struct crossing_row row;

			crossing_row(crossing, ladder, n, &row);
			if (!row.sent && !row.arrived)
				abort();
		}
	}
}

static int draw(struct pair *pair, struct error *error)
{
	struct view_summary summary = {.complete = true};

	if (crossing_finish(pair->crossing, error) < 0)
		return -1;
	check(pair->crossing);
	summary.first_ns = crossing_begin_ns(pair->crossing);
	return views_crossing(pair->views, pair->crossing, &summary, error);
}

static void run(const uint8_t *data, size_t size)
{
	static struct pair pair;
	struct error error = ERROR_INIT;
	size_t first, second;
	bool some;

	if (size <= HEAD_BYTES)
		return;
	some = data[0] & SOME_STREAMS;
	first = (size_t)(data[0] & ~SOME_STREAMS) << 8 | data[1];
	data += HEAD_BYTES;
	size -= HEAD_BYTES;
	if (first == 0 || first > size)
		first = size;
	second = size - first;
	pair.crossing = NULL;
	pair.views = NULL;
	if (open_outputs(&pair, some, &error) == 0) {
		(void)read_capture(&pair, 0, data, first, &error);
		(void)read_capture(&pair, 1, second ? data + first : data,
				   second ? second : first, &error);
		error = (struct error)ERROR_INIT;
		if (draw(&pair, &error) < 0 && !error.text[0])
			abort();
	} else if (!error.text[0]) {
		abort();
	}
	crossing_free(pair.crossing);
	views_free(pair.views);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	failing_run(run, data, size);
	return 0;
}
