/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/synscan.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bell.h"
#include "base/error.h"
#include "base/log.h"
#include "base/ring.h"
#include "net/capture.h"
#include "net/neighbour.h"
#include "net/netlink.h"
#include "net/pathset.h"
#include "net/pcapng.h"
#include "net/sourceports.h"
#include "scan/plan.h"
#include "scan/receiver.h"
#include "scan/recording.h"
#include "scan/sender.h"
#include "scan/shared.h"
#include "scan/ways.h"
#include "spec/portset.h"
#include "spec/targetset.h"

#define RING_EVENTS 8192

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
	if (atomic_exchange(&shared->sender_waits, false))
		bell_ring(shared->wake_fd);
}

void synscan_interrupt(struct synscan *scan)
{
	atomic_store(&scan->shared.interrupted, true);
	bell_ring(scan->shared.wake_fd);
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

/* ---- the order ---- */

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
	order->engine = plan_engine(&order->config, 1, 0, error);
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
	shared->wake_fd = bell_new();
	shared->receiver_stop_fd = bell_new();
	if (!shared->ring || shared->wake_fd < 0 ||
	    shared->receiver_stop_fd < 0 ||
	    pthread_barrier_init(&shared->armed, NULL, 2) != 0)
		return error_errno(error, "threads");
	return 0;
}

static int open_all(struct synscan *scan, struct error *error)
{
	struct reply_key *key = &scan->sender.key;
	unsigned tries;

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
	tries = key->try_ports ? key->try_ports : key->source_ports;
	scan->receiver.key = *key;
	if (ways_open(&scan->sender.ways, &scan->config, error) < 0 ||
	    ways_open_captures(&scan->sender.ways, scan->config.record,
			       &scan->receiver, error) < 0 ||
	    (scan->config.record && list_interfaces(scan, error) < 0) ||
	    load_neighbours(scan, error) < 0)
		return -1;
	scan->sender.engine = scan->sender.course.engine = plan_engine(
		&scan->config, tries, key->source_ports - tries, error);
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
	scan->sender.config = scan->sender.course.config = &scan->config;
	scan->sender.course.interrupted = &scan->shared.interrupted;
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
	int status;

	status = pthread_create(&receiver, NULL, receiver_run, &scan->receiver);
	if (status != 0)
		return error_set(error, STATUS_FAILED, "start a thread: %s",
				 strerror(status));
	status = pthread_create(&sender, NULL, sender_run, &scan->sender);
	if (status != 0) {
		/* The receiver stands at the barrier: stand in for the
		 * sender, and stop it. */
		bell_ring(scan->shared.receiver_stop_fd);
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

int synscan_run(struct synscan *scan, struct summary *summary,
		struct error *error)
{
	int status = run_threads(scan, error);

	course_fill(&scan->sender.course, summary);
	summary->replies_rejected = atomic_load(&scan->shared.replies_rejected);
	summary->capture_drops = atomic_load(&scan->shared.capture_drops);
	if (status < 0)
		return -1;
	if (scan->sender.course.error.status == STATUS_OK)
		return 0;
	return error_set(error, scan->sender.course.error.status, "%s",
			 scan->sender.course.error.text);
}
