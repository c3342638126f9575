/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_WAYS_H
#define SCAN_WAYS_H

#include <stdbool.h>
#include <stddef.h>

#include "net/probe.h"

struct error;
struct link;
struct path;
struct receiver;
struct synscan_config;

/*
 * The ways out: for each path of the path set the link and the template that
 * its probes leave by. Links and captures are opened here, with CAP_NET_RAW,
 * each once, and handed to the sender and the receiver.
 */

struct way {
	const struct path *path; /* not routable: link is NULL */
	struct link *link;       /* ways may share one */
	bool frames;             /* Ethernet frames, else raw IP */
	bool xdp;                /* ... by AF_XDP */
	struct probe_template template;
};

struct ways {
	struct way *at; /* by the path's index */
	size_t n;
	struct link **links; /* each once */
	size_t n_links;
};

/* 0; or -1 with an error: STATUS_USAGE for frames on an interface that has
 * none. ways_close() is to be called in either case. */
int ways_open(struct ways *ways, const struct synscan_config *config,
	      struct error *error);
/* Closes the links; twice is fine. The sender's, or main's before it runs. */
void ways_close(struct ways *ways);
void ways_free(struct ways *ways);

/* The captures that a receiver needs, of each interface that answers can come
 * in by: receiver->sources is malloc'd, and the captures in it are the
 * caller's also when -1 says that not all could be opened. receiver->key is
 * there. record: also captures of what we send. */
int ways_open_captures(const struct ways *ways, bool record,
		       struct receiver *receiver, struct error *error);

#endif
