/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/window.h"

#include <math.h>

#include "base/clock.h"

#define EPOCH_MIN       64u
#define EPOCH_MAX       4096u
#define EPOCH_NS        (10 * NS_PER_MS)
#define SLACK_NS        NS_PER_MS /* of schedule that may be caught up */
#define MIN_PPS         20.0
#define DIP_MIN_PPS     100.0     /* slower, and it is not our pace */
#define SRTT_MIN        NS_PER_MS /* finer pacing is not worth a wake-up */
#define ALIKE           0.97      /* shares that do not differ */
#define SWEEP_STEP      4.0       /* and so many clear canaries a step */
#define LOOK_NS         (5 * NS_PER_MS)
#define LOW_NS          (500 * NS_PER_MS)
#define QUEUE_NS        (20 * NS_PER_MS) /* a round trip that grew by more */
#define METER_NS        (20 * NS_PER_MS)
#define METER_PACKETS   64
#define SIGNIFICANT     4.0 /* standard deviations; looks are many */
#define SIGNIFICANT_DIP 3.0

void window_init(struct window *window, double cwnd, double cwnd_limit)
{
	*window = (struct window){
		.phase = WINDOW_GROW,
		.cwnd = cwnd,
		.cwnd_limit = cwnd_limit,
	};
	pacer_set(&window->pacer, 0, SLACK_NS);
}

static void set_rate(struct window *window, double pps)
{
	window->rate_pps = fmax(pps, MIN_PPS);
	pacer_set(&window->pacer, window->rate_pps,
		  window->rate_pps > 10000 ? SLACK_NS : 0);
}

bool window_allows(const struct window *window, int64_t now_ns)
{
	double limit = window->phase == WINDOW_GROW ? window->cwnd
						    : window->cwnd_limit;

	return window->in_flight < limit && pacer_ready(&window->pacer, now_ns);
}

int64_t window_next_ns(const struct window *window)
{
	return pacer_next_ns(&window->pacer);
}

static double share(const struct window_share *s)
{
	return s->sent > 0 ? s->answered / s->sent : 0;
}

/* By how many standard deviations b's share is below a's: the two-proportion
 * test, with one answer and one silence added so that no variance is 0. */
static double deviations(const struct window_share *a,
			 const struct window_share *b)
{
	double p = (a->answered + b->answered + 1) / (a->sent + b->sent + 2);

	return (share(a) - share(b)) /
	       sqrt(p * (1 - p) * (1 / a->sent + 1 / b->sent));
}

static bool differs(const struct window_share *from,
		    const struct window_share *to, double significant)
{
	return from->sent >= EPOCH_MIN / 2 && to->sent >= EPOCH_MIN / 2 &&
	       share(to) < 0.9 * share(from) &&
	       deviations(from, to) > significant;
}

static bool fell(const struct window_share *from, const struct window_share *to)
{
	return differs(from, to, SIGNIFICANT);
}

/* Of a small epoch chance alone makes more than ALIKE; were only those above
 * their mean believed in, the reference would rise above the truth. */
static bool is_alike(const struct window_share *from,
		     const struct window_share *to)
{
	return from->sent == 0 || share(to) >= ALIKE * share(from) ||
	       deviations(from, to) < 1.5;
}

static double epoch_pps(const struct window_epoch *epoch)
{
	double span = (double)(epoch->last_ns - epoch->first_ns);

	double tries = (double)(epoch->last_try - epoch->first_try);

	return tries < 1 || span <= 0 ? 1e6 : tries * 1e9 / span;
}

void window_stale(struct window *window)
{
	window->turns++;
	for (int i = 1; i < WINDOW_EPOCHS; i++) {
		struct window_epoch *epoch = &window->epochs[i];

		if (epoch->resolved == epoch->sent)
			epoch->sent = epoch->resolved = 0; /* vacant */
		epoch->closed = epoch->stale = true;
	}
	window->look_ns = 0;
}

