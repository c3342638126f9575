/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/sender.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/bell.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/ring.h"
#include "net/link.h"
#include "net/neighbour.h"
#include "net/pathset.h"
#include "scan/batch.h"
#include "scan/receiver.h"
#include "scan/shared.h"
#include "scan/synscan.h"
#include "spec/portset.h"
#include "spec/targetset.h"
#include "wire/cookie.h"

#define SMALL_BATCH  16 /* the times of a batch count from its begin */
#define EVENT_BURST  4096
#define NO_MEMORY_NS (100 * NS_PER_MS)
#define LEAST_NAP_NS (100 * NS_PER_US)
#define HORIZON_NS   (NS_PER_MS / 2)
#define FRESH_NS     (240 * NS_PER_MS) /* to the next request: just asked */
#define OVERRUN_NS   (10 * NS_PER_MS)

struct loop {
	struct sender *sender;
	struct batch batch;
	uint64_t drops;
	int64_t overrun_ns;
};

/* ---- sending ---- */

static void solicit(struct loop *loop, const struct way *way,
		    const struct addr *next_hop, int64_t now_ns)
{
	uint8_t bytes[SOLICIT_MAX_BYTES];
	struct error error = ERROR_INIT;
	struct link_packet packet = {bytes, 0, next_hop};
	enum link_outcome outcome;
	size_t taken;

	if (probe_solicit(&way->path->route.source, way->path->iface.mac,
			  next_hop, bytes, &packet.length, &error) < 0) {
		course_end(&loop->sender->course, STATUS_FAILED, error.text);
		return;
	}
	outcome = link_send(way->link, &packet, 1, &taken, &error);
	if (outcome == LINK_OK)
		return;
	/* Whoever was not asked is not absent. */
	neighbour_unasked(loop->sender->neighbours, way->path->iface.index,
			  next_hop);
	batch_refused(&loop->sender->course, outcome, error.text, now_ns);
}

/* The next hop's MAC into probe; false when the probe cannot leave now: the
 * engine has been told. */
static bool resolve(struct loop *loop, const struct way *way,
		    const struct engine_probe *at, struct probe *probe,
		    int64_t now_ns)
{
	struct sender *sender = loop->sender;
	const struct addr *next_hop = way->path->route.type == ROUTE_GATEWAY
					      ? &way->path->route.gateway
					      : &probe->dest;
	int64_t again_ns = now_ns;
	bool asked = false;
	int64_t soon_ns;

	switch (neighbour_lookup(sender->neighbours, way->path->iface.index,
				 next_hop, now_ns, probe->dest_mac,
				 &again_ns)) {
	case NEIGHBOUR_READY:
		if (at->doubted &&
		    neighbour_doubt(sender->neighbours, way->path->iface.index,
				    next_hop, now_ns))
			solicit(loop, way, next_hop, now_ns);
		return true;
	case NEIGHBOUR_ASK:
		solicit(loop, way, next_hop, now_ns);
		asked = true;
		break;
	case NEIGHBOUR_WAIT:
		break;
	case NEIGHBOUR_FAILED:
		engine_failed(sender->engine, at, REASON_NO_NEIGHBOUR);
		return false;
	case NEIGHBOUR_NO_MEMORY:
		again_ns = now_ns + NO_MEMORY_NS;
		break;
	}
	/* An answer takes well under a millisecond on most links: look again
	 * soon at first; the request itself is not repeated before its time. */
	soon_ns = again_ns - now_ns > FRESH_NS ? 2 * NS_PER_MS : 20 * NS_PER_MS;
	if (again_ns > now_ns + soon_ns)
		again_ns = now_ns + soon_ns;
	engine_parked(sender->engine, at, asked, again_ns);
	return false;
}

static struct way *way_to(struct sender *sender, const struct addr *dest)
{
	const struct pathset *paths = sender->config->paths;

	if (sender->ways.n == 1)
		return &sender->ways.at[0];
	return &sender->ways
			.at[pathset_index(paths, pathset_find(paths, dest))];
}

/* Puts a probe into the batch, or tells the engine why not. */
static void prepare(struct loop *loop, const struct engine_probe *at,
		    int64_t now_ns)
{
	struct sender *sender = loop->sender;
	struct probe probe = {
		.dest = targetset_nth(sender->config->targets, at->target),
		.dest_port = portset_nth(sender->config->ports, at->rank),
		.source_port =
			(uint16_t)(sender->key.source_port + at->port_offset),
	};
	struct way *way = way_to(sender, &probe.dest);

	if (!way->link) {
		engine_failed(sender->engine, at, REASON_NO_ROUTE);
		return;
	}
	if (way->frames && !resolve(loop, way, at, &probe, now_ns))
		return;
	probe.seq = cookie_seq(&sender->key.cookie, &way->path->route.source,
			       probe.source_port, &probe.dest, probe.dest_port);
	batch_add(&loop->batch, way, at, &probe);
}

/* Up to a batch of what may leave now; false: nothing may. */
static bool send_some(struct loop *loop, int64_t now_ns)
{
	int most =
		loop->sender->config->rate_pps > 0 ? LINK_BATCH : SMALL_BATCH;
	struct engine_probe probe;
	int n = 0;

	while (n < most && !loop->sender->course.over &&
	       engine_next(loop->sender->engine, now_ns, &probe)) {
		prepare(loop, &probe, now_ns);
		n++;
	}
	batch_flush(&loop->batch);
	return n > 0;
}

/* ---- receiving ---- */

/* An own link-local address answers by way of the loopback interface, but was
 * named with the scope of another. */
