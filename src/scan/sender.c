/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/sender.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/ring.h"
#include "net/link.h"
#include "net/neighbour.h"
#include "net/pathset.h"
#include "scan/receiver.h"
#include "scan/shared.h"
#include "scan/synscan.h"
#include "spec/portset.h"
#include "spec/targetset.h"
#include "wire/cookie.h"

#define BATCH        LINK_BATCH
#define SMALL_BATCH  16 /* the times of a batch count from its begin */
#define EVENT_BURST  4096
#define TICK_NS      (100 * NS_PER_MS)
#define LEAST_NAP_NS (100 * NS_PER_US)
#define HORIZON_NS   (NS_PER_MS / 2)
#define FRESH_NS     (240 * NS_PER_MS) /* to the next request: just asked */
#define OVERRUN_NS   (10 * NS_PER_MS)
#define BLOCKED_NS   (50 * NS_PER_MS) /* until a refused probe comes again */
/* Nothing could be sent for so long: the scan ends with what it has. */
#define DOWN_LIMIT  (10 * NS_PER_S)
#define BLOCK_LIMIT (NS_PER_S / 2)

/* One batch, all for one link. */
struct batch {
	struct link *link;
	size_t n;
	struct engine_probe probes[BATCH];
	struct addr dests[BATCH];
	struct link_packet packets[BATCH];
	uint8_t bytes[BATCH][PROBE_MAX_BYTES];
};

struct loop {
	struct sender *sender;
	struct batch batch;
	int64_t refused_since_ns; /* no probe was taken since; 0: fine */
	int64_t next_tick_ns;
	uint64_t drops;
	int64_t overrun_ns;
	bool over;
	bool warned;
	uint32_t limited;
};

static void end_scan(struct loop *loop, enum status status, const char *why)
{
	struct sender *sender = loop->sender;
	struct engine_stats stats;

	engine_stats(sender->engine, &stats);
	/* Before any answer there is nothing to show for it. */
	if (status == STATUS_INCOMPLETE && stats.replies == 0 &&
	    !atomic_load(&sender->shared->interrupted))
		status = STATUS_FAILED;
	if (sender->error.status == STATUS_OK)
		error_set(&sender->error, status, "%s", why);
	loop->over = true;
}

/* ---- sending ---- */

/* What the kernel's refusal means for the rest of the batch. */
static void refused(struct loop *loop, enum link_outcome outcome,
		    const struct engine_probe *probes, size_t n,
		    const struct error *error, int64_t now_ns)
{
	struct engine *engine = loop->sender->engine;
	int64_t again_ns = outcome == LINK_REFUSED ? now_ns + BLOCKED_NS : 0;
	int64_t limit = outcome == LINK_REFUSED ? BLOCK_LIMIT : DOWN_LIMIT;

	/* One was refused; the rest of the batch was not tried. */
	engine_refused(engine, &probes[0], again_ns, now_ns);
	for (size_t i = 1; i < n; i++)
		engine_withdrawn(engine, &probes[i]);
	if (outcome == LINK_DOWN)
		engine_blind_until(engine, now_ns);
	if (!loop->refused_since_ns)
		loop->refused_since_ns = now_ns;
	if (outcome == LINK_GONE || outcome == LINK_FAILED) {
		end_scan(loop, STATUS_INCOMPLETE, error->text);
	} else if (now_ns - loop->refused_since_ns > limit) {
		end_scan(loop, STATUS_INCOMPLETE,
			 outcome == LINK_REFUSED
				 ? "send: a local firewall refuses the probes "
				   "(Operation not permitted)"
				 : error->text);
	} else if (outcome != LINK_BUSY && !loop->warned) {
		loop->warned = true;
		log_line(LOG_WARN, "%s; trying on", error->text);
	}
}

/* All of a batch count from its begin, so that no round trip comes out too
 * short: over veth and loopback a reply is there before the next one leaves. */
static void accepted(struct loop *loop, const struct engine_probe *probes,
		     size_t n, int64_t begun_ns)
{
	for (size_t i = 0; i < n; i++)
		engine_sent(loop->sender->engine, &probes[i], begun_ns);
	if (n == 0)
		return;
	loop->refused_since_ns = 0;
}

static void flush(struct loop *loop)
{
	struct batch *batch = &loop->batch;
	size_t at = 0;

	while (at < batch->n) {
		struct error error = ERROR_INIT;
		int64_t begun_ns = clock_now_ns();
		size_t taken = 0, rest = batch->n - at;
		enum link_outcome outcome = link_send(
			batch->link, &batch->packets[at], rest, &taken, &error);

		accepted(loop, &batch->probes[at], taken, begun_ns);
		at += taken;
		rest -= taken;
		if (outcome == LINK_OK)
			continue;
		if (outcome == LINK_REFUSED)
			rest = 1;
		refused(loop, outcome, &batch->probes[at], rest, &error,
			begun_ns);
		at += rest;
	}
	batch->n = 0;
}

