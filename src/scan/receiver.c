/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/receiver.h"

#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/ring.h"
#include "net/capture.h"
#include "scan/recorder.h"
#include "scan/shared.h"
#include "wire/meaning.h"

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
/* A record ends when nothing has come for so long, or after so long. */
#define QUIET_NS  (3 * NS_PER_MS)
#define LINGER_NS (100 * NS_PER_MS)

struct reading {
	struct receiver *receiver;
	const struct receiver_source *source;
	int link_type;
	int64_t offset_ns; /* wall clock minus monotonic */
	int64_t now_ns;
	bool time_ok;
	bool capped; /* there is more */
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

/* ---- recording ---- */

static void record(const struct reading *reading,
		   const struct capture_packet *captured,
		   const struct meaning *meaning, bool outbound)
{
	if (meaning->kind == MEANING_NONE) /* others' */
		return;
	recorder_packet(reading->receiver->recorder,
			&(struct record){
				.wall_ns = captured->wall_ns,
				.bytes = captured->bytes,
				.captured = (uint32_t)captured->captured,
				.length = (uint32_t)captured->length,
				.link_type = reading->link_type,
				.interface = reading->source->interface,
				.outbound = outbound,
				.meaning = *meaning,
			});
}

static void record_received(const struct reading *reading,
			    const struct capture_packet *captured,
			    const struct packet *packet,
			    enum packet_error parsed, enum reply_kind kind,
			    const struct reply *reply)
{
	const struct reply_key *key = &reading->receiver->key;
	bool outbound = false;
	struct meaning meaning;

	meaning_of_received(&meaning, packet, parsed, kind, reply, key);
	if (reading->source->side == RECEIVER_BOTH &&
	    meaning.kind == MEANING_NONE) {
		meaning_of_sent(&meaning, packet, parsed, key);
		outbound = true;
	}
	record(reading, captured, &meaning, outbound);
}

static void one_sent(void *context, const struct capture_packet *captured)
{
	struct reading *reading = context;
	struct meaning meaning;
	struct packet packet;
	enum packet_error parsed =
		packet_parse(&packet, reading->link_type, captured->bytes,
			     captured->captured);

	meaning_of_sent(&meaning, &packet, parsed, &reading->receiver->key);
	record(reading, captured, &meaning, true);
}

static void add_totals(struct receiver *receiver,
		       const struct receiver_source *source)
{
	struct pcapng_statistics *totals = &receiver->totals[source->interface];

	totals->received += capture_received(source->capture);
	totals->dropped += capture_drops(source->capture);
}

/* ---- reading ---- */

static void take_reply(struct reading *reading, struct receiver_event *event,
		       int64_t wall_ns)
{
	event->at_ns = wall_ns - reading->offset_ns;
	if (event->at_ns > reading->now_ns) /* came while we were reading */
		reading->now_ns = clock_now_ns();
	event->time_ok = reading->time_ok && event->at_ns <= reading->now_ns &&
			 event->at_ns > reading->now_ns - STALE_NS;
	if (!event->time_ok)
		event->at_ns = reading->now_ns;
	push(reading->receiver->shared, event);
}

static void one_packet(void *context, const struct capture_packet *captured)
{
	struct reading *reading = context;
	struct receiver *receiver = reading->receiver;
	struct receiver_event event = {.kind = EVENT_REPLY,
				       .ifindex = reading->source->ifindex};
	enum reply_kind kind = REPLY_NONE;
	struct packet packet;
	enum packet_error parsed =
		packet_parse(&packet, reading->link_type, captured->bytes,
			     captured->captured);

	if (packet_neighbour(&packet, parsed, &event.neighbour))
		event.kind = EVENT_NEIGHBOUR;
	else if (parsed == PACKET_OK)
		kind = reply_classify(&packet, &receiver->key, &event.reply);
	if (receiver->recorder)
		record_received(reading, captured, &packet, parsed, kind,
				&event.reply);
	if (event.kind == EVENT_NEIGHBOUR)
		push(receiver->shared, &event);
	else if (kind == REPLY_VERDICT)
		take_reply(reading, &event, captured->wall_ns);
	else if (kind == REPLY_REJECTED)
		reading->rejected++;
}

/* A capture whose device is gone is closed; the sender ends the scan. */
static void drop_source(struct receiver *receiver, size_t i,
			const struct error *error)
{
	struct receiver_source *source = &receiver->sources[i];

	if (source->side != RECEIVER_SENT) {
		log_line(LOG_WARN, "%s", error->text);
		receiver->past_drops += capture_drops(source->capture);
		atomic_store(&receiver->shared->captures_gone, true);
	}
	if (receiver->recorder)
		add_totals(receiver, source);
	capture_close(source->capture);
	*source = receiver->sources[--receiver->n_sources];
}

/* Empties one; how many packets there were, or -1 when its device is gone. */
static int read_source(struct reading *reading,
		       const struct receiver_source *source,
		       struct error *error)
{
	int total = 0, n, rounds = 0;

