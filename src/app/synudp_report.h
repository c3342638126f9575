/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef APP_SYNUDP_REPORT_H
#define APP_SYNUDP_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/addr.h"
#include "talk/boundaries.h"
#include "talk/echo.h"
#include "talk/fragments.h"
#include "talk/pathmtu.h"
#include "talk/prober.h"

struct error;
struct line;
struct writer;

/* Where the results of synudp go: any number of outputs, each FORMAT[:FILE].
 * One thread. */
struct synudp_report;

/* What there is to tell. Pointers need not outlive the call. */
enum synudp_event_kind {
	EVENT_LISTEN,   /* listen: an address that a peer can type */
	EVENT_SERVING,  /* serving */
	EVENT_SERVED,   /* served: the server's last word */
	EVENT_PROBING,  /* probing: before anything is sent */
	EVENT_REPLY,    /* reply */
	EVENT_LOST,     /* lost */
	EVENT_ICMP,     /* icmp */
	EVENT_RUN,      /* run: the last word of a run of one size */
	EVENT_SIZE,     /* run: of one size among several */
	EVENT_SIZES,    /* sizes: the last word of them */
	EVENT_TRY,      /* run: of one size in search of the path MTU */
	EVENT_PATH,     /* path: the last word of it */
	EVENT_BOUNDARY, /* boundary */
};

struct synudp_probing {
	struct addr addr;
	uint16_t port;
	size_t size, size_last; /* 0: none was given, with --df */
	uint64_t count;         /* of each */
	unsigned mtu;           /* 0: unknown */
	bool df;
};

struct synudp_sizes {
	uint64_t tried, came_back; /* sizes; at least one reply */
	bool complete;
};

struct synudp_served {
	struct echo_counts counts;
	int64_t elapsed_ns;
};

struct synudp_event {
	enum synudp_event_kind kind;
	union {
		const struct addr *listen;
		const struct impairment *serving;
		const struct synudp_served *served;
		const struct synudp_probing *probing;
		const struct prober_reply *reply;
		uint32_t lost;
		const struct icmp_error *icmp;
		const struct prober_result *run;
		const struct synudp_sizes *sizes;
		const struct pathmtu_result *path;
		const struct boundary_step *boundary;
	};
};

/* Of all events after it. */
struct synudp_context {
	struct synudp_probing probing; /* as of EVENT_PROBING */
	uint16_t port;                 /* of the server */
	bool quiet, verbose;
	unsigned boundaries; /* steps told */
};

struct synudp_format {
	const char *name;
	void (*write)(struct writer *writer,
		      const struct synudp_context *context,
		      const struct synudp_event *event);
};

const struct synudp_format *synudp_text(void);
const struct synudp_format *synudp_ndjson(void);

/* NULL when memory is out. */
struct synudp_report *synudp_report_new(bool quiet, bool verbose);
void synudp_report_free(struct synudp_report *report);

/* "text", "ndjson:FILE", "text:-"; STATUS_USAGE for an unknown format, else
 * STATUS_FAILED. check opens nothing. */
int synudp_report_check(const char *spec, struct error *error);
int synudp_report_add(struct synudp_report *report, const char *spec,
		      struct error *error);

/* The port that EVENT_LISTEN's addresses have. */
void synudp_report_port(struct synudp_report *report, uint16_t port);

/* Written at once: a reader of the pipe sees events as they come. */
void synudp_report(struct synudp_report *report,
		   const struct synudp_event *event);

/* True once any output could not be written. */
bool synudp_report_failed(const struct synudp_report *report);

/* Closes. -1 with STATUS_FAILED when not all could be written. */
int synudp_report_finish(struct synudp_report *report, struct error *error);

/* The text of a prober's events. */
void synudp_text_probe(struct writer *writer,
		       const struct synudp_context *context,
		       const struct synudp_event *event);

/* How many packets a datagram of that size makes on the way out; count 0
 * where the MTU is unknown. */
struct fragments synudp_packets(const struct synudp_context *context,
				size_t size, unsigned mtu);

#endif
