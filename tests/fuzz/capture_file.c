/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A capture file from a stranger, and the analysis of what it holds, shown in
 * every format. The first byte says how it is opened and which view is taken;
 * the rest is the file, so that `tail -c +2` makes a capture of an input.
 */
#include <pcap/dlt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "flow/flow.h"
#include "flow/view.h"
#include "fuzz/failing.h"
#include "net/capfile.h"

enum {
	OPEN_MASK = 0x03,
	OPEN_STREAM = 0,
	OPEN_PATH,
	OPEN_STDIN,
	OPEN_NOTHING,
	FILTER_TCP = 0x04,
	FILTER_BAD = 0x08,
	VIEW_SHIFT = 4,
	VIEW_MASK = 0x03,
	WITH_VIEW = 0x40,
	CONVERSATIONS_MAX = 4,
};

static struct capfile *open_fd(int fd, struct error *error)
{
	struct capfile *capfile;
	char path[32];
	int before;

	if (fd >= 0) {
		snprintf(path, sizeof(path), "/dev/fd/%d", fd);
		return capfile_open(path, error);
	}
	fd = ~fd;
	before = dup(STDIN_FILENO);
	if (dup2(fd, STDIN_FILENO) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	capfile = capfile_open("-", error);
	if (before < 0)
		close(STDIN_FILENO);
	else if (dup2(before, STDIN_FILENO) < 0 || close(before) < 0)
		abort();
	return capfile;
}

static struct capfile *open_input(uint8_t how, const uint8_t *data, size_t size,
				  struct error *error)
{
	struct capfile *capfile;
	FILE *stream;
	int fd;

	switch (how & OPEN_MASK) {
	case OPEN_STREAM:
		stream = fmemopen((void *)data, size, "rb");
		return stream ? capfile_open_stream(stream, "input", error)
			      : NULL;
	case OPEN_NOTHING:
		return capfile_open("/dev/fd/-1", error);
	}
	fd = memfd_create("capture", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	capfile = open_fd((how & OPEN_MASK) == OPEN_PATH ? fd : ~fd, error);
	close(fd);
	return capfile;
}

/* ---- the analysis ---- */

struct reader {
	struct capfile *capfile;
	struct flow *flow;
	struct views *views; /* or NULL */
	struct flow_event event;
	uint64_t last;
};

static void check_frame(struct reader *reader, const struct capframe *frame)
{
	if (frame->number <= reader->last ||
	    frame->number != capfile_frames(reader->capfile) ||
	    frame->captured > frame->length || frame->t_ns < 0)
		abort();
	reader->last = frame->number;
}

/* A copy, in memory of just its size: libpcap's buffer is larger. */
static int take(struct reader *reader, const struct capframe *frame,
		struct error *error)
{
	size_t bytes = frame->captured;
	uint8_t *copy = malloc(bytes ? bytes : 1);
	struct frame_input input = {
		.number = frame->number,
		.time_ns = frame->t_ns,
		.dlt = capfile_link_type(reader->capfile),
		.bytes = copy,
		.captured = bytes,
		.original = frame->length,
	};
	int result;

	if (!copy)
		return error_set(error, STATUS_FAILED, "out of memory");
	memcpy(copy, frame->bytes, bytes);
	result = flow_take(reader->flow, &input, &reader->event, error);
	if (result == 0 && reader->views)
		result = views_event(reader->views, &reader->event, error);
	free(copy);
	return result;
}

/* What no capture file gives it, since capfile refuses them: a link type that
 * is not known, and more bytes than there were. */
static void dissect_odd(const struct capframe *frame)
{
	struct frame_input input = {
		.dlt = DLT_PPP,
		.bytes = frame->bytes,
		.captured = frame->captured,
		.original = frame->length,
	};
	struct frame odd;

	for (int fault = FRAME_SOUND; fault <= FRAME_ICMP_CUT; fault++)
		if (!*frame_fault_text((enum frame_fault)fault))
			abort();
	frame_dissect(&odd, &input);
	if (odd.kind != FRAME_FAULTY || odd.fault != FRAME_LINK_UNKNOWN)
		abort();
	if (frame->captured == 0)
		return;
	input.original = frame->captured - 1;
	frame_dissect(&odd, &input);
	if (odd.kind != FRAME_FAULTY || odd.fault != FRAME_CAPLEN)
		abort();
}

static int finish(struct reader *reader, struct error *error)
{
	const struct view_summary summary = {.complete = true};
	struct flow_counts counts;

	if (flow_finish(reader->flow, error) < 0)
		return -1;
	flow_counts(reader->flow, &counts);
	if (flow_count(reader->flow) > CONVERSATIONS_MAX ||
	    counts.frames != counts.tcp + counts.udp + counts.icmp_errors +
				     counts.fragments + counts.other +
				     counts.not_ip + counts.faulty)
		abort();
	if (!reader->views)
		return 0;
	return views_finish(reader->views, reader->flow, &summary, error);
}

static int read_all(struct reader *reader, struct error *error)
{
	struct capframe frame;
	int more;

	while ((more = capfile_next(reader->capfile, &frame, error)) > 0) {
		check_frame(reader, &frame);
		dissect_odd(&frame);
		if (take(reader, &frame, error) < 0)
			return -1;
	}
	if (more < 0 && !error->text[0])
		abort();
	return finish(reader, more < 0 ? NULL : error) < 0 ? -1 : more;
}

static int open_views(struct reader *reader, uint8_t how, struct error *error)
{
	static const char *const formats[] = {
		"text:/dev/null", "ndjson:/dev/null", "svg:/dev/null",
		"html:/dev/null"};
	const struct view_config config = {
		.kind = (enum view_kind)(how >> VIEW_SHIFT & VIEW_MASK),
		.verbose = true,
		.source = "input",
	};

	if (!(how & WITH_VIEW))
		return 0;
	reader->views = views_new(&config);
	if (!reader->views)
		return error_errno(error, "outputs");
	for (size_t i = 0; i < 4; i++)
		if ((config.kind == VIEW_LADDER || !views_draws(formats[i])) &&
		    views_add(reader->views, formats[i], error) < 0)
			return -1;
	return 0;
}

static int open_flow(struct reader *reader, uint8_t how, struct error *error)
{
	const struct flow_config config = {
		.key = {{1, 2}},
		.details =
			(how >> VIEW_SHIFT & VIEW_MASK) != VIEW_CONVERSATIONS,
		.conversations_max = CONVERSATIONS_MAX,
	};

	reader->flow = flow_new(&config, error);
	return reader->flow ? 0 : -1;
}

static int filter(struct capfile *capfile, uint8_t how, struct error *error)
{
	if (how & FILTER_BAD)
		return capfile_filter(capfile, "tcp and (", error);
	return how & FILTER_TCP ? capfile_filter(capfile, "tcp", error) : 0;
}

static void run(const uint8_t *data, size_t size)
{
	static struct reader reader;
	struct error error = ERROR_INIT;

	if (size < 2)
		return;
	reader.flow = NULL;
	reader.views = NULL;
	reader.last = 0;
	reader.capfile = open_input(data[0], data + 1, size - 1, &error);
	if ((!reader.capfile || filter(reader.capfile, data[0], &error) < 0 ||
	     open_flow(&reader, data[0], &error) < 0 ||
	     open_views(&reader, data[0], &error) < 0 ||
	     read_all(&reader, &error) < 0) &&
	    !error.text[0])
		abort();
	views_free(reader.views);
	flow_free(reader.flow);
	capfile_close(reader.capfile);
	capfile_close(NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	failing_run(run, data, size);
	return 0;
}
