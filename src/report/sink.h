/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef REPORT_SINK_H
#define REPORT_SINK_H

#include <stdbool.h>

#include "spec/result.h"

struct error;
struct writer;

/*
 * Where results go: any number of outputs, each FORMAT[:FILE]. All files are
 * opened by sinks_add(), before privileges go; a sink that can no longer be
 * written (disk full, closed pipe) is remembered and reported by
 * sinks_finish(). One thread at a time.
 */
struct sinks;

struct sinks *sinks_new(void);
void sinks_free(struct sinks *sinks);

/* Is it a spec that sinks_add() takes? 0, or its STATUS_USAGE error. Opens
 * nothing. */
int sinks_check(const char *spec, struct error *error);

/* spec: "text", "ndjson:FILE", "csv:-". STATUS_USAGE for an unknown format
 * (names the known ones), STATUS_FAILED for a file that cannot be opened. */
int sinks_add(struct sinks *sinks, const char *spec, struct error *error);

/* Does an output go to the file (or the stdout) that this writes to? */
bool sinks_use(const struct sinks *sinks, const struct writer *writer);

/* Before the first result. single: one target only, so that text leaves the
 * address out. shown[v]: verdicts that get a line. names: print service
 * names (loaded from the system's services database here, once). */
int sinks_begin(struct sinks *sinks, bool single,
		const bool shown[VERDICT_COUNT], bool names,
		struct error *error);

/* A result; those not shown are dropped here. */
void sinks_result(struct sinks *sinks, const struct result *result);

/* Pushes what is buffered out, so that a pipe reader sees results as they
 * come; call when idle. */
void sinks_flush(struct sinks *sinks);

/* True once any sink failed to write: the scan may as well stop. */
bool sinks_failed(const struct sinks *sinks);

/* The last lines; flushes and closes. -1 with STATUS_FAILED naming the first
 * output that could not be written whole. */
int sinks_finish(struct sinks *sinks, const struct summary *summary,
		 struct error *error);

#endif
