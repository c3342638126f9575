/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/course.h"

#include <stdlib.h>

#include "base/clock.h"

#define ASK_GAP_MIN_NS (20 * NS_PER_MS)
#define ASK_MIN_NS     NS_PER_S
#define ASK_STOPPED_NS (300 * NS_PER_MS) /* after an interrupt */
#define SETTLE_MAX_NS  NS_PER_S
#define BACK_OFF_NS    NS_PER_MS         /* the device's queue is full */
#define BEHIND_NS      (100 * NS_PER_MS) /* catch up with no more */

enum phase {
	PHASE_SENDING,
	PHASE_WAITING,
	PHASE_ASKING,
	PHASE_SETTLING,
	PHASE_OVER,
};

struct course {
	struct course_config config;
	struct prober_result *result;
	struct tracker *tracker;
	struct samples samples;
	enum phase phase;
	uint64_t tried;
	int64_t follow_ns; /* when the next datagram would be due */
	int64_t next_ns;   /* to send, or to ask */
	int64_t until_ns;  /* end of the phase; sending has none */
	int64_t ask_max_ns;
	int64_t rtt_max_ns;
	uint32_t asked, asked_before; /* by now, when this phase began */
	/* When the server's counts came: arrivals here and numbers there, and
	 * the latter the time before; -1: not yet. */
	uint64_t arrivals_told;
	int64_t received_told, received_before;
};

struct course *course_new(const struct course_config *config,
			  struct prober_result *result)
{
	struct course *course = calloc(1, sizeof(*course));

	if (!course)
		return NULL;
	*result = (struct prober_result){.size = config->size};
	course->config = *config;
	course->result = result;
	course->received_told = course->received_before = -1;
	course->next_ns = course->follow_ns = config->start_ns;
	samples_init(&course->samples);
	course->tracker = tracker_new(config->timeout_ns);
	if (course->tracker)
		return course;
	free(course);
	return NULL;
}

void course_free(struct course *course)
{
	if (!course)
		return;
	samples_fini(&course->samples);
	tracker_free(course->tracker);
	free(course);
}

static const struct tracker_counts *counts(const struct course *course)
{
	return tracker_counts(course->tracker);
}

bool course_is_interrupted(const struct course *course)
{
	return course->result->end == PROBER_INTERRUPTED;
}

int64_t course_next_ns(const struct course *course)
{
	return course->follow_ns;
}

/* ---- from phase to phase ---- */

static void over(struct course *course)
{
	course->phase = PHASE_OVER;
}

static void end(struct course *course, enum prober_end how)
{
	course->result->end = how;
	over(course);
}

static void wait(struct course *course, int64_t now_ns)
{
	course->phase = PHASE_WAITING;
	course->until_ns = now_ns + course->config.timeout_ns;
}

static void ask(struct course *course, int64_t now_ns, int64_t length_ns)
{
	if (course_is_interrupted(course))
		length_ns = ASK_STOPPED_NS;
	course->phase = PHASE_ASKING;
	course->next_ns = now_ns;
	course->until_ns = now_ns + length_ns;
	course->asked_before = course->asked;
}

static void ask_first(struct course *course, int64_t now_ns)
{
	int64_t length_ns = 2 * course->config.timeout_ns;

	ask(course, now_ns, length_ns < ASK_MIN_NS ? ASK_MIN_NS : length_ns);
	course->ask_max_ns =
		now_ns + (course_is_interrupted(course) ? ASK_STOPPED_NS
							: COURSE_MAX_NS);
}

/* The counts may have overtaken replies by two of the longest round trips
 * seen. */
static void settle(struct course *course, int64_t now_ns)
{
	int64_t max_ns =
		course_is_interrupted(course) ? ASK_STOPPED_NS : SETTLE_MAX_NS;
	int64_t length_ns = 2 * course->rtt_max_ns;

	if (length_ns < ASK_GAP_MIN_NS)
		length_ns = ASK_GAP_MIN_NS;
	if (length_ns > max_ns)
		length_ns = max_ns;
	course->phase = PHASE_SETTLING;
	course->until_ns = now_ns + length_ns;
	course->arrivals_told = counts(course)->arrivals;
	course->received_before = course->received_told;
	course->received_told = course->result->server.received;
}

