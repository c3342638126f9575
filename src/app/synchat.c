/* SPDX-License-Identifier: BSD-2-Clause */
#include <event2/event.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/console.h"
#include "app/streams.h"
#include "app/synchat_options.h"
#include "base/error.h"
#include "base/log.h"
#include "talk/client.h"
#include "talk/endpoint.h"
#include "talk/loop.h"
#include "talk/person.h"
#include "talk/server.h"
#include "talk/turns.h"

enum {
	/* After an interrupt what was said goes out within this, or never. */
	LAST_WORDS_MS = 200,
	SIGNALS = 6,
};

struct run {
	struct synchat_options options;
	struct addr *addrs; /* of the host; of a listener the first counts */
	size_t addr_count;
	struct event_base *base;
	struct event *signals[SIGNALS];
	struct console *console;
	/* One of these is the talk. */
	struct server *server;
	struct client *client;
	struct turns *turns;
	const struct talk_ops *ops;
	void *talk;
	bool is_over;
	bool is_interrupted;
};

/* ---- the end ---- */

/* The loop ends when the talk is over and all of it was shown. */
static void end_when_shown(struct run *run)
{
	const struct timeval limit = {.tv_usec = LAST_WORDS_MS * 1000};

	if (!run->is_over)
		return;
	if (console_is_empty(run->console))
		event_base_loopbreak(run->base);
	else if (run->is_interrupted)
		event_base_loopexit(run->base, &limit);
}

static void talk_over(void *owner)
{
	struct run *run = owner;

	run->is_over = true;
	console_detach(run->console);
	end_when_shown(run);
}

static void console_emptied(void *owner)
{
	end_when_shown(owner);
}

static void interrupt(struct run *run)
{
	run->is_interrupted = true;
	if (run->is_over)
		end_when_shown(run);
	else
		run->ops->interrupt(run->talk);
}

/* Nobody reads what is said: the talk ends, and console_check() says why. */
static void console_failed(void *owner)
{
	struct run *run = owner;

	if (!run->is_interrupted)
		interrupt(run);
}

/* ---- signals ---- */

static void on_signal(evutil_socket_t number, short what, void *context)
{
	struct run *run = context;

	(void)what;
	switch (number) {
	case SIGWINCH:
		console_resize(run->console);
		break;
	case SIGTSTP:
		console_stop(run->console);
		break;
	case SIGCONT:
		console_continue(run->console);
		break;
	default:
		if (run->is_interrupted) { /* the second time: at once */
			console_free(run->console);
			_exit(STATUS_INCOMPLETE);
		}
		interrupt(run);
	}
}

/* Ignored as nohup(1) or a shell without job control wants it. An ignored
 * SIGINT is but what a shell gives to commands in the background. */
static bool stays_ignored(int number)
{
	struct sigaction before;

	return number != SIGINT && sigaction(number, NULL, &before) == 0 &&
	       before.sa_handler == SIG_IGN;
}

static int handle_signals(struct run *run, struct error *error)
{
	static const int numbers[SIGNALS] = {SIGINT,   SIGTERM, SIGHUP,
					     SIGWINCH, SIGTSTP, SIGCONT};

	for (size_t i = 0; i < SIGNALS; i++) {
		if (stays_ignored(numbers[i]))
			continue;
		run->signals[i] =
			event_new(run->base, numbers[i], EV_SIGNAL | EV_PERSIST,
				  on_signal, run);
		if (!run->signals[i] || event_add(run->signals[i], NULL) < 0)
			return error_errno(error, "signals");
	}
	return 0;
}

/* While a name is looked up there is no event loop. */
static void leave(int number)
{
	(void)number;
	_exit(STATUS_INCOMPLETE);
}

/* ---- the talk ---- */

static struct listener_config listener_config(const struct run *run)
{
	const struct synchat_options *options = &run->options;
	struct listener_config config = {
		.base = run->base,
		.narrator = console_narrator(run->console),
		.person = console_person(run->console),
		.addr = run->addrs,
		.port = options->port,
		.backlog = options->backlog,
		.never_accepts = options->close == CLOSE_UNACCEPTED,
		.keepalive = options->keepalive,
	};

	/* Of many some vanish without a word. Not in the lab's two-person
	 * talk, where each packet is looked at. */
	if (!options->turns && config.keepalive.idle_s == 0)
		config.keepalive = (struct keepalive){
			.idle_s = 60, .interval_s = 10, .count = 6};
	return config;
}

static struct dial_config dial_config(const struct run *run)
{
	const struct synchat_options *options = &run->options;

	return (struct dial_config){
		.base = run->base,
		.narrator = console_narrator(run->console),
		.person = console_person(run->console),
		.addrs = run->addrs,
		.count = run->addr_count,
		.port = options->port,
		.source_port = options->source_port,
		.timeout_ms = options->timeout_ms,
		.retry = options->retry,
		.keepalive = options->keepalive,
		.write_bytes = options->send_bytes,
	};
}

