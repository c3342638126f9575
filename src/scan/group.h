/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_GROUP_H
#define SCAN_GROUP_H

/*
 * Inside the engine; nobody else includes this. A group is some neighbouring
 * targets that are asked at a pace of their own.
 *
 *   engine.c          makes it, ends it, counts
 *   engine_send.c     which probe goes next, and what became of sending it
 *   engine_receive.c  replies and time-outs
 *   group.c           one group: rounds of asking again, its pace
 *   canary.c          one group: is its path alive?
 *   crowd.c           all groups of a lane: the pace that their common way
 *                     takes, found as a group's own is (scan/window.h), but
 *                     by answers to retransmissions and by beacons alone;
 *                     the groups differ, so that their shares say nothing
 */

#include "scan/engine.h"
#include "scan/flight.h"
#include "scan/lane.h"
#include "scan/loss.h"
#include "scan/pacer.h"
#include "scan/rtt.h"
#include "scan/window.h"
#include "spec/permute.h"

#define TRIES_MAX 255u
#define AHEAD     8
#define CANARIES  128 /* answered ports to choose from */

struct group {
	uint64_t base;                /* its first probe's number */
	uint64_t fresh;               /* asked so far; of order.n */
	uint64_t known, ahead[AHEAD]; /* numbers fresh to known - 1 */
	struct permute order;
	struct rtt rtt;
	struct window window;
	struct loss loss;
	uint64_t answering; /* ports that answered */
	uint64_t told;      /* silent ones, to make room */
	struct lane *lane;
	struct loss look; /* first tries, while the lane is looked at */
	struct flight_list ready, silent;
	uint32_t open; /* in the air, parked, ready or handed out */
	bool settled;  /* all asked, all silence long enough */
	/* The canary. */
	int64_t proved_ns;  /* the path worked for what left then */
	int64_t doubted_ns; /* since then no canary answered; 0: none asked */
	int64_t blind_ns;   /* silence of what left till then says nothing */
	uint64_t answered[CANARIES]; /* numbers */
	unsigned n_answered, choice;
	unsigned canaries_out;
	unsigned failures;  /* canaries in a row, not yet in any loss */
	unsigned to_beacon; /* tries */
	bool want_canary, lost;
	uint64_t open_number; /* a port known to be open */
	bool open_known;
	/* Of the round of asking again what is silent. */
	uint64_t late;       /* answers to retransmissions since the last */
	struct loss beacons; /* since the last */
	double worst;        /* loss that they showed in any round */
	uint64_t random;     /* its state */
	uint32_t overruns;   /* of the window, that were seen to */
	uint8_t era;         /* silence of an earlier one does not count */
};

struct engine {
	struct engine_config config;
	struct group *groups;
	uint32_t n_groups, turn, unsettled;
	struct lane *lanes;
	struct loss *looks; /* n_groups, to be sorted */
	struct flights *flights;
	struct flight_list noted;
	struct pacer pacer;   /* --rate and --max-rate */
	struct loss loss;     /* what verdicts rest on */
	struct loss loss_all; /* for the report */
	uint32_t room_turn;
	int64_t blind_ns;
	int64_t send_ns; /* when engine_next() may succeed again */
	struct engine_stats stats;
};

/* ---- group.c ---- */

struct group *group_of(struct engine *engine, const struct flight *flight);

/* A final verdict, to the one who runs the scan. */
void engine_tell(struct engine *engine, uint64_t number,
		 const struct result *result);

void engine_tell_filtered(struct engine *engine, const struct flight *flight,
			  enum reason reason);
/* Is it a single host, and has it answered? */
bool group_is_known_host(const struct engine *engine,
			 const struct group *group);

/* The loss that verdicts rest on, from above: the group's own where it has
 * enough answers, and no less than the beacons of a round came to. */
double group_loss(const struct engine *engine, const struct group *group);

/* Tries that silence must outlast here, by what is known now. */
unsigned group_tries(const struct engine *engine, const struct group *group);

/* Tries whose silence counts. */
unsigned group_counted(const struct group *group, const struct flight *flight);

/* No more tries may be sent, whatever came of these. */
bool group_asked_out(const struct engine *engine, const struct flight *flight);

bool group_silent_enough(const struct engine *engine, const struct group *group,
			 const struct flight *flight);