static void solicit(struct loop *loop, const struct way *way,
		    const struct addr *next_hop)
{
	uint8_t bytes[SOLICIT_MAX_BYTES];
	struct error error = ERROR_INIT;
	struct link_packet packet = {bytes, 0, next_hop};
	size_t taken;

	if (probe_solicit(&way->path->route.source, way->path->iface.mac,
			  next_hop, bytes, &packet.length, &error) < 0) {
		end_scan(loop, STATUS_FAILED, error.text);
		return;
	}
	/* A refusal costs one of three requests; the next comes soon. */
	(void)link_send(way->link, &packet, 1, &taken, &error);
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
		return true;
	case NEIGHBOUR_ASK:
		solicit(loop, way, next_hop);
		asked = true;
		break;
	case NEIGHBOUR_WAIT:
		break;
	case NEIGHBOUR_FAILED:
		engine_failed(sender->engine, at, REASON_NO_NEIGHBOUR);
		return false;
	case NEIGHBOUR_NO_MEMORY:
		again_ns = now_ns + TICK_NS;
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
	struct batch *batch = &loop->batch;
	struct probe probe = {
		.dest = targetset_nth(sender->config->targets, at->target),
		.dest_port = portset_nth(sender->config->ports, at->rank),
		.source_port =
			(uint16_t)(sender->key.source_port + at->port_offset),
	};
	struct way *way = way_to(sender, &probe.dest);
	size_t i;

	if (!way->link) {
		engine_failed(sender->engine, at, REASON_NO_ROUTE);
		return;
	}
	if (way->frames && !resolve(loop, way, at, &probe, now_ns))
		return;
	probe.seq = cookie_seq(&sender->key.cookie, &way->path->route.source,
			       probe.source_port, &probe.dest, probe.dest_port);
	if (batch->n > 0 && batch->link != way->link)
		flush(loop);
	i = batch->n++;
	batch->link = way->link;
	batch->probes[i] = *at;
	batch->dests[i] = probe.dest;
	probe_patch(&way->template, &probe, batch->bytes[i]);
	batch->packets[i] = (struct link_packet){
		batch->bytes[i], way->template.length, &batch->dests[i]};
}

/* Up to a batch of what may leave now; false: nothing may. */
static bool send_some(struct loop *loop, int64_t now_ns)
{
	int most = loop->sender->config->rate_pps > 0 ? BATCH : SMALL_BATCH;
	struct engine_probe probe;
	int n = 0;

	while (n < most && !loop->over &&
	       engine_next(loop->sender->engine, now_ns, &probe)) {
		prepare(loop, &probe, now_ns);
		n++;
	}
	flush(loop);
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

static void say_limited(struct loop *loop, const struct engine_stats *stats)
{
	char text[ADDR_TEXT_BYTES];
	struct addr addr;

	if (stats->limited_groups <= loop->limited)
		return;
	loop->limited = stats->limited_groups;
	addr = targetset_nth(loop->sender->config->targets,
			     stats->limited_target);
	log_line(LOG_WARN,
		 "%s answers about %.0f closed ports a second and no more: "
		 "going on at that pace (open ports are not slowed)",
		 addr_format(&addr, text), stats->limited_pps);
}

static void tick(struct loop *loop, int64_t now_ns)
{
	const struct synscan_config *config = loop->sender->config;
	struct engine_stats stats;

	loop->next_tick_ns = now_ns + TICK_NS;
	engine_stats(loop->sender->engine, &stats);
	say_limited(loop, &stats);
	config->tick(config->context, &stats, now_ns);
	if (config->gave_up(config->context))
		end_scan(loop, STATUS_FAILED, "output");
}

/* Sleeps until the engine has something to do, the receiver something to
 * tell, or somebody wants the scan to end. */
static void wait_for_work(struct loop *loop, int64_t now_ns)
{
	struct sender *sender = loop->sender;
	struct shared *shared = sender->shared;
	struct pollfd fd = {shared->wake_fd, POLLIN, 0};
	int64_t until_ns = engine_wake_ns(sender->engine);
	struct timespec pause;
	uint64_t count;

	if (until_ns > loop->next_tick_ns)
		until_ns = loop->next_tick_ns;
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
			(void)!read(shared->wake_fd, &count, sizeof(count));
	}
	atomic_store(&shared->sender_waits, false);
}

/* All is told that can be. */
static void finished(struct loop *loop)
{
	struct sender *sender = loop->sender;
	char text[ADDR_TEXT_BYTES], why[ADDR_TEXT_BYTES + 64];
	struct engine_stats stats;
	struct addr addr;

	engine_stats(sender->engine, &stats);
	loop->over = true;
	sender->complete = stats.lost_groups == 0;
	if (sender->complete)
		return;
	addr = targetset_nth(sender->config->targets, stats.lost_target);
	snprintf(why, sizeof(why), "%s stopped answering in the middle",
		 addr_format(&addr, text));
	end_scan(loop, STATUS_INCOMPLETE, why);
}

static void loop_once(struct loop *loop)
{
	struct sender *sender = loop->sender;
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
	if (atomic_load(&shared->interrupted))
		end_scan(loop, STATUS_INCOMPLETE, "interrupted");
	else if (atomic_load(&shared->captures_gone))
		end_scan(loop, STATUS_INCOMPLETE, "the device is gone");
	else if (engine_done(sender->engine))
		finished(loop);
	if (now_ns >= loop->next_tick_ns)
		tick(loop, now_ns);
	if (!loop->over && !send_some(loop, now_ns))
		wait_for_work(loop, now_ns);
}

void *sender_run(void *argument)
{
	struct sender *sender = argument;
	struct loop loop = {.sender = sender};
	uint64_t one = 1;

	pthread_barrier_wait(&sender->shared->armed);
	sender->begun_ns = clock_now_ns();
	while (!loop.over)
		loop_once(&loop);
	sender->ended_ns = clock_now_ns();
	engine_finish(sender->engine);
	tick(&loop, clock_now_ns());
	(void)!write(sender->shared->receiver_stop_fd, &one, sizeof(one));
	ways_close(&sender->ways);
	return NULL;
}
