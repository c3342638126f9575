/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/synscan_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/options.h"
#include "app/scope.h"
#include "app/synscan_rules.h"
#include "base/error.h"
#include "base/number.h"

struct parse {
	struct synscan_options *options;
	struct scope scope;
	bool show_given;
};

static int parse_ports(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;

	return portset_add(&parse->options->ports, value, error);
}

static int parse_exclude_ports(void *context, const char *value,
			       struct error *error)
{
	struct parse *parse = context;

	(void)error;
	scope_exclude_ports(&parse->scope, value);
	return 0;
}

static int parse_list(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;

	return scope_add_file(&parse->scope, SCOPE_LIST, value, error);
}

static int parse_exclude(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;

	(void)error;
	scope_add(&parse->scope, SCOPE_EXCLUDE, value);
	return 0;
}

static int parse_exclude_file(void *context, const char *value,
			      struct error *error)
{
	struct parse *parse = context;

	return scope_add_file(&parse->scope, SCOPE_EXCLUDE_FILE, value, error);
}

static int add_family(struct parse *parse, enum targetset_families family)
{
	parse->options->families |= family;
	return 0;
}

static int parse_ipv4(void *context, const char *value, struct error *error)
{
	(void)value;
	(void)error;
	return add_family(context, TARGETSET_IPV4);
}

static int parse_ipv6(void *context, const char *value, struct error *error)
{
	(void)value;
	(void)error;
	return add_family(context, TARGETSET_IPV6);
}

static int parse_interface(void *context, const char *value,
			   struct error *error)
{
	struct parse *parse = context;
	struct synscan_options *options = parse->options;
	unsigned ifindex = if_nametoindex(value);
	size_t bytes = strlen(value) + 1;

	if (!ifindex && errno != ENODEV)
		return error_errno(error, "interface");
	if (!ifindex || bytes > sizeof(options->interface))
		return options_bad(
			error, value,
			"an interface of this host, as `ip link` names it");
	options->ifindex = ifindex;
	memcpy(options->interface, value, bytes);
	return 0;
}

static int parse_source(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;
	struct addr source;

	if (addr_parse(value, &source) < 0 || addr_special(&source))
		return options_bad(
			error, value,
			"an IPv4 or IPv6 address, as `ip address` names it");
	parse->options->source = source;
	return 0;
}

static int parse_source_port(void *context, const char *value,
			     struct error *error)
{
	struct parse *parse = context;
	uint64_t port;

	if (number_parse(value, 1, 65535, &port) < 0)
		return options_bad(error, value,
				   "a port number from 1 to 65535");
	parse->options->source_port = (uint16_t)port;
	return 0;
}

static int parse_connect(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;

	(void)value;
	(void)error;
	parse->options->connect = true;
	return 0;
}

static int parse_compare(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;

	(void)value;
	(void)error;
	parse->options->compare = true;
	return 0;
}

static int parse_via(void *context, const char *value, struct error *error)
{
	static const char *const names[] = {
		[VIA_AUTO] = "auto",
		[VIA_IP] = "ip",
		[VIA_LINK] = "link",
	};
	struct parse *parse = context;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], value))
			continue;
		parse->options->via = (enum via)i;
		return 0;
	}
	return options_bad(error, value, "auto, ip, link");
}

static int parse_sandbox(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;

	if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
		return options_bad(error, value, "on, off");
	parse->options->sandbox_off = strcmp(value, "off") == 0;
	return 0;
}

static int rate(const char *value, uint64_t *out_pps, struct error *error)
{
	if (number_parse_rate(value, out_pps) < 0)
		return options_bad(
			error, value,
			"packets per second from 1 to 100m, such as 5000, "
			"20k, 1.5m");
	return 0;
}

static int parse_rate(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;

	return rate(value, &parse->options->rate_pps, error);
}

static int parse_max_rate(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;

	return rate(value, &parse->options->max_rate_pps, error);
}

static int parse_retries(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;
	uint64_t retries;

	if (number_parse(value, 0, 255, &retries) < 0)
		return options_bad(error, value, "a number from 0 to 255");
	parse->options->retries = (int)retries;
	return 0;
}

static int parse_wait(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;

	if (number_parse_duration(value, &parse->options->wait_ns) < 0)
		return options_bad(
			error, value,
			"a duration up to 24h, such as 500ms, 2s, 1.5s, 1m");
	return 0;
}

