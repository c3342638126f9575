/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/synudp_run.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "app/synudp_report.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "talk/endpoint.h"
#include "talk/fragments.h"
#include "talk/pathmtu.h"
#include "talk/prober.h"

#define INTERVAL_NS (100 * NS_PER_MS)

enum {
	COUNT = 10,
	SIZE = 64,
};

static void one_reply(void *context, const struct prober_reply *reply)
{
	synudp_tell(context, &(struct synudp_event){.kind = EVENT_REPLY,
						    .reply = reply});
}

static void one_lost(void *context, uint32_t sequence)
{
	synudp_tell(context, &(struct synudp_event){.kind = EVENT_LOST,
						    .lost = sequence});
}

static void one_icmp(void *context, const struct icmp_error *error)
{
	synudp_tell(context,
		    &(struct synudp_event){.kind = EVENT_ICMP, .icmp = error});
}

static void one_try(void *context, const struct prober_result *result)
{
	synudp_tell(context,
		    &(struct synudp_event){.kind = EVENT_TRY, .run = result});
}

/* The first of the host's addresses. */
static int find_peer(struct synudp_run *run, struct addr *peer,
		     struct error *error)
{
	const struct synudp_options *options = &run->options;
	char text[ADDR_TEXT_BYTES];
	const char *special;
	struct addr *addrs;
	size_t count;

	if (endpoint_resolve(options->host, options->family, &addrs, &count,
			     error) < 0)
		return -1;
	*peer = addrs[0];
	free(addrs);
	if (count > 1)
		log_line(LOG_INFO, "the first of %zu addresses: %s", count,
			 addr_format(peer, text));
	special = addr_special(peer);
	if (special)
		return error_set(error, STATUS_USAGE,
				 "%s is no host's address (%s)",
				 addr_format(peer, text), special);
	return 0;
}

/* Said before anything is sent. */
static int check_size(const struct addr *peer, size_t size, struct error *error)
{
	size_t max = fragments_size_max(peer->family);

	if (size <= max)
		return 0;
	return error_set(error, STATUS_USAGE,
			 "%zu bytes are more than a datagram holds over %s: "
			 "%zu at most",
			 size, peer->family == AF_INET ? "IPv4" : "IPv6", max);
}

static int refused(const struct icmp_error *icmp, struct error *error)
{
	char text[ICMP_ERROR_TEXT_BYTES];

	return error_set(error, STATUS_FAILED, "refused: %s",
			 icmp_error_text(icmp, text));
}

/* Nothing at all came: what to look at. */
static int silence(const struct prober_result *result, struct error *error)
{
	char text[ICMP_ERROR_TEXT_BYTES];

	if (result->icmp_errors)
		return error_set(error, STATUS_FAILED, "no reply: %s",
				 icmp_error_text(&result->error, text));
	if (result->blocked && !result->counts.sent)
		return error_set(error, STATUS_FAILED,
				 "nothing was sent: this host's own firewall "
				 "does not let it out (EPERM)");
	return error_set(error, STATUS_FAILED,
			 "no reply: is it the right address, does a server "
			 "run there, does a firewall drop?");
}

/* What the exit status says of a run. */
static int judge(struct synudp_run *run, const struct prober_result *result,
		 struct error *error)
{
	size_t overhead;

	switch (result->end) {
	case PROBER_INTERRUPTED:
		run->interrupted = true;
		return 0;
	case PROBER_REFUSED:
		return refused(&result->error, error);
	case PROBER_TOO_BIG:
		overhead = fragments_overhead(result->error.family);
		if (result->error.mtu <= overhead) /* an old router's */
			return error_set(error, STATUS_FAILED,
					 "%zu bytes do not go in one packet",
					 result->size);
		return error_set(error, STATUS_FAILED,
				 "%zu bytes do not go in one packet: MTU %u "
				 "holds %zu",
				 result->size, (unsigned)result->error.mtu,
				 (size_t)result->error.mtu - overhead);
	case PROBER_DONE:
		break;
	}
	return result->counts.arrived ? 0 : silence(result, error);
}

static int probe_one(struct synudp_run *run, struct prober *prober, size_t size,
		     uint64_t count, struct error *error)
{
	struct prober_result result;
	int status = prober_run(prober, size, count, &result, error);

	synudp_tell(run,
		    &(struct synudp_event){.kind = EVENT_RUN, .run = &result});
	return status < 0 ? -1 : judge(run, &result, error);
}

