/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/receiver.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/ring.h"
#include "net/capture.h"
#include "scan/shared.h"

#define READ_LIMIT  1024
#define ROUNDS_MOST 16 /* of one capture before the others' turn */
/* The sender's time-outs wait for the horizon: publish it this often. */
#define IDLE_NS (4 * NS_PER_MS)
/* Replies that come thick are gathered for a moment: each wake-up costs the
 * sender's processor, which handles them, more than the packet. */
#define GATHER_NS (250 * NS_PER_US)
#define DENSE_NS  NS_PER_MS
/* The wall clock was stepped if it moved against the monotonic one by more
 * within one batch; and no stamp of so long ago is of the clock we know. */
#define STEP_NS  NS_PER_MS
#define STALE_NS (5 * NS_PER_S)

struct reading {
	struct receiver *receiver;
	unsigned ifindex;
	int link_type;
	int64_t offset_ns; /* wall clock minus monotonic */
	int64_t now_ns;
	bool time_ok;
	uint64_t rejected;
};

static bool must_stop(const struct shared *shared)
{
	struct pollfd fd = {shared->receiver_stop_fd, POLLIN, 0};

	return poll(&fd, 1, 0) > 0;
}

/* The ring is as large as the window in the air can be; should it fill all
 * the same, the kernel's ring holds what comes meanwhile. */
static void push(struct shared *shared, const struct receiver_event *event)
{
	const struct timespec pause = {.tv_nsec = GATHER_NS};

	while (!ring_push(shared->ring, event)) {
		struct pollfd fd = {shared->receiver_stop_fd, POLLIN, 0};

		shared_ring_bell(shared);
		if (ppoll(&fd, 1, &pause, NULL) > 0)
			return;
	}
}

static void one_packet(void *context, int64_t wall_ns, const uint8_t *bytes,
		       size_t captured)
{
	struct reading *reading = context;
	struct receiver *receiver = reading->receiver;
	struct receiver_event event = {.kind = EVENT_REPLY,
				       .ifindex = reading->ifindex};
	struct packet packet;
	enum packet_error parsed =
		packet_parse(&packet, reading->link_type, bytes, captured);

	if (packet_neighbour(&packet, parsed, &event.neighbour)) {
		event.kind = EVENT_NEIGHBOUR;
		push(receiver->shared, &event);
		return;
	}
	if (parsed != PACKET_OK)
		return;
	switch (reply_classify(&packet, &receiver->key, &event.reply)) {
	case REPLY_NONE:
		return;
	case REPLY_REJECTED:
		reading->rejected++;
		return;
	case REPLY_VERDICT:
		break;
	}
	event.at_ns = wall_ns - reading->offset_ns;
	if (event.at_ns > reading->now_ns) /* came while we were reading */
		reading->now_ns = clock_now_ns();
	event.time_ok = reading->time_ok && event.at_ns <= reading->now_ns &&
			event.at_ns > reading->now_ns - STALE_NS;
	if (!event.time_ok)
		event.at_ns = reading->now_ns;
	push(receiver->shared, &event);
}

/* A capture whose device is gone is closed; the sender ends the scan. */
static void drop_source(struct receiver *receiver, size_t i,
			const struct error *error)
{
	log_line(LOG_WARN, "%s", error->text);
	receiver->past_drops += capture_drops(receiver->sources[i].capture);
	capture_close(receiver->sources[i].capture);
	receiver->sources[i] = receiver->sources[--receiver->n_sources];
	atomic_store(&receiver->shared->captures_gone, true);
}

/* Empties the captures once; how many packets there were. */
static int read_all(struct receiver *receiver)
{
	struct shared *shared = receiver->shared;
	struct reading reading = {.receiver = receiver};
	int64_t begun_ns = clock_now_ns();
	uint64_t drops;
	int total = 0, n, rounds;
	bool capped = false;

	reading.offset_ns = receiver->offset_ns;
	for (size_t i = 0; i < receiver->n_sources; i++) {
		struct receiver_source *source = &receiver->sources[i];
		struct error error = ERROR_INIT;
		int64_t moved;

		reading.ifindex = source->ifindex;
		reading.link_type = capture_link_type(source->capture);
		rounds = 0;
		do {
			/* A batch that was read over a step of the clock
			 * gives no times. */
			int64_t offset = clock_wall_offset_ns();

			moved = offset - reading.offset_ns;
			reading.time_ok = llabs(moved) < STEP_NS;
			reading.offset_ns = offset;
			reading.now_ns = clock_now_ns();
			n = capture_read(source->capture, READ_LIMIT,
					 one_packet, &reading, &error);
			if (n > 0)
				total += n;
		} while (n == READ_LIMIT && ++rounds < ROUNDS_MOST);
		capped |= rounds == ROUNDS_MOST;
		if (n < 0)
			drop_source(receiver, i--, &error);
	}
	drops = receiver->past_drops;
	for (size_t i = 0; i < receiver->n_sources; i++)
		drops += capture_drops(receiver->sources[i].capture);
	atomic_store(&shared->capture_drops, drops);
	if (reading.rejected)
		atomic_fetch_add(&shared->replies_rejected, reading.rejected);
	receiver->offset_ns = reading.offset_ns;
	if (!capped) /* else there is more of the time before */
		atomic_store(&shared->horizon_ns, begun_ns);
	if (total > 0)
		shared_ring_bell(shared);
	return total;
}

/* dense: packets come more often than it is worth to be woken for each. */
static void wait_for_packets(const struct receiver *receiver,
			     struct pollfd *fds, bool dense)
{
	struct timespec pause = {.tv_nsec = dense ? GATHER_NS : IDLE_NS};
	size_t n = 1;

	fds[0] = (struct pollfd){receiver->shared->receiver_stop_fd, POLLIN, 0};
	for (size_t i = 0; i < receiver->n_sources && !dense; i++)
		fds[n++] = (struct pollfd){
			capture_fd(receiver->sources[i].capture), POLLIN, 0};
	(void)ppoll(fds, n, &pause, NULL);
}

void *receiver_run(void *argument)
{
	struct receiver *receiver = argument;
	struct pollfd *fds = calloc(receiver->n_sources + 1, sizeof(*fds));
	int64_t last_ns = 0;

	receiver->offset_ns = clock_wall_offset_ns();
	pthread_barrier_wait(&receiver->shared->armed);
	while (fds && receiver->n_sources > 0 && !must_stop(receiver->shared)) {
		int64_t now_ns = clock_now_ns();
		bool some = read_all(receiver) > 0;

		wait_for_packets(receiver, fds,
				 some && now_ns - last_ns < DENSE_NS);
		if (some)
			last_ns = now_ns;
	}
	if (!fds || receiver->n_sources == 0) {
		atomic_store(&receiver->shared->captures_gone, true);
		atomic_store(&receiver->shared->horizon_ns, INT64_MAX);
		shared_ring_bell(receiver->shared);
	}
	for (size_t i = 0; i < receiver->n_sources; i++)
		capture_close(receiver->sources[i].capture);
	free(fds);
	return NULL;
}
