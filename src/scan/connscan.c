/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/connscan.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/bell.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "net/connway.h"
#include "net/departures.h"
#include "net/pathset.h"
#include "net/sourceports.h"
#include "scan/connloop.h"
#include "scan/conntable.h"
#include "scan/connwatch.h"
#include "scan/hops.h"
#include "scan/plan.h"
#include "scan/synscan.h"
#include "spec/portset.h"
#include "spec/targetset.h"

#define CONNECTS_MOST 16384u /* at once; the kernel needs some 4 KiB each */
#define FDS_SPARE     8u     /* for whatever a library may want */
#define FDS_WORKER    2u     /* of its own */
#define TRIES_TOLD    191    /* each by a socket of its own */
#define CANARIES_TOLD 64

/* Nothing answered for so long: perhaps nothing leaves. */
#define BLOCK_NS    (300 * NS_PER_MS)
#define BLOCK_LOOKS 8u

static const char held_back[] =
	"connect: a local firewall drops the connections on their way out";

struct connscan {
	struct synscan_config config; /* as given */
	struct synscan_config own;    /* the engine's: results come to us */
	struct connloop loop;
	struct connway *ways;
	uint16_t *way_of;
	size_t n_ways;
	uint16_t first_port, ports;
	struct connwatch *watch;   /* when it is recorded */
	struct recorder *recorder; /* the caller's */
	uint64_t reasons[VERDICT_COUNT][REASON_COUNT];
	/* SYNs that do not leave this host: see net/departures.h. */
	struct departures departures;
	int64_t missing; /* as last looked at */
	bool suspect;    /* some did not */
	bool some_leave;
	uint64_t held; /* ports for which none leaves: unasked */
};

void connscan_interrupt(struct connscan *scan)
{
	atomic_store(&scan->loop.interrupted, true);
	bell_ring(scan->loop.boss.wake_fd);
}

/* ---- results ---- */

/* Why a port was silent: nothing to connect to, or the port. */
static enum reason why_silent(const struct connscan *scan,
			      const struct addr *target)
{
	const struct path *path = pathset_find(scan->config.paths, target);

	if (connloop_has_hop(path) &&
	    hops_is_silent(scan->loop.hops, path->iface.index,
			   connloop_hop(path, target)))
		return REASON_NO_NEIGHBOUR;
	return REASON_TIMEOUT;
}

static bool leaves(const struct connscan *scan, const struct addr *target,
		   uint16_t port)
{
	const struct pathset *paths = scan->config.paths;
	size_t path = pathset_index(paths, pathset_find(paths, target));

	return departures_try(&scan->departures,
			      &scan->ways[scan->way_of[path]], target, port);
}

static void one_result(void *context, const struct result *result)
{
	struct connscan *scan = context;
	struct result whole = *result;

	whole.ttl = -1;
	if (whole.reason == REASON_NO_REPLY)
		whole.reason = why_silent(scan, &whole.addr);
	if (whole.reason == REASON_TIMEOUT && scan->suspect &&
	    (atomic_load(&scan->loop.interrupted) ||
	     !leaves(scan, &whole.addr, whole.port))) {
		scan->held++;
		return;
	}
	scan->reasons[whole.verdict][whole.reason]++;
	scan->config.result(scan->config.context, &whole);
}

/* Did all that was sent leave this host? */
static void look_at_departures(struct connscan *scan)
{
	int64_t missing = departures_missing(&scan->departures);

	for (unsigned w = 0; w < scan->loop.n_workers; w++)
		scan->suspect |= atomic_load(&scan->loop.workers[w].held) > 0;
	scan->suspect |= missing > scan->missing;
	scan->missing = missing;
}

