/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/synscan.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/ring.h"
#include "net/capture.h"
#include "net/neighbour.h"
#include "net/pathset.h"
#include "net/pcapng.h"
#include "net/sourceports.h"
#include "scan/receiver.h"
#include "scan/recording.h"
#include "scan/sender.h"
#include "scan/shared.h"
#include "scan/ways.h"
#include "spec/portset.h"
#include "spec/targetset.h"

#define RING_EVENTS 8192
#define HELD_MOST   (1u << 21) /* flights of 64 bytes */
/* The own link takes what it can; behind a gateway stands equipment that is
 * not ours to fill: see "Rate" in synscan(8). */
#define LINK_CEILING_PPS    1000000.0
#define GATEWAY_CEILING_PPS 50000.0

struct synscan {
	struct synscan_config config;
	struct shared shared;
	struct sender sender;
	struct receiver receiver;
	struct sourceports *sourceports;
	struct pcapng_interface *interfaces; /* of a run that is recorded */
};

void shared_ring_bell(struct shared *shared)
{
	uint64_t one = 1;

	if (atomic_exchange(&shared->sender_waits, false))
		(void)!write(shared->wake_fd, &one, sizeof(one));
}

void synscan_interrupt(struct synscan *scan)
{
	uint64_t one = 1;

	atomic_store(&scan->shared.interrupted, true);
	(void)!write(scan->shared.wake_fd, &one, sizeof(one));
}

