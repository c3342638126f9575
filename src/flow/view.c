/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/view.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/escape.h"
#include "flow/drawing.h"
#include "flow/flow.h"
#include "flow/ladder.h"
#include "flow/wrap.h"

enum {
	COLUMNS_MIN = 60, /* of text, however narrow the terminal */
	LADDERS_MAX = 32, /* drawn; they are held until the end */
};

/* One output. */
struct output {
	struct output *next;
	struct drawing drawing;
};

struct views {
	struct view_config config;
	struct output *first, **end; /* in the order they were added */
	bool begun;                  /* the first frame has come */
	struct ladder *ladders;      /* by stream; NULL where nobody draws */
	size_t ladder_count;
	uint64_t ladders_left_out;
};

static const struct drawing_ops *(*const formats[])(void) = {
	drawing_text,
	drawing_ndjson,
	drawing_svg,
	drawing_html,
};

const char *view_name(enum view_kind kind)
{
	static const char *const names[VIEW_COUNT] = {
		[VIEW_CONVERSATIONS] = "conversations",
		[VIEW_LADDER] = "ladder",
		[VIEW_SEGMENTS] = "segments",
		[VIEW_RESETS] = "resets",
	};

	return names[kind];
}

bool view_wants(const struct view_config *config, uint64_t stream)
{
	size_t low = 0, high = config->stream_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (config->streams[middle] == stream)
			return true;
		if (config->streams[middle] < stream)
			low = middle + 1;
		else
			high = middle;
	}
	return config->stream_count == 0;
}

/* ---- outputs ---- */

struct views *views_new(const struct view_config *config)
{
	struct views *views = calloc(1, sizeof(*views));

	if (!views)
		return NULL;
	views->config = *config;
	if (!views->config.columns)
		views->config.columns = 80;
	if (views->config.columns < COLUMNS_MIN)
		views->config.columns = COLUMNS_MIN;
	if (views->config.columns > WRAP_COLUMNS_MAX)
		views->config.columns = WRAP_COLUMNS_MAX;
	views->end = &views->first;
	return views;
}

static void output_free(struct output *output)
{
	writer_free(&output->drawing.writer);
	free(output);
}

void views_free(struct views *views)
{
	struct output *output;

	if (!views)
		return;
	while ((output = views->first)) {
		views->first = output->next;
		output_free(output);
	}
	for (size_t i = 0; i < views->ladder_count; i++)
		ladder_fini(&views->ladders[i]);
	free(views->ladders);
	free(views);
}

/* The format that the spec names; *path is what stands behind the colon. */
static const struct drawing_ops *format_find(const char *spec,
					     const char **path)
{
	size_t length = strcspn(spec, ":");

	*path = spec[length] ? spec + length + 1 : "-";
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		const struct drawing_ops *ops = formats[i]();

		if (strlen(ops->name) == length &&
		    !strncmp(ops->name, spec, length))
			return ops;
	}
	return NULL;
}

static int bad(struct error *error, const char *spec, const char *reason)
{
	char quoted[ESCAPE_QUOTE_BYTES];

	return error_set(error, STATUS_USAGE, "bad output %s: %s",
			 escape_quote(spec, quoted), reason);
}

int views_check(const char *spec, struct error *error)
{
	const char *path;

	if (!format_find(spec, &path))
		return bad(error, spec,
			   "no such format; accepted: text, ndjson, svg, html, "
			   "each with an optional :FILE");
	if (!*path)
		return bad(error, spec,
			   "no file name behind the colon; accepted: FORMAT, "
			   "FORMAT:FILE, FORMAT:- for stdout");
	return 0;
}

bool views_draws(const char *spec)
{
	const char *path;
	const struct drawing_ops *ops = format_find(spec, &path);

	return ops && ops->ladders;
}

bool views_write_to(const struct views *views, const struct writer *writer)
{
	const struct output *other;

	for (other = views->first; other; other = other->next)
		if (writer_same(&other->drawing.writer, writer))
			return true;
	return false;
}

int views_add(struct views *views, const char *spec, struct error *error)
{
	struct output *output;
	struct writer *writer;
	const char *path;

	if (views_check(spec, error) < 0)
		return -1;
	output = calloc(1, sizeof(*output));
	if (!output)
		return error_set(error, STATUS_FAILED, "out of memory");
	output->drawing.ops = format_find(spec, &path);
	output->drawing.config = &views->config;
	writer = &output->drawing.writer;
	if (writer_open(writer, strcmp(path, "-") ? path : NULL, error) < 0) {
		free(output);
		return -1;
	}
	if (views_write_to(views, writer)) {
		output_free(output);
		return bad(error, spec,
			   "another output goes there too; accepted: one "
			   "output to stdout and one to each file");
	}
	*views->end = output;
	views->end = &output->next;
	if (views->config.kind != VIEW_LADDER || views->ladders ||
	    (!output->drawing.ops->ladders &&
	     (!output->drawing.ops->ladder || views->config.live)))
		return 0;
	views->ladders = calloc(LADDERS_MAX, sizeof(*views->ladders));
	if (!views->ladders)
		return error_set(error, STATUS_FAILED, "out of memory");
	return 0;
}

