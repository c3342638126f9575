/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/synudp_options.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "app/options.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/escape.h"
#include "base/number.h"
#include "talk/datagram.h"
#include "talk/fragments.h"

#define TIMEOUT_NS   NS_PER_S
#define DELAY_MAX_NS (10 * NS_PER_S)

enum {
	COUNT_MAX = 1000000000,
};

struct parse {
	struct synudp_options *options;
	/* The first option given that is for one command only. */
	const char *for_serve, *for_probe;
	bool boundaries;
};

static void for_serve(struct parse *parse, const char *name)
{
	if (!parse->for_serve)
		parse->for_serve = name;
}

static void for_probe(struct parse *parse, const char *name)
{
	if (!parse->for_probe)
		parse->for_probe = name;
}

/* ---- serve ---- */

static int percent(const char *value, uint32_t *out_ppm, struct error *error)
{
	if (number_parse_percent(value, out_ppm) < 0)
		return options_bad(error, value,
				   "per cent from 0 to 100, such as 5 or 0.5");
	return 0;
}

static int parse_drop(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;

	for_serve(parse, "--drop");
	return percent(value, &parse->options->impairment.drop_ppm, error);
}

static int parse_dup(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;

	for_serve(parse, "--dup");
	return percent(value, &parse->options->impairment.dup_ppm, error);
}

static int parse_reorder(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;

	for_serve(parse, "--reorder");
	return percent(value, &parse->options->impairment.reorder_ppm, error);
}

static int parse_corrupt(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;

	for_serve(parse, "--corrupt");
	return percent(value, &parse->options->impairment.corrupt_ppm, error);
}

static int parse_delay(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;
	int64_t delay_ns;

	for_serve(parse, "--delay");
	if (number_parse_duration(value, &delay_ns) < 0 ||
	    delay_ns > DELAY_MAX_NS)
		return options_bad(error, value,
				   "a duration up to 10s, such as 50ms, 1.5s");
	parse->options->impairment.delay_ns = delay_ns;
	return 0;
}

static int parse_seed(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;
	size_t length = strlen(value);

	for_serve(parse, "--seed");
	if (length < 1 || length > 16 ||
	    strspn(value, "0123456789abcdefABCDEF") != length)
		return options_bad(error, value, "1 to 16 hexadecimal digits");
	parse->options->impairment.seed = strtoull(value, NULL, 16);
	parse->options->seed_given = true;
	return 0;
}

/* ---- probe ---- */

/* Of the family that has room for more; the other is refused once the family
 * is known. */
static int parse_one_size(const char *value, size_t length, size_t *out)
{
	uint64_t size;

	if (number_parse_n(value, length, DATAGRAM_HEADER_BYTES,
			   fragments_size_max(AF_INET6), &size) < 0)
		return -1;
	*out = (size_t)size;
	return 0;
}

static int parse_size(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;

	for_probe(parse, "--size");
	if (parse_one_size(value, strlen(value), &parse->options->size) < 0)
		return options_bad(
			error, value,
			"bytes of payload from 60 to 65507, over IPv6 to "
			"65527: no datagram holds more");
	return 0;
}

static int parse_sizes(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;
	struct synudp_options *options = parse->options;
	size_t first = strcspn(value, "-"), last, step;
	const char *end = value + first + (value[first] != '\0');
	uint64_t by = 1;

	for_probe(parse, "--sizes");
	last = strcspn(end, ":");
	step = last + (end[last] != '\0');
	if (parse_one_size(value, first, &options->sizes_first) < 0 ||
	    parse_one_size(end, last, &options->sizes_last) < 0 ||
	    (end[last] && number_parse(end + step, 1, 65535, &by) < 0) ||
	    options->sizes_last < options->sizes_first)
		return options_bad(
			error, value,
			"FIRST-LAST or FIRST-LAST:STEP, bytes of payload "
			"from 60 to 65507, over IPv6 to 65527");
	options->sizes_step = (size_t)by;
	return 0;
}

static int parse_count(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;

	for_probe(parse, "--count");
	if (number_parse(value, 1, COUNT_MAX, &parse->options->count) < 0)
		return options_bad(error, value,
				   "a number from 1 to 1000000000");
	return 0;
}

static int parse_interval(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;

	for_probe(parse, "--interval");
	if (number_parse_duration(value, &parse->options->interval_ns) < 0)
		return options_bad(
			error, value,
			"a duration up to 24h, such as 0, 200us, 1s");
	return 0;
}

