/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/connwatch.h"

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/bell.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "net/capture.h"
#include "net/pathset.h"
#include "scan/recorder.h"
#include "spec/portset.h"
#include "spec/targetset.h"
#include "wire/packet.h"

#define READ_LIMIT 1024
#define IDLE_MS    20
#define RING_BYTES (2 * CAPTURE_RING_BYTES)
/* A packet waits in its block, and maybe for this thread. */
#define LATE_NS (3 * CAPTURE_BLOCK_NS)
/* The end: so long at least, and at most. */
#define QUIET_NS  (2 * CAPTURE_BLOCK_NS + 5 * NS_PER_MS)
#define LINGER_NS (300 * NS_PER_MS)

struct source {
	struct capture *capture;
	unsigned ifindex;
	int link_type;
};

struct connwatch {
	struct connwatch_config config;
	struct recorder *recorder; /* while it runs */
	struct source *sources;
	struct pcapng_interface *interfaces; /* one a source */
	size_t n_sources;
	struct pcapng_statistics *totals; /* one a source */
	pthread_t thread;
	bool runs;
	int stop_fd;
	size_t at; /* the source that is being read */
};

/* ---- whose packet it is ---- */

/* A packet names no interface; link-local targets do. */
static bool is_target(const struct connwatch *watch, const struct addr *addr)
{
	const struct targetset *targets = watch->config.targets;
	const struct target_range *ranges;
	struct addr scoped = *addr;
	size_t n;

	if (!addr_is_link_local(addr))
		return targetset_index(targets, addr) >= 0;
	n = targetset_ranges(targets, &ranges);
	for (size_t i = 0; i < n; i++) {
		scoped.scope = ranges[i].first.scope;
		if (targetset_index(targets, &scoped) >= 0)
			return true;
	}
	return false;
}

/* Between that port of ours and that port of somebody. */
static bool is_ours(const struct connwatch *watch, uint16_t own,
		    const struct addr *addr, uint16_t port)
{
	const struct connwatch_config *config = &watch->config;

	return own >= config->first_port &&
	       own - config->first_port < config->n_ports &&
	       portset_has(config->ports, port) && is_target(watch, addr);
}

enum way { WAY_NONE, WAY_OUT, WAY_IN };

static enum way way_of(const struct connwatch *watch,
		       const struct packet *packet)
{
	struct icmp_error_view icmp;
	struct tcp_view tcp;
	bool out, in;

	if (packet_tcp(packet, &tcp) == PACKET_OK) {
		out = is_ours(watch, tcp.source_port, &packet->dest,
			      tcp.dest_port);
		in = is_ours(watch, tcp.dest_port, &packet->source,
			     tcp.source_port);
		/* On loopback one port of the block can ask another, which is
		 * closed: a SYN asks, a RST answers. */
		if (out && in)
			return tcp.flags & TCP_RST ? WAY_IN : WAY_OUT;
		return out ? WAY_OUT : in ? WAY_IN : WAY_NONE;
	}
	if (packet_icmp_error(packet, &icmp) == PACKET_OK && icmp.tcp_ok &&
	    is_ours(watch, icmp.source_port, &icmp.quoted.dest, icmp.dest_port))
		return WAY_IN;
	return WAY_NONE;
}

/* ---- reading ---- */

static void one_packet(void *context, const struct capture_packet *captured)
{
	const struct connwatch *watch = context;
	int link_type = watch->sources[watch->at].link_type;
	struct meaning meaning;
	struct packet packet;
	enum way way;

	if (packet_parse(&packet, link_type, captured->bytes,
			 captured->captured) != PACKET_OK)
		return;
	way = way_of(watch, &packet);
	if (way == WAY_NONE)
		return;
	meaning_of_connect(&meaning, &packet, way == WAY_OUT);
	recorder_packet(watch->recorder,
			&(struct record){
				.wall_ns = captured->wall_ns,
				.bytes = captured->bytes,
				.captured = (uint32_t)captured->captured,
				.length = (uint32_t)captured->length,
				.link_type = link_type,
				.interface = (uint16_t)watch->at,
				.outbound = way == WAY_OUT,
				.meaning = meaning,
			});
}

static void drop_source(struct connwatch *watch, size_t i)
{
	struct source *source = &watch->sources[i];

	watch->totals[i].dropped = capture_drops(source->capture);
	watch->totals[i].received = capture_received(source->capture);
	capture_close(source->capture);
	source->capture = NULL;
}

