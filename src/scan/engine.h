/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_ENGINE_H
#define SCAN_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/result.h"

struct error;
struct flight;

/*
 * The scan as a state machine: which probe goes next, what became of each,
 * when it is over. Pure: no socket, no clock, no stdio; `now` is monotonic
 * nanoseconds, and tests run it on virtual time. The sender thread owns it.
 *
 * A probe is a number: target * ports + port rank, below targets * ports.
 *
 *  fresh --next--> AIR --reply--> open, closed: a result at once
 *                  | ^ \--ICMP--> NOTED: filtered, with that reason
 *         time-out v |
 *                READY/SILENT: asked again until its silence outlasted the
 *                tries that the measured loss calls for; then filtered
 *
 * An ICMP error that says of a host which did answer that it cannot be reached
 * may be of its path and not of the port: it is believed when it comes again
 * after the host has answered once more.
 *
 * Filtered ones are kept, since a late reply may still correct them, and are
 * told at the end (or when more than the table's limit are held).
 *
 * Silence counts only when the path is known to have worked since: when a
 * probe of the group that left later was answered. Where nothing else would,
 * a port that is known to answer is asked again: the canary. So an outage, or
 * a host that goes away, is not taken for a filter (of several hosts in one
 * group, as long as none of the others answers).
 *
 * Order. Targets are cut into groups (some ENGINE_GROUPS at most and one a
 * span at least; neighbours in the address order); each has a keyed permutation
 * of its own probes, an RTT and a window, so that one slow host or path slows
 * no other. Groups take turns.
 *
 * Second tries follow at once after the RTO where nothing is short of room;
 * later ones when all ports were asked, since only then the loss is known.
 */
struct engine;

#define ENGINE_GROUPS 256u

/* Consecutive targets whose packets share a way out, in ascending order. */
struct engine_span {
	uint64_t targets;
	uint32_t lane;
};

struct engine_config {
	uint64_t targets;
	uint32_t ports;
	uint64_t key[2];                 /* of the order */
	const struct engine_span *spans; /* cover all targets; not kept */
	size_t n_spans;
	const double *ceilings_pps; /* a lane's adaptive rate; 0: none; not
				       kept */
	size_t n_lanes;
	double rate_pps;       /* > 0: exact and open-loop */
	double max_rate_pps;   /* > 0: ceiling of the adaptive rate */
	int retries;           /* at most, per probe; -1: what the loss needs */
	int64_t wait_ns;       /* longest wait for a reply; -1: from the RTT */
	unsigned source_ports; /* try k uses the port (k - 1) % source_ports;
				  1: tries cannot be told apart */
	unsigned canary_ports; /* behind those, for canaries in turn; 0: they
				  use the others */
	bool spares_open;      /* no canary on an open port while a closed one
				  is known: somebody counts connections */
	uint32_t held_limit;   /* probes in the air and held; 0: 2^19 */
	void (*result)(void *context, uint64_t target, uint32_t rank,
		       const struct result *result); /* addr, port not set */
	void *context;
};

struct engine_probe {
	uint64_t number, target;
	uint32_t rank;
	uint8_t port_offset;   /* into the block of source ports */
	bool doubted;          /* is its next hop still where it was? */
	bool answered;         /* its host, by other ports; known where a group
				  is one host */
	struct flight *flight; /* the engine's own */
};

struct engine_reply {
	uint64_t target;
	uint32_t rank;
	uint8_t port_offset;
	enum verdict verdict;
	enum reason reason;
	uint8_t ttl;
	int64_t at_ns; /* when it arrived; monotonic */
	bool time_ok;  /* at_ns is good enough for an RTT sample */
};