static int parse_timeout(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;
	int64_t timeout_ns;

	for_probe(parse, "--timeout");
	if (number_parse_duration(value, &timeout_ns) < 0 ||
	    timeout_ns < NS_PER_US)
		return options_bad(
			error, value,
			"a duration from 1us to 24h, such as 200ms, 2s");
	parse->options->timeout_ns = timeout_ns;
	return 0;
}

static int parse_df(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;

	(void)value;
	(void)error;
	for_probe(parse, "--df");
	parse->options->df = true;
	return 0;
}

/* With both: any family, as with neither. */
static int add_family(struct parse *parse, int family)
{
	int *known = &parse->options->family;

	for_probe(parse, family == AF_INET ? "--ipv4" : "--ipv6");
	*known = *known == AF_UNSPEC || *known == family ? family : AF_MAX;
	return 0;
}

static int parse_ipv4(void *context, const char *value, struct error *error)
{
	(void)value;
	(void)error;
	return add_family(context, AF_INET);
}

static int parse_ipv6(void *context, const char *value, struct error *error)
{
	(void)value;
	(void)error;
	return add_family(context, AF_INET6);
}

/* ---- all ---- */

static int parse_boundaries(void *context, const char *value,
			    struct error *error)
{
	struct parse *parse = context;

	(void)value;
	(void)error;
	parse->boundaries = true;
	return 0;
}

static int parse_output(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;
	struct synudp_options *options = parse->options;

	(void)error;
	options->outputs[options->output_count++] = value;
	return 0;
}

static const struct option_spec specs[] = {
	{0, "drop", "PERCENT", "serve", "replies that never leave", NULL,
	 parse_drop},
	{0, "dup", "PERCENT", "serve", "replies that leave twice", NULL,
	 parse_dup},
	{0, "reorder", "PERCENT", "serve", "replies that the next overtakes",
	 NULL, parse_reorder},
	{0, "corrupt", "PERCENT", "serve", "replies with one byte altered",
	 NULL, parse_corrupt},
	{0, "delay", "DURATION", "serve", "how long each reply is held back",
	 NULL, parse_delay},
	{0, "seed", "HEX", "serve", "which ones: the same seed, the same ones",
	 NULL, parse_seed},
	{'s', "size", "BYTES", "probe", "of payload in each datagram (64)",
	 NULL, parse_size},
	{0, "sizes", "A-B[:STEP]", "probe",
	 "each size in turn, and its packets", NULL, parse_sizes},
	{'c', "count", "N", "probe", "datagrams (10; 1 of each of --sizes)",
	 NULL, parse_count},
	{0, "interval", "DURATION", "probe", "from one to the next (100ms)",
	 NULL, parse_interval},
	{0, "timeout", "DURATION", "probe", "a later reply is late (1s)", NULL,
	 parse_timeout},
	{0, "df", NULL, "probe",
	 "don't fragment; without a size: find the path MTU", NULL, parse_df},
	{'4', "ipv4", NULL, "probe", "use an IPv4 address of the name", NULL,
	 parse_ipv4},
	{'6', "ipv6", NULL, "probe", "use an IPv6 address of the name", NULL,
	 parse_ipv6},
	{0, "boundaries", NULL, "on its own",
	 "two sends over UDP and over TCP, on loopback", NULL,
	 parse_boundaries},
	{'o', "output", "FORMAT[:FILE]", "Output",
	 "text or ndjson; may be repeated",
	 "text ndjson text: ndjson:", parse_output},
	{'v', "verbose", NULL, "Output", "say more, twice: still more", NULL,
	 NULL},
	{'q', "quiet", NULL, "Output", "no line for each reply, no remarks",
	 NULL, NULL},
	{'h', "help", NULL, "Other", "this page", NULL, NULL},
	{0, "version", NULL, "Other", "the version", NULL, NULL},
	{0, "completion", "bash", NULL, "for the build", NULL, NULL},
	{0, NULL, NULL, NULL, NULL, NULL, NULL},
};

static const struct option_table table = {
	.program = "synudp",
	.synopsis = "serve [options] [ADDRESS] PORT\n"
		    "       synudp probe [options] HOST PORT\n"
		    "       synudp --boundaries",
	.purpose = "UDP echo server that can spoil what it sends, and a "
		   "prober that says what became\n"
		   "of each datagram: lost which way, doubled, reordered, "
		   "late, altered.",
	.examples =
		"  synudp serve --drop 5 --delay 20ms 7007\n"
		"  synudp probe -c 100 10.9.0.2 7007\n"
		"  synudp probe --sizes 1471-1474 10.9.0.2 7007   fragments\n"
		"  synudp probe --df fd00:9::2 7007               path MTU\n",
	.specs = specs,
};

