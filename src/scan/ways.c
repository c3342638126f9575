/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/ways.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "net/capture.h"
#include "net/link.h"
#include "net/pathset.h"
#include "net/xdplink.h"
#include "scan/receiver.h"
#include "scan/recording.h"
#include "scan/synscan.h"

/* What we send has no long headers: as many packets in a smaller ring. */
#define SENT_SNAP_BYTES 128
#define XDP_PPS         300000 /* what a packet socket may not reach */
#define SENT_RING_BYTES (CAPTURE_RING_BYTES / 2)
#define BOTH_RING_BYTES (2 * CAPTURE_RING_BYTES)

static bool wants_frames(const struct synscan_config *config,
			 const struct path *path)
{
	const struct route *route = &path->route;

	if (config->via == SYNSCAN_IP || !path->iface.ethernet)
		return false;
	if (route->type == ROUTE_ON_LINK)
		return true;
	/* A gateway of the other family: the kernel knows how to ask it. */
	return route->type == ROUTE_GATEWAY &&
	       route->gateway.family == route->source.family;
}

/* For -v: the way, and why frames or not. */
static void say_path(const struct way *way, const struct synscan_config *config)
{
	const struct path *path = way->path;
	char source[ADDR_TEXT_BYTES], gateway[ADDR_TEXT_BYTES];
	bool local = path->route.type == ROUTE_LOCAL;
	const char *to =
		local ? "this host's own address" : "target on the link";
	const char *how = path->iface.ethernet
				  ? "raw IP, the gateway is of the other family"
				  : "raw IP, this link has no frames";

	if (way->frames)
		how = way->xdp ? "Ethernet frames by AF_XDP"
			       : "Ethernet frames";
	else if (config->via == SYNSCAN_IP)
		how = "raw IP, as --via ip asks";
	else if (local)
		how = "raw IP, frames to oneself get no answer";
	if (path->route.type != ROUTE_GATEWAY) {
		log_line(LOG_INFO, "path: %s from %s, %s: %s", path->iface.name,
			 addr_format(&path->route.source, source), to, how);
		return;
	}
	log_line(LOG_INFO, "path: %s from %s, gateway %s: %s", path->iface.name,
		 addr_format(&path->route.source, source),
		 addr_format(&path->route.gateway, gateway), how);
}

/* An earlier way that goes out alike. */
static const struct way *known_way(const struct ways *ways,
				   const struct way *way)
{
	for (size_t i = 0; i < ways->n; i++) {
		const struct way *other = &ways->at[i];

		if (other->link && other->frames == way->frames &&
		    other->path->iface.index == way->path->iface.index &&
		    (way->frames || other->path->route.source.family ==
					    way->path->route.source.family))
			return other;
	}
	return NULL;
}

static int open_link(struct ways *ways, struct way *way,
		     const struct synscan_config *config, struct error *error)
{
	const struct way *known = known_way(ways, way);
	const struct path *path = way->path;
	bool bound = config->bind_device && path->route.type != ROUTE_LOCAL;

	if (known) {
		way->link = known->link;
		way->xdp = known->xdp;
		return 0;
	}
	if (way->frames && !config->record && path->iface.qlen == 0 &&
	    config->rate_pps >= XDP_PPS)
		way->link = xdplink_open(&path->iface);
	way->xdp = way->link != NULL;
	if (!way->link)
		way->link = way->frames
				    ? link_open_frames(&path->iface,
						       config->record, error)
				    : link_open_ip(path->route.source.family,
						   &path->iface, bound, error);
	if (!way->link)
		return error_context(error, "open %s", path->iface.name);
	ways->links[ways->n_links++] = way->link;
	return 0;
}