static int64_t own_link_local(const struct sender *sender,
			      const struct addr *target)
{
	const struct target_range *ranges;
	size_t n = targetset_ranges(sender->config->targets, &ranges);
	struct addr addr = *target;
	int64_t index = -1;

	if (!addr_is_link_local(target))
		return -1;
	for (size_t i = 0; i < n && index < 0; i++) {
		addr.scope = ranges[i].first.scope;
		if (addr.scope != 0)
			index = targetset_index(sender->config->targets, &addr);
	}
	return index;
}

static void take_reply(struct sender *sender,
		       const struct receiver_event *event)
{
	const struct reply *reply = &event->reply;
	int64_t target =
		targetset_index(sender->config->targets, &reply->target);
	int32_t rank = portset_rank(sender->config->ports, reply->port);

	if (target < 0)
		target = own_link_local(sender, &reply->target);
	if (target < 0 || rank < 0)
		return;
	engine_reply(sender->engine,
		     &(struct engine_reply){
			     .target = (uint64_t)target,
			     .rank = (uint32_t)rank,
			     .port_offset = (uint8_t)(reply->source_port -
						      sender->key.source_port),
			     .verdict = reply->verdict,
			     .reason = reply->reason,
			     .ttl = reply->ttl,
			     .at_ns = event->at_ns,
			     .time_ok = event->time_ok,
		     });
}

static void take_event(struct sender *sender, struct receiver_event *event)
{
	struct addr *addr = event->kind == EVENT_REPLY ? &event->reply.target
						       : &event->neighbour.addr;

	/* Packets do not say their scope; the interface does. */
	if (addr_is_link_local(addr))
		addr->scope = event->ifindex;
	if (event->kind == EVENT_REPLY)
		take_reply(sender, event);
	else
		(void)neighbour_learn(sender->neighbours, event->ifindex, addr,
				      event->neighbour.mac, false);
}

static bool take_events(struct sender *sender)
{
	struct receiver_event event;
	int n = 0;

	while (n < EVENT_BURST && ring_pop(sender->shared->ring, &event)) {
		take_event(sender, &event);
		n++;
	}
	return n > 0;
}

static void look_for_drops(struct loop *loop, int64_t now_ns)
{
	uint64_t drops = atomic_load(&loop->sender->shared->capture_drops);

	if (drops <= loop->drops)
		return;
	log_line(LOG_INFO,
		 "capture dropped %llu packets: slower, and asking "
		 "again what they may have answered",
		 (unsigned long long)(drops - loop->drops));
	loop->drops = drops;
	engine_blind_until(loop->sender->engine, now_ns);
	if (now_ns - loop->overrun_ns < OVERRUN_NS)
		return; /* still the same one */
	loop->overrun_ns = now_ns;
	engine_overrun(loop->sender->engine, now_ns);
}

/* ---- the loop ---- */

/* Sleeps until the engine has something to do, the receiver something to
 * tell, or somebody wants the scan to end. */
static void wait_for_work(struct loop *loop, int64_t now_ns)
{
	struct sender *sender = loop->sender;
	struct shared *shared = sender->shared;
	struct pollfd fd = {shared->wake_fd, POLLIN, 0};
	int64_t until_ns = engine_wake_ns(sender->engine);
	struct timespec pause;

	if (until_ns > sender->course.next_tick_ns)
		until_ns = sender->course.next_tick_ns;
	/* A time-out waits for the receiver's horizon to pass it. Nothing else
	 * is worth a wake-up of its own: what is due by then leaves together.
	 */
	if (until_ns <= now_ns)
		until_ns = now_ns + HORIZON_NS;
	else if (until_ns < now_ns + LEAST_NAP_NS)
		until_ns = now_ns + LEAST_NAP_NS;
	atomic_store(&shared->sender_waits, true);
	/* What came before the store is not announced: look once more. */
	if (!take_events(sender)) {
		pause = (struct timespec){(until_ns - now_ns) / NS_PER_S,
					  (until_ns - now_ns) % NS_PER_S};
		if (ppoll(&fd, 1, &pause, NULL) > 0)
			bell_hear(shared->wake_fd);
	}
	atomic_store(&shared->sender_waits, false);
}

static void loop_once(struct loop *loop)
{
	struct sender *sender = loop->sender;
	struct course *course = &sender->course;
	struct shared *shared = sender->shared;
	/* The horizon before the events: whatever arrived earlier is then in
	 * the ring already. */
	int64_t horizon_ns = atomic_load(&shared->horizon_ns);
	int64_t now_ns = clock_now_ns();
	bool full = take_events(sender);

	look_for_drops(loop, now_ns);
	while (full)
		full = take_events(sender);
	engine_advance(sender->engine,
		       horizon_ns < now_ns ? horizon_ns : now_ns, now_ns);
	if (engine_done(sender->engine))
		course_done(course);
	else if (atomic_load(&shared->interrupted))
		course_end(course, STATUS_INCOMPLETE, "interrupted");
	else if (atomic_load(&shared->captures_gone))
		course_end(course, STATUS_INCOMPLETE, "the device is gone");
	if (now_ns >= course->next_tick_ns)
		course_tick(course, now_ns);
	if (!course->over && !send_some(loop, now_ns))
		wait_for_work(loop, now_ns);
}

void *sender_run(void *argument)
{
	struct sender *sender = argument;
	struct course *course = &sender->course;
	struct loop loop = {
		.sender = sender,
		.batch = {.engine = sender->engine, .course = course},
	};

	pthread_barrier_wait(&sender->shared->armed);
	course->begun_ns = clock_now_ns();
	while (!course->over)
		loop_once(&loop);
	course->ended_ns = clock_now_ns();
	engine_finish(sender->engine);
	course_tick(course, clock_now_ns());
	bell_ring(sender->shared->receiver_stop_fd);
	ways_close(&sender->ways);
	return NULL;
}
