/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef APP_SYNCHAT_OPTIONS_H
#define APP_SYNCHAT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "app/options.h"
#include "talk/conn.h"
#include "talk/listener.h"

struct error;

/* What synchat was asked to do: argv, checked. Nothing is opened and no name
 * looked up. */

enum synchat_command { SYNCHAT_LISTEN, SYNCHAT_CONNECT };

struct synchat_options {
	struct options_common common; /* of a request, the rest may be unset */
	enum synchat_command command;
	const char *host; /* points into argv; NULL: any, of listen */
	uint16_t port;    /* 0 only of listen: any */
	int family;       /* AF_UNSPEC: both */
	bool turns;
	bool retry;
	bool stays;
	bool narrates;
	enum close_mode close;
	uint16_t source_port; /* 0: any */
	size_t send_bytes;    /* 0: nothing */
	int timeout_ms;       /* 0: the kernel's */
	struct keepalive keepalive;
	int backlog;
};

/* Caller storage; argv must outlive it (and may be reordered). 0, or -1 with
 * STATUS_USAGE. */
int synchat_options_parse(struct synchat_options *options, int argc,
			  char **argv, struct error *error);

/* Prints what --help and its like ask for. 0, or -1 with STATUS_FAILED when
 * it could not be written. */
int synchat_options_answer(const struct synchat_options *options, FILE *stream,
			   struct error *error);

#endif