	reading->source = source;
	reading->link_type = capture_link_type(source->capture);
	do {
		/* A batch that was read over a step of the clock gives no
		 * times. */
		int64_t offset = clock_wall_offset_ns();

		reading->time_ok = llabs(offset - reading->offset_ns) < STEP_NS;
		reading->offset_ns = offset;
		reading->now_ns = clock_now_ns();
		n = capture_read(source->capture, READ_LIMIT,
				 source->side == RECEIVER_SENT ? one_sent
							       : one_packet,
				 reading, error);
		if (n < 0)
			return -1;
		total += n;
	} while (n == READ_LIMIT && ++rounds < ROUNDS_MOST);
	reading->capped |= rounds == ROUNDS_MOST;
	return total;
}

/* Empties those of what we sent, or the others; how many packets there were. */
static int read_side(struct reading *reading, bool sent)
{
	struct receiver *receiver = reading->receiver;
	int total = 0, n;

	for (size_t i = 0; i < receiver->n_sources; i++) {
		struct error error = ERROR_INIT;

		if ((receiver->sources[i].side == RECEIVER_SENT) != sent)
			continue;
		n = read_source(reading, &receiver->sources[i], &error);
		if (n < 0)
			drop_source(receiver, i--, &error);
		else
			total += n;
	}
	return total;
}

/* Drops of what we sent are the record's loss, and no reply's. */
static uint64_t reply_drops(const struct receiver *receiver)
{
	uint64_t drops = receiver->past_drops;

	for (size_t i = 0; i < receiver->n_sources; i++)
		if (receiver->sources[i].side != RECEIVER_SENT)
			drops += capture_drops(receiver->sources[i].capture);
	return drops;
}

/* Empties the captures once; how many packets came in. */
static int read_all(struct receiver *receiver)
{
	struct shared *shared = receiver->shared;
	struct reading reading = {.receiver = receiver,
				  .offset_ns = receiver->offset_ns};
	int64_t begun_ns = clock_now_ns();
	int total = read_side(&reading, false);

	atomic_store(&shared->capture_drops, reply_drops(receiver));
	if (reading.rejected)
		atomic_fetch_add(&shared->replies_rejected, reading.rejected);
	receiver->offset_ns = reading.offset_ns;
	if (!reading.capped) /* else there is more of the time before */
		atomic_store(&shared->horizon_ns, begun_ns);
	if (total > 0)
		shared_ring_bell(shared);
	if (!receiver->recorder)
		return total;
	(void)read_side(&reading, true);
	if (!reading.capped)
		recorder_advance(receiver->recorder,
				 begun_ns + reading.offset_ns);
	return total;
}

/* dense: packets come more often than it is worth to be woken for each. */
static void wait_for_packets(const struct receiver *receiver,
			     struct pollfd *fds, bool dense)
{
	struct timespec pause = {.tv_nsec = dense ? GATHER_NS : IDLE_NS};
	size_t n = 1;

	fds[0] = (struct pollfd){receiver->shared->receiver_stop_fd, POLLIN, 0};
	/* What we sent can wait for the next reply, or for the time-out. */
	for (size_t i = 0; i < receiver->n_sources && !dense; i++)
		if (receiver->sources[i].side != RECEIVER_SENT)
			fds[n++] = (struct pollfd){
				capture_fd(receiver->sources[i].capture),
				POLLIN, 0};
	(void)ppoll(fds, n, &pause, NULL);
}

/* The scan is over: what comes within a moment, our kernel's RST to the last
 * SYN,ACK above all, belongs to the record. */
static void end_record(struct receiver *receiver)
{
	const struct timespec pause = {.tv_nsec = QUIET_NS};
	int64_t end_ns = clock_now_ns() + LINGER_NS;
	int64_t begin_ns = receiver->begun_ns, wall_ns;

	do
		(void)nanosleep(&pause, NULL);
	while (read_all(receiver) > 0 && clock_now_ns() < end_ns);
	for (size_t i = 0; i < receiver->n_sources; i++)
		add_totals(receiver, &receiver->sources[i]);
	wall_ns = clock_now_ns() + receiver->offset_ns;
	for (size_t i = 0; i < receiver->n_interfaces; i++) {
		receiver->totals[i].begin_ns = begin_ns;
		receiver->totals[i].end_ns = wall_ns;
	}
	recorder_end(receiver->recorder, receiver->totals,
		     receiver->n_interfaces);
}

static void *close_sent(void *argument)
{
	const struct receiver *receiver = argument;

	for (size_t i = 0; i < receiver->n_sources; i++)
		if (receiver->sources[i].side == RECEIVER_SENT)
			capture_close(receiver->sources[i].capture);
	return NULL;
}

/* The kernel takes tens of milliseconds to let go of a packet socket: both
 * sides at a time. */
static void close_sources(struct receiver *receiver)
{
	pthread_t thread;
	bool apart = receiver->recorder &&
		     pthread_create(&thread, NULL, close_sent, receiver) == 0;

	for (size_t i = 0; i < receiver->n_sources; i++)
		if (receiver->sources[i].side != RECEIVER_SENT)
			capture_close(receiver->sources[i].capture);
	if (apart)
		pthread_join(thread, NULL);
	else
		close_sent(receiver);
}

void *receiver_run(void *argument)
{
	struct receiver *receiver = argument;
	struct pollfd *fds = calloc(receiver->n_sources + 1, sizeof(*fds));
	int64_t last_ns = 0;

	receiver->offset_ns = clock_wall_offset_ns();
	receiver->begun_ns = clock_now_ns() + receiver->offset_ns;
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
	if (receiver->recorder)
		end_record(receiver);
	close_sources(receiver);
	free(fds);
	return NULL;
}