void course_interrupt(struct course *course, int64_t now_ns)
{
	course->result->end = PROBER_INTERRUPTED;
	if (course->phase < PHASE_ASKING) {
		ask_first(course, now_ns);
		return;
	}
	course->ask_max_ns = now_ns + ASK_STOPPED_NS;
	if (course->until_ns > course->ask_max_ns)
		course->until_ns = course->ask_max_ns;
}

/* Each number has its reply, or an error message instead. */
static bool is_answered(const struct course *course)
{
	return counts(course)->arrived + course->result->icmp_errors >=
	       counts(course)->sent;
}

/* Where only error messages came, nobody has counted. */
static bool is_worth_asking(const struct course *course)
{
	return counts(course)->sent > 0 && (counts(course)->arrived > 0 ||
					    course->result->icmp_errors == 0);
}

/* All is back, and all that the server has sent. */
static bool is_whole(const struct course *course)
{
	return counts(course)->arrived == counts(course)->sent &&
	       counts(course)->arrivals >= course->result->server.replied;
}

/* Nothing came since the counts did; and if they say that some were lost on
 * the way out, then twice the same: the first time they may have overtaken
 * these. */
static bool is_last_word(const struct course *course)
{
	if (counts(course)->arrivals != course->arrivals_told)
		return false;
	return course->result->plain ||
	       course->result->server.received == counts(course)->sent ||
	       course->received_told == course->received_before;
}

static void advance(struct course *course, int64_t now_ns)
{
	if (course->phase == PHASE_SENDING &&
	    course->tried == course->config.count)
		wait(course, now_ns);
	if (course->phase == PHASE_WAITING &&
	    (is_answered(course) || now_ns >= course->until_ns)) {
		if (is_worth_asking(course))
			ask_first(course, now_ns);
		else
			over(course);
	}
	if (course->phase == PHASE_ASKING && now_ns >= course->until_ns)
		over(course);
	if (course->phase == PHASE_SETTLING && is_whole(course))
		over(course);
	if (course->phase == PHASE_SETTLING && now_ns >= course->until_ns) {
		if (!is_last_word(course) && now_ns < course->ask_max_ns)
			ask(course, now_ns, ASK_MIN_NS);
		else
			over(course);
	}
}

/* ---- sending ---- */

static int64_t ask_gap_ns(const struct course *course)
{
	int64_t timeout_ns = course->config.timeout_ns;
	int64_t gap_ns =
		course->rtt_max_ns ? 2 * course->rtt_max_ns : timeout_ns / 4;

	if (gap_ns > timeout_ns)
		gap_ns = timeout_ns;
	return gap_ns < ASK_GAP_MIN_NS ? ASK_GAP_MIN_NS : gap_ns;
}

static void make_probe(const struct course *course, int64_t now_ns,
		       struct datagram *out)
{
	*out = (struct datagram){
		.kind = DATAGRAM_PROBE,
		.session = course->config.session,
		.sequence = tracker_next(course->tracker),
		.length = (uint32_t)course->config.size,
		.sent_ns = now_ns,
		.filling_crc = course->config.filling_crc,
	};
}

static void make_report(struct course *course, int64_t now_ns,
			struct datagram *out)
{
	*out = (struct datagram){
		.kind = DATAGRAM_REPORT,
		.session = course->config.session,
		.sequence = ++course->asked,
		.length = DATAGRAM_HEADER_BYTES,
		.sent_ns = now_ns,
	};
	course->next_ns = now_ns + ask_gap_ns(course);
}

enum course_step course_step(struct course *course, int64_t now_ns,
			     struct datagram *out, int64_t *wake_ns)
{
	bool due = now_ns >= course->next_ns;

