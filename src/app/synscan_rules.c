/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/synscan_rules.h"

#include <string.h>

#include "app/synscan_options.h"
#include "base/error.h"

/* A drawing is for people, and so must be what stands above it. */
static int check_explain(const struct synscan_options *options,
			 struct error *error)
{
	bool taken = options->pcap && !strcmp(options->pcap, "-");

	if (!options->explain)
		return 0;
	for (size_t i = 0; i < options->output_count; i++) {
		const char *spec = options->outputs[i];
		size_t format = strcspn(spec, ":");

		if ((!spec[format] || !strcmp(spec + format, ":-")) &&
		    (format != 4 || strncmp(spec, "text", 4) != 0))
			taken = true;
	}
	if (!taken)
		return 0;
	return error_set(error, STATUS_USAGE,
			 "--explain writes text to standard output; accepted: "
			 "a file for the others, as in -o ndjson:FILE");
}

/* Results and packets in one stream would be neither. */
static int check_stdout(const struct synscan_options *options,
			struct error *error)
{
	if (!options->pcap || strcmp(options->pcap, "-"))
		return 0;
	for (size_t i = 0; i < options->output_count; i++) {
		const char *file = strchr(options->outputs[i], ':');

		if (!file || !strcmp(file, ":-"))
			return error_set(error, STATUS_USAGE,
					 "--pcap -: results go to standard "
					 "output too; accepted: a file for one "
					 "of them, as in -o text:FILE");
	}
	return 0;
}

static int check_compare(const struct synscan_options *options,
			 struct error *error)
{
	if (!options->compare)
		return 0;
	if (options->connect)
		return error_set(error, STATUS_USAGE,
				 "--compare makes both scans, and --connect "
				 "one; accepted: one of them");
	if (options->explain)
		return error_set(error, STATUS_USAGE,
				 "--explain draws the packets of one scan, "
				 "and --compare makes two scans; accepted: one "
				 "of them");
	if (options->pcap)
		return error_set(error, STATUS_USAGE,
				 "--pcap records the packets of one scan, "
				 "and --compare makes two scans; accepted: one "
				 "of them");
	if (options->source_port)
		return error_set(error, STATUS_USAGE,
				 "--compare tells the scans by their source "
				 "ports, and --source-port gives both the "
				 "same; accepted: one of them");
	for (size_t i = 0; i < options->output_count; i++)
		if (strncmp(options->outputs[i], "csv", 3) == 0)
			return error_set(error, STATUS_USAGE,
					 "--compare has no form in csv; "
					 "accepted: text, ndjson");
	return 0;
}

int synscan_rules_check(const struct synscan_options *options,
			struct error *error)
{
	if (options->rate_pps && options->max_rate_pps)
		return error_set(error, STATUS_USAGE,
				 "--rate is exact and --max-rate the ceiling "
				 "of an adaptive rate; accepted: one of them");
	if (options->connect && options->via != VIA_AUTO)
		return error_set(error, STATUS_USAGE,
				 "--via is for the packets of a SYN scan, and "
				 "--connect sends none of its own; accepted: "
				 "one of them");
	if (check_compare(options, error) < 0 ||
	    check_explain(options, error) < 0)
		return -1;
	return check_stdout(options, error);
}
