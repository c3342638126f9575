/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/synflow_options.h"

#include <assert.h>
#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "app/options.h"
#include "base/error.h"
#include "base/number.h"

enum {
	STREAMS_MAX = 1000,
	SNAP_BYTES_MIN = 64,
	SNAP_BYTES_MAX = 262144, /* as tcpdump has it */
};

static int no_memory(struct error *error)
{
	return error_set(error, STATUS_FAILED, "out of memory");
}

static int parse_read(void *context, const char *value, struct error *error)
{
	struct synflow_options *options = context;

	if (options->second)
		return options_bad(error, value,
				   "one file, or two of the same traffic");
	if (options->read)
		options->second = value;
	else
		options->read = value;
	return 0;
}

/* "any" is libpcap's name for all of them. */
static int parse_interface(void *context, const char *value,
			   struct error *error)
{
	struct synflow_options *options = context;

	if (strcmp(value, "any") && !if_nametoindex(value)) {
		if (errno != ENODEV)
			return error_errno(error, "interface");
		return options_bad(
			error, value,
			"an interface of this host, as `ip link` names it, "
			"or any");
	}
	options->interface = value;
	return 0;
}

static int parse_write(void *context, const char *value, struct error *error)
{
	struct synflow_options *options = context;

	if (!*value)
		return options_bad(error, value, "a file name");
	options->record = value;
	return 0;
}

static int parse_count(void *context, const char *value, struct error *error)
{
	struct synflow_options *options = context;

	if (number_parse(value, 1, UINT64_MAX, &options->count) < 0)
		return options_bad(error, value,
				   "a number of frames from 1 on");
	return 0;
}

static int parse_duration(void *context, const char *value, struct error *error)
{
	struct synflow_options *options = context;

	if (number_parse_duration(value, &options->duration_ns) < 0 ||
	    options->duration_ns == 0)
		return options_bad(
			error, value,
			"a duration up to 24h, such as 500ms, 2s, 1.5s, 1m");
	return 0;
}

static int parse_snap(void *context, const char *value, struct error *error)
{
	struct synflow_options *options = context;
	uint64_t bytes;

	if (number_parse(value, SNAP_BYTES_MIN, SNAP_BYTES_MAX, &bytes) < 0)
		return options_bad(error, value, "bytes, from 64 to 262144");
	options->snap_bytes = (uint32_t)bytes;
	return 0;
}

static int parse_view(void *context, const char *value, struct error *error)
{
	struct synflow_options *options = context;

	for (int i = 0; i < VIEW_COUNT; i++) {
		if (strcmp(view_name((enum view_kind)i), value))
			continue;
		options->view = (enum view_kind)i;
		options->view_chosen = true;
		return 0;
	}
	return options_bad(error, value,
			   "conversations, ladder, segments, resets");
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void sort_streams(struct synflow_options *options)
{
	uint64_t *streams = options->streams;
	size_t kept = 0;

	if (options->stream_count == 0)
		return;
	qsort(streams, options->stream_count, sizeof(*streams), ascending);
	for (size_t i = 0; i < options->stream_count; i++)
		if (kept == 0 || streams[kept - 1] != streams[i])
			streams[kept++] = streams[i];
	options->stream_count = kept;
}

static int parse_stream(void *context, const char *value, struct error *error)
{
	struct synflow_options *options = context;
	const char *at = value;

	for (;;) {
		size_t length = strcspn(at, ",");

		if (options->stream_count == STREAMS_MAX ||
		    number_parse_n(at, length, 0, UINT64_MAX,
				   &options->streams[options->stream_count]) <
			    0)
			return options_bad(error, value,
					   "numbers of streams from 0 on, "
					   "comma-separated, up to 1000");
		options->stream_count++;
		if (!at[length])
			return 0;
		at += length + 1;
	}
}

static int parse_output(void *context, const char *value, struct error *error)
{
	struct synflow_options *options = context;

	if (views_check(value, error) < 0)
		return -1;
	options->outputs[options->output_count++] = value;
	return 0;
}

static int parse_language(void *context, const char *value, struct error *error)
{
	struct synflow_options *options = context;

	if (strcmp(value, "en") && strcmp(value, "zh"))
		return options_bad(error, value, "en, zh");
	options->language = value;
	return 0;
}

static int parse_sandbox(void *context, const char *value, struct error *error)
{
	struct synflow_options *options = context;

	if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
		return options_bad(error, value, "on, off");
	options->sandbox_off = strcmp(value, "off") == 0;
	return 0;
}

static const struct option_spec specs[] = {
	{'r', "read", "FILE", "What to look at",
	 "a capture; two: one from each end, paired", "@file", parse_read},
	{'i', "interface", "IF", "What to look at",
	 "capture live, until Ctrl-C; any is all", "@interface",
	 parse_interface},
	{'c', "count", "N", "What to look at", "end after so many frames", NULL,
	 parse_count},
	{0, "duration", "DURATION", "What to look at",
	 "of a live capture: 500ms, 2s, 1m", NULL, parse_duration},
	{'s', "snap", "BYTES", "What to look at",
	 "of each frame of a live capture (all, with -w)", NULL, parse_snap},
	{0, "stream", "N[,N]", "What to look at",
	 "these conversations only, counted from 0", NULL, parse_stream},
	{0, "view", "VIEW", "Output", "conversations, ladder, segments, resets",
	 "conversations ladder segments resets", parse_view},
	{'o', "output", "FORMAT[:FILE]", "Output",
	 "text, ndjson, svg, html; repeatable (text)", "text ndjson svg html",
	 parse_output},
	{0, "lang", "LANG", "Output", "en or zh (as the locale says)", "en zh",
	 parse_language},
	{'w', "write", "FILE", "Output",
	 "record the frames: pcapng, or FILE.pcap", "@file", parse_write},
	{'v', "verbose", NULL, "Output", "say more: raw numbers, round trips",
	 NULL, NULL},
	{'q', "quiet", NULL, "Output", "errors and results only", NULL, NULL},
	{0, "sandbox", "on|off", "Other",
	 "of a live capture; off: for debuggers only (on)", "on off",
	 parse_sandbox},
	{'h', "help", NULL, "Other", "this page", NULL, NULL},
	{0, "version", NULL, "Other", "the version", NULL, NULL},
	{0, "completion", "bash", NULL, "for the build", NULL, NULL},
	{0, NULL, NULL, NULL, NULL, NULL, NULL},
};

static const struct option_table table = {
	.program = "synflow",
	.synopsis = "[options] -r FILE | -i IF [BPF expression]",
	.purpose =
		"TCP conversations of a capture: states, arithmetic, trouble, "
		"and why a RST.",
	.examples =
		"  synflow -r lab.pcapng                     a line for each "
		"conversation\n"
		"  synflow -r lab.pcapng --view ladder --stream 0\n"
		"  synflow -r lab.pcapng --view resets tcp port 8000\n"
		"  sudo synflow -i lo -w chat.pcapng --view ladder port 8000\n",
	.specs = specs,
};

/* The operands, as tcpdump takes them: with blanks between. */
static int join_expression(struct synflow_options *options, char **words,
			   size_t count, struct error *error)
{
	size_t bytes = 1;
	char *end;

	if (count == 0)
		return 0;
	for (size_t i = 0; i < count; i++)
		bytes += strlen(words[i]) + 1;
	options->expression = end = calloc(1, bytes);
	if (!options->expression)
		return no_memory(error);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			*end++ = ' ';
		end = stpcpy(end, words[i]);
	}
	return 0;
}

