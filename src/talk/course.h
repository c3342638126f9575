/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_COURSE_H
#define TALK_COURSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "talk/prober_result.h"

/*
 * The course of a run of numbered datagrams: what to send when, what comes,
 * and when it is over. It goes through these phases:
 *
 *   sending   one datagram each interval; replies are taken as they come
 *   waiting   for the replies of the last ones, the time-out at most
 *   asking    for the server's counts, again and again until they come: at
 *             most a second or twice the time-out, longer while the server
 *             says that it still holds replies back
 *   settling  for what the counts have overtaken on their way; they are asked
 *             for once more if anything comes, or if they tell of losses out
 *
 * The counts come last on the same path, so they tell losses out from losses
 * back to the last datagram. Whatever a server says, it is over COURSE_MAX_NS
 * and a few seconds after the time-out of the last datagram; less than a
 * second after an interrupt. Pure: `now` is a parameter, and never runs back.
 */
#define COURSE_MAX_NS 12000000000LL /* a server delays by 10 s at most */

struct course_config {
	uint64_t session;     /* not 0 */
	size_t size;          /* of each: DATAGRAM_HEADER_BYTES at least */
	uint32_t filling_crc; /* of what is behind the header */
	uint64_t count;
	int64_t start_ns;
	int64_t interval_ns, timeout_ns; /* timeout > 0 */
	bool df; /* a datagram that is too big ends it */
	struct prober_watch watch;
};

struct course;

/* result: the caller's storage, filled in as things happen. NULL when memory
 * is out. */
struct course *course_new(const struct course_config *config,
			  struct prober_result *result);
void course_free(struct course *course);

enum course_step {
	COURSE_SEND, /* *out now: then say how it went */
	COURSE_WAIT, /* until *wake_ns, or something comes */
	COURSE_OVER,
};

enum course_step course_step(struct course *course, int64_t now_ns,
			     struct datagram *out, int64_t *wake_ns);

/* How the sending of *out went: it is out; it never will be (EPERM); it is to
 * be tried again, in a while or at once. */
void course_sent(struct course *course, const struct datagram *out);
void course_blocked(struct course *course, const struct datagram *out);
void course_later(struct course *course, int64_t now_ns);

/* A datagram from the peer, any bytes; an error of the socket's queue. */
void course_arrival(struct course *course, const uint8_t *bytes, size_t length,
		    int64_t now_ns);
void course_error(struct course *course, const struct icmp_error *error);

/* The user has had enough. */
void course_interrupt(struct course *course, int64_t now_ns);
bool course_is_interrupted(const struct course *course);

/* When the next datagram would have been due, for a run that follows. */
int64_t course_next_ns(const struct course *course);

/* Once it is over: the rest of the result, and word of what is lost. */
void course_finish(struct course *course);

#endif