/* A thousand clients are more files than a process gets unasked. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int start_turns(struct run *run, struct error *error)
{
	run->turns = turns_new(
		&(struct turns_config){
			.listens = run->options.command == SYNCHAT_LISTEN,
			.listener = listener_config(run),
			.dial = dial_config(run),
			.close = run->options.close,
			.greeting_bytes = run->options.send_bytes,
			.over = talk_over,
			.owner = run,
		},
		error);
	run->ops = turns_talk_ops();
	run->talk = run->turns;
	return run->turns ? 0 : -1;
}

static int start_server(struct run *run, struct error *error)
{
	raise_file_limit();
	run->server = server_new(
		&(struct server_config){
			.listener = listener_config(run),
			.close = run->options.close,
			.greeting_bytes = run->options.send_bytes,
			.over = talk_over,
			.owner = run,
		},
		error);
	run->ops = server_talk_ops();
	run->talk = run->server;
	return run->server ? 0 : -1;
}

static int start_client(struct run *run, struct error *error)
{
	run->client = client_new(
		&(struct client_config){
			.dial = dial_config(run),
			.close = run->options.close,
			.greeting_bytes = run->options.send_bytes,
			.stays = run->options.stays,
			.over = talk_over,
			.owner = run,
		},
		error);
	run->ops = client_talk_ops();
	run->talk = run->client;
	return run->client ? 0 : -1;
}

static int start_talk(struct run *run, struct error *error)
{
	if (run->options.turns)
		return start_turns(run, error);
	if (run->options.command == SYNCHAT_LISTEN)
		return start_server(run, error);
	return start_client(run, error);
}

static int talk_result(const struct run *run, struct error *error)
{
	if (run->server)
		error->status = server_status(run->server);
	else
		*error = run->turns ? *turns_result(run->turns)
				    : *client_result(run->client);
	/* It was ended, so interrupted, because of that. */
	if (console_check(run->console, error) < 0)
		return -1;
	return error->status == STATUS_OK ? 0 : -1;
}

static int talk(struct run *run, struct error *error)
{
	run->base = event_base_new();
	if (!run->base)
		return error_set(error, STATUS_FAILED, "event loop: no memory");
	run->console = console_new(
		&(struct console_config){
			.base = run->base,
			.verbosity = run->options.common.verbosity,
			.narrates = run->options.narrates,
			.failed = console_failed,
			.emptied = console_emptied,
			.owner = run,
		},
		error);
	if (!run->console || handle_signals(run, error) < 0 ||
	    start_talk(run, error) < 0)
		return -1;
	console_attach(run->console, run->ops, run->talk);
	if (!loop_failed() && event_base_dispatch(run->base) < 0)
		return error_set(error, STATUS_FAILED, "event loop failed");
	if (loop_failed())
		return error_set(error, STATUS_FAILED, "out of memory");
	return talk_result(run, error);
}

static int find_host(struct run *run, struct error *error)
{
	const struct synchat_options *options = &run->options;

	if (options->host)
		return endpoint_resolve(options->host, options->family,
					&run->addrs, &run->addr_count, error);
	if (options->family == AF_UNSPEC)
		return 0;
	run->addrs = calloc(1, sizeof(*run->addrs));
	if (!run->addrs)
		return error_errno(error, "address");
	run->addrs->family = (uint16_t)options->family;
	return 0;
}

/* The talk is UTF-8, so the editor has to read and draw it. */
static void set_locale(void)
{
	if (!setlocale(LC_CTYPE, "") ||
	    strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
}

static int run_all(struct run *run, int argc, char **argv, struct error *error)
{
	struct synchat_options *options = &run->options;

	if (synchat_options_parse(options, argc, argv, error) < 0)
		return -1;
	log_init("synchat", options->common.verbosity);
	if (options->common.request != OPTIONS_RUN)
		return synchat_options_answer(options, stdout, error);
	set_locale();
	signal(SIGINT, leave);
	signal(SIGTERM, leave);
	if (find_host(run, error) < 0)
		return -1;
	return talk(run, error);
}

/* Before the console: that gives the terminal back last. */
static void run_fini(struct run *run)
{
	server_free(run->server);
	client_free(run->client);
	turns_free(run->turns);
	console_free(run->console);
	for (size_t i = 0; i < SIGNALS; i++)
		if (run->signals[i])
			event_free(run->signals[i]);
	if (run->base)
		event_base_free(run->base);
	free(run->addrs);
}

int main(int argc, char **argv)
{
	struct run run = {0};
	struct error error = ERROR_INIT;
	enum status status = STATUS_OK;

	streams_fill();
	log_init("synchat", 0);
	signal(SIGPIPE, SIG_IGN);
	if (run_all(&run, argc, argv, &error) < 0)
		status = error.status;
	run_fini(&run);
	if (status != STATUS_OK && error.text[0])
		log_line(LOG_ERROR, "%s", error.text);
	return (int)status;
}