struct engine_stats {
	uint64_t total, done, fresh_left;
	uint64_t probes_sent, retransmissions, send_errors;
	uint64_t replies, duplicates;
	uint64_t verdicts[VERDICT_COUNT];
	uint64_t reasons[VERDICT_COUNT][REASON_COUNT];
	uint32_t in_air, ready, silent;
	unsigned tries_needed;   /* of the group that needs most */
	uint32_t limited_groups; /* send only so many RSTs a second */
	uint64_t limited_target; /* one of them */
	double limited_pps;      /* the pace that it gives */
	uint32_t lost_groups;    /* stopped answering for good: not complete */
	uint64_t lost_target;    /* one of their canaries */
	uint64_t unaskable;      /* given up: not complete */
};

/* NULL with an error when memory is out. */
struct engine *engine_new(const struct engine_config *config, int64_t now_ns,
			  struct error *error);
void engine_free(struct engine *engine);

/* The next probe that may leave now; false: none before engine_wake_ns() or
 * a reply. Each one handed out is answered for by exactly one of the
 * calls down to engine_unaskable(), before any engine_reply() or
 * engine_advance(); several may be out, to leave as one batch. */
bool engine_next(struct engine *engine, int64_t now_ns,
		 struct engine_probe *probe);
/* The kernel took it. */
void engine_sent(struct engine *engine, const struct engine_probe *probe,
		 int64_t now_ns);
/* The kernel refused it. again_ns 0: for want of room (ENOBUFS and the like);
 * it comes again, no sooner than a millisecond on, and all goes slower. Else
 * this probe alone waits until then. */
void engine_refused(struct engine *engine, const struct engine_probe *probe,
		    int64_t again_ns, int64_t now_ns);
/* It was not tried at all, since one before it was refused; it comes again. */
void engine_withdrawn(struct engine *engine, const struct engine_probe *probe);
/* Its next hop is being resolved; it comes again at `again_ns`. asked: a
 * request for that address was sent in its place. */
void engine_parked(struct engine *engine, const struct engine_probe *probe,
		   bool asked, int64_t again_ns);
/* It cannot be asked: filtered for that reason. */
void engine_failed(struct engine *engine, const struct engine_probe *probe,
		   enum reason reason);
/* The kernel will not have it: it stays unasked. */
void engine_unaskable(struct engine *engine, const struct engine_probe *probe);

/* A reply that proved itself. */
void engine_reply(struct engine *engine, const struct engine_reply *reply);

/* Replies may have been lost on our side up to this time (capture drops, an
 * interface that was down): silence since before it counts for nothing. */
void engine_blind_until(struct engine *engine, int64_t until_ns);
/* The same for drops in our own capture, up to now, and goes slower. */
void engine_overrun(struct engine *engine, int64_t now_ns);

/* Time-outs. All replies that arrived before horizon_ns were handed in. */
void engine_advance(struct engine *engine, int64_t horizon_ns, int64_t now_ns);

/* For a sender that can keep only so many tries open: what is an answer to
 * that one still good for? */
enum engine_interest {
	ENGINE_NO_INTEREST,
	ENGINE_RTT,    /* its time is over, but no RTT is known there yet */
	ENGINE_ANSWER, /* its time is not over */
};
enum engine_interest engine_interest(const struct engine *engine,
				     uint64_t number, uint8_t port_offset,
				     int64_t now_ns);

/* When engine_next() or engine_advance() has something to do at the latest;
 * INT64_MAX: only a reply helps. */
int64_t engine_wake_ns(const struct engine *engine);

/* Every probe has its verdict, is silent for good, or belongs to a group that
 * was lost. */
bool engine_done(const struct engine *engine);

/* Tells all results that are held. Those that were not asked often enough
 * (the scan was interrupted) stay unasked. Call once. */
void engine_finish(struct engine *engine);

/* Of the moment; verdicts count results told. */
void engine_stats(const struct engine *engine, struct engine_stats *stats);
/* Share of tries lost (-1: nothing answered), ports expected to be called
 * filtered wrongly. After engine_finish(). */
void engine_quality(const struct engine *engine, double *loss, double *wrong);

/* For a dry run instead of a scan: the next first try in the order in which
 * groups that are answered alike would go; false at the end. */
bool engine_peek(struct engine *engine, struct engine_probe *probe);

#endif
