/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/synflow_cross.h"

#include <stdlib.h>
#include <sys/random.h>

#include "app/synflow_options.h"
#include "app/synflow_read.h"
#include "base/error.h"
#include "base/log.h"
#include "flow/crossing.h"
#include "flow/flow.h"
#include "flow/view.h"
#include "net/capfile.h"

enum {
	CONVERSATIONS_MAX = 10000, /* at a time: leaves room for the pairing */
};

struct run {
	const struct synflow_options *options;
	struct crossing *crossing;
	struct cookie_key key;
	unsigned capture; /* 0, then 1 */
	int link_type;
	struct flow *flow;
	struct views *views;
	struct flow_event event; /* large */
};

static int take_frame(void *context, const struct capframe *frame,
		      struct error *error)
{
	struct run *run = context;
	const struct frame_input input = {
		.number = frame->number,
		.time_ns = frame->t_ns,
		.dlt = run->link_type,
		.bytes = frame->bytes,
		.captured = frame->captured,
		.original = frame->length,
	};

	if (flow_take(run->flow, &input, &run->event, error) < 0)
		return -1;
	return crossing_take(run->crossing, run->capture, &run->event, error);
}

static bool tick(void *context)
{
	const struct run *run = context;

	return views_failed(run->views);
}

static int read_one(struct run *run, struct capfile *file, struct error *error)
{
	const struct flow_config config = {
		.key = run->key,
		.details = true,
		.conversations_max = CONVERSATIONS_MAX,
	};
	struct synflow_reading reading = {
		.file = file,
		.count = run->options->count,
		.take = take_frame,
		.tick = tick,
		.context = run,
	};
	int status;

	run->link_type = capfile_link_type(file);
	run->flow = flow_new(&config, error);
	if (!run->flow)
		return -1;
	status = synflow_read(&reading, error);
	flow_free(run->flow);
	run->flow = NULL;
	return status;
}

static int check_room(const struct run *run, struct error *error)
{
	uint64_t unpaired = crossing_unpaired(run->crossing, 0) +
			    crossing_unpaired(run->crossing, 1);

	if (unpaired == 0)
		return 0;
	return error_set(error, STATUS_INCOMPLETE,
			 "%llu packets beyond the first %d of a capture were "
			 "not paired; a filter or --stream chooses",
			 (unsigned long long)unpaired, PAIRING_SIGHTINGS_MAX);
}

/* All is shown that could be read; the first failure is the one to tell. */
static int report(struct run *run, int status, struct error *error)
{
	struct view_summary summary = {0};

	if (crossing_finish(run->crossing, status < 0 ? NULL : error) < 0)
		return -1;
	if (status == 0)
		status = check_room(run, error);
	summary.first_ns = crossing_begin_ns(run->crossing);
	summary.complete = status == 0;
	if (run->options->common.verbosity >= 0 &&
	    crossing_pairing(run->crossing)->clock == PAIRING_CLOCK_UNKNOWN)
		log_line(LOG_WARN, "no packet is in both captures");
	if (views_crossing(run->views, run->crossing, &summary,
			   status < 0 ? NULL : error) < 0)
		return -1;
	return status;
}

static int run_both(struct run *run, struct capfile *files[2],
		    struct error *error)
{
	const struct crossing_config config = {
		.key = run->key,
		.streams = run->options->streams,
		.stream_count = run->options->stream_count,
		.ladders = true,
	};
	int status = 0;

	run->crossing = crossing_new(&config, error);
	if (!run->crossing)
		return -1;
	for (run->capture = 0; run->capture < 2; run->capture++)
		if (read_one(run, files[run->capture],
			     status < 0 ? NULL : error) < 0)
			status = -1;
	return report(run, status, error);
}

int synflow_cross(const struct synflow_options *options,
		  struct capfile *files[2], struct views *views,
		  struct error *error)
{
	struct run *run = calloc(1, sizeof(*run));
	int status;

	if (!run)
		return error_set(error, STATUS_FAILED, "out of memory");
	run->options = options;
	run->views = views;
	if (getrandom(&run->key, sizeof(run->key), 0) !=
	    (ssize_t)sizeof(run->key))
		status = error_errno(error, "random key");
	else
		status = run_both(run, files, error);
	crossing_free(run->crossing);
	free(run);
	return status;
}