/* What the kernel knows for certain need not be asked again. */
static int load_neighbours(struct synscan *scan, struct error *error)
{
	struct neighbour_entry *entries = NULL;
	size_t n = 0;

	scan->sender.neighbours = neighbour_table_new();
	if (!scan->sender.neighbours)
		return error_errno(error, "neighbours");
	if (netlink_neighbours(scan->config.netlink, &entries, &n, error) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (entries[i].confirmed)
			(void)neighbour_learn(
				scan->sender.neighbours, entries[i].ifindex,
				&entries[i].addr, entries[i].mac, true);
	free(entries);
	return 0;
}

/* ---- the engine ---- */

struct spans {
	struct engine_span *at;
	size_t n, room;
};

static int spans_add(struct spans *spans, uint64_t targets, uint32_t lane)
{
	struct engine_span *more;

	if (spans->n > 0 && spans->at[spans->n - 1].lane == lane) {
		spans->at[spans->n - 1].targets += targets;
		return 0;
	}
	if (spans->n == spans->room) {
		spans->room = spans->room ? 2 * spans->room : 16;
		more = reallocarray(spans->at, spans->room, sizeof(*more));
		if (!more)
			return -1;
		spans->at = more;
	}
	spans->at[spans->n++] = (struct engine_span){targets, lane};
	return 0;
}

/* The target ranges cut where the path changes; a path is a lane. */
static int cut_spans(const struct synscan_config *config, struct spans *spans)
{
	const struct target_range *ranges;
	size_t n = targetset_ranges(config->targets, &ranges);

	for (size_t i = 0; i < n; i++) {
		addr_value at = addr_to_value(&ranges[i].first);
		addr_value end = addr_to_value(&ranges[i].last);

		for (;;) {
			struct addr from =
				addr_from_value(&ranges[i].first, at);
			struct addr last;
			const struct path *path =
				pathset_run(config->paths, &from, &last);
			addr_value upto = addr_to_value(&last);

			if (upto > end)
				upto = end;
			if (spans_add(spans, (uint64_t)(upto - at + 1),
				      (uint32_t)pathset_index(config->paths,
							      path)) < 0)
				return -1;
			if (upto == end)
				break;
			at = upto + 1;
		}
	}
	return 0;
}

static double ceiling_pps(const struct path *path)
{
	switch (path->route.type) {
	case ROUTE_GATEWAY:
		return GATEWAY_CEILING_PPS;
	case ROUTE_ON_LINK:
		return LINK_CEILING_PPS;
	default:
		return 0;
	}
}

static void one_result(void *context, uint64_t target, uint32_t rank,
		       const struct result *result)
{
	const struct synscan_config *config = context;
	struct result whole = *result;

	whole.addr = targetset_nth(config->targets, target);
	whole.port = portset_nth(config->ports, rank);
	config->result(config->context, &whole);
}

/* Room for what a fixed rate has in the air within the first RTO of a second
 * and a quarter more; 0 for the engine's own limit. */
static uint32_t held_limit(const struct synscan_config *config)
{
	uint64_t wanted = config->rate_pps + config->rate_pps / 4;

	if (wanted <= 1u << 19)
		return 0;
	return wanted > HELD_MOST ? HELD_MOST : (uint32_t)wanted;
}

static struct engine *new_engine(const struct synscan_config *config,
				 unsigned source_ports, struct error *error)
{
	struct engine *engine = NULL;
	size_t lanes = pathset_count(config->paths);
	double *ceilings = calloc(lanes, sizeof(*ceilings));
	unsigned canary_ports = 0;
	struct spans spans = {0};

	if (source_ports > SOURCEPORTS_TRIES) {
		canary_ports = source_ports - SOURCEPORTS_TRIES;
		source_ports = SOURCEPORTS_TRIES;
	}
	if (!ceilings || cut_spans(config, &spans) < 0) {
		error_errno(error, "paths");
		goto out;
	}
	for (size_t i = 0; i < lanes; i++)
		/* Who names a rate knows the path better than we do. */
		ceilings[i] =
			config->rate_pps || config->max_rate_pps
				? 0
				: ceiling_pps(pathset_nth(config->paths, i));
	engine = engine_new(
		&(struct engine_config){
			.targets = targetset_count(config->targets),
			.ports = config->ports->count,
			.key = {config->order_key[0], config->order_key[1]},
			.spans = spans.at,
			.n_spans = spans.n,
			.ceilings_pps = ceilings,
			.n_lanes = lanes,
			.rate_pps = (double)config->rate_pps,
			.max_rate_pps = (double)config->max_rate_pps,
			.held_limit = held_limit(config),
			.retries = config->retries,
			.wait_ns = config->wait_ns,
			.source_ports = source_ports,
			.canary_ports = canary_ports,
			.result = one_result,
			.context = (void *)config,
		},
		clock_now_ns(), error);
out:
	free(spans.at);
	free(ceilings);
	return engine;
}

struct synscan_order {
	struct synscan_config config;
	struct engine *engine;
};

struct synscan_order *synscan_order_new(const struct synscan_config *config,
					struct error *error)
{
	struct synscan_order *order = calloc(1, sizeof(*order));

	if (!order) {
		error_errno(error, "order");
		return NULL;
	}
	order->config = *config;
	order->engine = new_engine(&order->config, 1, error);
	if (order->engine)
		return order;
	free(order);
	return NULL;
}

bool synscan_order_next(struct synscan_order *order, struct addr *addr,
			uint16_t *port)
{
	struct engine_probe probe;

	if (!engine_peek(order->engine, &probe))
		return false;
	*addr = targetset_nth(order->config.targets, probe.target);
	*port = portset_nth(order->config.ports, probe.rank);
	return true;
}

void synscan_order_free(struct synscan_order *order)
{
	if (!order)
		return;
	engine_free(order->engine);
	free(order);
}

/* ---- recording ---- */

static int list_interfaces(struct synscan *scan, struct error *error)
{
	struct receiver *receiver = &scan->receiver;

	scan->interfaces =
		calloc(receiver->n_interfaces, sizeof(*scan->interfaces));
	receiver->totals =
		calloc(receiver->n_interfaces, sizeof(*receiver->totals));
	if (!scan->interfaces || !receiver->totals)
		return error_errno(error, "interfaces");
	for (size_t i = 0; i < receiver->n_sources; i++) {
		const struct receiver_source *source = &receiver->sources[i];

		scan->interfaces[source->interface] = (struct pcapng_interface){
			.name = source->name,
			.link_type = capture_link_type(source->capture),
			.snap_bytes = RECORD_SNAP_BYTES,
		};
	}
	return 0;
}

const struct pcapng_interface *synscan_interfaces(const struct synscan *scan,
						  size_t *n)
{
	*n = scan->receiver.n_interfaces;
	return scan->interfaces;
}

void synscan_record(struct synscan *scan, struct recorder *recorder)
{
	assert(scan->config.record);
	scan->receiver.recorder = recorder;
}

/* ---- the whole ---- */

static int open_shared(struct shared *shared, struct error *error)
{
	shared->ring = ring_new(RING_EVENTS, sizeof(struct receiver_event));
	shared->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	shared->receiver_stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!shared->ring || shared->wake_fd < 0 ||
	    shared->receiver_stop_fd < 0 ||
	    pthread_barrier_init(&shared->armed, NULL, 2) != 0)
		return error_errno(error, "threads");
	return 0;
}

