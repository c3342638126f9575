/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_WINDOW_H
#define SCAN_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "scan/pacer.h"

/*
 * How fast one target group may be asked. Pure.
 *
 * Ports are asked in a random order, so every stretch of first tries is a
 * fair sample of the same ports: the share of them that is answered is the
 * same at every pace, silent ports and random loss included, as long as
 * nothing on the way is overrun. So the share is what is watched, in epochs
 * of first tries, and silence by itself never slows a scan.
 *
 * Once there is doubt (DIP, and rounds of retransmissions) known-answering
 * ports are asked in between, the beacons, and their share is watched
 * instead: it does not depend on how many ports are silent.
 *
 *           share fell at a higher pace
 *   GROW ------------------------------------> HOLD (at the pace that got
 *    ^ |                                        ^    through, then creep up)
 *    | | answers come only for                  |
 *    | | retransmissions                        | slowing helped, and slowing
 *    | v                                        | further did not
 *   DIP: beacons at a fraction of the pace -----+
 *    |  the share is the same: the loss does not come from our pace
 *    +--> GROW, that loss tolerated
 *
 * GROW is slow start: a window of tries in the air which every resolved try
 * widens by one. HOLD and DIP are pacing.
 *
 * SWEEP. Many hosts send only so many RSTs a second (FreeBSD: 200), whatever
 * they are asked; their open ports answer all the same. Where HOLD would end
 * below WINDOW_SWEEP_PPS although the round trip has not grown (no queue is
 * filling), first tries go on at that pace, and faster for as long as a port
 * known to be open answers (the engine's canary). Their silence counts for
 * nothing; once all are asked, the silent ones are asked again at the pace at
 * which answers came.
 *
 * The way that several groups share has a window of its own (`common`): since
 * groups differ, their first tries are no fair sample. There GROW sets no
 * limit and ends by window_doubt(), and beacons alone are the sample.
 */

enum window_phase { WINDOW_GROW, WINDOW_DIP, WINDOW_HOLD, WINDOW_SWEEP };

#define WINDOW_SWEEP_PPS 1000.0

#define WINDOW_EPOCHS 16 /* 0 is no epoch */

struct window_epoch {
	uint32_t sent, answered, resolved;
	int64_t first_ns, last_ns;
	uint64_t first_try, last_try; /* of all tries, sample or not */
	bool closed;
	bool dip;   /* sent at the pace under test */
	bool stale; /* sent before the pace was last changed */
};

struct window_share {
	double sent, answered;
};

struct window {
	enum window_phase phase;
	bool common;             /* of several groups */
	double cwnd, cwnd_limit; /* tries in the air */
	uint32_t in_flight;
	uint64_t tries; /* sent */
	struct pacer pacer;
	double rate_pps; /* of DIP and HOLD */
	double fell_pps; /* HOLD: the pace at which the share last fell */
	double top_pps;  /* the highest of those */
	struct window_epoch epochs[WINDOW_EPOCHS];
	uint8_t current;
	struct window_share reference; /* the share at paces that work */
	struct window_share full;      /* DIP: at the pace before it */
	bool rounds;       /* all were asked: only retransmissions are left */
	uint32_t overruns; /* how often the pace was found far too high */
	uint32_t turns;    /* how often what was sent became stale */
	/* Evidence: first tries that left from look_ns till look_end_ns. */
	int64_t look_ns, look_end_ns;
	uint64_t look_try;
	uint32_t lost, kept;
	bool judged;      /* once at least */
	double tolerated; /* loss that slowing did not help */
	double dip_from_pps;
	enum window_phase dip_from; /* GROW or HOLD */
	bool dip_helped;
	double sweep_pps;
	int64_t low_ns;   /* HOLD below WINDOW_SWEEP_PPS since; 0: not */
	int64_t sweep_ns; /* when it began */
	uint32_t swept;   /* answers since */
	uint32_t clear;   /* open canaries answered in a row */
	bool swept_once;
	int64_t least_srtt_ns;
	int64_t metered_ns; /* the pace that was really sent at */
	uint32_t metered;
	double sent_pps;
};

void window_init(struct window *window, double cwnd, double cwnd_limit);

/* May another try leave now? */
bool window_allows(const struct window *window, int64_t now_ns);
/* When it may by the pacer alone (the window may be full). */
int64_t window_next_ns(const struct window *window);

/* A try left; sample: it belongs to the fair sample whose share is watched.
 * Returns the epoch for window_resolved(), 0 for none. */
uint8_t window_sent(struct window *window, bool sample, int64_t srtt_ns,
		    int64_t now_ns);
/* One in so many tries is to be a beacon, and these alone are the sample; 0:
 * no beacons, the first tries are. */
unsigned window_beacons(const struct window *window);
/* All ports were asked: a round of retransmissions begins. */
void window_round(struct window *window);
/* More lost, of n tries on ports that answer, than at any pace? */
bool window_excess(const struct window *window, double lost, double n);
/* As much came through at that pace: try a lower one. */
void window_doubt(struct window *window, const struct window_share *seen,
		  double pps);
/* Something else was the cause of what was seen: as new, but for the size of
 * the window. */
void window_restart(struct window *window);
/* What was sent so far says nothing of the pace from now on. */
void window_stale(struct window *window);
/* What left before then has had its part in the choice of the pace. */
int64_t window_judged_ns(const struct window *window);
/* A try was answered or timed out; epoch as window_sent() gave it. */
void window_resolved(struct window *window, uint8_t epoch, bool answered,
		     int64_t srtt_ns, int64_t now_ns);
/* Nothing ever answered, and this try has been out for long. */
void window_overdue(struct window *window);
/* A try that will never be resolved: it did not leave or lost its meaning
 * (a drop of our own). Its epoch says nothing any more of its share. */
void window_forget(struct window *window, uint8_t epoch);
/* SWEEP: the canary on an open port was answered, or was not. */
void window_sweep_canary(struct window *window, bool answered);
/* SWEEP is over, all first tries are out: HOLD at the pace of the answers. */
void window_sweep_end(struct window *window, int64_t now_ns);

/* A port answered, at once or (lost) only to a retransmission; its first try
 * left at first_ns. */
void window_evidence(struct window *window, bool lost, int64_t first_ns,
		     int64_t rto_ns, int64_t now_ns);

#endif
