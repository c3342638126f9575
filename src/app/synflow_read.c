/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/synflow_read.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "net/capfile.h"
#include "net/capture.h"

enum {
	TICK_FRAMES = 4096, /* of a file, between two ticks */
};

#define TICK_NS (200 * NS_PER_MS)
/* What was on the wire before the end comes out of the kernel by then. */
#define DRAIN_NS (3 * CAPTURE_BLOCK_NS)

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	if (interrupted)
		_exit(STATUS_INCOMPLETE);
	interrupted = 1;
	/* Who was about to wait for a pipe did not see the mark: once more. */
	alarm(1);
}

static void wake(int signal)
{
	(void)signal;
}

/* Without SA_RESTART: who waits for a pipe is woken. */
int synflow_handle_signals(struct error *error)
{
	static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = wake}, before;

	sigemptyset(&action.sa_mask);
	if (sigaction(SIGALRM, &action, NULL) < 0)
		return error_errno(error, "signals");
	action.sa_handler = interrupt;
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++) {
		if (sigaction(ending[i], NULL, &before) < 0)
			return error_errno(error, "signals");
		/* As nohup(1) wants it. An ignored SIGINT is but what a shell
		 * gives to commands in the background. */
		if (ending[i] == SIGHUP && before.sa_handler == SIG_IGN)
			continue;
		if (sigaction(ending[i], &action, NULL) < 0)
			return error_errno(error, "signals");
	}
	return 0;
}

static int end_interrupted(const struct synflow_reading *reading,
			   struct error *error)
{
	return error_set(error, STATUS_INCOMPLETE,
			 "interrupted after %llu frames",
			 (unsigned long long)reading->taken);
}

static bool is_enough(const struct synflow_reading *reading)
{
	return reading->count && reading->taken >= reading->count;
}

/* ---- a file ---- */

static int read_file(struct synflow_reading *reading, struct error *error)
{
	struct capframe frame;
	int status = 0;

	while (!interrupted && !is_enough(reading)) {
		status = capfile_next(reading->file, &frame, error);
		if (status <= 0)
			break;
		if (reading->take(reading->context, &frame, error) < 0)
			return -1;
		if (++reading->taken % TICK_FRAMES == 0 &&
		    reading->tick(reading->context))
			return 0;
	}
	/* A pipe that was waited for in vain is no damage. */
	if (interrupted)
		return end_interrupted(reading, error);
	return status < 0 ? -1 : 0;
}

/* ---- live ---- */

struct live {
	struct synflow_reading *reading;
	struct error *error;
	int64_t end_ns; /* CLOCK_REALTIME: later frames are not wanted */
	bool ended;     /* ... and such a one has come */
	bool failed;
};

static void one_packet(void *context, const struct capture_packet *packet)
{
	struct live *live = context;
	struct synflow_reading *reading = live->reading;
	const struct capframe frame = {
		.number = reading->taken + 1,
		.t_ns = packet->wall_ns,
		.captured = (uint32_t)packet->captured,
		.length = (uint32_t)packet->length,
		.bytes = packet->bytes,
	};

	if (packet->wall_ns > live->end_ns)
		live->ended = true;
	if (live->failed || live->ended || is_enough(reading))
		return;
	reading->taken++;
	live->failed = reading->take(reading->context, &frame, live->error) < 0;
}

static void wait_for_packets(const struct capture *capture, int64_t ns,
			     const sigset_t *open)
{
	struct pollfd fd = {.fd = capture_fd(capture), .events = POLLIN};
	struct timespec pause = {.tv_nsec = ns > 0 ? (long)ns : 0};

	(void)ppoll(&fd, 1, &pause, open);
}

/* The moment of the end: on an interrupt or when the time is up. */
static void set_end(struct live *live, int64_t *until_ns)
{
	int64_t now_ns = clock_now_ns();

	live->end_ns = now_ns + clock_wall_offset_ns();
	*until_ns = now_ns + DRAIN_NS;
}

/* The signals are let in only while nothing else is done. */
static int read_packets(struct live *live, const sigset_t *open)
{
	struct synflow_reading *reading = live->reading;
	int64_t begun_ns = clock_now_ns(), ticked_ns = begun_ns;
	int64_t until_ns = INT64_MAX;

	if (reading->duration_ns)
		until_ns = begun_ns + reading->duration_ns;
	while (!live->failed && !live->ended && !is_enough(reading)) {
		/* Before the reading: if that is late, it is empty late. */
		int64_t now_ns = clock_now_ns();
		int n = capture_read(reading->capture, TICK_FRAMES, one_packet,
				     live, live->error);

		if (n < 0)
			return -1;
		if (n == 0 && now_ns >= until_ns && live->end_ns < INT64_MAX)
			break;
		if (live->end_ns == INT64_MAX &&
		    (interrupted || now_ns >= until_ns))
			set_end(live, &until_ns);
		if (n == 0 || now_ns - ticked_ns > TICK_NS) {
			if (reading->tick(reading->context))
				break;
			ticked_ns = now_ns;
		}
		wait_for_packets(reading->capture,
				 n > 0 ? 0
				 : until_ns - now_ns < TICK_NS
					 ? until_ns - now_ns
					 : TICK_NS,
				 open);
	}
	return live->failed ? -1 : 0;
}

static bool has_an_end(const struct synflow_reading *reading)
{
	return reading->count || reading->duration_ns;
}

static int read_live(struct synflow_reading *reading, struct error *error)
{
	struct live live = {
		.reading = reading,
		.error = error,
		.end_ns = INT64_MAX,
	};
	sigset_t closed, open;
	int status;

	sigemptyset(&closed);
	sigaddset(&closed, SIGINT);
	sigaddset(&closed, SIGTERM);
	sigaddset(&closed, SIGHUP);
	sigprocmask(SIG_BLOCK, &closed, &open);
	reading->begin_ns = clock_now_ns() + clock_wall_offset_ns();
	status = read_packets(&live, &open);
	reading->end_ns = clock_now_ns() + clock_wall_offset_ns();
	sigprocmask(SIG_SETMASK, &open, NULL);
	if (status < 0 && reading->taken > 0 && !live.failed)
		error->status = STATUS_INCOMPLETE; /* the device is gone */
	if (status == 0 && interrupted && has_an_end(reading) &&
	    !is_enough(reading))
		return end_interrupted(reading, error);
	return status;
}

int synflow_read(struct synflow_reading *reading, struct error *error)
{
	return reading->file ? read_file(reading, error)
			     : read_live(reading, error);
}
