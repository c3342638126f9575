/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/outputs.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "app/explanation.h"
#include "app/synscan_options.h"
#include "base/error.h"
#include "base/log.h"
#include "net/pcapng.h"
#include "report/sink.h"
#include "scan/method.h"
#include "scan/recorder.h"
#include "scan/recordfile.h"

int outputs_check(const struct synscan_options *options, struct error *error)
{
	for (size_t i = 0; i < options->output_count; i++)
		if (sinks_check(options->outputs[i], error) < 0)
			return -1;
	if (!options->explain)
		return 0;
	return explanation_check(options->targets, &options->ports, error);
}

bool outputs_want_packets(const struct synscan_options *options)
{
	return options->pcap || options->explain;
}

/* ---- opening ---- */

static int open_sinks(struct outputs *outputs,
		      const struct synscan_options *options,
		      struct error *error)
{
	outputs->sinks = sinks_new();
	if (!outputs->sinks)
		return error_errno(error, "outputs");
	for (size_t i = 0; i < options->output_count; i++)
		if (sinks_add(outputs->sinks, options->outputs[i], error) < 0)
			return -1;
	return sinks_begin(outputs->sinks,
			   targetset_count(options->targets) == 1,
			   options->show, !options->numeric, error);
}

static int open_file(struct outputs *outputs, const char *path,
		     const struct pcapng_interface *interfaces, size_t n,
		     struct error *error)
{
	const struct pcapng_config config = {
		.path = strcmp(path, "-") != 0 ? path : NULL,
		.program = "synscan " PACKAGE_VERSION,
		.interfaces = interfaces,
		.n_interfaces = n,
	};

	outputs->path = path;
	outputs->file = recordfile_open(&config, error);
	if (!outputs->file)
		return error_context(error, "--pcap");
	if (sinks_use(outputs->sinks, recordfile_writer(outputs->file)))
		return error_set(error, STATUS_USAGE,
				 "--pcap %s: results go there too; accepted: "
				 "a file of its own",
				 path);
	recorder_add(outputs->recorder, recordfile_recording(outputs->file));
	return 0;
}

static int open_explanation(struct outputs *outputs,
			    const struct synscan_options *options,
			    const struct pcapng_interface *interfaces, size_t n,
			    struct error *error)
{
	outputs->explanation = explanation_new(
		options->targets, &options->ports, interfaces, n, error);
	if (!outputs->explanation)
		return -1;
	recorder_add(outputs->recorder,
		     explanation_recording(outputs->explanation));
	return 0;
}

int outputs_open(struct outputs *outputs, const struct synscan_options *options,
		 const struct method *method, void *scan, struct error *error)
{
	const struct pcapng_interface *interfaces;
	size_t n;

	if (open_sinks(outputs, options, error) < 0)
		return -1;
	if (!outputs_want_packets(options))
		return 0;
	interfaces = method->interfaces(scan, &n);
	outputs->recorder = recorder_new(error);
	if (!outputs->recorder ||
	    (options->pcap &&
	     open_file(outputs, options->pcap, interfaces, n, error) < 0) ||
	    (options->explain &&
	     open_explanation(outputs, options, interfaces, n, error) < 0))
		return -1;
	method->record(scan, outputs->recorder);
	return 0;
}

void outputs_close(struct outputs *outputs)
{
	(void)recordfile_close(outputs->file, NULL);
	explanation_free(outputs->explanation);
	recorder_free(outputs->recorder);
	sinks_free(outputs->sinks);
	*outputs = (struct outputs){0};
}

/* ---- what comes ---- */

void outputs_result(struct outputs *outputs, const struct result *result)
{
	sinks_result(outputs->sinks, result);
	if (outputs->explanation)
		explanation_result(outputs->explanation, result);
}

static void count_record(const struct outputs *outputs, struct summary *summary)
{
	if (!outputs->file)
		return;
	summary->recorded = true;
	summary->record_packets = recordfile_written(outputs->file);
	summary->record_drops = recordfile_dropped(outputs->file);
	log_line(summary->record_drops ? LOG_WARN : LOG_INFO,
		 "%llu packets recorded in %s, %llu dropped by the kernel%s",
		 (unsigned long long)summary->record_packets, outputs->path,
		 (unsigned long long)summary->record_drops,
		 summary->record_drops ? ": they came too fast (see --max-rate)"
				       : "");
}

int outputs_finish(struct outputs *outputs, struct summary *summary,
		   struct error *error)
{
	bool apart = outputs->explanation &&
		     sinks_use(outputs->sinks,
			       explanation_writer(outputs->explanation));
	int status;

	count_record(outputs, summary);
	status = sinks_finish(outputs->sinks, summary, error);
	if (outputs->explanation &&
	    explanation_write(outputs->explanation, apart,
			      status < 0 ? NULL : error) < 0)
		status = -1;
	if (recordfile_close(outputs->file, status < 0 ? NULL : error) < 0)
		status = -1;
	outputs->file = NULL;
	return status;
}