static void reference_add(struct window *window, const struct window_share *s)
{
	struct window_share *ref = &window->reference;

	/* A moving average over some tens of epochs. */
	if (ref->sent > 16 * EPOCH_MAX) {
		ref->sent /= 2;
		ref->answered /= 2;
	}
	ref->sent += s->sent;
	ref->answered += s->answered;
}

/* The share fell: go on at the pace that got through. */
static void slow_down(struct window *window, double pps,
		      const struct window_share *seen)
{
	double got = share(seen) / share(&window->reference);

	window->overruns += got < 0.5;
	window->phase = WINDOW_HOLD;
	window->fell_pps = pps;
	window->top_pps = fmax(window->top_pps, pps);
	set_rate(window, pps * fmin(fmax(got, 0.25), 0.95));
	window_stale(window);
}

/* A pace this low for so long although no queue is filling: it is not the
 * path that is slow. */
static bool sweeps(struct window *window, int64_t srtt_ns, int64_t now_ns)
{
	if (window->common || window->phase != WINDOW_HOLD ||
	    window->swept_once || window->rate_pps >= WINDOW_SWEEP_PPS ||
	    srtt_ns > 2 * window->least_srtt_ns + QUEUE_NS)
		window->low_ns = 0;
	else if (!window->low_ns)
		window->low_ns = now_ns;
	return window->low_ns && now_ns - window->low_ns > LOW_NS;
}

static void sweep_set(struct window *window, double pps)
{
	window->sweep_pps = fmax(fmin(pps, window->top_pps), WINDOW_SWEEP_PPS);
	window->clear = 0;
	pacer_set(&window->pacer, window->sweep_pps,
		  window->sweep_pps > 10000 ? SLACK_NS : 0);
}

static void sweep_begin(struct window *window, int64_t now_ns)
{
	window->phase = WINDOW_SWEEP;
	window->swept_once = true;
	window_stale(window);
	window->sweep_ns = now_ns;
	window->swept = 0;
	sweep_set(window, WINDOW_SWEEP_PPS);
}

/* All is answered at this pace: nobody limits it. */
static void sweep_needless(struct window *window)
{
	window->phase = WINDOW_HOLD;
	window->swept_once = false;
	set_rate(window, window->sweep_pps);
	window_stale(window);
}

void window_sweep_canary(struct window *window, bool answered)
{
	if (!answered)
		sweep_set(window, window->sweep_pps / SWEEP_STEP);
	else if (++window->clear >= SWEEP_STEP)
		sweep_set(window, window->sweep_pps * SWEEP_STEP);
}

void window_sweep_end(struct window *window, int64_t now_ns)
{
	double span = (double)(now_ns - window->sweep_ns);

	window->phase = WINDOW_HOLD;
	/* Of a short sweep the answers say little: as HOLD had it. */
	if (span > NS_PER_S)
		window->rate_pps = 0.9e9 * window->swept / span;
	set_rate(window, window->rate_pps);
	window_stale(window);
}

static void creep_up(struct window *window, double pps)
{
	/* Also beyond it: an outage is over, or the path has changed. */
	bool far = window->rate_pps < 0.7 * window->fell_pps ||
		   window->rate_pps > 1.3 * window->fell_pps;

	/* No faster than it is used: that pace was not put to the test. */
	if (window->rate_pps < 2 * pps)
		set_rate(window, window->rate_pps * (far ? 1.5 : 1.06));
}

/* To the pace that gets through by the share of the beacons, were the pace the
 * cause; at least to the half, to see a difference. */
static void dip_begin(struct window *window, double from_pps)
{
	double got = 0.8 * share(&window->full);

	if (window->phase != WINDOW_DIP)
		window->dip_from = window->phase;
	window->phase = WINDOW_DIP;
	window->dip_from_pps = from_pps;
	set_rate(window, from_pps * fmin(fmax(got, 1.0 / 16), 0.5));
	window_stale(window);
}