	advance(course, now_ns);
	*wake_ns = course->until_ns;
	switch (course->phase) {
	case PHASE_SENDING:
		*wake_ns = course->next_ns;
		if (!due)
			return COURSE_WAIT;
		*wake_ns = now_ns + BACK_OFF_NS;
		if (!tracker_has_room(course->tracker, now_ns))
			return COURSE_WAIT;
		make_probe(course, now_ns, out);
		return COURSE_SEND;
	case PHASE_ASKING:
		if (now_ns >= course->next_ns) {
			make_report(course, now_ns, out);
			return COURSE_SEND;
		}
		if (course->next_ns < *wake_ns)
			*wake_ns = course->next_ns;
		return COURSE_WAIT;
	case PHASE_WAITING:
	case PHASE_SETTLING:
		return COURSE_WAIT;
	case PHASE_OVER:
		break;
	}
	return COURSE_OVER;
}

/* This one was tried, whatever came of it. */
static void tried(struct course *course, int64_t now_ns)
{
	course->tried++;
	course->next_ns += course->config.interval_ns;
	if (course->next_ns < now_ns - BEHIND_NS)
		course->next_ns = now_ns;
	course->follow_ns = course->next_ns;
}

void course_sent(struct course *course, const struct datagram *out)
{
	const struct prober_watch *watch = &course->config.watch;
	uint32_t given_up;

	if (out->kind != DATAGRAM_PROBE)
		return;
	tried(course, out->sent_ns);
	given_up = tracker_sent(course->tracker, out->sent_ns);
	if (given_up && watch->lost)
		watch->lost(watch->context, given_up);
}

void course_blocked(struct course *course, const struct datagram *out)
{
	if (out->kind != DATAGRAM_PROBE)
		return;
	tried(course, out->sent_ns);
	course->result->blocked++;
}

void course_later(struct course *course, int64_t now_ns)
{
	course->next_ns = now_ns + BACK_OFF_NS;
}

/* ---- what comes ---- */

static void take_counts(struct course *course,
			const struct datagram_counts *server)
{
	const struct datagram_counts *best = &course->result->server;

	/* The latest, whatever the order they come in. */
	if (server->received > best->received ||
	    (server->received == best->received &&
	     server->replied >= best->replied))
		course->result->server = *server;
}

static void note_rtt(struct course *course, int64_t rtt_ns)
{
	if (rtt_ns > course->rtt_max_ns)
		course->rtt_max_ns = rtt_ns;
}

static void take_reply(struct course *course, const struct datagram *datagram,
		       size_t length, bool damaged, int64_t now_ns)
{
	const struct prober_watch *watch = &course->config.watch;
	uint32_t next = tracker_next(course->tracker);
	struct prober_reply reply = {
		.sequence = datagram->sequence,
		.length = length,
		.damaged = damaged,
		.tracked = tracker_arrival(course->tracker, datagram->sequence,
					   !damaged, now_ns),
	};

	if (!reply.tracked.known) {
		/* Never sent, else counted as stale. */
		course->result->rejected +=
			datagram->sequence >= next || datagram->sequence == 0;
		return;
	}
	note_rtt(course, reply.tracked.rtt_ns);
	if (reply.tracked.answer)
		samples_add(&course->samples, reply.tracked.rtt_ns);
	if (watch->reply)
		watch->reply(watch->context, &reply);
}

/* Else others have overtaken it, or the server was started anew, has forgotten
 * us, or lies. */
static bool is_credible(const struct course *course,
			const struct datagram_counts *server)
{
	return server->received >= course->result->server.received &&
	       server->received >= counts(course)->arrived &&
	       server->received <= counts(course)->sent;
}

static void take_report(struct course *course, const struct datagram *datagram,
			int64_t now_ns)
{
	const struct datagram_counts *server = &datagram->counts;

	if (course->phase != PHASE_ASKING ||
	    datagram->sequence <= course->asked_before ||
	    datagram->sequence > course->asked)
		return;
	if (datagram->kind == DATAGRAM_REPORT) {
		course->result->plain = true;
	} else if (is_credible(course, server)) {
		course->result->counted = true;
		take_counts(course, server);
	} else {
		return; /* the next one may be */
	}
	/* A time that we have given, and not any that a liar may put in. */
	if (datagram->sent_ns >= course->config.start_ns &&
	    datagram->sent_ns <= now_ns)
		note_rtt(course, now_ns - datagram->sent_ns);
	if (server->waiting > 0 && now_ns < course->ask_max_ns &&
	    !course_is_interrupted(course))
		course->until_ns = course->next_ns + ASK_MIN_NS;
	else
		settle(course, now_ns);
}

