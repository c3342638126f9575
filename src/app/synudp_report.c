/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/synudp_report.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/escape.h"
#include "base/writer.h"

struct output {
	struct output *next;
	const struct synudp_format *format;
	struct writer writer;
};

struct synudp_report {
	struct output *first, **end; /* in the order they were added */
	struct synudp_context context;
};

static const struct synudp_format *(*const formats[])(void) = {
	synudp_text,
	synudp_ndjson,
};

struct synudp_report *synudp_report_new(bool quiet, bool verbose)
{
	struct synudp_report *report = calloc(1, sizeof(*report));

	if (!report)
		return NULL;
	report->end = &report->first;
	report->context.quiet = quiet;
	report->context.verbose = verbose;
	return report;
}

static void output_free(struct output *output)
{
	writer_free(&output->writer);
	free(output);
}

void synudp_report_free(struct synudp_report *report)
{
	struct output *output;

	if (!report)
		return;
	while ((output = report->first)) {
		report->first = output->next;
		output_free(output);
	}
	free(report);
}

/* *path is what stands behind the colon. */
static const struct synudp_format *find(const char *spec, const char **path)
{
	size_t length = strcspn(spec, ":");

	*path = spec[length] ? spec + length + 1 : "-";
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		const struct synudp_format *format = formats[i]();

		if (strlen(format->name) == length &&
		    !strncmp(format->name, spec, length))
			return format;
	}
	return NULL;
}

static int bad(struct error *error, const char *spec, const char *reason)
{
	char quoted[ESCAPE_QUOTE_BYTES];

	return error_set(error, STATUS_USAGE, "bad output %s: %s",
			 escape_quote(spec, quoted), reason);
}

int synudp_report_check(const char *spec, struct error *error)
{
	const char *path;

	if (!find(spec, &path))
		return bad(error, spec,
			   "no such format; accepted: text, ndjson, each with "
			   "an optional :FILE");
	if (!*path)
		return bad(error, spec,
			   "no file name behind the colon; accepted: FORMAT, "
			   "FORMAT:FILE, FORMAT:- for stdout");
	return 0;
}

static bool is_second(const struct synudp_report *report,
		      const struct output *output)
{
	const struct output *other;

	for (other = report->first; other; other = other->next)
		if (writer_same(&other->writer, &output->writer))
			return true;
	return false;
}

int synudp_report_add(struct synudp_report *report, const char *spec,
		      struct error *error)
{
	struct output *output;
	const char *path;

	if (synudp_report_check(spec, error) < 0)
		return -1;
	output = calloc(1, sizeof(*output));
	if (!output)
		return error_set(error, STATUS_FAILED, "out of memory");
	output->format = find(spec, &path);
	if (writer_open(&output->writer, strcmp(path, "-") ? path : NULL,
			error) < 0) {
		free(output);
		return -1;
	}
	if (is_second(report, output)) {
		output_free(output);
		return bad(error, spec,
			   "another output goes there too; accepted: one "
			   "output to stdout and one to each file");
	}
	*report->end = output;
	report->end = &output->next;
	return 0;
}

void synudp_report_port(struct synudp_report *report, uint16_t port)
{
	report->context.port = port;
}

void synudp_report(struct synudp_report *report,
		   const struct synudp_event *event)
{
	struct output *output;

	if (event->kind == EVENT_PROBING)
		report->context.probing = *event->probing;
	for (output = report->first; output; output = output->next) {
		output->format->write(&output->writer, &report->context, event);
		writer_flush(&output->writer);
	}
	report->context.boundaries += event->kind == EVENT_BOUNDARY;
}

bool synudp_report_failed(const struct synudp_report *report)
{
	const struct output *output;

	for (output = report->first; output; output = output->next)
		if (output->writer.failed)
			return true;
	return false;
}

int synudp_report_finish(struct synudp_report *report, struct error *error)
{
	struct output *output;
	int result = 0;

	for (output = report->first; output; output = output->next)
		if (writer_finish(&output->writer, result ? NULL : error) < 0)
			result = -1;
	return result;
}

struct fragments synudp_packets(const struct synudp_context *context,
				size_t size, unsigned mtu)
{
	if (!mtu)
		return (struct fragments){0, 0, 0};
	return fragments_of(context->probing.addr.family, size, mtu);
}