static void hold_at(struct window *window, double pps,
		    const struct window_share *beacons)
{
	window->phase = WINDOW_HOLD;
	window->fell_pps = window->dip_from_pps;
	window->top_pps = fmax(window->top_pps, window->fell_pps);
	set_rate(window, pps);
	/* What there is was learned at another pace, or of other ports. */
	window->reference = window->rounds || window->common
				    ? *beacons
				    : (struct window_share){0};
}

/* Most is lost still, or slowing did help before and may go on to, and the
 * difference is too small to be seen in one epoch. */
static bool dip_undecided(const struct window *window,
			  const struct window_share *seen)
{
	if (window->rate_pps <= DIP_MIN_PPS)
		return false;
	return share(seen) < 0.5 || (window->dip_helped && share(seen) < 0.9 &&
				     share(seen) > share(&window->full));
}

void window_doubt(struct window *window, const struct window_share *seen,
		  double pps)
{
	window->full = *seen;
	dip_begin(window, pps);
}

void window_restart(struct window *window)
{
	window->phase = WINDOW_GROW;
	pacer_set(&window->pacer, 0, SLACK_NS);
	window->reference = (struct window_share){0};
	window->dip_helped = window->swept_once = false;
	window->low_ns = 0;
	window_stale(window);
}

/* Did the lower pace get a greater share of the beacons through? */
static void dip_end(struct window *window, const struct window_share *seen)
{
	bool helped = differs(seen, &window->full, SIGNIFICANT_DIP);
	const struct window_share *best = helped ? seen : &window->full;

	/* A share by answers to retransmissions knows nothing of those that
	 * never were answered: less than it is a better first look. */
	bool worse = !helped && deviations(&window->full, seen) > 2 &&
		     window->rate_pps > DIP_MIN_PPS;

	window->overruns += helped && !window->dip_helped;
	window->dip_helped |= helped;
	if (worse ||
	    (helped && share(seen) < ALIKE && window->rate_pps > MIN_PPS)) {
		window->full = *seen;
		dip_begin(window, window->rate_pps);
		return;
	}
	if (!helped && dip_undecided(window, seen)) {
		set_rate(window, window->rate_pps / 4);
		window_stale(window);
		return;
	}
	/* This much is lost at any pace. Of the two at hand the slower one
	 * says it, for the other is only as good. */
	window->tolerated =
		fmax(window->tolerated, fmin(1 - share(best), 1 - share(seen)));
	if (window->dip_helped) {
		hold_at(window,
			helped ? window->rate_pps : window->dip_from_pps, best);
	} else if (window->dip_from == WINDOW_HOLD) {
		window->phase = WINDOW_HOLD;
		set_rate(window, window->dip_from_pps);
	} else {
		window->phase = WINDOW_GROW;
		pacer_set(&window->pacer, 0, SLACK_NS);
	}
	window->dip_helped = false;
	window_stale(window);
}

bool window_excess(const struct window *window, double lost, double n)
{
	double mean = n * (window->tolerated + 0.005);

	return lost > mean + SIGNIFICANT * sqrt(mean + 1);
}

static double pace(const struct window *window)
{
	return window->phase == WINDOW_GROW ? window->sent_pps
					    : window->rate_pps;
}

/* pps: of the schedule; seen_pps: what it came to. */
static void shares_compare(struct window *window,
			   const struct window_share *seen, double pps,
			   double seen_pps)
{
	if (fell(&window->reference, seen)) {
		slow_down(window, pps, seen);
	} else if (is_alike(&window->reference, seen)) {
		/* A lesser one would teach us to take loss for granted. */
		reference_add(window, seen);
		if (window->phase == WINDOW_HOLD)
			creep_up(window, seen_pps);
	}
}

/* An epoch of a round. Its beacons tell the loss itself, no reference is
 * needed to see that there is more than there has to be. */
