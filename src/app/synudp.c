/* SPDX-License-Identifier: BSD-2-Clause */
#include <signal.h>
#include <sys/random.h>
#include <unistd.h>

#include "app/streams.h"
#include "app/synudp_options.h"
#include "app/synudp_report.h"
#include "app/synudp_run.h"
#include "base/bell.h"
#include "base/error.h"
#include "base/log.h"
#include "talk/boundaries.h"

/* ---- signals ---- */

/* For the handler alone; set before it is installed. */
static int stop_fd;

static void interrupt(int signal)
{
	static volatile sig_atomic_t again;

	(void)signal;
	if (again)
		_exit(STATUS_INCOMPLETE);
	again = 1;
	bell_ring(stop_fd);
}

static int handle_signals(struct synudp_run *run, struct error *error)
{
	static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = interrupt}, before;

	run->stop_fd = stop_fd = bell_new();
	if (stop_fd < 0)
		return error_errno(error, "signals");
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++) {
		if (sigaction(ending[i], NULL, &before) < 0)
			return error_errno(error, "signals");
		/* As nohup(1) wants it. An ignored SIGINT is but what a shell
		 * gives to commands in the background. */
		if (ending[i] == SIGHUP && before.sa_handler == SIG_IGN)
			continue;
		if (sigaction(ending[i], &action, NULL) < 0)
			return error_errno(error, "signals");
	}
	return 0;
}

/* ---- outputs ---- */

int synudp_open_outputs(struct synudp_run *run, struct error *error)
{
	const struct synudp_options *options = &run->options;

	for (size_t i = 0; i < options->output_count; i++)
		if (synudp_report_add(run->report, options->outputs[i], error) <
		    0)
			return -1;
	return 0;
}

void synudp_tell(struct synudp_run *run, const struct synudp_event *event)
{
	synudp_report(run->report, event);
	if (run->failed || !synudp_report_failed(run->report))
		return;
	run->failed = true;
	bell_ring(run->stop_fd);
}

/* ---- commands ---- */

static void one_boundary(void *context, const struct boundary_step *step)
{
	synudp_tell(context, &(struct synudp_event){.kind = EVENT_BOUNDARY,
						    .boundary = step});
}

static int show_boundaries(struct synudp_run *run, struct error *error)
{
	if (synudp_open_outputs(run, error) < 0)
		return -1;
	return boundaries_show(one_boundary, run, error);
}

static int act(struct synudp_run *run, struct error *error)
{
	struct synudp_options *options = &run->options;
	bool quiet =
		options->common
			.verbosity<0, verbose = options->common.verbosity> 0;
	struct error late = ERROR_INIT;
	int status;

	if (getrandom(&run->secret, sizeof(run->secret), 0) !=
	    sizeof(run->secret))
		return error_errno(error, "random numbers");
	run->report = synudp_report_new(quiet, verbose);
	if (!run->report)
		return error_errno(error, "outputs");
	if (handle_signals(run, error) < 0)
		return -1;
	if (options->command == SYNUDP_SERVE)
		status = synudp_serve(run, error);
	else if (options->command == SYNUDP_PROBE)
		status = synudp_probe(run, error);
	else
		status = show_boundaries(run, error);
	/* The output comes first: who reads it must not take it for whole. */
	if (synudp_report_finish(run->report, &late) < 0) {
		*error = late;
		return -1;
	}
	if (status == 0 && run->interrupted)
		error->status = STATUS_INCOMPLETE;
	return status;
}

static int run_all(struct synudp_run *run, int argc, char **argv,
		   struct error *error)
{
	struct synudp_options *options = &run->options;

	if (synudp_options_parse(options, argc, argv, error) < 0)
		return -1;
	log_init("synudp", options->common.verbosity);
	if (options->common.request != OPTIONS_RUN)
		return synudp_options_answer(options, stdout, error);
	for (size_t i = 0; i < options->output_count; i++)
		if (synudp_report_check(options->outputs[i], error) < 0)
			return -1;
	return act(run, error);
}

int main(int argc, char **argv)
{
	struct synudp_run run = {.stop_fd = -1};
	struct error error = ERROR_INIT;

	streams_fill();
	log_init("synudp", 0);
	signal(SIGPIPE, SIG_IGN);
	if (run_all(&run, argc, argv, &error) < 0)
		log_line(LOG_ERROR, "%s", error.text);
	synudp_report_free(run.report);
	synudp_options_free(&run.options);
	return (int)error.status;
}
