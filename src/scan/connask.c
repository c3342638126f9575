/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/connask.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/ring.h"
#include "net/connway.h"
#include "net/pathset.h"
#include "scan/connloop.h"
#include "scan/conntable.h"
#include "scan/hops.h"
#include "scan/synscan.h"
#include "spec/portset.h"
#include "spec/targetset.h"

#define SHARED_LEAST 32u              /* fewer are not worth waking a worker */
#define BLOCKED_NS   (50 * NS_PER_MS) /* until a refused probe comes again */
#define CROWDED_NS   (20 * NS_PER_MS) /* until another hop may be asked */

static void blocked(struct connloop *loop, const struct connloop_try *try,
		    const char *why, int64_t now_ns)
{
	if (loop->course.blocked)
		engine_unaskable(loop->engine, &try->probe);
	else
		engine_refused(loop->engine, &try->probe, now_ns + BLOCKED_NS,
			       now_ns);
	course_refused(&loop->course, LINK_REFUSED, why, now_ns);
}

/* There is no descriptor for it: somebody else took one that we counted on. */
static void fewer(struct connloop *loop, const struct conn *conn)
{
	uint32_t used = conntable_used_of(loop->table, conn->worker);

	conntable_limit(loop->table, conn->worker, used - 1);
	if (!loop->few_said)
		log_line(LOG_INFO, "out of descriptors: going on with fewer "
				   "connections at once");
	loop->few_said = true;
}

/* The kernel did not take it. */
static void refused(struct connloop *loop, const struct connloop_try *try,
		    int64_t now_ns)
{
	const struct connector_outcome *outcome = &try->outcome;
	enum link_outcome taken = outcome->taken;
	char why[160];

	if (taken == LINK_REFUSED) {
		blocked(loop, try,
			"connect: a local firewall refuses the connections "
			"(Operation not permitted)",
			now_ns);
		return;
	}
	if (taken == LINK_DOWN && !connway_device_exists(try->path->iface.name))
		taken = LINK_GONE;
	if (outcome->error_number == EMFILE || outcome->error_number == ENFILE)
		fewer(loop, try->conn);
	engine_refused(loop->engine, &try->probe, 0, now_ns);
	if (taken == LINK_DOWN)
		engine_blind_until(loop->engine, now_ns);
	snprintf(why, sizeof(why), "connect%s%s: %s",
		 taken == LINK_GONE ? " by " : "",
		 taken == LINK_GONE ? try->path->iface.name : "",
		 strerror(taken == LINK_GONE ? ENODEV : outcome->error_number));
	course_refused(&loop->course, taken, why, now_ns);
}

/* What came of trying, for the engine: whether it left. */
static void tried(struct connloop *loop, struct connloop_try *try,
		  int64_t now_ns)
{
	const struct connector_outcome *outcome = &try->outcome;
	struct conn *conn = try->conn;

	if (outcome->taken == LINK_OK &&
	    !(outcome->ended && outcome->blocked)) {
		engine_sent(loop->engine, &try->probe, outcome->begun_ns);
		course_accepted(&loop->course);
	} else if (outcome->taken == LINK_OK) {
		blocked(loop, try,
			"connect: a local firewall rejects the connections",
			now_ns);
	} else {
		refused(loop, try, now_ns);
	}
	if (outcome->taken != LINK_OK || outcome->ended) {
		connloop_release(loop, conn);
		return;
	}
	conn->begun_ns = outcome->begun_ns;
	conntable_put(loop->table, conn, outcome->begun_ns + CONNLOOP_LIFE_NS);
}

/* ---- asking ---- */

/* false: the engine has been told why not. */
static bool hop_is_fine(struct connloop *loop, const struct engine_probe *probe,
			const struct path *path, const struct addr *dest,
			int64_t now_ns)
{
	if (!connloop_has_hop(path))
		return true;
	switch (hops_ask(loop->hops, path->iface.index,
			 connloop_hop(path, dest), now_ns)) {
	case HOPS_FINE:
		return true;
	case HOPS_WAIT:
		engine_parked(loop->engine, probe, false, now_ns + CROWDED_NS);
		return false;
	case HOPS_ABSENT:
		if (probe->answered) /* before; it may come back */
			return true;
		engine_failed(loop->engine, probe, REASON_NO_NEIGHBOUR);
		return false;
	}
	return true;
}

/* Where it goes; false when it is not to be asked now: the engine has been
 * told. */
