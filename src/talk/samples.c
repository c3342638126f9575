/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/samples.h"

#include <stdlib.h>

#include "talk/draw.h"

void samples_init(struct samples *samples)
{
	*samples = (struct samples){0};
}

void samples_fini(struct samples *samples)
{
	free(samples->kept);
	samples->kept = NULL;
}

static void update_jitter(struct samples *samples, int64_t rtt_ns)
{
	int64_t change = rtt_ns - samples->last_ns;

	if (samples->count > 0)
		samples->jitter_ns +=
			((double)llabs(change) - samples->jitter_ns) / 16;
	samples->last_ns = rtt_ns;
}

static int make_room(struct samples *samples)
{
	size_t room = samples->room ? 2 * samples->room : 1024;
	int64_t *kept;

	if (room > SAMPLES_KEPT_MAX)
		room = SAMPLES_KEPT_MAX;
	kept = realloc(samples->kept, room * sizeof(*kept));
	if (!kept)
		return -1;
	samples->kept = kept;
	samples->room = room;
	return 0;
}

int samples_add(struct samples *samples, int64_t rtt_ns)
{
	uint64_t place;

	update_jitter(samples, rtt_ns);
	if (samples->count == 0 || rtt_ns < samples->min_ns)
		samples->min_ns = rtt_ns;
	if (samples->count == 0 || rtt_ns > samples->max_ns)
		samples->max_ns = rtt_ns;
	samples->count++;
	if (samples->kept_count == SAMPLES_KEPT_MAX) {
		place = draw_below(draw(0, samples->draws++), samples->count);
		if (place < SAMPLES_KEPT_MAX)
			samples->kept[place] = rtt_ns;
		return 0;
	}
	if (samples->kept_count == samples->room && make_room(samples) < 0)
		return -1;
	samples->kept[samples->kept_count++] = rtt_ns;
	return 0;
}

static int compare(const void *left, const void *right)
{
	const int64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

/* kept_count > 0 */
static int64_t percentile(const struct samples *samples, unsigned percent)
{
	size_t rank = (samples->kept_count * percent + 99) / 100;

	return samples->kept[rank ? rank - 1 : 0];
}

struct samples_summary samples_summarise(struct samples *samples)
{
	struct samples_summary summary = {
		.count = samples->count,
		.kept = samples->kept_count,
		.min_ns = samples->min_ns,
		.max_ns = samples->max_ns,
		.jitter_ns = samples->jitter_ns,
	};

	if (samples->kept_count == 0)
		return summary;
	qsort(samples->kept, samples->kept_count, sizeof(*samples->kept),
	      compare);
	summary.median_ns = percentile(samples, 50);
	summary.p95_ns = percentile(samples, 95);
	return summary;
}
