/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_VIEW_H
#define FLOW_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct crossing;
struct error;
struct flow;
struct flow_event;
struct writer;

/*
 * What of an analysis is shown, and where it goes: any number of outputs,
 * each FORMAT[:FILE]. Files are opened by views_add(), before privileges go;
 * an output that can no longer be written (disk full, closed pipe) is
 * remembered and reported by views_finish(). One thread.
 */
enum view_kind {
	VIEW_CONVERSATIONS, /* a line each */
	VIEW_LADDER,        /* segment by segment, both states, the proof */
	VIEW_SEGMENTS,      /* how each write was cut; datagrams */
	VIEW_RESETS,        /* each RST and why */
	VIEW_COUNT,
};

const char *view_name(enum view_kind kind); /* "ladder" */

struct view_config {
	enum view_kind kind;
	const uint64_t *streams;   /* ascending; only these are shown, ... */
	size_t stream_count;       /* ... 0: all. Kept by reference */
	bool verbose;              /* raw numbers, round trips */
	bool live;                 /* somebody watches: rows of ladders as they
				      come, not sorted by conversation */
	unsigned columns;          /* of the text; 0: 80 */
	bool ascii;                /* no lines and arrows of UTF-8 */
	const char *source;        /* what is read, for people: outside text */
	const char *second_source; /* of two captures; or NULL */
};

/* How the reading went, for the last line. */
struct view_summary {
	uint64_t capture_drops;    /* live: what the kernel had no room for */
	int64_t first_ns;          /* of the first frame, since 1970 */
	bool complete;             /* not interrupted, no damage */
	uint64_t ladders_left_out; /* set by views_finish() */
};

struct views;

/* NULL when memory is out. */
struct views *views_new(const struct view_config *config);
void views_free(struct views *views);

/* Is it a spec that views_add() takes? 0, or its STATUS_USAGE error. Opens
 * nothing. */
int views_check(const char *spec, struct error *error);

/* Is it a picture, for which only VIEW_LADDER will do? */
bool views_draws(const char *spec);

/* spec: "text", "ndjson:FILE", "text:-". STATUS_USAGE for an unknown format
 * (names the known ones), STATUS_FAILED for a file that cannot be opened. */
int views_add(struct views *views, const char *spec, struct error *error);

/* Does an output go there too? */
bool views_write_to(const struct views *views, const struct writer *writer);

/* Of flow_take(), each. The flow has details unless the kind is
 * VIEW_CONVERSATIONS. -1 with STATUS_FAILED when memory is out. */
int views_event(struct views *views, const struct flow_event *event,
		struct error *error);

/* Pushes what is buffered out; call when idle. */
void views_flush(struct views *views);

/* True once an output failed: the reading may as well stop. */
bool views_failed(const struct views *views);

/* After flow_finish(): the rest, and the last lines; flushes and closes. -1
 * with STATUS_FAILED naming the first output that could not be written whole,
 * or memory that is out. */
int views_finish(struct views *views, const struct flow *flow,
		 const struct view_summary *summary, struct error *error);

/* Instead of the two above, of two captures: VIEW_LADDER, and no event has
 * been given. */
int views_crossing(struct views *views, const struct crossing *crossing,
		   const struct view_summary *summary, struct error *error);

#endif