static bool is_stdout_taken(const struct synflow_options *options)
{
	for (size_t i = 0; i < options->output_count; i++) {
		const char *path = strchr(options->outputs[i], ':');

		if (!path || !strcmp(path, ":-"))
			return true;
	}
	return false;
}

/* What shows ladders only makes the view one. */
static int choose_ladder(struct synflow_options *options, const char *who,
			 struct error *error)
{
	if (options->view_chosen && options->view != VIEW_LADDER)
		return error_set(error, STATUS_USAGE,
				 "--view %s with %s; accepted: --view ladder",
				 view_name(options->view), who);
	options->view = VIEW_LADDER;
	return 0;
}

static int check_second(struct synflow_options *options, struct error *error)
{
	if (!options->second)
		return 0;
	if (options->record)
		return error_set(error, STATUS_USAGE,
				 "--write with two captures; accepted: one");
	assert(options->read); /* the first of the two */
	if (!strcmp(options->read, options->second))
		return error_set(error, STATUS_USAGE,
				 "the same capture twice; accepted: one from "
				 "each end");
	return choose_ladder(options, "two captures", error);
}

static int finish(struct synflow_options *options, struct error *error)
{
	if (!options->read == !options->interface)
		return error_set(error, STATUS_USAGE,
				 "%s; accepted: either -r FILE or -i IF (see "
				 "--help)",
				 options->read ? "-r and -i together"
					       : "nothing to look at");
	if ((options->duration_ns || options->snap_bytes) &&
	    !options->interface)
		return error_set(error, STATUS_USAGE,
				 "--%s without -i; accepted: of a live capture "
				 "only",
				 options->duration_ns ? "duration" : "snap");
	for (size_t i = 0; i < options->output_count; i++) {
		if (views_draws(options->outputs[i]) &&
		    choose_ladder(options, "a picture (-o svg, -o html)",
				  error) < 0)
			return -1;
	}
	if (check_second(options, error) < 0)
		return -1;
	if (!options->output_count)
		options->outputs[options->output_count++] = "text";
	if (options->record && !strcmp(options->record, "-") &&
	    is_stdout_taken(options))
		return error_set(
			error, STATUS_USAGE,
			"--write and --output both to standard output; "
			"accepted: one of them, as in -w - -o "
			"text:FILE");
	sort_streams(options);
	return 0;
}

int synflow_options_parse(struct synflow_options *options, int argc,
			  char **argv, struct error *error)
{
	int result, i;

	*options = (struct synflow_options){0};
	/* A word of argv holds one output at most. */
	options->outputs = calloc((size_t)argc + 1, sizeof(*options->outputs));
	options->streams = calloc(STREAMS_MAX, sizeof(*options->streams));
	if (!options->outputs || !options->streams)
		return no_memory(error);
	result = options_parse(&table, argc, argv, &options->common, options,
			       &i, error);
	if (result) /* 1: --help and its like need no more */
		return result < 0 ? -1 : 0;
	if (join_expression(options, argv + i, (size_t)(argc - i), error) < 0)
		return -1;
	return finish(options, error);
}

void synflow_options_free(struct synflow_options *options)
{
	if (!options)
		return;
	free(options->outputs);
	free(options->streams);
	free(options->expression);
	*options = (struct synflow_options){0};
}

int synflow_options_answer(const struct synflow_options *options, FILE *stream,
			   struct error *error)
{
	return options_answer(&table, options->common.request, stream, error);
}
