/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/sink.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/escape.h"
#include "base/writer.h"
#include "report/format.h"

/* One output. */
struct sink {
	struct sink *next;
	const struct format *format;
	struct writer writer;
	struct format_context context;
};

struct sinks {
	struct sink *first, **end; /* in the order they were added */
	bool shown[VERDICT_COUNT];
	char **services;                   /* by port; NULL without names */
	struct addr addr;                  /* of the last row, ... */
	char address[4 * ADDR_TEXT_BYTES]; /* ... and its text */
};

enum {
	PORTS = 65536,
	SERVICE_BYTES = 64, /* longer "names" are none */
};

static const struct format *(*const formats[])(void) = {
	format_text,
	format_ndjson,
	format_csv,
};

uint64_t format_millionths(double value)
{
	if (!(value > 0)) /* NaN too */
		return 0;
	if (value > 1e12)
		value = 1e12;
	return (uint64_t)(value * 1e6 + 0.5);
}

struct sinks *sinks_new(void)
{
	struct sinks *sinks = calloc(1, sizeof(*sinks));

	if (sinks)
		sinks->end = &sinks->first;
	return sinks;
}

static void sink_free(struct sink *sink)
{
	writer_free(&sink->writer);
	free(sink);
}

void sinks_free(struct sinks *sinks)
{
	struct sink *sink;
	unsigned port;

	if (!sinks)
		return;
	while ((sink = sinks->first)) {
		sinks->first = sink->next;
		sink_free(sink);
	}
	for (port = 0; sinks->services && port < PORTS; port++)
		free(sinks->services[port]);
	free(sinks->services);
	free(sinks);
}

/* The format that the spec names; *path is what stands behind the colon. */
static const struct format *format_find(const char *spec, const char **path)
{
	size_t length = strcspn(spec, ":"), i;
	const struct format *format;

	*path = spec[length] ? spec + length + 1 : "-";
	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		format = formats[i]();
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

bool sinks_use(const struct sinks *sinks, const struct writer *writer)
{
	const struct sink *sink;

	for (sink = sinks->first; sink; sink = sink->next)
		if (writer_same(&sink->writer, writer))
			return true;
	return false;
}

int sinks_check(const char *spec, struct error *error)
{
	const char *path;

	if (!format_find(spec, &path))
		return bad(error, spec,
			   "no such format; accepted: text, ndjson, csv, each "
			   "with an optional :FILE");
	if (!*path)
		return bad(error, spec,
			   "no file name behind the colon; accepted: FORMAT, "
			   "FORMAT:FILE, FORMAT:- for stdout");
	return 0;
}

int sinks_add(struct sinks *sinks, const char *spec, struct error *error)
{
	const struct format *format;
	const char *path;
	struct sink *sink;

	if (sinks_check(spec, error) < 0)
		return -1;
	format = format_find(spec, &path);
	sink = calloc(1, sizeof(*sink));
	if (!sink)
		return error_set(error, STATUS_FAILED, "out of memory");
	sink->format = format;
	if (writer_open(&sink->writer, strcmp(path, "-") ? path : NULL, error) <
	    0) {
		free(sink);
		return -1;
	}
	if (sinks_use(sinks, &sink->writer)) {
		sink_free(sink);
		return bad(error, spec,
			   "another output goes there too; accepted: "
			   "one output to stdout and one to each file");
	}
	sink->context.writer = &sink->writer;
	*sinks->end = sink;
	sinks->end = &sink->next;
	return 0;
}

static bool service_is_plain(const char *name)
{
	size_t length = strlen(name), i;

	for (i = 0; i < length; i++)
		if (!isgraph((unsigned char)name[i]))
			return false;
	return length > 0 && length < SERVICE_BYTES;
}

/* The system's services database, whole: a look-up a port is slow, and this
 * runs before the program gives up reading files. */
static int services_load(struct sinks *sinks, struct error *error)
{
	struct servent *entry;
	char **name;

	sinks->services = calloc(PORTS, sizeof(*sinks->services));
	if (!sinks->services)
		goto no_memory;
	setservent(1);
	while ((entry = getservent())) {
		name = &sinks->services[ntohs((uint16_t)entry->s_port)];
		if (*name || strcmp(entry->s_proto, "tcp") ||
		    !service_is_plain(entry->s_name))
			continue;
		*name = strdup(entry->s_name);
		if (!*name)
			break;
	}
	endservent();
	if (!entry)
		return 0;
no_memory:
	return error_set(error, STATUS_FAILED, "out of memory");
}

/* Modest: terminals only, and not against the user's word. no-color.org. */
static bool colour_wanted(const struct writer *writer)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return writer->terminal && !(no_color && *no_color) && term &&
	       strcmp(term, "dumb");
}

int sinks_begin(struct sinks *sinks, bool single,
		const bool shown[VERDICT_COUNT], bool names,
		struct error *error)
{
	struct sink *sink;

	memcpy(sinks->shown, shown, sizeof(sinks->shown));
	if (names && services_load(sinks, error) < 0)
		return -1;
	for (sink = sinks->first; sink; sink = sink->next) {
		memcpy(sink->context.shown, shown, sizeof(sinks->shown));
		sink->context.single = single;
		sink->context.colour = colour_wanted(&sink->writer);
		if (sink->format->begin)
			sink->format->begin(&sink->context);
	}
	return 0;
}

/* Kept from row to row: the name of a scope costs system calls. An interface
 * may be named with any bytes. */
static const char *address_text(struct sinks *sinks, const struct addr *addr)
{
	char raw[ADDR_TEXT_BYTES];

	if (!*sinks->address || !addr_equal(&sinks->addr, addr)) {
		addr_format(addr, raw);
		escape_text(raw, strlen(raw), sinks->address,
			    sizeof(sinks->address));
		sinks->addr = *addr;
	}
	return sinks->address;
}

void sinks_result(struct sinks *sinks, const struct result *result)
{
	struct format_row row = {.result = result};
	struct sink *sink;

	if (!sinks->shown[result->verdict])
		return;
	row.address = address_text(sinks, &result->addr);
	if (sinks->services)
		row.service = sinks->services[result->port];
	for (sink = sinks->first; sink; sink = sink->next)
		sink->format->row(&sink->context, &row);
}

void sinks_flush(struct sinks *sinks)
{
	struct sink *sink;

	for (sink = sinks->first; sink; sink = sink->next)
		writer_flush(&sink->writer);
}

bool sinks_failed(const struct sinks *sinks)
{
	const struct sink *sink;

	for (sink = sinks->first; sink; sink = sink->next)
		if (sink->writer.failed)
			return true;
	return false;
}

int sinks_finish(struct sinks *sinks, const struct summary *summary,
		 struct error *error)
{
	struct sink *sink;
	int result = 0;

	for (sink = sinks->first; sink; sink = sink->next) {
		if (sink->format->summary)
			sink->format->summary(&sink->context, summary);
		/* the first failure is the one to tell; all are finished */
		if (writer_finish(&sink->writer, result ? NULL : error) < 0)
			result = -1;
	}
	return result;
}