static void beacons_done(struct window *window, const struct window_share *seen,
			 double pps)
{
	const struct window_share *ref = &window->reference;

	/* Bursts are let through faster than what they come to. */
	pps = fmin(pps, pace(window));
	if ((window->phase == WINDOW_GROW || window->reference.sent == 0) &&
	    window_excess(window, seen->sent - seen->answered, seen->sent)) {
		window->full = *seen;
		if (pps > DIP_MIN_PPS)
			dip_begin(window, pps);
		else
			window->tolerated = 1 - share(seen);
	} else if (window->phase == WINDOW_HOLD) {
		shares_compare(window, seen, window->rate_pps, pps);
		if (window->phase == WINDOW_HOLD &&
		    window_excess(window, ref->sent - ref->answered,
				  ref->sent)) {
			window->full = *ref;
			dip_begin(window, pps);
		}
	}
}

static void epoch_done(struct window *window, struct window_epoch *epoch)
{
	struct window_share seen = {epoch->sent, epoch->answered};
	double pps = epoch_pps(epoch);
	bool stale = epoch->stale, dip = epoch->dip;

	*epoch = (struct window_epoch){0};
	if (stale || seen.sent < EPOCH_MIN / 2)
		return;
	if (window->phase == WINDOW_SWEEP) {
		if (!fell(&window->reference, &seen))
			sweep_needless(window);
		return;
	}
	if (window->phase == WINDOW_DIP) {
		if (dip)
			dip_end(window, &seen);
	} else if (window_beacons(window) > 0) {
		beacons_done(window, &seen, pps);
	} else {
		shares_compare(window, &seen, pps, pps);
	}
}

unsigned window_beacons(const struct window *window)
{
	if (window->phase == WINDOW_DIP)
		return 2;
	if (window->common)
		return window->phase == WINDOW_GROW ? 0 : 8;
	if (!window->rounds || window->phase == WINDOW_SWEEP)
		return 0;
	return window->phase == WINDOW_GROW ? 8 : 4;
}

void window_round(struct window *window)
{
	if (!window->rounds) { /* what there is is of first tries */
		window_stale(window);
		window->reference = (struct window_share){0};
	}
	window->rounds = true;
}

static uint8_t vacant_epoch(const struct window *window)
{
	for (uint8_t i = 1; i < WINDOW_EPOCHS; i++)
		if (window->epochs[i].sent == 0)
			return i;
	return 0;
}

static uint32_t epoch_length(const struct window *window, int64_t srtt_ns)
{
	double n = window->phase == WINDOW_GROW
			   ? window->cwnd / 2
			   : window->rate_pps * 1e-9 *
				     (double)(srtt_ns > EPOCH_NS ? srtt_ns
								 : EPOCH_NS);
	double answered = share(&window->reference);

	if (window_beacons(window) > 0)
		return EPOCH_MIN;
	/* It is answers that tell shares apart. */
	if (answered > 0)
		n = fmax(n, EPOCH_MIN / answered);
	return (uint32_t)fmin(fmax(n, EPOCH_MIN), EPOCH_MAX);
}

/* The pace of bursts too, so by packets as well as by time; what is between
 * them lets it sink slowly. */
static void meter(struct window *window, int64_t now_ns)
{
	int64_t span = now_ns - window->metered_ns;
	double pps;

	window->metered++;
	if (span < METER_NS && window->metered < METER_PACKETS)
		return;
	pps = span > 0 ? window->metered * 1e9 / (double)span : 1e6;
	window->sent_pps = fmax(pps, 0.8 * window->sent_pps);
	window->metered = 0;
	window->metered_ns = now_ns;
}