static int parse_port(const char *text, unsigned least, uint16_t *out,
		      struct error *error)
{
	char quoted[ESCAPE_QUOTE_BYTES];
	uint64_t port;

	if (number_parse(text, least, 65535, &port) < 0)
		return error_set(error, STATUS_USAGE,
				 "bad port %s; accepted: a number from %u to "
				 "65535",
				 escape_quote(text, quoted), least);
	*out = (uint16_t)port;
	return 0;
}

static int wrong_operands(const char *accepted, struct error *error)
{
	return error_set(error, STATUS_USAGE, "accepted: %s (see --help)",
			 accepted);
}

static int finish_serve(struct parse *parse, int argc, char **argv,
			struct error *error)
{
	struct synudp_options *options = parse->options;
	struct addr addr;

	options->command = SYNUDP_SERVE;
	if (parse->for_probe)
		return error_set(error, STATUS_USAGE,
				 "%s is for probe, not for serve",
				 parse->for_probe);
	if (argc < 1 || argc > 2)
		return wrong_operands("synudp serve [ADDRESS] PORT", error);
	if (argc == 2) {
		char quoted[ESCAPE_QUOTE_BYTES];

		options->host = argv[0];
		if (addr_parse(argv[0], &addr) < 0)
			return error_set(error, STATUS_USAGE,
					 "bad address %s; accepted: an "
					 "address of this host",
					 escape_quote(argv[0], quoted));
	}
	return parse_port(argv[argc - 1], 0, &options->port, error);
}

static int finish_probe(struct parse *parse, int argc, char **argv,
			struct error *error)
{
	struct synudp_options *options = parse->options;

	options->command = SYNUDP_PROBE;
	if (parse->for_serve)
		return error_set(error, STATUS_USAGE,
				 "%s is for serve, not for probe",
				 parse->for_serve);
	if (argc != 2)
		return wrong_operands("synudp probe HOST PORT", error);
	if (options->size && options->sizes_step)
		return error_set(error, STATUS_USAGE,
				 "--size is one size and --sizes are several; "
				 "accepted: one of them");
	if (options->family == AF_MAX)
		options->family = AF_UNSPEC;
	options->host = argv[0];
	return parse_port(argv[1], 1, &options->port, error);
}

static int finish(struct parse *parse, int argc, char **argv,
		  struct error *error)
{
	char quoted[ESCAPE_QUOTE_BYTES];

	if (parse->boundaries) {
		parse->options->command = SYNUDP_BOUNDARIES;
		if (argc || parse->for_serve || parse->for_probe)
			return wrong_operands("synudp --boundaries, and "
					      "nothing beside it but -o",
					      error);
		return 0;
	}
	if (argc && !strcmp(argv[0], "serve"))
		return finish_serve(parse, argc - 1, argv + 1, error);
	if (argc && !strcmp(argv[0], "probe"))
		return finish_probe(parse, argc - 1, argv + 1, error);
	return error_set(error, STATUS_USAGE,
			 "%s%s; accepted: serve, probe, --boundaries (see "
			 "--help)",
			 argc ? "bad command " : "no command",
			 argc ? escape_quote(argv[0], quoted) : "");
}

int synudp_options_parse(struct synudp_options *options, int argc, char **argv,
			 struct error *error)
{
	struct parse parse = {.options = options};
	int result, i;

	*options = (struct synudp_options){
		.interval_ns = -1,
		.timeout_ns = TIMEOUT_NS,
	};
	/* A word of argv holds one output at most. */
	options->outputs = calloc((size_t)argc + 1, sizeof(*options->outputs));
	if (!options->outputs)
		return error_set(error, STATUS_FAILED, "out of memory");
	result = options_parse(&table, argc, argv, &options->common, &parse, &i,
			       error);
	if (result)
		return result < 0 ? -1 : 0;
	if (!options->output_count)
		options->outputs[options->output_count++] = "text";
	return finish(&parse, argc - i, argv + i, error);
}

void synudp_options_free(struct synudp_options *options)
{
	free(options->outputs);
	options->outputs = NULL;
}

int synudp_options_answer(const struct synudp_options *options, FILE *stream,
			  struct error *error)
{
	return options_answer(&table, options->common.request, stream, error);
}
