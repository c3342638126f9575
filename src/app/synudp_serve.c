/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/synudp_run.h"

#include <stdlib.h>

#include "app/synudp_report.h"
#include "base/clock.h"
#include "base/error.h"
#include "talk/echo.h"
#include "talk/ownaddrs.h"

static int tell_addresses(struct synudp_run *run, const struct echo *echo,
			  const struct addr *only, struct error *error)
{
	bool given = only->family && addr_to_value(only) != 0;
	struct addr *addrs;
	size_t count;

	if (ownaddrs_list(&addrs, &count, error) < 0)
		return -1;
	if (given) {
		addrs[0] = *only;
		count = 1;
	}
	synudp_report_port(run->report, echo_port(echo));
	for (size_t i = 0; i < count; i++)
		/* One with a scope cannot be typed as it is elsewhere. */
		if (echo_serves(echo, addrs[i].family) &&
		    (given || !addrs[i].scope))
			synudp_tell(run, &(struct synudp_event){
						 .kind = EVENT_LISTEN,
						 .listen = &addrs[i]});
	free(addrs);
	return 0;
}

static int serve_with(struct synudp_run *run, struct echo *echo,
		      const struct addr *only, struct error *error)
{
	const struct synudp_options *options = &run->options;
	int64_t started_ns = clock_now_ns();
	struct synudp_served served;
	int status;

	if (synudp_open_outputs(run, error) < 0 ||
	    tell_addresses(run, echo, only, error) < 0)
		return -1;
	synudp_tell(run,
		    &(struct synudp_event){.kind = EVENT_SERVING,
					   .serving = &options->impairment});
	status = echo_run(echo, error);
	served = (struct synudp_served){
		.counts = echo_counts(echo),
		.elapsed_ns = clock_now_ns() - started_ns,
	};
	synudp_tell(run, &(struct synudp_event){.kind = EVENT_SERVED,
						.served = &served});
	run->interrupted = true; /* a server has no other end */
	return status;
}

int synudp_serve(struct synudp_run *run, struct error *error)
{
	struct synudp_options *options = &run->options;
	struct echo_config config = {
		.port = options->port,
		.secret = run->secret,
		.stop_fd = run->stop_fd,
	};
	struct echo *echo;
	int status;

	if (options->host)
		addr_parse(options->host, &config.addr);
	if (!options->seed_given)
		options->impairment.seed = run->secret * 0x9e3779b97f4a7c15;
	config.impairment = options->impairment;
	echo = echo_open(&config, error);
	if (!echo)
		return -1;
	status = serve_with(run, echo, &config.addr, error);
	echo_close(echo);
	return status;
}