/* Nothing has answered for so long. Does anything leave? */
static void look_for_block(struct connscan *scan)
{
	const struct synscan_config *config = &scan->config;
	uint64_t targets = targetset_count(config->targets);
	uint32_t ports = config->ports->count;

	for (unsigned i = 0; i < BLOCK_LOOKS && !scan->some_leave; i++) {
		struct addr target = targetset_nth(config->targets,
						   targets * i / BLOCK_LOOKS);
		const struct path *path = pathset_find(config->paths, &target);

		scan->some_leave =
			path->route.type != ROUTE_NONE &&
			leaves(scan, &target,
			       portset_nth(config->ports,
					   (uint64_t)ports * i / BLOCK_LOOKS));
	}
	if (!scan->some_leave)
		course_end(&scan->loop.course, STATUS_INCOMPLETE, held_back);
}

static void one_tick(void *context, const struct engine_stats *stats,
		     int64_t now_ns)
{
	struct connscan *scan = context;

	look_at_departures(scan);
	if (scan->suspect && !scan->some_leave && stats->replies == 0 &&
	    !scan->loop.course.over &&
	    now_ns - scan->loop.course.begun_ns > BLOCK_NS)
		look_for_block(scan);
	scan->config.tick(scan->config.context, stats, now_ns);
}

static bool given_up(void *context)
{
	const struct connscan *scan = context;

	return scan->config.gave_up(scan->config.context);
}

/* ---- the ways out ---- */

static void say_way(const struct path *path, const struct connway *way)
{
	char source[ADDR_TEXT_BYTES], to[16 + ADDR_TEXT_BYTES] = "gateway ";

	addr_format(&way->source, source);
	if (path->route.type == ROUTE_GATEWAY)
		addr_format(&path->route.gateway, to + strlen(to));
	else
		snprintf(to, sizeof(to), "%s",
			 way->local ? "this host" : "on the link");
	log_line(LOG_INFO, "path: %s from %s port %u-%u, %s: connect()",
		 path->iface.name, source, way->first_port,
		 way->first_port + way->ports - 1u, to);
}

static bool same_way(const struct connway *a, const struct connway *b)
{
	/* Devices are known by their names in the paths: compare those. */
	return addr_equal(&a->source, &b->source) && a->local == b->local &&
	       !a->device == !b->device &&
	       (!a->device || strcmp(a->device, b->device) == 0);
}

/* The interface of an own link-local address, which the path, by loopback,
 * does not tell: that of the target. */
static void find_scope(const struct targetset *targets, struct addr *source)
{
	const struct target_range *ranges;
	size_t n = targetset_ranges(targets, &ranges);
	struct addr addr = *source;

	for (size_t i = 0; i < n; i++) {
		addr.scope = ranges[i].first.scope;
		if (addr.scope != 0 && targetset_index(targets, &addr) >= 0) {
			*source = addr;
			return;
		}
	}
}

/* The way of that path: a known one, or a new one that is tried out. */
static int add_way(struct connscan *scan, const struct path *path, size_t index,
		   struct error *error)
{
	const struct synscan_config *config = &scan->config;
	bool local = path->route.type == ROUTE_LOCAL;
	struct connway way = {
		.source = path->route.source,
		.device =
			config->bind_device && !local ? path->iface.name : NULL,
		.first_port = scan->first_port,
		.ports = scan->ports,
		.local = local,
	};

	if (local && addr_is_link_local(&way.source))
		find_scope(config->targets, &way.source);
	say_way(path, &way);
	for (size_t i = 0; i < scan->n_ways; i++) {
		if (!same_way(&scan->ways[i], &way))
			continue;
		scan->way_of[index] = (uint16_t)i;
		return 0;
	}
	if (connway_check(&way, error) < 0)
		return -1;
	if (scan->n_ways > UINT16_MAX)
		return error_set(error, STATUS_FAILED, "too many paths");
	scan->way_of[index] = (uint16_t)scan->n_ways;
	scan->ways[scan->n_ways++] = way;
	return 0;
}

