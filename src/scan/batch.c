/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/batch.h"

#include "base/clock.h"
#include "base/error.h"
#include "scan/course.h"
#include "scan/ways.h"

#define BLOCKED_NS (50 * NS_PER_MS) /* until a refused probe comes again */

void batch_refused(struct course *course, enum link_outcome outcome,
		   const char *why, int64_t now_ns)
{
	if (outcome == LINK_REFUSED)
		why = "send: a local firewall refuses the probes "
		      "(Operation not permitted)";
	else if (outcome == LINK_DROPPED)
		why = "send: a local firewall drops the probes on their way "
		      "out (No buffer space available)";
	course_refused(course, outcome, why, now_ns);
}

/* All of a batch count from its begin, so that no round trip comes out too
 * short: over veth and loopback a reply is there before the next one leaves. */
static void accepted(struct batch *batch, size_t first, size_t n,
		     int64_t begun_ns)
{
	for (size_t i = first; i < first + n; i++)
		engine_sent(batch->engine, &batch->probes[i], begun_ns);
	if (n > 0)
		course_accepted(batch->course);
}

/* The first that is left was refused; how many are done with by that. */
static size_t refused(struct batch *batch, size_t at, enum link_outcome outcome,
		      const struct error *error, int64_t now_ns)
{
	bool firewall = outcome == LINK_REFUSED || outcome == LINK_DROPPED;
	const struct engine_probe *probe = &batch->probes[at];

	if (firewall && batch->course->blocked) {
		engine_unaskable(batch->engine, probe);
	} else {
		engine_refused(batch->engine, probe,
			       firewall ? now_ns + BLOCKED_NS : 0, now_ns);
	}
	if (outcome == LINK_DOWN)
		engine_blind_until(batch->engine, now_ns);
	batch_refused(batch->course, outcome, error->text, now_ns);
	if (firewall) /* of this one alone */
		return 1;
	for (size_t i = at + 1; i < batch->n; i++)
		engine_withdrawn(batch->engine, &batch->probes[i]);
	return batch->n - at;
}

void batch_flush(struct batch *batch)
{
	size_t at = 0;

	while (at < batch->n) {
		struct error error = ERROR_INIT;
		int64_t begun_ns = clock_now_ns();
		size_t taken = 0;
		enum link_outcome outcome =
			link_send(batch->link, &batch->packets[at],
				  batch->n - at, &taken, &error);

		accepted(batch, at, taken, begun_ns);
		at += taken;
		if (outcome != LINK_OK)
			at += refused(batch, at, outcome, &error, begun_ns);
	}
	batch->n = 0;
}

void batch_add(struct batch *batch, const struct way *way,
	       const struct engine_probe *at, const struct probe *probe)
{
	size_t i;

	if (batch->n > 0 && batch->link != way->link)
		batch_flush(batch);
	i = batch->n++;
	batch->link = way->link;
	batch->probes[i] = *at;
	batch->dests[i] = probe->dest;
	probe_patch(&way->template, probe, batch->bytes[i]);
	batch->packets[i] = (struct link_packet){
		batch->bytes[i], way->template.length, &batch->dests[i]};
}
