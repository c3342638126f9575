/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/connloop.h"

#include <poll.h>
#include <unistd.h>

#include "base/bell.h"
#include "base/clock.h"
#include "base/ring.h"
#include "net/pathset.h"
#include "scan/connask.h"
#include "scan/conntable.h"
#include "scan/hops.h"
#include "scan/synscan.h"

#define SCOUT_NS     (5 * NS_PER_S)
#define SCOUTS       256u
#define EXPIRE_MOST  512 /* in a turn */
#define EVICT_LOOKS  256
#define OPEN_NS      (50 * NS_PER_MS) /* between two looks at an open port */
#define LEAST_NAP_NS (100 * NS_PER_US)
#define HORIZON_NS   (NS_PER_MS / 2)
#define FULL_NS      (2 * NS_PER_MS)

bool connloop_has_hop(const struct path *path)
{
	return path->iface.ethernet && (path->route.type == ROUTE_ON_LINK ||
					path->route.type == ROUTE_GATEWAY);
}

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

void connloop_release(struct connloop *loop, struct conn *conn)
{
	set_scout(loop, conn, false);
	conntable_release(loop->table, conn);
}

void connloop_take_back(struct connloop *loop, struct conn *conn)
{
	const struct connworker_job job = {
		.abort = true,
		.connect = {.id = conn->id, .use = conn->use},
	};

	/* Should no more jobs fit in, the next use of the id takes it back. */
	(void)connworker_hand(&loop->workers[conn->worker], &job);
	connloop_release(loop, conn);
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
			conntable_put_off(loop->table, conn,
					  now_ns + CONNLOOP_LIFE_NS);
		else
			connloop_take_back(loop, conn);
	}
}

static uint32_t room(const struct connloop *loop)
{
	uint32_t n = 0;

	for (unsigned w = 0; w < loop->n_workers; w++)
		n += conntable_free_of(loop->table, w);
	return n;
}

uint32_t connloop_make_room(struct connloop *loop, int64_t now_ns)
{
	struct conn *conn = conntable_oldest(loop->table);
	uint32_t n = room(loop);

	for (int i = 0; i < EVICT_LOOKS && conn && n < CONNLOOP_BATCH; i++) {
		struct conn *next = conntable_younger(loop->table, conn);

		if (interest(loop, conn, now_ns) != ENGINE_ANSWER) {
			connloop_take_back(loop, conn);
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

bool connloop_too_soon(struct connloop *loop, uint64_t number, int64_t now_ns)
{
	struct connloop_open *open = open_slot(loop, number);

	if (open->number != number + 1)
		return false;
	if (now_ns - open->asked_ns < OPEN_NS)
		return true;
	open->asked_ns = now_ns;
	return false;
}

void connloop_reply(struct connloop *loop, uint64_t number, uint64_t target,
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
		connloop_take_back(loop, conn);
	}
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
			connloop_release(loop, conn);
			if (outcome.answered)
				connloop_reply(loop, was.number, was.target,
					       was.rank, was.port_offset,
					       &outcome);
			else if (outcome.blocked)
				engine_blind_until(loop->engine, now_ns);
		}
	}
	return any;
}

/* ---- the loop ---- */

void connloop_nap(struct connloop *loop, const struct timespec *pause)
{
	struct pollfd fds[] = {
		{loop->boss.wake_fd, POLLIN, 0},
		{connector_fd(loop->workers[0].connector), POLLIN, 0},
	};

	/* What ends is for a turn, and not for between. */
	if (ppoll(fds, pause ? 2 : 1, pause, NULL) > 0 && fds[0].revents)
		bell_hear(loop->boss.wake_fd);
}

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
		connloop_nap(loop, &pause);
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

static void look_at_hops(struct connloop *loop, int64_t now_ns)
{
	if (loop->hops && hops_refresh(loop->hops, now_ns))
		engine_blind_until(loop->engine, now_ns);
}

static void tick(struct connloop *loop, int64_t now_ns)
{
	look_at_hops(loop, now_ns);
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
	if (loop->hops && hops_is_due(loop->hops, now_ns))
		look_at_hops(loop, now_ns);
	if (engine_done(loop->engine))
		course_done(course);
	else if (atomic_load(&loop->interrupted))
		course_end(course, STATUS_INCOMPLETE, "interrupted");
	if (now_ns >= course->next_tick_ns)
		tick(loop, now_ns);
	if (!course->over && !connask(loop, now_ns))
		wait_for_work(loop, now_ns);
}

void connloop_run(struct connloop *loop)
{
	loop->course.begun_ns = clock_now_ns();
	while (!loop->course.over)
		turn(loop);
	loop->course.ended_ns = clock_now_ns();
	look_at_hops(loop, loop->course.ended_ns);
}
