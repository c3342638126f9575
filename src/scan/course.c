/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/course.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "scan/engine.h"
#include "scan/synscan.h"
#include "spec/targetset.h"

#define TICK_NS (100 * NS_PER_MS)
/* Nothing could be sent for so long: the scan ends with what it has. */
#define DOWN_LIMIT  (10 * NS_PER_S)
#define BLOCK_LIMIT (NS_PER_S / 2)

void course_end(struct course *course, enum status status, const char *why)
{
	struct engine_stats stats;

	engine_stats(course->engine, &stats);
	/* Before any answer there is nothing to show for it. */
	if (status == STATUS_INCOMPLETE && stats.replies == 0 &&
	    !atomic_load(course->interrupted))
		status = STATUS_FAILED;
	if (course->error.status == STATUS_OK)
		error_set(&course->error, status, "%s", why);
	course->over = true;
}

/* Were any others answered? Then the scan goes on without these. */
static bool goes_on(struct course *course, const char *why)
{
	struct engine_stats stats;

	engine_stats(course->engine, &stats);
	if (course->blocked || stats.replies == 0)
		return false;
	course->blocked = true;
	error_set(&course->blocked_by, STATUS_INCOMPLETE, "%s", why);
	course_accepted(course);
	return true;
}

/* The kernel may take a second to notice that a cable is out, and says until
 * then what it says of a firewall behind IP. */
static int64_t block_limit(const struct course *course,
			   enum link_outcome outcome)
{
	struct engine_stats stats;

	if (outcome == LINK_REFUSED)
		return BLOCK_LIMIT;
	engine_stats(course->engine, &stats);
	return stats.replies == 0 ? BLOCK_LIMIT : 3 * BLOCK_LIMIT;
}

void course_refused(struct course *course, enum link_outcome outcome,
		    const char *why, int64_t now_ns)
{
	bool firewall = outcome == LINK_REFUSED || outcome == LINK_DROPPED;
	bool over, blocked;

	if (!course->refused_since_ns)
		course->refused_since_ns = now_ns;
	if (!firewall)
		course->blocked_since_ns = 0;
	else if (!course->blocked_since_ns)
		course->blocked_since_ns = now_ns;
	over = now_ns - course->refused_since_ns > DOWN_LIMIT;
	blocked = firewall && now_ns - course->blocked_since_ns >
				      block_limit(course, outcome);
	if (blocked && goes_on(course, why))
		return;
	if (outcome == LINK_GONE || outcome == LINK_FAILED || over || blocked) {
		course_end(course, STATUS_INCOMPLETE, why);
	} else if ((outcome == LINK_DOWN || outcome == LINK_REFUSED) &&
		   !course->warned) {
		course->warned = true;
		log_line(LOG_WARN, "%s; trying on", why);
	}
}

void course_accepted(struct course *course)
{
	course->refused_since_ns = course->blocked_since_ns = 0;
}

void course_done(struct course *course)
{
	char text[ADDR_TEXT_BYTES], why[ADDR_TEXT_BYTES + 64];
	struct engine_stats stats;
	struct addr addr;

	engine_stats(course->engine, &stats);
	course->over = true;
	course->complete = stats.lost_groups == 0 && stats.unaskable == 0;
	if (course->complete)
		return;
	if (stats.lost_groups == 0) {
		course_end(course, STATUS_INCOMPLETE, course->blocked_by.text);
		return;
	}
	addr = targetset_nth(course->config->targets, stats.lost_target);
	snprintf(why, sizeof(why), "%s stopped answering in the middle",
		 addr_format(&addr, text));
	course_end(course, STATUS_INCOMPLETE, why);
}

static void say_limited(struct course *course, const struct engine_stats *stats)
{
	char text[ADDR_TEXT_BYTES];
	struct addr addr;

	if (stats->limited_groups <= course->limited)
		return;
	course->limited = stats->limited_groups;
	addr = targetset_nth(course->config->targets, stats->limited_target);
	log_line(LOG_WARN,
		 "%s answers about %.0f closed ports a second and no more: "
		 "going on at that pace (open ports are not slowed)",
		 addr_format(&addr, text), stats->limited_pps);
}

void course_tick(struct course *course, int64_t now_ns)
{
	const struct synscan_config *config = course->config;
	struct engine_stats stats;

	course->next_tick_ns = now_ns + TICK_NS;
	engine_stats(course->engine, &stats);
	say_limited(course, &stats);
	config->tick(config->context, &stats, now_ns);
	if (config->gave_up(config->context))
		course_end(course, STATUS_FAILED, "output");
}

void course_fill(const struct course *course, struct summary *summary)
{
	struct engine_stats stats;

	engine_stats(course->engine, &stats);
	memcpy(summary->verdicts, stats.verdicts, sizeof(stats.verdicts));
	memcpy(summary->reasons, stats.reasons, sizeof(stats.reasons));
	summary->unasked = stats.total - stats.done;
	summary->probes_sent = stats.probes_sent;
	summary->retransmissions = stats.retransmissions;
	summary->send_errors = stats.send_errors;
	summary->replies = stats.replies;
	summary->duplicates = stats.duplicates;
	/* Closing sockets takes the kernel a while: not the scan. */
	summary->elapsed_ns = course->ended_ns - course->begun_ns;
	/* Also when it was interrupted at the very end. */
	summary->complete = course->complete || summary->unasked == 0;
	engine_quality(course->engine, &summary->loss,
		       &summary->expected_wrong);
}
