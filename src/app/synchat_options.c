/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/synchat_options.h"

#include <string.h>
#include <sys/socket.h>

#include "app/options.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/escape.h"
#include "base/number.h"

enum {
	SEND_BYTES_MAX = 65536,
	TIMEOUT_MS = 10000,
	BACKLOG = 4096, /* the kernel cuts it to net.core.somaxconn */
};

/* Options that mean something to one command only. */
enum only {
	ONLY_LISTEN = 1,
	ONLY_CONNECT = 2,
};

struct parse {
	struct synchat_options *options;
	const char *only_name[3]; /* the last such option, by enum only */
};

static int parse_number(const char *value, uint64_t min, uint64_t max,
			uint64_t *out, const char *accepted,
			struct error *error)
{
	if (number_parse(value, min, max, out) < 0)
		return options_bad(error, value, accepted);
	return 0;
}

static int parse_family(struct parse *parse, int family)
{
	int *chosen = &parse->options->family;

	*chosen =
		*chosen == AF_UNSPEC || *chosen == family ? family : AF_UNSPEC;
	return 0;
}

static int parse_ipv4(void *context, const char *value, struct error *error)
{
	(void)value;
	(void)error;
	return parse_family(context, AF_INET);
}

static int parse_ipv6(void *context, const char *value, struct error *error)
{
	(void)value;
	(void)error;
	return parse_family(context, AF_INET6);
}

static int parse_turns(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;

	(void)value;
	(void)error;
	parse->options->turns = true;
	return 0;
}

static int parse_retry(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;

	(void)value;
	(void)error;
	parse->only_name[ONLY_CONNECT] = "retry";
	parse->options->retry = true;
	return 0;
}

static int parse_stay(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;

	(void)value;
	(void)error;
	parse->only_name[ONLY_CONNECT] = "stay";
	parse->options->stays = true;
	return 0;
}

static int parse_timeout(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;
	int64_t ns;

	parse->only_name[ONLY_CONNECT] = "timeout";
	if (number_parse_duration(value, &ns) < 0)
		return options_bad(
			error, value,
			"a duration up to 24h, such as 500ms, 2s, 1.5s, 1m; "
			"0 for as long as the kernel tries");
	parse->options->timeout_ms = (int)((ns + NS_PER_MS - 1) / NS_PER_MS);
	return 0;
}

static int parse_source_port(void *context, const char *value,
			     struct error *error)
{
	struct parse *parse = context;
	uint64_t port;

	parse->only_name[ONLY_CONNECT] = "source-port";
	if (parse_number(value, 1, 65535, &port,
			 "a port number from 1 to 65535", error) < 0)
		return -1;
	parse->options->source_port = (uint16_t)port;
	return 0;
}

static int parse_narrate(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;

	(void)value;
	(void)error;
	parse->options->narrates = true;
	return 0;
}

static int parse_close(void *context, const char *value, struct error *error)
{
	static const char *const names[] = {
		[CLOSE_GRACEFUL] = "graceful",
		[CLOSE_RESET] = "reset",
		[CLOSE_UNREAD] = "unread",
		[CLOSE_HALF_UNREAD] = "half-unread",
		[CLOSE_DISCONNECT] = "disconnect",
		[CLOSE_UNACCEPTED] = "unaccepted",
	};
	struct parse *parse = context;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], value))
			continue;
		parse->options->close = (enum close_mode)i;
		return 0;
	}
	return options_bad(error, value,
			   "graceful, reset, unread, half-unread, disconnect, "
			   "unaccepted");
}

static int parse_send_size(void *context, const char *value,
			   struct error *error)
{
	struct parse *parse = context;
	uint64_t bytes;

	if (parse_number(value, 1, SEND_BYTES_MAX, &bytes,
			 "a number of bytes from 1 to 65536", error) < 0)
		return -1;
	parse->options->send_bytes = (size_t)bytes;
	return 0;
}

/* "IDLE,INTERVAL,COUNT": seconds, seconds, probes; the kernel's limits. */
static int parse_keepalive(void *context, const char *value,
			   struct error *error)
{
	static const uint64_t most[3] = {32767, 32767, 127};
	struct parse *parse = context;
	uint64_t numbers[3];
	const char *at = value;

	for (int i = 0; i < 3; i++) {
		size_t length = strcspn(at, ",");

		if (number_parse_n(at, length, 1, most[i], &numbers[i]) < 0 ||
		    at[length] != (i < 2 ? ',' : '\0'))
			return options_bad(
				error, value,
				"IDLE,INTERVAL,COUNT in seconds, seconds "
				"and probes, such as 1,1,2");
		at += length + 1;
	}
	parse->options->keepalive = (struct keepalive){
		.idle_s = (int)numbers[0],
		.interval_s = (int)numbers[1],
		.count = (int)numbers[2],
	};
	return 0;
}

static int parse_backlog(void *context, const char *value, struct error *error)
{
	struct parse *parse = context;
	uint64_t backlog;

	parse->only_name[ONLY_LISTEN] = "backlog";
	if (parse_number(value, 0, 65535, &backlog, "a number from 0 to 65535",
			 error) < 0)
		return -1;
	parse->options->backlog = (int)backlog;
	return 0;
}

