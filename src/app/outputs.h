/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef APP_OUTPUTS_H
#define APP_OUTPUTS_H

#include <stdbool.h>

struct error;
struct explanation;
struct method;
struct recorder;
struct recordfile;
struct result;
struct sinks;
struct summary;
struct synscan_options;

/*
 * All that a scan leaves: its results (-o), its packets (--pcap) and the
 * ladders drawn of them (--explain). Main opens, finishes and closes; results
 * come in the thread that has them, packets in the one that reads them.
 */
struct outputs {
	struct sinks *sinks;
	struct recorder *recorder; /* of the next two, else NULL */
	struct recordfile *file;
	struct explanation *explanation;
	const char *path; /* of the file */
};

/* Can these be? Opens nothing. 0, or -1 with STATUS_USAGE. The targets are
 * frozen. */
int outputs_check(const struct synscan_options *options, struct error *error);

/* Does the scan have to record its packets? */
bool outputs_want_packets(const struct synscan_options *options);

/* Opens them, and lets the scan, which is the method's, record to them. -1
 * with STATUS_FAILED or STATUS_USAGE; outputs_close() in either case. */
int outputs_open(struct outputs *outputs, const struct synscan_options *options,
		 const struct method *method, void *scan, struct error *error);
void outputs_close(struct outputs *outputs);

void outputs_result(struct outputs *outputs, const struct result *result);

/* Whatever was found is written, also when the scan failed; the summary learns
 * what was recorded. -1 with STATUS_FAILED: the first that could not be
 * written whole. */
int outputs_finish(struct outputs *outputs, struct summary *summary,
		   struct error *error);

#endif