uint8_t window_sent(struct window *window, bool sample, int64_t srtt_ns,
		    int64_t now_ns)
{
	struct window_epoch *epoch;
	uint8_t id;

	window->in_flight++;
	window->tries++;
	meter(window, now_ns);
	pacer_spend(&window->pacer, now_ns);
	if (window->phase == WINDOW_GROW && srtt_ns > SRTT_MIN)
		pacer_set(&window->pacer, 2e9 * window->cwnd / (double)srtt_ns,
			  SLACK_NS);
	if (!sample)
		return 0;
	if (window->current == 0 || window->epochs[window->current].closed)
		window->current = vacant_epoch(window);
	id = window->current;
	if (id == 0)
		return 0;
	epoch = &window->epochs[id];
	if (epoch->sent == 0)
		*epoch = (struct window_epoch){
			.first_ns = now_ns,
			.first_try = window->tries,
			.dip = window->phase == WINDOW_DIP,
		};
	epoch->sent++;
	epoch->last_ns = now_ns;
	epoch->last_try = window->tries;
	epoch->closed = epoch->sent >= epoch_length(window, srtt_ns);
	return id;
}

int64_t window_judged_ns(const struct window *window)
{
	int64_t judged = INT64_MAX;

	for (int i = 1; i < WINDOW_EPOCHS; i++)
		if (window->epochs[i].sent > 0 &&
		    window->epochs[i].first_ns < judged)
			judged = window->epochs[i].first_ns;
	return judged;
}

static void epoch_resolved(struct window *window, uint8_t id, bool answered)
{
	struct window_epoch *epoch = &window->epochs[id];

	if (id == 0)
		return;
	epoch->resolved++;
	epoch->answered += answered;
	if (epoch->closed && epoch->resolved == epoch->sent)
		epoch_done(window, epoch);
}

void window_resolved(struct window *window, uint8_t epoch, bool answered,
		     int64_t srtt_ns, int64_t now_ns)
{
	window->in_flight--;
	window->swept += answered;
	if (answered &&
	    (!window->least_srtt_ns || srtt_ns < window->least_srtt_ns))
		window->least_srtt_ns = srtt_ns;
	/* A time-out makes room for as much again once it is known to be
	 * silence and not loss. */
	if (window->phase == WINDOW_GROW && window->cwnd < window->cwnd_limit &&
	    (answered || window->judged))
		window->cwnd++;
	epoch_resolved(window, epoch, answered);
	if (sweeps(window, srtt_ns, now_ns))
		sweep_begin(window, now_ns);
}

void window_overdue(struct window *window)
{
	if (window->phase == WINDOW_GROW && window->cwnd < window->cwnd_limit)
		window->cwnd++;
}

void window_forget(struct window *window, uint8_t epoch)
{
	window->in_flight--;
	if (epoch == 0)
		return;
	window->epochs[epoch].stale = true;
	epoch_resolved(window, epoch, false);
}

/* The lost are heard of late: all that left within a short time is counted,
 * and judged when the last of them must have been heard of. */
void window_evidence(struct window *window, bool lost, int64_t first_ns,
		     int64_t rto_ns, int64_t now_ns)
{
	double n, pps;

	if (window->phase != WINDOW_GROW || window->rounds)
		return;
	if (!window->look_ns) {
		window->look_ns = now_ns;
		window->look_try = window->tries;
		window->look_end_ns = now_ns + LOOK_NS;
		window->lost = window->kept = 0;
	}
	if (first_ns >= window->look_ns && first_ns <= window->look_end_ns) {
		window->lost += lost;
		window->kept += !lost;
	}
	/* The RTO, and the answer to the retransmission. */
	if (now_ns < window->look_end_ns + rto_ns + rto_ns / 2)
		return;
	n = window->lost + window->kept;
	pps = (double)(window->tries - window->look_try) * 1e9 /
	      (double)(now_ns - window->look_ns);
	window->judged = true;
	window->look_ns = 0;
	if (n < EPOCH_MIN / 2 || !window_excess(window, window->lost, n))
		return;
	window->full =
		(struct window_share){.sent = n, .answered = window->kept};
	dip_begin(window, fmin(pps, window->sent_pps));
}