/* -1 when it is none; VERDICT_COUNT for "all". */
static int verdict_from(const char *name, size_t length)
{
	unsigned v;

	if (length == 3 && !strncmp(name, "all", 3))
		return VERDICT_COUNT;
	for (v = 0; v < VERDICT_COUNT; v++) {
		const char *known = verdict_name((enum verdict)v);

		if (strlen(known) == length && !strncmp(name, known, length))
			return (int)v;
	}
	return -1;
}

static int parse_show(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;
	bool *show = parse->options->show;
	const char *at = value;

	if (!parse->show_given) /* the default goes, the first --show stays */
		memset(show, 0, sizeof(parse->options->show));
	parse->show_given = true;
	for (;;) {
		size_t length = strcspn(at, ",");
		int verdict = verdict_from(at, length);
		unsigned v;

		if (verdict < 0)
			return options_bad(error, value,
					   "open, closed, filtered, all, "
					   "comma-separated");
		for (v = 0; v < VERDICT_COUNT; v++)
			if (verdict == (int)v || verdict == VERDICT_COUNT)
				show[v] = true;
		if (!at[length])
			return 0;
		at += length + 1;
	}
}

static int parse_output(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;
	struct synscan_options *options = parse->options;

	(void)error; /* sinks_add() judges it */
	options->outputs[options->output_count++] = value;
	return 0;
}

static int parse_pcap(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;

	if (!*value)
		return options_bad(error, value,
				   "a file name, - for standard output");
	parse->options->pcap = value;
	return 0;
}

static int parse_explain(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;

	(void)value;
	(void)error;
	parse->options->explain = true;
	return 0;
}

static int parse_numeric(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;

	(void)value;
	(void)error;
	parse->options->numeric = true;
	return 0;
}

static int parse_progress(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;

	(void)value;
	(void)error;
	parse->options->progress = true;
	return 0;
}

/* Up to 128 bits: digits go in from the right. */
static int parse_seed(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;
	struct synscan_options *options = parse->options;
	size_t length = strlen(value), i;
	uint64_t low = 0, high = 0;

	if (!length || length > 32 ||
	    strspn(value, "0123456789abcdefABCDEF") != length)
		return options_bad(error, value, "1 to 32 hexadecimal digits");
	for (i = 0; i < length; i++) {
		unsigned c = (unsigned char)value[i];
		unsigned digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;

		high = high << 4 | low >> 60;
		low = low << 4 | digit;
	}
	options->seed[0] = low;
	options->seed[1] = high;
	options->seed_given = true;
	return 0;
}

static int parse_dry_run(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;

	(void)value;
	(void)error;
	parse->options->dry_run = true;
	return 0;
}

static const struct option_spec specs[] = {
	{'p', "ports", "SPEC", "What to scan",
	 "22,80,8000-8100, names, - for all (1-65535)", NULL, parse_ports},
	{0, "exclude-ports", "SPEC", "What to scan", "taken out of these", NULL,
	 parse_exclude_ports},
	{'l', "list", "FILE", "What to scan", "targets from a file, - is stdin",
	 "@file", parse_list},
	{'x', "exclude", "SPEC", "What to scan", "targets to leave out", NULL,
	 parse_exclude},
	{0, "exclude-file", "FILE", "What to scan",
	 "targets to leave out, from a file", "@file", parse_exclude_file},
	{'4', "ipv4", NULL, "What to scan", "IPv4 addresses of a name only",
	 NULL, parse_ipv4},
	{'6', "ipv6", NULL, "What to scan", "IPv6 addresses of a name only",
	 NULL, parse_ipv6},
	{'c', "connect", NULL, "The way out",
	 "by connect(), which takes no privilege (SYN scan)", NULL,
	 parse_connect},
	{0, "compare", NULL, "The way out",
	 "a SYN scan, then a connect scan, side by side", NULL, parse_compare},
	{'i', "interface", "IF", "The way out", "leave by this interface",
	 "@interface", parse_interface},
	{'S', "source", "ADDR", "The way out", "leave from this address", NULL,
	 parse_source},
	{'g', "source-port", "PORT", "The way out", "leave from this port",
	 NULL, parse_source_port},
	{0, "via", "auto|ip|link", "The way out",
	 "raw IP socket or link-layer frames (auto)", "auto ip link",
	 parse_via},
	{'r', "rate", "PPS", "Timing", "exactly so many: 5000, 20k (adaptive)",
	 NULL, parse_rate},
	{0, "max-rate", "PPS", "Timing", "ceiling of the adaptive rate", NULL,
	 parse_max_rate},
	{'R', "retries", "N", "Timing",
	 "most retransmissions (as the loss calls for)", NULL, parse_retries},
	{'w', "wait", "DURATION", "Timing",
	 "longest wait for late replies (from the RTT)", NULL, parse_wait},
	{0, "show", "STATES", "Output", "open, closed, filtered, all (open)",
	 "open closed filtered all", parse_show},
	{'o', "output", "FORMAT[:FILE]", "Output",
	 "text, ndjson, csv; repeatable (text)", "text ndjson csv",
	 parse_output},
	{0, "pcap", "FILE", "Output", "record every probe and reply", "@file",
	 parse_pcap},
	{0, "explain", NULL, "Output",
	 "with few ports: the packets of each, and why", NULL, parse_explain},
	{'n', "numeric", NULL, "Output", "no service names", NULL,
	 parse_numeric},
	{'v', "verbose", NULL, "Output", "say more; -vv still more", NULL,
	 NULL},
	{'q', "quiet", NULL, "Output", "errors and results only", NULL, NULL},
	{0, "progress", NULL, "Output", "progress even without a terminal",
	 NULL, parse_progress},
	{0, "seed", "HEX", "Other", "repeat the order and cookies of a scan",
	 NULL, parse_seed},
	{0, "dry-run", NULL, "Other", "print the probes' order, send nothing",
	 NULL, parse_dry_run},
	{0, "sandbox", "on|off", "Other", "off: for debuggers only (on)",
	 "on off", parse_sandbox},
	{'h', "help", NULL, "Other", "this page", NULL, NULL},
	{0, "version", NULL, "Other", "the version", NULL, NULL},
	{0, "completion", "bash", NULL, "for the build", NULL, NULL},
	{0, NULL, NULL, NULL, NULL, NULL, NULL},
};