static const struct option_spec specs[] = {
	{'4', "ipv4", NULL, "Both ends", "IPv4 only", NULL, parse_ipv4},
	{'6', "ipv6", NULL, "Both ends", "IPv6 only", NULL, parse_ipv6},
	{'t', "turns", NULL, "Both ends",
	 "two in turns, the bytes typed and no more", NULL, parse_turns},
	{'s', "send-size", "N", "Both ends", "first send N bytes in one write",
	 NULL, parse_send_size},
	{0, "narrate", NULL, "Both ends",
	 "each socket call and the TCP state after it", NULL, parse_narrate},
	{0, "close", "HOW", "Both ends",
	 "graceful, reset, unread, half-unread, ...",
	 "graceful reset unread half-unread disconnect unaccepted",
	 parse_close},
	{0, "keepalive", "IDLE,GAP,N", "Both ends", "probe a silent peer", NULL,
	 parse_keepalive},
	{'g', "source-port", "PORT", "Connecting", "leave from this port", NULL,
	 parse_source_port},
	{'r', "retry", NULL, "Connecting",
	 "while it is refused, ask again every second", NULL, parse_retry},
	{0, "stay", NULL, "Connecting", "go on after the other end has closed",
	 NULL, parse_stay},
	{'w', "timeout", "DURATION", "Connecting",
	 "longest wait for an answer (10s)", NULL, parse_timeout},
	{0, "backlog", "N", "Listening", "callers that may wait (4096)", NULL,
	 parse_backlog},
	{'v', "verbose", NULL, "Output", "say more", NULL, NULL},
	{'q', "quiet", NULL, "Output", "errors and the talk only", NULL, NULL},
	{'h', "help", NULL, "Output", "this page", NULL, NULL},
	{0, "version", NULL, "Output", "the version", NULL, NULL},
	{0, "completion", "bash", NULL, "for the build", NULL, NULL},
	{0, NULL, NULL, NULL, NULL, NULL, NULL},
};

static const struct option_table table = {
	.program = "synchat",
	.synopsis = "[options] listen [ADDRESS] PORT\n"
		    "       synchat [options] connect HOST PORT",
	.purpose = "Chat over TCP: lines of UTF-8. `end` ends your talk, at a "
		   "listener all talks.",
	.examples =
		"  synchat listen 8000                     a chat for many\n"
		"  synchat connect 10.9.0.2 8000           take part in it\n"
		"  synchat --turns --narrate listen 8000   two, and every "
		"call\n"
		"  synchat --close reset connect 10.9.0.2 8000\n",
	.commands = "listen connect",
	.specs = specs,
};

/* ---- operands ---- */

static int parse_port(struct synchat_options *options, const char *value,
		      struct error *error)
{
	bool listens = options->command == SYNCHAT_LISTEN;
	uint64_t port;

	if (parse_number(value, listens ? 0 : 1, 65535, &port,
			 listens ? "a port number from 1 to 65535, or 0 for "
				   "any"
				 : "a port number from 1 to 65535",
			 error) < 0)
		return error_context(error, "PORT");
	options->port = (uint16_t)port;
	return 0;
}

static int parse_operands(struct synchat_options *options, int count,
			  char **operands, struct error *error)
{
	char quoted[ESCAPE_QUOTE_BYTES];

	if (count == 0)
		return error_set(error, STATUS_USAGE,
				 "no command; accepted: listen [ADDRESS] PORT, "
				 "connect HOST PORT (see --help)");
	if (!strcmp(operands[0], "connect"))
		options->command = SYNCHAT_CONNECT;
	else if (strcmp(operands[0], "listen"))
		return error_set(error, STATUS_USAGE,
				 "bad command %s; accepted: listen [ADDRESS] "
				 "PORT, connect HOST PORT",
				 escape_quote(operands[0], quoted));
	if (options->command == SYNCHAT_CONNECT && count != 3)
		return error_set(error, STATUS_USAGE,
				 "connect with %d operands; accepted: connect "
				 "HOST PORT",
				 count - 1);
	if (options->command == SYNCHAT_LISTEN && count != 2 && count != 3)
		return error_set(error, STATUS_USAGE,
				 "listen with %d operands; accepted: listen "
				 "[ADDRESS] PORT",
				 count - 1);
	if (count == 3)
		options->host = operands[1];
	return parse_port(options, operands[count - 1], error);
}

/* Options that the command does not have. */
static int check_fit(const struct parse *parse, struct error *error)
{
	const struct synchat_options *options = parse->options;
	bool listens = options->command == SYNCHAT_LISTEN;
	const char *stray =
		parse->only_name[listens ? ONLY_CONNECT : ONLY_LISTEN];

	if (stray)
		return error_set(error, STATUS_USAGE, "--%s is for `%s` only",
				 stray, listens ? "connect" : "listen");
	if (!listens && options->close == CLOSE_UNACCEPTED)
		return error_set(error, STATUS_USAGE,
				 "--close unaccepted is for `listen` only: the "
				 "other end does the accepting");
	if (options->turns && options->stays)
		return error_set(error, STATUS_USAGE,
				 "--stay and --turns do not go together: in "
				 "turns the end of one is the end of both");
	return 0;
}

int synchat_options_parse(struct synchat_options *options, int argc,
			  char **argv, struct error *error)
{
	struct parse parse = {.options = options};
	int result, i;

	*options = (struct synchat_options){
		.command = SYNCHAT_LISTEN,
		.timeout_ms = TIMEOUT_MS,
		.backlog = BACKLOG,
	};
	result = options_parse(&table, argc, argv, &options->common, &parse, &i,
			       error);
	if (result)
		return result < 0 ? -1 : 0;
	if (parse_operands(options, argc - i, argv + i, error) < 0)
		return -1;
	return check_fit(&parse, error);
}

int synchat_options_answer(const struct synchat_options *options, FILE *stream,
			   struct error *error)
{
	return options_answer(&table, options->common.request, stream, error);
}
