/* SPDX-License-Identifier: BSD-2-Clause */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/language.h"
#include "app/screen.h"
#include "app/streams.h"
#include "app/synflow_cross.h"
#include "app/synflow_options.h"
#include "app/synflow_read.h"
#include "base/error.h"
#include "base/log.h"
#include "flow/flow.h"
#include "flow/view.h"
#include "net/capfile.h"
#include "net/capture.h"
#include "net/linktype.h"
#include "net/pcapng.h"
#include "net/privs.h"
#include "net/sandbox.h"

enum {
	WHOLE_BYTES = 262144, /* no frame is longer */
	HEADER_BYTES = 512,   /* more than the analysis looks at */
};

struct run {
	struct synflow_options options;
	struct capfile *file;    /* or ... */
	struct capfile *second;  /* of two captures */
	struct capture *capture; /* ... live */
	int link_type;
	struct flow *flow;
	struct views *views;
	struct pcapng *record;
	struct flow_event event; /* large */
	bool begun;              /* the first frame has come, at ... */
	int64_t first_ns;
	uint64_t drops;
};

/* ---- before the first frame ---- */

static int open_flow(struct run *run, struct error *error)
{
	struct flow_config config = {
		.details = run->options.view != VIEW_CONVERSATIONS,
	};

	if (getrandom(&config.key, sizeof(config.key), 0) !=
	    (ssize_t)sizeof(config.key))
		return error_errno(error, "random key");
	run->flow = flow_new(&config, error);
	return run->flow ? 0 : -1;
}

static int open_views(struct run *run, struct error *error)
{
	const struct synflow_options *options = &run->options;

	run->views = views_new(&(struct view_config){
		.kind = options->view,
		.streams = options->streams,
		.stream_count = options->stream_count,
		.verbose = options->common.verbosity > 0,
		.live = options->interface != NULL,
		.columns = screen_columns(),
		.ascii = !language_is_utf8(),
		.second_source = options->second,
		.source = options->read ? options->read : options->interface,
	});
	if (!run->views)
		return error_errno(error, "outputs");
	for (size_t i = 0; i < options->output_count; i++)
		if (views_add(run->views, options->outputs[i], error) < 0)
			return -1;
	return 0;
}

static int open_record(struct run *run, struct error *error)
{
	const struct synflow_options *options = &run->options;
	const char *path = options->record;
	const struct pcapng_interface interface = {
		.name = options->read ? options->read : options->interface,
		.link_type = run->link_type,
		.snap_bytes = options->snap_bytes,
	};

	if (!path)
		return 0;
	run->record = pcapng_open(
		&(struct pcapng_config){
			.path = strcmp(path, "-") ? path : NULL,
			.program = "synflow " PACKAGE_VERSION,
			.interfaces = &interface,
			.n_interfaces = 1,
		},
		error);
	return run->record ? 0 : -1;
}

/* Would the one be emptied before it is read? */
static bool is_same_file(const char *path, const char *other)
{
	struct stat a, b;

	return stat(path, &a) == 0 && stat(other, &b) == 0 &&
	       S_ISREG(a.st_mode) && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static int open_file(struct run *run, struct error *error)
{
	const struct synflow_options *options = &run->options;

	if (options->record && is_same_file(options->read, options->record))
		return error_set(error, STATUS_USAGE,
				 "--read and --write are one file: \"%s\"",
				 options->read);
	run->file = capfile_open(options->read, error);
	if (!run->file)
		return -1;
	run->link_type = capfile_link_type(run->file);
	if (options->expression &&
	    capfile_filter(run->file, options->expression, error) < 0)
		return -1;
	if (!options->second)
		return 0;
	run->second = capfile_open(options->second, error);
	if (!run->second)
		return -1;
	return options->expression
		       ? capfile_filter(run->second, options->expression, error)
		       : 0;
}

static int open_live(struct run *run, const char *program, struct error *error)
{
	const struct synflow_options *options = &run->options;

	if (privs_raise(program, "capturing needs", NULL, error) < 0)
		return -1;
	run->capture = capture_open(
		&(struct capture_config){
			.interface = options->interface,
			.filter = options->expression,
			.all = true,
			.snap_bytes = options->snap_bytes ? options->snap_bytes
				      : options->record   ? WHOLE_BYTES
							  : HEADER_BYTES,
		},
		error);
	if (!run->capture)
		return -1;
	run->link_type = capture_link_type(run->capture);
	if (linktype_check(run->link_type, error) < 0)
		return error_context(error, "%s", options->interface);
	return 0;
}

/* All that needs a privilege, the outputs last: a reading that cannot be
 * leaves them as they are, and so does an interrupt till then. */
static int open_all(struct run *run, const char *program, struct error *error)
{
	const struct synflow_options *options = &run->options;

	if ((options->read ? open_file(run, error)
			   : open_live(run, program, error)) < 0 ||
	    synflow_handle_signals(error) < 0 || open_flow(run, error) < 0 ||
	    open_views(run, error) < 0 || open_record(run, error) < 0)
		return -1;
	if (run->record &&
	    views_write_to(run->views, pcapng_writer(run->record)))
		return error_set(error, STATUS_USAGE,
				 "--write and --output go to one place: \"%s\"",
				 options->record);
	if (privs_drop(error) < 0)
		return -1;
	return options->read || options->sandbox_off
		       ? 0
		       : sandbox_enter(SANDBOX_FLOW, error);
}

/* ---- frames ---- */

static void record_frame(struct run *run, const struct capframe *frame)
{
	pcapng_write(run->record, &(struct pcapng_packet){
					  .wall_ns = frame->t_ns,
					  .bytes = frame->bytes,
					  .captured = frame->captured,
					  .length = frame->length,
				  });
}

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

	if (!run->begun)
		run->first_ns = frame->t_ns;
	run->begun = true;
	if (run->record)
		record_frame(run, frame);
	if (flow_take(run->flow, &input, &run->event, error) < 0)
		return -1;
	return views_event(run->views, &run->event, error);
}