/* One whose header is damaged, but whose it was can still be told. */
static void take_unsure(struct course *course, struct datagram *datagram,
			size_t length, int64_t now_ns)
{
	datagram->sequence = tracker_identify(
		course->tracker, datagram->session == course->config.session,
		datagram->sequence, datagram->sent_ns);
	if (datagram->sequence)
		take_reply(course, datagram, length, true, now_ns);
	else
		course->result->rejected++;
}

void course_arrival(struct course *course, const uint8_t *bytes, size_t length,
		    int64_t now_ns)
{
	struct datagram datagram;
	enum datagram_state state = datagram_decode(bytes, length, &datagram);

	if (state == DATAGRAM_FOREIGN) {
		course->result->rejected++;
	} else if (state == DATAGRAM_UNSURE) {
		take_unsure(course, &datagram, length, now_ns);
	} else if (datagram.session != course->config.session) {
		return; /* late, from an earlier run */
	} else if (datagram.kind == DATAGRAM_REPORT ||
		   datagram.kind == DATAGRAM_REPORT_REPLY) {
		take_report(course, &datagram, now_ns);
	} else {
		if (datagram.kind == DATAGRAM_PROBE)
			course->result->plain = true;
		else
			take_counts(course, &datagram.counts);
		take_reply(course, &datagram, length, state == DATAGRAM_DAMAGED,
			   now_ns);
	}
}

/* Not about a probe of this run, as far as the message quotes it. */
static bool is_other(const struct course *course,
		     const struct icmp_error *error)
{
	struct datagram quoted;
	enum datagram_state state =
		datagram_decode(error->quoted, error->quoted_length, &quoted);

	return (state == DATAGRAM_INTACT || state == DATAGRAM_DAMAGED) &&
	       (quoted.session != course->config.session ||
		quoted.kind != DATAGRAM_PROBE);
}

void course_error(struct course *course, const struct icmp_error *error)
{
	const struct prober_watch *watch = &course->config.watch;
	struct prober_result *result = course->result;

	if (is_other(course, error)) {
		if (!icmp_error_is_refusal(error))
			return;
		/* The server has ended since it answered. */
		if (counts(course)->arrived > 0 &&
		    course->phase >= PHASE_ASKING)
			over(course);
		if (counts(course)->arrived > 0)
			return;
	}
	result->error = *error;
	result->icmp_errors++;
	if (watch->icmp)
		watch->icmp(watch->context, error);
	if (icmp_error_is_refusal(error))
		end(course, PROBER_REFUSED);
	else if (icmp_error_is_too_big(error) && course->config.df)
		end(course, PROBER_TOO_BIG);
}

/* ---- the result ---- */

/* What is missing, told by the server's count of what it got. */
static void account(struct course *course)
{
	struct prober_result *result = course->result;
	uint64_t missing, got = result->server.received;

	result->counts = *counts(course);
	missing = result->counts.sent - result->counts.arrived;
	/* More has come since, and the server's last word is missing. */
	if (got < result->counts.arrived)
		result->counted = false;
	if (result->counted)
		result->lost_out = result->counts.sent - got;
	if (got > result->counts.arrived && !result->plain)
		result->lost_back = got - result->counts.arrived;
	if (result->lost_back > missing - result->lost_out)
		result->lost_back = missing - result->lost_out;
	result->lost_somewhere = missing - result->lost_out - result->lost_back;
}

void course_finish(struct course *course)
{
	const struct prober_watch *watch = &course->config.watch;
	uint32_t n = 0;

	account(course);
	course->result->rtt = samples_summarise(&course->samples);
	/* What was refused or too big is not lost: the error has said what
	 * became of it. */
	if (!watch->lost || course->result->end == PROBER_REFUSED ||
	    course->result->end == PROBER_TOO_BIG)
		return;
	while ((n = tracker_missing(course->tracker, n)))
		watch->lost(watch->context, n);
}