/* The port of -g, or a block that nobody has: the sockets hold it. */
static void choose_ports(struct connscan *scan)
{
	scan->first_port = scan->config.source_port;
	scan->ports = 1;
	if (scan->first_port)
		return;
	scan->first_port = sourceports_find(scan->config.cookie_key[0]);
	scan->ports = SOURCEPORTS_COUNT;
}

static int open_ways(struct connscan *scan, struct error *error)
{
	size_t n = pathset_count(scan->config.paths);
	bool hops = false;

	scan->ways = calloc(n, sizeof(*scan->ways));
	scan->way_of = calloc(n, sizeof(*scan->way_of));
	if (!scan->ways || !scan->way_of)
		return error_errno(error, "paths");
	choose_ports(scan);
	for (size_t i = 0; i < n; i++) {
		const struct path *path = pathset_nth(scan->config.paths, i);

		if (path->route.type == ROUTE_NONE)
			continue;
		hops |= connloop_has_hop(path);
		if (add_way(scan, path, i, error) < 0)
			return -1;
	}
	if (!hops)
		return 0;
	scan->loop.hops = hops_new(clock_now_ns(), error);
	return scan->loop.hops ? 0 : -1;
}

/* ---- the whole ---- */

/* Up to its hard limit, which takes no privilege. */
static void raise_descriptors(void)
{
	struct rlimit limit;
	rlim_t wanted = CONNECTS_MOST + 256;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int open_watch(struct connscan *scan, struct error *error)
{
	scan->watch = connwatch_open(
		&(struct connwatch_config){
			.paths = scan->config.paths,
			.targets = scan->config.targets,
			.ports = scan->config.ports,
			.first_port = scan->first_port,
			.n_ports = scan->ports,
		},
		error);
	return scan->watch ? 0 : -1;
}

static int open_all(struct connscan *scan, struct error *error)
{
	struct connloop *loop = &scan->loop;

	raise_descriptors();
	departures_open(&scan->departures);
	loop->boss.wake_fd = bell_new();
	if (loop->boss.wake_fd < 0)
		return error_errno(error, "threads");
	if (open_ways(scan, error) < 0)
		return -1;
	loop->way_of = scan->way_of;
	loop->one_port = scan->config.source_port != 0;
	loop->config = loop->course.config = &scan->own;
	loop->course.interrupted = &loop->interrupted;
	loop->engine = loop->course.engine =
		plan_engine(&scan->own, TRIES_TOLD, CANARIES_TOLD, error);
	if (!loop->engine)
		return -1;
	return scan->config.record ? open_watch(scan, error) : 0;
}

struct connscan *connscan_open(const struct synscan_config *config,
			       struct error *error)
{
	struct connscan *scan = calloc(1, sizeof(*scan));

	if (!scan) {
		error_errno(error, "scan");
		return NULL;
	}
	scan->config = scan->own = *config;
	scan->own.spares_open = true;
	scan->own.result = one_result;
	scan->own.tick = one_tick;
	scan->own.gave_up = given_up;
	scan->own.context = scan;
	scan->loop.boss.wake_fd = -1;
	scan->departures = (struct departures){{-1, -1}};
	if (open_all(scan, error) == 0)
		return scan;
	connscan_close(scan);
	return NULL;
}

void connscan_close(struct connscan *scan)
{
	struct connloop *loop;

	if (!scan)
		return;
	loop = &scan->loop;
	connwatch_close(scan->watch);
	for (unsigned w = 0; w < CONNLOOP_WORKERS; w++)
		connworker_close(&loop->workers[w]);
	conntable_free(loop->table);
	hops_free(loop->hops);
	engine_free(loop->engine);
	if (loop->boss.wake_fd >= 0)
		close(loop->boss.wake_fd);
	departures_close(&scan->departures);
	free(scan->ways);
	free(scan->way_of);
	free(scan);
}

const struct pcapng_interface *connscan_interfaces(const struct connscan *scan,
						   size_t *n)
{
	return connwatch_interfaces(scan->watch, n);
}

void connscan_record(struct connscan *scan, struct recorder *recorder)
{
	scan->recorder = recorder;
}

static unsigned processors(void)
{
	cpu_set_t set;
	int n = 1;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		n = CPU_COUNT(&set);
	return n < 1 ? 1 : (unsigned)n;
}

/* Descriptors that are free now, but for some to spare. */
static uint32_t free_descriptors(unsigned spare)
{
	struct rlimit limit = {.rlim_cur = 256};
	int lowest = bell_new();
	rlim_t used = (rlim_t)(lowest < 0 ? 0 : lowest) + spare;

	if (lowest >= 0)
		close(lowest);
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	if (lowest < 0 || limit.rlim_cur <= used)
		return 0;
	return limit.rlim_cur - used > CONNECTS_MOST
		       ? CONNECTS_MOST
		       : (uint32_t)(limit.rlim_cur - used);
}

static int open_workers(struct connscan *scan, struct error *error)
{
	struct connloop *loop = &scan->loop;
	unsigned n = processors();
	uint32_t each;

	if (n > CONNLOOP_WORKERS)
		n = CONNLOOP_WORKERS;
	each = free_descriptors(FDS_SPARE + FDS_WORKER * n) / n;
	if (each == 0) {
		n = 1;
		each = free_descriptors(FDS_WORKER);
	}
	if (each == 0)
		return error_set(error, STATUS_FAILED,
				 "no descriptor is left for a connection: "
				 "raise the limit (ulimit -n)");
	log_line(LOG_INFO,
		 "at most %u connections at once, made by %u thread%s",
		 each * n, n, n == 1 ? "" : "s");
	loop->n_workers = n;
	loop->table = conntable_new(n, each);
	if (!loop->table)
		return error_errno(error, "connections");
	for (unsigned w = 0; w < n; w++)
		if (connworker_open(&loop->workers[w], &loop->boss, scan->ways,
				    scan->n_ways, each, error) < 0)
			return -1;
	for (unsigned w = 1; w < n; w++)
		if (connworker_start(&loop->workers[w], error) < 0)
			return -1;
	return 0;
}

static void close_workers(struct connloop *loop)
{
	for (unsigned w = 1; w < loop->n_workers; w++)
		connworker_stop(&loop->workers[w]);
	for (unsigned w = 1; w < loop->n_workers; w++)
		connworker_join(&loop->workers[w]);
	/* The kernel would go on asking for sockets that are left. */
	for (unsigned w = 0; w < loop->n_workers; w++)
		connworker_close(&loop->workers[w]);
}

/* The engine takes the ports for which no SYN left for silent ones. */
static void fill(struct connscan *scan, struct summary *summary)
{
	struct course *course = &scan->loop.course;

	if (scan->held > 0)
		course_end(course, STATUS_INCOMPLETE, held_back);
	course_fill(course, summary);
	memcpy(summary->reasons, scan->reasons, sizeof(scan->reasons));
	summary->verdicts[VERDICT_FILTERED] -= scan->held;
	summary->unasked += scan->held;
	summary->complete &= scan->held == 0;
}

int connscan_run(struct connscan *scan, struct summary *summary,
		 struct error *error)
{
	struct connloop *loop = &scan->loop;
	const struct error *ended = &loop->course.error;
	int status = 0;

	if (scan->watch)
		status = connwatch_start(scan->watch, scan->recorder, error);
	if (status == 0)
		status = open_workers(scan, error);
	if (status == 0) {
		scan->missing = departures_missing(&scan->departures);
		connloop_run(loop);
		look_at_departures(scan);
	}
	close_workers(loop);
	if (status == 0) {
		engine_finish(loop->engine);
		course_tick(&loop->course, clock_now_ns());
	}
	if (scan->watch)
		connwatch_stop(scan->watch);
	fill(scan, summary);
	if (status < 0)
		return -1;
	if (ended->status == STATUS_OK)
		return 0;
	return error_set(error, ended->status, "%s", ended->text);
}