static bool tick(void *context)
{
	struct run *run = context;

	if (run->capture) {
		views_flush(run->views);
		if (run->record)
			pcapng_flush(run->record);
	}
	return views_failed(run->views);
}

static int read_all(struct run *run, struct error *error)
{
	struct synflow_reading reading = {
		.file = run->file,
		.capture = run->capture,
		.count = run->options.count,
		.duration_ns = run->options.duration_ns,
		.take = take_frame,
		.tick = tick,
		.context = run,
	};
	int status;

	if (run->capture)
		log_line(LOG_WARN, "capturing on %s", run->options.interface);
	status = synflow_read(&reading, error);
	if (!run->capture)
		return status;
	run->drops = capture_drops(run->capture);
	if (run->record)
		pcapng_statistics(
			run->record, 0,
			&(struct pcapng_statistics){
				.begin_ns = reading.begin_ns,
				.end_ns = reading.end_ns,
				.received = capture_received(run->capture),
				.dropped = run->drops,
			});
	if (status == 0 && run->drops > 0)
		return error_set(error, STATUS_INCOMPLETE,
				 "%llu packets came too fast and were not "
				 "captured%s",
				 (unsigned long long)run->drops,
				 run->record ? "; a --snap keeps less of each"
					     : "");
	return status;
}

/* ---- after the last one ---- */

static void say_limits(const struct run *run)
{
	struct flow_counts counts;

	flow_counts(run->flow, &counts);
	if (counts.faulty > 0)
		log_line(LOG_INFO, "%llu damaged packets",
			 (unsigned long long)counts.faulty);
	if (counts.conversations_evicted > 0)
		log_line(LOG_WARN,
			 "%llu conversations made room for later ones: a "
			 "segment that came after that began a new one",
			 (unsigned long long)counts.conversations_evicted);
	if (counts.gaps_capped > 0)
		log_line(LOG_WARN,
			 "%llu gaps were too many to remember: there a "
			 "retransmission may read as out of order",
			 (unsigned long long)counts.gaps_capped);
	if (counts.datagrams_evicted > 0)
		log_line(LOG_INFO,
			 "%llu unfinished datagrams made room for later ones",
			 (unsigned long long)counts.datagrams_evicted);
}

/* All are finished; the first failure is the one to tell. */
static int report(struct run *run, int status, struct error *error)
{
	struct view_summary summary = {
		.capture_drops = run->drops,
		.first_ns = run->first_ns,
		.complete = status == 0,
	};

	if (flow_finish(run->flow, status < 0 ? NULL : error) < 0)
		return -1;
	if (run->options.common.verbosity >= 0)
		say_limits(run);
	if (views_finish(run->views, run->flow, &summary,
			 status < 0 ? NULL : error) < 0)
		status = -1;
	if (pcapng_close(run->record, status < 0 ? NULL : error) < 0)
		status = -1;
	run->record = NULL;
	return status;
}

static int run_all(struct run *run, int argc, char **argv, struct error *error)
{
	struct synflow_options *options = &run->options;

	if (privs_begin(error) < 0 ||
	    synflow_options_parse(options, argc, argv, error) < 0)
		return -1;
	log_init("synflow", options->common.verbosity);
	if (language_begin(options->language, error) < 0)
		return -1;
	if (options->common.request != OPTIONS_RUN)
		return synflow_options_answer(options, stdout, error);
	if (open_all(run, argv[0], error) < 0)
		return -1;
	if (run->second)
		return synflow_cross(
			options, (struct capfile *[2]){run->file, run->second},
			run->views, error);
	return report(run, read_all(run, error), error);
}

int main(int argc, char **argv)
{
	static struct run run;
	struct error error = ERROR_INIT;
	enum status status = STATUS_OK;

	streams_fill();
	log_init("synflow", 0);
	signal(SIGPIPE, SIG_IGN);
	if (run_all(&run, argc, argv, &error) < 0) {
		status = error.status;
		log_line(LOG_ERROR, "%s", error.text);
	}
	pcapng_close(run.record, NULL);
	views_free(run.views);
	flow_free(run.flow);
	capture_close(run.capture);
	capfile_close(run.file);
	capfile_close(run.second);
	synflow_options_free(&run.options);
	return (int)status;
}