/* The next of the group's random numbers. Whatever is regular in the order of
 * probes may fall in with what is regular in a limiter on the way. */
uint32_t group_random(struct group *group);

/* A flight that stands nowhere: it is to be sent (again). */
void group_make_ready(struct engine *engine, struct group *group,
		      struct flight *flight);

/* A group with nothing open: what has to be asked once more becomes ready;
 * when nothing has, the group is settled. */
void group_round(struct engine *engine, struct group *group);

/* One less is open: perhaps the round is over. */
void group_closed_one(struct engine *engine, struct group *group);

/* A flight that stands nowhere: nothing to do for it in this round. */
void group_keep_silent(struct engine *engine, struct group *group,
		       struct flight *flight);

/* For the windows: a try was answered, or its time is over. Looks what they
 * make of it. */
void group_resolved(struct engine *engine, struct group *group,
		    const struct flight *flight, bool answered, int64_t now_ns);
/* A try that tells nothing. */
void group_forgot(struct engine *engine, struct group *group,
		  const struct flight *flight);

/* What left before then had its part in the choice of the pace; INT64_MAX:
 * all did that ever will. */
int64_t group_judged_ns(const struct engine *engine, const struct group *group);

/* The pace was far too high for a while: what was silent and lost till now
 * tells nothing of the ports, nor of the path at the pace to come. */
void group_start_over(struct engine *engine, struct group *group,
		      int64_t now_ns);

/* Probes in the air and held are as many as may be. */
bool engine_table_full(const struct engine *engine);

/* What is to be sent again waits until all are asked. */
void group_defer(struct engine *engine, struct group *group);

/* Counts a try on a port that answers. */
void group_learn(struct engine *engine, struct group *group, unsigned failed,
		 unsigned succeeded);

int64_t group_rto_ns(const struct engine *engine, const struct group *group);

/* Until the RTT is known the flight is looked at more often: the first
 * sample shortens the wait of all that are out. */
void group_schedule(struct engine *engine, struct group *group,
		    struct flight *flight, int64_t now_ns);

/* First tries run ahead of a limit on RSTs: see scan/window.h. */
bool group_sweeps(const struct group *group);

/* All were asked: on at the pace that the host gives. */
void group_sweep_end(struct engine *engine, struct group *group,
		     int64_t now_ns);

/* ---- crowd.c ---- */

/* Do several groups share this lane, at an adaptive rate? */
bool crowd_rules(const struct engine *engine, const struct lane *lane);
void crowd_sent(struct engine *engine, struct group *group,
		struct flight *flight, int64_t now_ns);
void crowd_resolved(struct engine *engine, struct group *group,
		    const struct flight *flight, bool answered, int64_t now_ns);
void crowd_forgot(struct engine *engine, struct group *group,
		  const struct flight *flight);
/* A port answered, at once or (lost) only to a retransmission. */
void crowd_evidence(struct engine *engine, struct group *group,
		    const struct flight *flight, bool lost, int64_t now_ns);

/* ---- canary.c ---- */

/* Remembers ports that answer, some of them newer ones. */
void canary_remember(struct engine *engine, struct group *group,
		     uint64_t number, bool open);

/* A probe that left then was answered. */
void canary_path_proved(struct engine *engine, struct group *group,
			int64_t sent_ns);

/* Did anything that left no earlier get through? Asks the canary if not. A
 * group that never answered has no canary: its silence is all there is. */
bool canary_proves(const struct engine *engine, struct group *group,
		   const struct flight *flight);

/* The canary, to be sent next; NULL without memory, or when every port that
 * could be one is being asked. */
struct flight *canary_take(struct engine *engine, struct group *group);

/* Is one to be sent, whatever the window says? */
bool canary_waits(const struct group *group);

/* Is it a beacon's turn? */
bool canary_is_due(const struct engine *engine, struct group *group);

/* It did not leave; it is asked for again when it is missed. */
void canary_withdrawn(struct engine *engine, struct group *group,
		      struct flight *flight);

void canary_answered(struct engine *engine, struct group *group,
		     struct flight *flight, const struct engine_reply *reply);

/* So many in a row are not loss: what left before tells nothing. */
void canary_silent(struct engine *engine, struct group *group,
		   struct flight *flight, int64_t now_ns);

#endif
