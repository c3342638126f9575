/* SPDX-License-Identifier: BSD-2-Clause */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "app/outputs.h"
#include "app/streams.h"
#include "app/synscan_options.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "net/netlink.h"
#include "net/pathset.h"
#include "net/privs.h"
#include "net/sandbox.h"
#include "report/progress.h"
#include "report/sink.h"
#include "scan/method.h"
#include "scan/synscan.h"

struct run {
	struct synscan_options options;
	const struct method *method;
	uint64_t order_key[2], cookie_key[2];
	struct netlink *netlink;
	struct pathset *paths;
	struct outputs outputs;
	struct progress progress;
	struct summary summary;
	int64_t noted_ns; /* the last "waiting for" */
};

/* For the signal handler alone; set before the handler is installed. */
static const struct method *running_method;
static void *running;

static const int ending[] = {SIGINT, SIGTERM, SIGHUP};

static void interrupt(int signal)
{
	static volatile sig_atomic_t again;

	(void)signal;
	if (again)
		_exit(STATUS_INCOMPLETE);
	again = 1;
	running_method->interrupt(running);
}

static int handle_signals(const struct method *method, void *scan,
			  struct error *error)
{
	struct sigaction action = {.sa_handler = interrupt};

	running_method = method;
	running = scan;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++) {
		struct sigaction before;

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

static void ignore_signals(void)
{
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
		signal(ending[i], SIG_IGN);
}

/* ---- what the scan calls ---- */

static void one_result(void *context, const struct result *result)
{
	struct run *run = context;

	outputs_result(&run->outputs, result);
}

static void say_waiting(struct run *run, const struct engine_stats *stats,
			int64_t now_ns)
{
	if (stats->fresh_left > 0 || stats->in_air + stats->ready == 0 ||
	    now_ns - run->noted_ns < NS_PER_S)
		return;
	run->noted_ns = now_ns;
	log_line(LOG_INFO,
		 "all asked; waiting for %u in the air, %u to be sent again, "
		 "%u silent (at least %u tries each)",
		 stats->in_air, stats->ready, stats->silent,
		 stats->tries_needed);
}

static void tick(void *context, const struct engine_stats *stats,
		 int64_t now_ns)
{
	struct run *run = context;

	sinks_flush(run->outputs.sinks);
	progress_update(&run->progress,
			&(struct progress_now){
				.done = stats->total - stats->fresh_left -
					stats->in_air - stats->ready,
				.total = stats->total,
				.sent = stats->probes_sent,
				.open = stats->verdicts[VERDICT_OPEN],
			},
			now_ns);
	say_waiting(run, stats, now_ns);
}

static bool gave_up(void *context)
{
	struct run *run = context;

	return sinks_failed(run->outputs.sinks);
}

/* ---- before the scan ---- */

static int make_keys(struct run *run, struct error *error)
{
	uint64_t random[4];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return error_errno(error, "random key");
	/* The order is what --seed repeats. The cookies follow it too: a run
	 * that is repeated for study repeats its packets. */
	if (run->options.seed_given) {
		random[0] = run->options.seed[0];
		random[1] = run->options.seed[1];
		random[2] = ~random[0];
		random[3] = random[1] ^ 0x5bf03635f0b7a54dULL;
	}
	memcpy(run->order_key, random, sizeof(run->order_key));
	memcpy(run->cookie_key, random + 2, sizeof(run->cookie_key));
	return 0;
}

/* The routing table knows which addresses are a subnet's broadcast. */
static int freeze_targets(struct run *run, struct error *error)
{
	struct synscan_options *options = &run->options;
	struct prefix *prefixes = NULL;
	struct addr *broadcast;
	size_t n = 0, n_broadcast = 0;
	uint64_t removed;
	int status = -1;

	if (netlink_prefixes(run->netlink, &prefixes, &n, error) < 0)
		return -1;
	broadcast = calloc(n + 1, sizeof(*broadcast));
	if (!broadcast) {
		error_errno(error, "targets");
		goto out;
	}
	for (size_t i = 0; i < n; i++)
		if (prefixes[i].broadcast)
			broadcast[n_broadcast++] = prefixes[i].addr;
	status = targetset_freeze(options->targets, broadcast, n_broadcast,
				  error);
out:
	free(broadcast);
	free(prefixes);
	if (status < 0)
		return -1;
	removed = targetset_removed(options->targets);
	if (removed > 0)
		log_line(LOG_WARN,
			 "%llu broadcast, multicast and reserved addresses "
			 "taken out",
			 (unsigned long long)removed);
	if (targetset_count(options->targets) == 0)
		return error_set(error, STATUS_USAGE,
				 "no target is left to scan");
	return 0;
}

/* A -S address that is not ours is no error: somebody may watch elsewhere. */
static int check_source(struct run *run, struct error *error)
{
	const struct addr *source = &run->options.source;
	char text[ADDR_TEXT_BYTES];
	struct route route;

	if (!source->family)
		return 0;
	if (netlink_route(run->netlink, source, NULL, 0, &route, error) < 0)
		return -1;
	if (route.type != ROUTE_LOCAL)
		log_line(LOG_WARN,
			 "%s is no address of this host: no answer will come "
			 "back here",
			 addr_format(source, text));
	return 0;
}

static int find_paths(struct run *run, struct error *error)
{
	const struct synscan_options *options = &run->options;
	char text[ADDR_TEXT_BYTES];
	struct addr first;

	if (check_source(run, error) < 0)
		return -1;
	run->paths =
		pathset_new(run->netlink, options->targets,
			    options->source.family ? &options->source : NULL,
			    options->ifindex, error);
	if (!run->paths)
		return -1;
	for (size_t i = 0; i < pathset_count(run->paths); i++)
		if (pathset_nth(run->paths, i)->route.type != ROUTE_NONE)
			return 0;
	first = targetset_nth(options->targets, 0);
	return error_set(error, STATUS_FAILED, "no route to %s%s",
			 addr_format(&first, text),
			 targetset_count(options->targets) == 1
				 ? ""
				 : ", nor to any other target");
}

/* ---- the scan ---- */

static int dry_run(struct run *run, struct error *error)
{
	const struct synscan_options *options = &run->options;
	struct synscan_config config = {
		.targets = options->targets,
		.ports = &options->ports,
		.paths = run->paths,
		.order_key = {run->order_key[0], run->order_key[1]},
	};
	char text[ADDR_TEXT_BYTES];
	struct addr addr;
	uint16_t port;
	struct synscan_order *order = synscan_order_new(&config, error);

	if (!order)
		return -1;
	while (!ferror(stdout) && synscan_order_next(order, &addr, &port))
		printf("%s %u\n", addr_format(&addr, text), port);
	synscan_order_free(order);
	if (fflush(stdout) != 0 || ferror(stdout))
		return error_errno(error, "standard output");
	return 0;
}

static void *open_scan(struct run *run, struct error *error)
{
	const struct synscan_options *options = &run->options;
	void *scan;

	scan = run->method->open(
		&(struct synscan_config){
			.targets = options->targets,
			.ports = &options->ports,
			.paths = run->paths,
			.netlink = run->netlink,
			.via = options->via == VIA_IP     ? SYNSCAN_IP
			       : options->via == VIA_LINK ? SYNSCAN_LINK
							  : SYNSCAN_AUTO,
			.bind_device = options->ifindex != 0,
			.record = outputs_want_packets(options),
			.source_port = options->source_port,
			.order_key = {run->order_key[0], run->order_key[1]},
			.cookie_key = {run->cookie_key[0], run->cookie_key[1]},
			.rate_pps = options->rate_pps,
			.max_rate_pps = options->max_rate_pps,
			.retries = options->retries,
			.wait_ns = options->wait_ns,
			.result = one_result,
			.tick = tick,
			.gave_up = gave_up,
			.context = run,
		},
		error);
	/* Outputs last: a scan that cannot be leaves them as they are, and so
	 * does an interrupt till now; from then on they end as they should. */
	if (scan && handle_signals(run->method, scan, error) == 0 &&
	    outputs_open(&run->outputs, options, run->method, scan, error) ==
		    0 &&
	    privs_drop(error) == 0 &&
	    (options->sandbox_off ||
	     sandbox_enter(run->method->sandbox, error) == 0))
		return scan;
	ignore_signals();
	run->method->close(scan);
	return NULL;
}

/* One that cannot rewrite a line. */
static bool is_dumb_terminal(void)
{
	const char *term = getenv("TERM");

	return !term || strcmp(term, "dumb") == 0;
}

static int scan_and_report(struct run *run, struct error *error)
{
	struct error late = ERROR_INIT;
	const struct method *method = run->method;
	void *scan = open_scan(run, error);
	int status;

	if (!scan)
		return -1;
	run->summary.mode = method->mode;
	run->summary.targets = targetset_count(run->options.targets);
	run->summary.ports = run->options.ports.count;
	progress_init(&run->progress,
		      run->options.progress ||
			      (run->options.common.verbosity >= 0 &&
			       isatty(2) && !is_dumb_terminal()),
		      clock_now_ns());
	status = method->run(scan, &run->summary, error);
	progress_end(&run->progress);
	if (outputs_finish(&run->outputs, &run->summary, &late) < 0) {
		*error = late;
		status = -1;
	}
	ignore_signals();
	method->close(scan);
	return status;
}

static int raise_privileges(const struct run *run, const char *program,
			    struct error *error)
{
	if (run->method->raw)
		return privs_raise(program, "raw packets need",
				   "use -c (connect scan, no privilege)",
				   error);
	if (outputs_want_packets(&run->options))
		return privs_raise(program, "a capture needs",
				   "leave --pcap and --explain out", error);
	return 0;
}

static int run_all(struct run *run, int argc, char **argv, struct error *error)
{
	struct synscan_options *options = &run->options;

	if (privs_begin(error) < 0 ||
	    synscan_options_parse(options, argc, argv, error) < 0)
		return -1;
	run->method = options->compare   ? method_compare()
		      : options->connect ? method_connect()
					 : method_syn();
	log_init("synscan", options->common.verbosity);
	if (options->common.request != OPTIONS_RUN)
		return synscan_options_answer(options, stdout, error);
	run->netlink = netlink_open(error);
	if (!run->netlink || make_keys(run, error) < 0 ||
	    freeze_targets(run, error) < 0 ||
	    outputs_check(options, error) < 0 || find_paths(run, error) < 0)
		return -1;
	if (options->dry_run)
		return dry_run(run, error);
	if (raise_privileges(run, argv[0], error) < 0)
		return -1;
	return scan_and_report(run, error);
}

int main(int argc, char **argv)
{
	struct run run = {0};
	struct error error = ERROR_INIT;
	enum status status = STATUS_OK;

	streams_fill();

	log_init("synscan", 0);
	signal(SIGPIPE, SIG_IGN);
	if (run_all(&run, argc, argv, &error) < 0) {
		status = error.status;
		log_line(LOG_ERROR, "%s", error.text);
	}
	outputs_close(&run.outputs);
	pathset_free(run.paths);
	netlink_close(run.netlink);
	synscan_options_free(&run.options);
	return (int)status;
}