static bool prepare(struct connloop *loop, struct connloop_try *try,
		    int64_t now_ns)
{
	const struct synscan_config *config = loop->config;
	const struct engine_probe *probe = &try->probe;
	struct connector_job *job = &try->job;
	const struct path *path;

	job->dest = targetset_nth(config->targets, probe->target);
	job->port = portset_nth(config->ports, probe->rank);
	try->path = path = pathset_find(config->paths, &job->dest);
	if (path->route.type == ROUTE_NONE) {
		engine_failed(loop->engine, probe, REASON_NO_ROUTE);
		return false;
	}
	if (!hop_is_fine(loop, probe, path, &job->dest, now_ns))
		return false;
	if (connloop_too_soon(loop, probe->number, now_ns)) {
		engine_withdrawn(loop->engine, probe);
		return false;
	}
	job->way = loop->way_of[pathset_index(config->paths, path)];
	return true;
}

/* Up to a batch of what may leave now. false: nothing may. */
static bool fill(struct connloop *loop, int64_t now_ns)
{
	uint32_t most = connloop_make_room(loop, now_ns), n = 0;

	if (most > CONNLOOP_BATCH)
		most = CONNLOOP_BATCH;
	loop->full = most == 0;
	loop->n = 0;
	while (n < most &&
	       engine_next(loop->engine, now_ns, &loop->tries[loop->n].probe)) {
		loop->n += prepare(loop, &loop->tries[loop->n], now_ns);
		n++;
	}
	return n > 0;
}

/* Of one port there is one connect to a place at a time: the try before goes
 * first, from the same worker. */
static unsigned worker_of_sibling(struct connloop *loop, uint64_t number,
				  unsigned otherwise)
{
	struct conn *conn = conntable_of(loop->table, number, NULL);
	unsigned worker;

	if (!loop->one_port || !conn)
		return otherwise;
	worker = conn->worker;
	connloop_take_back(loop, conn);
	return worker;
}

/* To that worker, or to the next that has room. */
static bool hand_out(struct connloop *loop, struct connloop_try *try,
		     unsigned worker)
{
	const struct engine_probe *probe = &try->probe;
	struct connworker_job job = {.connect = try->job};

	while (conntable_free_of(loop->table, worker) == 0)
		worker = (worker + 1) % loop->n_workers;
	try->conn = conntable_take(loop->table, worker);
	try->conn->number = probe->number;
	try->conn->target = probe->target;
	try->conn->rank = probe->rank;
	try->conn->port_offset = probe->port_offset;
	job.connect.id = try->conn->id;
	job.connect.use = try->conn->use;
	if (connworker_hand(&loop->workers[worker], &job))
		return true;
	connloop_release(loop, try->conn);
	engine_withdrawn(loop->engine, probe);
	return false;
}

/* Cuts the batch in pieces. */
static void share_out(struct connloop *loop)
{
	unsigned pieces = loop->n < SHARED_LEAST ? 1 : loop->n_workers;
	unsigned kept = 0;

	for (unsigned i = 0; i < loop->n; i++) {
		struct connloop_try *try = &loop->tries[i];
		unsigned worker = worker_of_sibling(loop, try->probe.number,
						    i * pieces / loop->n);

		if (hand_out(loop, try, worker))
			loop->tries[kept++] = *try;
	}
	loop->n = kept;
	for (unsigned w = 1; w < loop->n_workers; w++)
		connworker_ring(&loop->workers[w]);
}

/* Waits until the worker has tried its piece. The outcomes come in the order
 * of the jobs. */
static void gather(struct connloop *loop, unsigned worker)
{
	struct ring *ring = loop->workers[worker].tried;

	for (unsigned i = 0; i < loop->n; i++) {
		struct connloop_try *try = &loop->tries[i];

		if (try->conn->worker != worker)
			continue;
		while (!ring_pop(ring, &try->outcome)) {
			atomic_store(&loop->boss.waits, true);
			if (ring_pop(ring, &try->outcome))
				break;
			connloop_nap(loop, NULL);
		}
	}
	atomic_store(&loop->boss.waits, false);
}

/* A batch. false: there was nothing to ask. */
bool connask(struct connloop *loop, int64_t now_ns)
{
	if (!fill(loop, now_ns))
		return false;
	share_out(loop);
	connworker_turn(&loop->workers[0]);
	for (unsigned w = 0; w < loop->n_workers; w++)
		gather(loop, w);
	now_ns = clock_now_ns();
	for (unsigned i = 0; i < loop->n; i++)
		tried(loop, &loop->tries[i], now_ns);
	for (unsigned i = 0; i < loop->n; i++) {
		const struct connloop_try *try = &loop->tries[i];
		const struct engine_probe *probe = &try->probe;

		if (try->outcome.taken == LINK_OK && try->outcome.answered)
			connloop_reply(loop, probe->number, probe->target,
				       probe->rank, probe->port_offset,
				       &try->outcome);
	}
	return true;
}