static int probe_sizes(struct synudp_run *run, struct prober *prober,
		       uint64_t count, struct error *error)
{
	const struct synudp_options *options = &run->options;
	struct synudp_sizes sizes = {.complete = false};
	struct prober_result result = {0}, telling = {0};
	size_t size = options->sizes_first;
	int status = 0;

	for (; size <= options->sizes_last; size += options->sizes_step) {
		status = prober_run(prober, size, count, &result, error);
		if (status < 0)
			break;
		sizes.tried++;
		sizes.came_back += result.counts.arrived > 0;
		synudp_tell(run, &(struct synudp_event){.kind = EVENT_SIZE,
							.run = &result});
		if (result.end != PROBER_DONE || result.icmp_errors ||
		    !telling.size)
			telling = result;
		if (result.end == PROBER_INTERRUPTED ||
		    result.end == PROBER_REFUSED)
			break;
	}
	sizes.complete = size > options->sizes_last;
	synudp_tell(run, &(struct synudp_event){.kind = EVENT_SIZES,
						.sizes = &sizes});
	if (status < 0)
		return -1;
	/* That some do not come back is what was asked. */
	if (sizes.complete && sizes.came_back)
		return 0;
	return judge(run, &telling, error);
}

static int probe_path(struct synudp_run *run, struct prober *prober,
		      const struct addr *peer, struct error *error)
{
	struct pathmtu_result result;
	int status = pathmtu_find(prober, peer->family, one_try, run, &result,
				  error);

	synudp_tell(run, &(struct synudp_event){.kind = EVENT_PATH,
						.path = &result});
	if (status < 0)
		return -1;
	run->interrupted = result.end == PROBER_INTERRUPTED;
	if (result.end == PROBER_REFUSED)
		return refused(&result.error, error);
	if (result.size || run->interrupted)
		return 0;
	return silence(
		&(struct prober_result){
			.icmp_errors = result.icmp_errors,
			.error = result.error,
			.blocked = result.blocked,
		},
		error);
}

static int probe_with(struct synudp_run *run, struct prober *prober,
		      const struct addr *peer, struct error *error)
{
	const struct synudp_options *options = &run->options;
	bool several = options->sizes_step > 0;
	bool path = options->df && !several && !options->size;
	size_t size = options->size ? options->size : SIZE;
	struct synudp_probing probing = {
		.addr = *peer,
		.port = options->port,
		.size = path      ? 0
			: several ? options->sizes_first
				  : size,
		.size_last = path      ? 0
			     : several ? options->sizes_last
				       : size,
		.count = options->count ? options->count
			 : several      ? 1
					: COUNT,
		.mtu = prober_mtu(prober),
		.df = options->df,
	};

	synudp_tell(run, &(struct synudp_event){.kind = EVENT_PROBING,
						.probing = &probing});
	if (path)
		return probe_path(run, prober, peer, error);
	if (several)
		return probe_sizes(run, prober, probing.count, error);
	return probe_one(run, prober, size, probing.count, error);
}

int synudp_probe(struct synudp_run *run, struct error *error)
{
	const struct synudp_options *options = &run->options;
	bool each = !options->sizes_step && (options->size || !options->df);
	int64_t interval_ns = options->interval_ns;
	struct prober *prober = NULL;
	struct addr peer;
	int status = -1;

	/* One size after the other: each waits for its reply anyway. */
	if (interval_ns < 0)
		interval_ns = each ? INTERVAL_NS : 0;

	if (find_peer(run, &peer, error) < 0 ||
	    check_size(&peer, options->size, error) < 0 ||
	    check_size(&peer, options->sizes_last, error) < 0)
		return -1;
	prober = prober_open(
		&(struct prober_config){
			.addr = peer,
			.port = options->port,
			.interval_ns = interval_ns,
			.timeout_ns = options->timeout_ns,
			.df = options->df,
			.secret = run->secret,
			.stop_fd = run->stop_fd,
			.watch =
				{
					.reply = each ? one_reply : NULL,
					.lost = each ? one_lost : NULL,
					.icmp = each ? one_icmp : NULL,
					.context = run,
				},
		},
		error);
	if (prober && synudp_open_outputs(run, error) == 0)
		status = probe_with(run, prober, &peer, error);
	prober_close(prober);
	return status;
}
