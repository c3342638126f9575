/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_FLIGHT_H
#define SCAN_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The probes that have been asked and have no final verdict: found by their
 * number, by the time at which somebody must look at them, or by the list
 * they stand in. Chunks of flights, a hash of their numbers and a timing
 * wheel of 1 ms; nothing is allocated per probe. Pure; the sender thread
 * owns it. A flight stands in exactly one list or in the wheel or in neither.
 */

typedef uint32_t flight_id; /* 0 is none */

enum flight_state {
	FLIGHT_AIR,    /* a try is out; due at its time-out */
	FLIGHT_PARKED, /* waits for its next hop's address; due to be tried */
	FLIGHT_READY,  /* in its group's list, to be sent (again) */
	FLIGHT_SILENT, /* in the silent list: its tries came to nothing */
	FLIGHT_NOTED,  /* in the noted list: an ICMP error says filtered */
	FLIGHT_CANARY, /* an answered port asked again; else as AIR */
};

struct flight {
	uint64_t number;
	int64_t first_ns, sent_ns; /* of the first and of the latest try */
	int64_t due_ns;            /* when in the wheel: a whole tick */
	flight_id id, chain, before, after;
	uint32_t group;
	uint8_t state;
	uint8_t tries;        /* sent */
	uint8_t counted;      /* of them, those whose silence counts */
	uint8_t epoch;        /* of the window, while a try is out */
	uint8_t reason;       /* of a canary: its port offset */
	uint8_t ttl;          /* of the ICMP error */
	uint8_t hasty;        /* its silence says nothing: sent in a sweep */
	uint8_t overdue;      /* made room in the window before its time-out */
	uint8_t common_epoch; /* of its lane's window, likewise */
	uint8_t era;          /* of its group, that `counted` is of */
	uint8_t unreached;    /* an ICMP error said so: 1; asked again: 2 */
};

struct flight_list {
	flight_id head, tail;
	uint32_t count;
};

struct flights;

/* limit: at most so many at once. NULL when memory is out. */
struct flights *flights_new(uint32_t limit, int64_t now_ns);
void flights_free(struct flights *flights);
uint32_t flights_count(const struct flights *flights);

/* A new flight for a number that has none; NULL when the limit is reached or
 * memory is out. The pointer stays valid until flight_remove(). */
struct flight *flight_add(struct flights *flights, uint64_t number);
/* Has the memory that finding or adding that number needs brought near. */
void flight_prefetch(const struct flights *flights, uint64_t number);
struct flight *flight_find(const struct flights *flights, uint64_t number);
/* The caller has taken it out of its list or the wheel. */
void flight_remove(struct flights *flights, struct flight *flight);

/* In and out of lists; `list` is the caller's. */
void flight_append(struct flights *flights, struct flight_list *list,
		   struct flight *flight);
void flight_prepend(struct flights *flights, struct flight_list *list,
		    struct flight *flight);
struct flight *flight_first(const struct flights *flights,
			    const struct flight_list *list);
/* The one behind it in its list; NULL at the end. */
struct flight *flight_after(const struct flights *flights,
			    const struct flight *flight);
void flight_unlist(struct flights *flights, struct flight_list *list,
		   struct flight *flight);

/* In and out of the wheel. Never early, up to a millisecond late. */
void flight_schedule(struct flights *flights, struct flight *flight,
		     int64_t due_ns);
void flight_unschedule(struct flights *flights, struct flight *flight);
/* Takes one that is due out of the wheel; NULL when none is. */
struct flight *flight_due(struct flights *flights, int64_t now_ns);
/* The earliest time at which one may be due; INT64_MAX for an empty wheel. */
int64_t flights_next_ns(const struct flights *flights);

#endif
