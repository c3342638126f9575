/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/connloop.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bell.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/ring.h"
#include "net/pathset.h"
#include "scan/absent.h"
#include "scan/conntable.h"
#include "scan/synscan.h"
#include "spec/portset.h"
#include "spec/targetset.h"

/* The kernel repeats a SYN after a second (RFC 6298 2.1). */
#define LIFE_NS      (950 * NS_PER_MS)
#define SCOUT_NS     (5 * NS_PER_S)
#define SCOUTS       256u
#define EXPIRE_MOST  512 /* in a turn */
#define EVICT_LOOKS  256
#define SHARED_LEAST 32u              /* fewer are not worth waking a worker */
#define OPEN_NS      (50 * NS_PER_MS) /* between two looks at an open port */
#define BLOCKED_NS   (50 * NS_PER_MS) /* until a refused probe comes again */
#define LEAST_NAP_NS (100 * NS_PER_US)
#define HORIZON_NS   (NS_PER_MS / 2)
#define FULL_NS      (2 * NS_PER_MS)

const struct addr *connloop_hop(const struct path *path,
				const struct addr *target)
{
	return path->route.type == ROUTE_GATEWAY ? &path->route.gateway
						 : target;
}

/* ---- connects that are out ---- */

static void set_scout(struct connloop *loop, struct conn *conn, bool scout)
{
	loop->scouts += (uint32_t)scout - (uint32_t)conn->scout;
	conn->scout = scout;
}

static void release(struct connloop *loop, struct conn *conn)
{
	set_scout(loop, conn, false);
	conntable_release(loop->table, conn);
}

static void take_back(struct connloop *loop, struct conn *conn)
{
	const struct connworker_job job = {
		.abort = true,
		.connect = {.id = conn->id, .use = conn->use},
	};

	/* Should no more jobs fit in, the next use of the id takes it back. */
	(void)connworker_hand(&loop->workers[conn->worker], &job);
	release(loop, conn);
}

static enum engine_interest interest(const struct connloop *loop,
				     const struct conn *conn, int64_t now_ns)
{
	return engine_interest(loop->engine, conn->number, conn->port_offset,
			       now_ns);
}

/* Those whose time is over. */
static void expire(struct connloop *loop, int64_t now_ns)
{
	for (int i = 0; i < EXPIRE_MOST; i++) {
		struct conn *conn = conntable_oldest(loop->table);
		enum engine_interest good_for;

		if (!conn || conn->look_ns > now_ns)
			return;
		good_for = interest(loop, conn, now_ns);
		set_scout(loop, conn, false);
		set_scout(loop, conn,
			  good_for == ENGINE_RTT && loop->scouts < SCOUTS &&
				  now_ns - conn->begun_ns < SCOUT_NS);
		if (conn->scout || good_for == ENGINE_ANSWER)
			conntable_put_off(loop->table, conn, now_ns + LIFE_NS);
		else
			take_back(loop, conn);
	}
}

static uint32_t room(const struct connloop *loop)
{
	uint32_t n = 0;

	for (unsigned w = 0; w < loop->n_workers; w++)
		n += conntable_free_of(loop->table, w);
	return n;
}

/* For new connects old ones go that are not waited for. */
static uint32_t make_room(struct connloop *loop, int64_t now_ns)
{
	struct conn *conn = conntable_oldest(loop->table);
	uint32_t n = room(loop);

	for (int i = 0; i < EVICT_LOOKS && conn && n < CONNLOOP_BATCH; i++) {
		struct conn *next = conntable_younger(loop->table, conn);

		if (interest(loop, conn, now_ns) != ENGINE_ANSWER) {
			take_back(loop, conn);
			n = room(loop);
		}
		conn = next;
	}
	return n;
}

/* ---- what came of them ---- */

static struct connloop_open *open_slot(struct connloop *loop, uint64_t number)
{
	uint64_t hash = number * 0x9e3779b97f4a7c15u;

	return &loop->opens[(hash >> 32) % CONNLOOP_OPENS];
}

/* A port that is known to be open is asked again as a proof that the path is
 * alive. Not too often: its program gets a connection each time. */