/* Empties the captures once; how many packets there were. */
static int read_all(struct connwatch *watch)
{
	int64_t begun_ns = clock_now_ns() + clock_wall_offset_ns();
	int total = 0, n;

	for (size_t i = 0; i < watch->n_sources; i++) {
		struct error error = ERROR_INIT;

		watch->at = i;
		do {
			if (!watch->sources[i].capture)
				break;
			n = capture_read(watch->sources[i].capture, READ_LIMIT,
					 one_packet, watch, &error);
			if (n < 0) {
				log_line(LOG_WARN, "%s", error.text);
				drop_source(watch, i);
				break;
			}
			total += n;
		} while (n == READ_LIMIT);
	}
	recorder_advance(watch->recorder, begun_ns - LATE_NS);
	return total;
}

static void read_rest(struct connwatch *watch)
{
	const struct timespec pause = {.tv_nsec = QUIET_NS};
	int64_t end_ns = clock_now_ns() + LINGER_NS;

	do
		(void)nanosleep(&pause, NULL);
	while (read_all(watch) > 0 && clock_now_ns() < end_ns);
}

static void *run(void *argument)
{
	struct connwatch *watch = argument;
	struct pollfd stop = {.fd = watch->stop_fd, .events = POLLIN};

	do
		(void)read_all(watch);
	while (poll(&stop, 1, IDLE_MS) <= 0);
	read_rest(watch);
	for (size_t i = 0; i < watch->n_sources; i++)
		if (watch->sources[i].capture)
			drop_source(watch, i);
	recorder_end(watch->recorder, watch->totals, watch->n_sources);
	return NULL;
}

/* ---- the whole ---- */

static bool has_source(const struct connwatch *watch, unsigned ifindex)
{
	for (size_t i = 0; i < watch->n_sources; i++)
		if (watch->sources[i].ifindex == ifindex)
			return true;
	return false;
}

static int open_source(struct connwatch *watch, const struct interface *iface,
		       struct error *error)
{
	const struct connwatch_config *config = &watch->config;
	struct source *source = &watch->sources[watch->n_sources];
	char filter[CAPTURE_FILTER_BYTES];

	capture_connect_filter(
		filter, config->first_port,
		(uint16_t)(config->first_port + config->n_ports - 1));
	source->capture = capture_open(
		&(struct capture_config){
			.interface = iface->name,
			.filter = filter,
			.all = true,
			.ring_bytes = RING_BYTES,
		},
		error);
	if (!source->capture)
		return -1;
	source->ifindex = iface->index;
	source->link_type = capture_link_type(source->capture);
	watch->interfaces[watch->n_sources++] = (struct pcapng_interface){
		.name = iface->name,
		.link_type = source->link_type,
		.snap_bytes = RECORD_SNAP_BYTES,
	};
	return 0;
}

static int open_all(struct connwatch *watch, struct error *error)
{
	const struct pathset *paths = watch->config.paths;
	size_t n = pathset_count(paths);

	watch->sources = calloc(n, sizeof(*watch->sources));
	watch->interfaces = calloc(n, sizeof(*watch->interfaces));
	watch->totals = calloc(n, sizeof(*watch->totals));
	watch->stop_fd = bell_new();
	if (!watch->sources || !watch->interfaces || !watch->totals ||
	    watch->stop_fd < 0)
		return error_errno(error, "captures");
	for (size_t i = 0; i < n; i++) {
		const struct path *path = pathset_nth(paths, i);

		if (path->route.type != ROUTE_NONE &&
		    !has_source(watch, path->iface.index) &&
		    open_source(watch, &path->iface, error) < 0)
			return -1;
	}
	return 0;
}

struct connwatch *connwatch_open(const struct connwatch_config *config,
				 struct error *error)
{
	struct connwatch *watch = calloc(1, sizeof(*watch));

	if (!watch) {
		error_errno(error, "captures");
		return NULL;
	}
	watch->config = *config;
	watch->stop_fd = -1;
	if (open_all(watch, error) == 0)
		return watch;
	connwatch_close(watch);
	return NULL;
}

void connwatch_close(struct connwatch *watch)
{
	if (!watch)
		return;
	connwatch_stop(watch);
	for (size_t i = 0; i < watch->n_sources; i++)
		capture_close(watch->sources[i].capture);
	if (watch->stop_fd >= 0)
		close(watch->stop_fd);
	free(watch->sources);
	free(watch->interfaces);
	free(watch->totals);
	free(watch);
}

const struct pcapng_interface *
connwatch_interfaces(const struct connwatch *watch, size_t *n)
{
	*n = watch->n_sources;
	return watch->interfaces;
}

int connwatch_start(struct connwatch *watch, struct recorder *recorder,
		    struct error *error)
{
	int status;

	watch->recorder = recorder;
	status = pthread_create(&watch->thread, NULL, run, watch);
	if (status != 0)
		return error_set(error, STATUS_FAILED, "start a thread: %d",
				 status);
	watch->runs = true;
	return 0;
}

void connwatch_stop(struct connwatch *watch)
{
	if (!watch->runs)
		return;
	bell_ring(watch->stop_fd);
	pthread_join(watch->thread, NULL);
	watch->runs = false;
}