static int open_all(struct synscan *scan, struct error *error)
{
	struct reply_key *key = &scan->sender.key;

	if (open_shared(&scan->shared, error) < 0)
		return -1;
	scan->sourceports = sourceports_reserve(scan->config.source_port,
						scan->config.cookie_key[0]);
	if (!scan->sourceports)
		return error_errno(error, "source ports");
	key->cookie.k[0] = scan->config.cookie_key[0];
	key->cookie.k[1] = scan->config.cookie_key[1];
	key->source_port = sourceports_first(scan->sourceports);
	key->source_ports = sourceports_count(scan->sourceports);
	if (key->source_ports > SOURCEPORTS_TRIES)
		key->try_ports = SOURCEPORTS_TRIES;
	scan->receiver.key = *key;
	if (ways_open(&scan->sender.ways, &scan->config, error) < 0 ||
	    ways_open_captures(&scan->sender.ways, scan->config.record,
			       &scan->receiver, error) < 0 ||
	    (scan->config.record && list_interfaces(scan, error) < 0) ||
	    load_neighbours(scan, error) < 0)
		return -1;
	scan->sender.engine =
		new_engine(&scan->config, key->source_ports, error);
	return scan->sender.engine ? 0 : -1;
}

struct synscan *synscan_open(const struct synscan_config *config,
			     struct error *error)
{
	struct synscan *scan = calloc(1, sizeof(*scan));

	if (!scan) {
		error_errno(error, "scan");
		return NULL;
	}
	scan->config = *config;
	scan->sender.config = &scan->config;
	scan->sender.shared = scan->receiver.shared = &scan->shared;
	scan->shared.wake_fd = scan->shared.receiver_stop_fd = -1;
	if (open_all(scan, error) == 0)
		return scan;
	synscan_close(scan);
	return NULL;
}

/* What the threads own they close; what is left here was never handed over. */
static void close_handles(struct synscan *scan)
{
	ways_close(&scan->sender.ways);
	for (size_t i = 0; i < scan->receiver.n_sources; i++)
		capture_close(scan->receiver.sources[i].capture);
	scan->receiver.n_sources = 0;
}

void synscan_close(struct synscan *scan)
{
	if (!scan)
		return;
	close_handles(scan);
	engine_free(scan->sender.engine);
	neighbour_table_free(scan->sender.neighbours);
	sourceports_release(scan->sourceports);
	ring_free(scan->shared.ring);
	if (scan->shared.wake_fd >= 0)
		close(scan->shared.wake_fd);
	if (scan->shared.receiver_stop_fd >= 0)
		close(scan->shared.receiver_stop_fd);
	ways_free(&scan->sender.ways);
	free(scan->receiver.sources);
	free(scan->receiver.totals);
	free(scan->interfaces);
	free(scan);
}

static int run_threads(struct synscan *scan, struct error *error)
{
	pthread_t sender, receiver;
	uint64_t one = 1;
	int status;

	status = pthread_create(&receiver, NULL, receiver_run, &scan->receiver);
	if (status != 0)
		return error_set(error, STATUS_FAILED, "start a thread: %s",
				 strerror(status));
	status = pthread_create(&sender, NULL, sender_run, &scan->sender);
	if (status != 0) {
		/* The receiver stands at the barrier: stand in for the
		 * sender, and stop it. */
		(void)!write(scan->shared.receiver_stop_fd, &one, sizeof(one));
		pthread_barrier_wait(&scan->shared.armed);
		pthread_join(receiver, NULL);
		scan->receiver.n_sources = 0;
		return error_set(error, STATUS_FAILED, "start a thread: %s",
				 strerror(status));
	}
	pthread_join(sender, NULL);
	pthread_join(receiver, NULL);
	scan->receiver.n_sources = 0;
	return 0;
}

static void fill_summary(const struct synscan *scan, struct summary *summary)
{
	struct engine_stats stats;

	engine_stats(scan->sender.engine, &stats);
	memcpy(summary->verdicts, stats.verdicts, sizeof(stats.verdicts));
	memcpy(summary->reasons, stats.reasons, sizeof(stats.reasons));
	summary->unasked = stats.total - stats.done;
	summary->probes_sent = stats.probes_sent;
	summary->retransmissions = stats.retransmissions;
	summary->send_errors = stats.send_errors;
	summary->replies = stats.replies;
	summary->duplicates = stats.duplicates;
	summary->replies_rejected = atomic_load(&scan->shared.replies_rejected);
	summary->capture_drops = atomic_load(&scan->shared.capture_drops);
	/* Closing packet sockets takes the kernel a while: not the scan. */
	summary->elapsed_ns = scan->sender.ended_ns - scan->sender.begun_ns;
	summary->complete = scan->sender.complete;
	engine_quality(scan->sender.engine, &summary->loss,
		       &summary->expected_wrong);
}

int synscan_run(struct synscan *scan, struct summary *summary,
		struct error *error)
{
	int status = run_threads(scan, error);

	fill_summary(scan, summary);
	if (status < 0)
		return -1;
	if (scan->sender.error.status == STATUS_OK)
		return 0;
	return error_set(error, scan->sender.error.status, "%s",
			 scan->sender.error.text);
}