static bool too_soon(struct connloop *loop, uint64_t number, int64_t now_ns)
{
	struct connloop_open *open = open_slot(loop, number);

	if (open->number != number + 1)
		return false;
	if (now_ns - open->asked_ns < OPEN_NS)
		return true;
	open->asked_ns = now_ns;
	return false;
}

static void reply(struct connloop *loop, uint64_t number, uint64_t target,
		  uint32_t rank, uint8_t port_offset,
		  const struct connector_outcome *outcome)
{
	struct conn *conn, *next;

	engine_reply(loop->engine, &(struct engine_reply){
					   .target = target,
					   .rank = rank,
					   .port_offset = port_offset,
					   .verdict = outcome->verdict,
					   .reason = outcome->reason,
					   .at_ns = outcome->at_ns,
					   .time_ok = true,
				   });
	if (outcome->verdict == VERDICT_FILTERED)
		return;
	if (outcome->verdict == VERDICT_OPEN)
		*open_slot(loop, number) =
			(struct connloop_open){number + 1, outcome->at_ns};
	/* Its other tries could only say the same. */
	for (conn = conntable_of(loop->table, number, NULL); conn;
	     conn = next) {
		next = conntable_of(loop->table, number, conn);
		take_back(loop, conn);
	}
}

static void blocked(struct connloop *loop, const struct connloop_try *try,
		    int64_t now_ns)
{
	engine_refused(loop->engine, &try->probe, now_ns + BLOCKED_NS, now_ns);
	course_refused(&loop->course, LINK_REFUSED,
		       "connect: a local firewall rejects the connections",
		       now_ns);
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
	char why[160], name[IF_NAMESIZE];
	bool firewall = taken == LINK_REFUSED;

	if (taken == LINK_DOWN && !if_indextoname(try->path->iface.index, name))
		taken = LINK_GONE;
	if (outcome->error_number == EMFILE || outcome->error_number == ENFILE)
		fewer(loop, try->conn);
	engine_refused(loop->engine, &try->probe,
		       firewall ? now_ns + BLOCKED_NS : 0, now_ns);
	if (taken == LINK_DOWN)
		engine_blind_until(loop->engine, now_ns);
	snprintf(why, sizeof(why), "connect%s%s: %s%s%s",
		 taken == LINK_GONE ? " by " : "",
		 taken == LINK_GONE ? try->path->iface.name : "",
		 firewall ? "a local firewall refuses the connections (" : "",
		 strerror(taken == LINK_GONE ? ENODEV : outcome->error_number),
		 firewall ? ")" : "");
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
		blocked(loop, try, now_ns);
	} else {
		refused(loop, try, now_ns);
	}
	if (outcome->taken != LINK_OK || outcome->ended) {
		release(loop, conn);
		return;
	}
	conn->begun_ns = outcome->begun_ns;
	conntable_put(loop->table, conn, outcome->begun_ns + LIFE_NS);
}

/* Those that were pending. false: none. */
static bool take_ended(struct connloop *loop, int64_t now_ns)
{
	struct connector_outcome outcome;
	bool any = false;

	for (unsigned w = 0; w < loop->n_workers; w++) {
		while (ring_pop(loop->workers[w].ended, &outcome)) {
			struct conn *conn = conntable_at(
				loop->table, w, outcome.id, outcome.use);
			struct conn was;

			any = true;
			if (!conn)
				continue;
			was = *conn;
			release(loop, conn);
			if (outcome.answered)
				reply(loop, was.number, was.target, was.rank,
				      was.port_offset, &outcome);
			else if (outcome.blocked)
				engine_blind_until(loop->engine, now_ns);
		}
	}
	return any;
}

/* ---- asking ---- */

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
	if (loop->absent && absent_for_good(loop->absent, path->iface.index,
					    connloop_hop(path, &job->dest))) {
		engine_failed(loop->engine, probe, REASON_NO_NEIGHBOUR);
		return false;
	}
	if (too_soon(loop, probe->number, now_ns)) {
		engine_withdrawn(loop->engine, probe);
		return false;
	}
	job->way = loop->way_of[pathset_index(config->paths, path)];
	return true;
}

