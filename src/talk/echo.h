/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_ECHO_H
#define TALK_ECHO_H

#include <stdint.h>

#include "spec/addr.h"
#include "talk/impairer.h"

struct error;

/*
 * An echo server on one UDP port of both families. A probe comes back with
 * the counts of its session in it, any other datagram as it came, both by
 * way of the impairer; a report (the counts alone) always and at once.
 *
 * No two servers can be set upon each other: a reply is never answered, nor
 * is a datagram that is no probe and comes from a port below 1024 or from the
 * server's own port number. One thread.
 */
struct echo_config {
	struct addr addr; /* family 0: all of both families */
	uint16_t port;    /* 0: any free one */
	struct impairment impairment;
	uint64_t secret; /* of the table of sessions */
	int stop_fd;     /* echo_run() returns when it can be read */
};

struct echo_counts {
	uint64_t received, bytes; /* datagrams, and what they carried */
	uint64_t probes, reports;
	uint64_t others;  /* no probes, but echoed */
	uint64_t damaged; /* probes that came damaged: echoed as they are */
	uint64_t ignored; /* replies, and what came from a server's port */
	uint64_t sessions;
	uint64_t sent;
	uint64_t send_errors;
	uint64_t socket_drops; /* came, but the socket had no room */
	struct impairer_counts impaired;
};

struct echo;

/* Port and sockets are taken. NULL with STATUS_FAILED. */
struct echo *echo_open(const struct echo_config *config, struct error *error);
void echo_close(struct echo *echo);

uint16_t echo_port(const struct echo *echo);
/* Whether it has a socket of that family. */
bool echo_serves(const struct echo *echo, uint16_t family);

/* Until it is stopped. 0, or -1 with STATUS_FAILED. */
int echo_run(struct echo *echo, struct error *error);

struct echo_counts echo_counts(const struct echo *echo);

#endif
