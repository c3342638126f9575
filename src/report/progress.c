/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/number.h"

enum {
	INTERVAL_NS = 200 * NS_PER_MS,
	COLUMNS = 80, /* where the terminal does not say */
	LINE_BYTES = 256,
};

void progress_init(struct progress *progress, bool on, int64_t now_ns)
{
	*progress = (struct progress){
		.on = on,
		.started_ns = now_ns,
		.last_ns = now_ns,
	};
}

static unsigned terminal_columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col)
		return COLUMNS;
	return size.ws_col;
}

/* A mean in which each earlier interval counts half as much as the next. */
static void update_rate(struct progress *progress, uint64_t sent,
			int64_t now_ns)
{
	double seconds = (double)(now_ns - progress->last_ns) / NS_PER_S;
	double pps = (double)(sent - progress->last_sent) / seconds;
	bool first = progress->last_ns == progress->started_ns;

	progress->rate_pps = first ? pps : (progress->rate_pps + pps) / 2;
	progress->last_sent = sent;
	progress->last_ns = now_ns;
}

void progress_update(struct progress *progress, const struct progress_now *at,
		     int64_t now_ns)
{
	char line[LINE_BYTES];

	if (!progress->on || now_ns - progress->last_ns < INTERVAL_NS)
		return;
	update_rate(progress, at->sent, now_ns);
	progress_format(progress, at, now_ns, terminal_columns(), line,
			sizeof(line));
	log_status(line);
}

void progress_end(struct progress *progress)
{
	if (progress->on)
		log_status(NULL);
	progress->on = false;
}

static void rate_text(double pps, char *text, size_t bytes)
{
	if (pps < 1e3)
		snprintf(text, bytes, "%.0f pps", pps);
	else if (pps < 1e6)
		snprintf(text, bytes, "%.0f kpps", pps / 1e3);
	else
		snprintf(text, bytes, "%.1f Mpps", pps / 1e6);
}

/* By the pace so far. Empty while nothing is done or all is. */
static void left_text(const struct progress_now *at, int64_t elapsed_ns,
		      char *text, size_t bytes)
{
	double seconds;
	unsigned long minutes;

	*text = '\0';
	if (!at->done || at->done >= at->total)
		return;
	seconds = (double)elapsed_ns / NS_PER_S *
		  (double)(at->total - at->done) / (double)at->done;
	if (seconds > 1e9) /* thirty years */
		return;
	minutes = (unsigned long)(seconds / 60 + 0.5);
	if (seconds < 9.95)
		snprintf(text, bytes, "%.1f s left", seconds);
	else if (seconds < 120)
		snprintf(text, bytes, "%.0f s left", seconds);
	else if (minutes < 120)
		snprintf(text, bytes, "%lu min left", minutes);
	else
		snprintf(text, bytes, "%lu h %lu min left", minutes / 60,
			 minutes % 60);
}

/* Appends "  part" where the line stays within `width` characters. */
static void add_part(char *line, size_t width, const char *part)
{
	size_t used = strlen(line);
	size_t gap = used ? 2 : 0;

	if (!*part || used + gap + strlen(part) > width)
		return;
	memcpy(line + used, "  ", gap);
	memcpy(line + used + gap, part, strlen(part) + 1);
}

void progress_format(const struct progress *progress,
		     const struct progress_now *at, int64_t now_ns,
		     unsigned columns, char *line, size_t bytes)
{
	/* A full last column would wrap on some terminals. */
	size_t width = columns ? columns - 1 : 0;
	char part[LINE_BYTES], done[32], total[32];
	double share = 1;

	if (width > bytes - 1)
		width = bytes - 1;
	if (at->total)
		share = (double)at->done / (double)at->total;
	*line = '\0';
	/* Rounded down: 100% means all. */
	snprintf(part, sizeof(part), "%u%% %s/%s", (unsigned)(share * 100),
		 number_group(at->done, done, sizeof(done)),
		 number_group(at->total, total, sizeof(total)));
	add_part(line, width, part);
	rate_text(progress->rate_pps, part, sizeof(part));
	add_part(line, width, part);
	snprintf(part, sizeof(part), "%s open",
		 number_group(at->open, done, sizeof(done)));
	add_part(line, width, part);
	left_text(at, now_ns - progress->started_ns, part, sizeof(part));
	add_part(line, width, part);
}