/* Up to a batch of what may leave now. false: nothing may. */
static bool fill(struct connloop *loop, int64_t now_ns)
{
	uint32_t most = room(loop), n = 0;

	if (most < CONNLOOP_BATCH)
		most = make_room(loop, now_ns);
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
	unsigned worker = otherwise;

	if (!loop->one_port || !conn)
		return otherwise;
	worker = conn->worker;
	take_back(loop, conn);
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
	release(loop, try->conn);
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

static void nap(struct connloop *loop, const struct timespec *pause)
{
	struct pollfd fds[] = {
		{loop->boss.wake_fd, POLLIN, 0},
		{connector_fd(loop->workers[0].connector), POLLIN, 0},
	};

	/* The first worker's events are for a turn, not for between. */
	if (ppoll(fds, pause ? 2 : 1, pause, NULL) > 0 && fds[0].revents)
		bell_hear(loop->boss.wake_fd);
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
			nap(loop, NULL);
		}
	}
	atomic_store(&loop->boss.waits, false);
}

/* A batch. false: there was nothing to ask. */
static bool ask(struct connloop *loop, int64_t now_ns)
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
			reply(loop, probe->number, probe->target, probe->rank,
			      probe->port_offset, &try->outcome);
	}
	return true;
}

/* ---- the loop ---- */

/* Until the engine has something to do, a worker something to tell, or
 * somebody wants the scan to end. */
static void wait_for_work(struct connloop *loop, int64_t now_ns)
{
	const struct conn *oldest = conntable_oldest(loop->table);
	int64_t until_ns = engine_wake_ns(loop->engine);
	struct timespec pause;

	if (until_ns > loop->course.next_tick_ns)
		until_ns = loop->course.next_tick_ns;
	if (oldest && until_ns > oldest->look_ns)
		until_ns = oldest->look_ns;
	/* A time-out waits for the workers' horizon to pass it. */
	if (until_ns <= now_ns)
		until_ns = now_ns + (loop->full ? FULL_NS : HORIZON_NS);
	else if (until_ns < now_ns + LEAST_NAP_NS)
		until_ns = now_ns + LEAST_NAP_NS;
	atomic_store(&loop->boss.waits, true);
	/* What came before the store is not announced: look once more. */
	if (!take_ended(loop, now_ns)) {
		pause = (struct timespec){(until_ns - now_ns) / NS_PER_S,
					  (until_ns - now_ns) % NS_PER_S};
		nap(loop, &pause);
	}
	atomic_store(&loop->boss.waits, false);
}

/* All that ended before it has been told. */
static int64_t horizon_ns(const struct connloop *loop, int64_t now_ns)
{
	int64_t horizon = now_ns;

	for (unsigned w = 0; w < loop->n_workers; w++) {
		int64_t its = atomic_load(&loop->workers[w].horizon_ns);

		if (its < horizon)
			horizon = its;
	}
	return horizon;
}

static void tick(struct connloop *loop, int64_t now_ns)
{
	if (loop->absent)
		absent_refresh(loop->absent, now_ns);
	course_tick(&loop->course, now_ns);
}

static void turn(struct connloop *loop)
{
	struct course *course = &loop->course;
	int64_t now_ns = clock_now_ns(), horizon;

	connworker_turn(&loop->workers[0]);
	/* The horizon before what ended. */
	horizon = horizon_ns(loop, now_ns);
	(void)take_ended(loop, now_ns);
	engine_advance(loop->engine, horizon, now_ns);
	expire(loop, now_ns);
	if (atomic_load(&loop->interrupted))
		course_end(course, STATUS_INCOMPLETE, "interrupted");
	else if (engine_done(loop->engine))
		course_done(course);
	if (now_ns >= course->next_tick_ns)
		tick(loop, now_ns);
	if (!course->over && !ask(loop, now_ns))
		wait_for_work(loop, now_ns);
}

void connloop_run(struct connloop *loop)
{
	loop->course.begun_ns = clock_now_ns();
	while (!loop->course.over)
		turn(loop);
	loop->course.ended_ns = clock_now_ns();
	if (loop->absent)
		absent_refresh(loop->absent, loop->course.ended_ns);
}