static const struct option_table table = {
	.program = "synscan",
	.synopsis = "[options] TARGET...",
	.purpose = "Half-open TCP port scanner: each port is open, closed or "
		   "filtered, and why.\n"
		   "TARGET: address, PREFIX/LEN, FIRST-LAST, 10.0.1-3.*, host "
		   "name",
	.examples =
		"  sudo synscan 10.9.0.2                   all ports of a "
		"host\n"
		"  synscan -p 22,80,443 10.9.0.0/24        three ports of a "
		"network\n"
		"  synscan --show all -o ndjson:scan.json fe80::1%eth0\n"
		"  synscan -p https -l hosts.txt -x 10.9.0.1 --max-rate 5k\n",
	.specs = specs,
};

static int parse_init(struct parse *parse, struct synscan_options *options,
		      int argc, struct error *error)
{
	*options = (struct synscan_options){
		.retries = -1,
		.wait_ns = -1,
		.show[VERDICT_OPEN] = true,
	};
	*parse = (struct parse){.options = options};
	portset_init(&options->ports);
	/* A word of argv holds one value at most. */
	options->outputs = calloc((size_t)argc + 1, sizeof(*options->outputs));
	options->targets = targetset_new();
	if (!options->outputs || !options->targets)
		return error_set(error, STATUS_FAILED, "out of memory");
	return scope_init(&parse->scope, (size_t)argc + 1, error);
}

static int finish(struct parse *parse, struct error *error)
{
	struct synscan_options *options = parse->options;

	if (!options->families)
		options->families = TARGETSET_BOTH;
	if (!options->output_count)
		options->outputs[options->output_count++] = "text";
	if (synscan_rules_check(options, error) < 0)
		return -1;
	return scope_apply(&parse->scope, &options->ports, options->targets,
			   options->families, error);
}

int synscan_options_parse(struct synscan_options *options, int argc,
			  char **argv, struct error *error)
{
	struct parse parse;
	int result, i;

	result = parse_init(&parse, options, argc, error);
	if (result < 0)
		goto out;
	result = options_parse(&table, argc, argv, &options->common, &parse, &i,
			       error);
	if (result) /* 1: --help and its like need no targets */
		goto out;
	for (; i < argc; i++)
		scope_add(&parse.scope, SCOPE_TARGET, argv[i]);
	result = finish(&parse, error);
out:
	scope_fini(&parse.scope);
	return result < 0 ? -1 : 0;
}

void synscan_options_free(struct synscan_options *options)
{
	if (!options)
		return;
	free(options->outputs);
	targetset_free(options->targets);
	options->outputs = NULL;
	options->targets = NULL;
}

int synscan_options_answer(const struct synscan_options *options, FILE *stream,
			   struct error *error)
{
	return options_answer(&table, options->common.request, stream, error);
}