static int open_way(struct ways *ways, struct way *way,
		    const struct synscan_config *config, struct error *error)
{
	const struct path *path = way->path;
	struct probe probe = {
		.source = path->route.source,
		.dest = path->route.source, /* patched */
		.mss = probe_mss(path->route.source.family, path->iface.mtu),
	};

	if (path->route.type == ROUTE_NONE)
		return 0;
	way->frames = wants_frames(config, path);
	if (config->via == SYNSCAN_LINK && !way->frames)
		return error_set(error, STATUS_USAGE,
				 "--via link: %s takes no frames for %s",
				 path->iface.name,
				 path->route.type == ROUTE_LOCAL
					 ? "this host's own addresses"
					 : "these targets");
	probe.ethernet = way->frames;
	memcpy(probe.source_mac, path->iface.mac, sizeof(probe.source_mac));
	if (open_link(ways, way, config, error) < 0 ||
	    probe_template_init(&way->template, &probe, error) < 0)
		return -1;
	say_path(way, config);
	return 0;
}

int ways_open(struct ways *ways, const struct synscan_config *config,
	      struct error *error)
{
	size_t n = pathset_count(config->paths);

	ways->at = calloc(n, sizeof(*ways->at));
	ways->links = calloc(n, sizeof(struct link *));
	if (!ways->at || !ways->links)
		return error_errno(error, "paths");
	ways->n = n;
	for (size_t i = 0; i < n; i++) {
		ways->at[i].path = pathset_nth(config->paths, i);
		if (open_way(ways, &ways->at[i], config, error) < 0)
			return -1;
	}
	return 0;
}

void ways_close(struct ways *ways)
{
	for (size_t i = 0; i < ways->n_links; i++)
		link_close(ways->links[i]);
	ways->n_links = 0;
}

void ways_free(struct ways *ways)
{
	ways_close(ways);
	free(ways->at);
	free(ways->links);
}

static bool has_capture(const struct receiver *receiver, unsigned ifindex)
{
	for (size_t i = 0; i < receiver->n_sources; i++)
		if (receiver->sources[i].ifindex == ifindex)
			return true;
	return false;
}

static int open_capture(struct receiver *receiver,
			const struct interface *iface, enum receiver_side side,
			bool record, struct error *error)
{
	uint16_t first = receiver->key.source_port;
	uint16_t last = (uint16_t)(first + receiver->key.source_ports - 1);
	char filter[CAPTURE_FILTER_BYTES];
	struct capture *capture;

	switch (side) {
	case RECEIVER_IN:
		capture_filter(filter, first, last, iface->ethernet);
		break;
	case RECEIVER_SENT:
		capture_sent_filter(filter, first, last, iface->ethernet);
		break;
	case RECEIVER_BOTH:
		capture_loopback_filter(filter, first, last);
		break;
	}
	capture = capture_open(
		&(struct capture_config){
			.interface = iface->name,
			.filter = filter,
			.sent = side == RECEIVER_SENT,
			.snap_bytes = side == RECEIVER_SENT ? SENT_SNAP_BYTES
				      : record              ? RECORD_SNAP_BYTES
							    : 0,
			.ring_bytes = side == RECEIVER_SENT   ? SENT_RING_BYTES
				      : side == RECEIVER_BOTH ? BOTH_RING_BYTES
							      : 0,
		},
		error);
	if (!capture)
		return -1;
	receiver->sources[receiver->n_sources++] = (struct receiver_source){
		.capture = capture,
		.ifindex = iface->index,
		.name = iface->name,
		.side = side,
		.interface = (uint16_t)receiver->n_interfaces,
	};
	return 0;
}

int ways_open_captures(const struct ways *ways, bool record,
		       struct receiver *receiver, struct error *error)
{
	receiver->sources = calloc(2 * ways->n, sizeof(*receiver->sources));
	if (!receiver->sources)
		return error_errno(error, "captures");
	for (size_t i = 0; i < ways->n; i++) {
		const struct way *way = &ways->at[i];
		const struct interface *iface = &way->path->iface;
		bool both = record && iface->loopback;

		if (!way->link || has_capture(receiver, iface->index))
			continue;
		if (open_capture(receiver, iface,
				 both ? RECEIVER_BOTH : RECEIVER_IN, record,
				 error) < 0)
			return -1;
		if (record && !both &&
		    open_capture(receiver, iface, RECEIVER_SENT, record,
				 error) < 0)
			return -1;
		receiver->n_interfaces++;
	}
	return 0;
}