void views_flush(struct views *views)
{
	struct output *output;

	for (output = views->first; output; output = output->next)
		writer_flush(&output->drawing.writer);
}

bool views_failed(const struct views *views)
{
	const struct output *output;

	for (output = views->first; output; output = output->next)
		if (output->drawing.writer.failed)
			return true;
	return false;
}

/* ---- frames ---- */

/* That of the stream, a new one where there is room, or NULL. Streams are few,
 * and the last one is the likeliest. */
static struct ladder *ladder_of(struct views *views,
				const struct conversation *conversation,
				bool began)
{
	struct ladder *ladder;

	for (size_t i = views->ladder_count; i-- > 0;)
		if (views->ladders[i].conversation.stream ==
		    conversation->stream)
			return &views->ladders[i];
	if (views->ladder_count == LADDERS_MAX) {
		views->ladders_left_out += began;
		return NULL;
	}
	ladder = &views->ladders[views->ladder_count++];
	ladder_init(ladder, 0);
	return ladder;
}

static int add_to_ladder(struct views *views, const struct flow_event *event,
			 struct error *error)
{
	struct ladder *ladder;

	if (!views->ladders || !event->conversation ||
	    event->kind == FLOW_FAULT)
		return 0;
	ladder = ladder_of(views, event->conversation, event->began);
	if (ladder && ladder_add(ladder, event) < 0)
		return error_set(error, STATUS_FAILED, "out of memory");
	return 0;
}

/* What is in no conversation is shown where none was chosen. */
static bool is_shown(const struct view_config *config,
		     const struct flow_event *event)
{
	if (event->conversation)
		return view_wants(config, event->conversation->stream);
	return config->stream_count == 0;
}

static void put_conversation(struct views *views,
			     const struct conversation *conversation,
			     bool evicted)
{
	struct output *output;

	if (!view_wants(&views->config, conversation->stream))
		return;
	for (output = views->first; output; output = output->next)
		output->drawing.ops->conversation(&output->drawing,
						  conversation, evicted);
}

static void begin(struct views *views, int64_t first_ns)
{
	struct output *output;

	views->begun = true;
	for (output = views->first; output; output = output->next)
		output->drawing.first_ns = first_ns;
}

int views_event(struct views *views, const struct flow_event *event,
		struct error *error)
{
	struct output *output;

	if (!views->begun)
		begin(views, event->frame.time_ns);
	if (views->config.kind == VIEW_CONVERSATIONS) {
		if (event->evicted)
			put_conversation(views, event->evicted, true);
		return 0;
	}
	if (!is_shown(&views->config, event))
		return 0;
	for (output = views->first; output; output = output->next)
		if (output->drawing.ops->event)
			output->drawing.ops->event(&output->drawing, event);
	return add_to_ladder(views, event, error);
}

/* ---- the end ---- */

static int by_stream(const void *a, const void *b)
{
	uint64_t x = ((const struct ladder *)a)->conversation.stream;
	uint64_t y = ((const struct ladder *)b)->conversation.stream;

	return (x > y) - (x < y);
}

static void finish_drawing(const struct views *views, struct drawing *drawing,
			   const struct flow *flow,
			   const struct view_summary *summary)
{
	for (size_t i = 0; drawing->ops->ladder && i < views->ladder_count; i++)
		drawing->ops->ladder(drawing, &views->ladders[i]);
	if (drawing->ops->ladders)
		drawing->ops->ladders(drawing, views->ladders,
				      views->ladder_count, flow, summary);
	if (drawing->ops->finish)
		drawing->ops->finish(drawing, flow, summary);
}

int views_finish(struct views *views, const struct flow *flow,
		 const struct view_summary *summary, struct error *error)
{
	struct view_summary all = *summary;
	struct output *output;
	int result = 0;

	for (size_t n = 0;
	     views->config.kind == VIEW_CONVERSATIONS && n < flow_count(flow);
	     n++)
		put_conversation(views, flow_at(flow, n), false);
	all.ladders_left_out = views->ladders_left_out;
	if (views->ladder_count)
		qsort(views->ladders, views->ladder_count,
		      sizeof(*views->ladders), by_stream);
	for (output = views->first; output; output = output->next) {
		finish_drawing(views, &output->drawing, flow, &all);
		/* the first failure is the one to tell; all are finished */
		if (writer_finish(&output->drawing.writer,
				  result ? NULL : error) < 0)
			result = -1;
	}
	return result;
}

int views_crossing(struct views *views, const struct crossing *crossing,
		   const struct view_summary *summary, struct error *error)
{
	struct output *output;
	int result = 0;

	for (output = views->first; output; output = output->next) {
		output->drawing.ops->crossing(&output->drawing, crossing,
					      summary);
		if (writer_finish(&output->drawing.writer,
				  result ? NULL : error) < 0)
			result = -1;
	}
	return result;
}
