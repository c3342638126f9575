/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/connworker.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bell.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/ring.h"

/* The engine's time-outs wait for the horizon: publish it this often. */
#define IDLE_NS (4 * NS_PER_MS)

int connworker_open(struct connworker *worker, struct connworker_boss *boss,
		    const struct connway *ways, size_t n_ways, uint32_t ids,
		    struct error *error)
{
	worker->boss = boss;
	worker->bell_fd = bell_new();
	worker->jobs = ring_new(CONNWORKER_JOBS, sizeof(struct connworker_job));
	worker->tried =
		ring_new(CONNWORKER_JOBS, sizeof(struct connector_outcome));
	/* Of one id there may be the end of an earlier use in there, which was
	 * given up just then, and that of the present one. */
	worker->ended =
		ring_new(2 * (size_t)ids, sizeof(struct connector_outcome));
	if (worker->bell_fd < 0 || !worker->jobs || !worker->tried ||
	    !worker->ended)
		return error_errno(error, "connections");
	atomic_init(&worker->horizon_ns, INT64_MAX);
	worker->connector = connector_new(ways, n_ways, ids, error);
	return worker->connector ? 0 : -1;
}

void connworker_close(struct connworker *worker)
{
	if (!worker->boss)
		return;
	connector_free(worker->connector);
	ring_free(worker->jobs);
	ring_free(worker->tried);
	ring_free(worker->ended);
	if (worker->bell_fd >= 0)
		close(worker->bell_fd);
	*worker = (struct connworker){.bell_fd = -1};
}

static void ring_bell(int fd, atomic_bool *waits)
{
	if (atomic_exchange(waits, false))
		bell_ring(fd);
}

bool connworker_hand(struct connworker *worker,
		     const struct connworker_job *job)
{
	return ring_push(worker->jobs, job);
}

void connworker_ring(struct connworker *worker)
{
	ring_bell(worker->bell_fd, &worker->waits);
}

static bool do_jobs(struct connworker *worker)
{
	struct connector_outcome outcome;
	struct connworker_job job;
	bool any = false;

	while (ring_pop(worker->jobs, &job)) {
		/* Before the boss hears of it, and takes the end of time for
		 * the horizon. */
		if (!any && connector_pending(worker->connector) == 0)
			atomic_store(&worker->horizon_ns, clock_now_ns());
		any = true;
		if (job.abort) {
			connector_abort(worker->connector, job.connect.id,
					job.connect.use);
			continue;
		}
		connector_connect(worker->connector, &job.connect, &outcome);
		(void)ring_push(worker->tried, &outcome);
	}
	return any;
}

static void tell_end(void *context, const struct connector_outcome *outcome)
{
	struct connworker *worker = context;

	(void)ring_push(worker->ended, outcome);
}

static bool turn(struct connworker *worker)
{
	bool any = do_jobs(worker);
	int64_t now_ns = clock_now_ns();
	uint32_t pending = connector_pending(worker->connector);

	if (pending > 0)
		connector_poll(worker->connector, tell_end, worker);
	atomic_store(&worker->horizon_ns, pending > 0 ? now_ns : INT64_MAX);
	atomic_store(&worker->held, connector_held(worker->connector));
	return any || connector_pending(worker->connector) < pending;
}

void connworker_turn(struct connworker *worker)
{
	(void)turn(worker);
}

static void ring_boss(struct connworker *worker)
{
	ring_bell(worker->boss->wake_fd, &worker->boss->waits);
}

/* Until there is a job, or an end of a pending connect. */
static void wait_for_work(struct connworker *worker)
{
	struct pollfd fds[] = {
		{worker->bell_fd, POLLIN, 0},
		{connector_fd(worker->connector), POLLIN, 0},
	};
	const struct timespec pause = {.tv_nsec = IDLE_NS};
	bool idle;

	atomic_store(&worker->waits, true);
	/* What came before the store is not announced: look once more. */
	if (turn(worker)) {
		ring_boss(worker);
	} else {
		idle = connector_pending(worker->connector) == 0;
		if (ppoll(fds, idle ? 1 : 2, idle ? NULL : &pause, NULL) > 0)
			bell_hear(worker->bell_fd);
	}
	atomic_store(&worker->waits, false);
}

static void *worker_run(void *argument)
{
	struct connworker *worker = argument;

	while (!atomic_load(&worker->stop)) {
		if (turn(worker))
			ring_boss(worker);
		else
			wait_for_work(worker);
	}
	connector_free(worker->connector);
	worker->connector = NULL;
	return NULL;
}

int connworker_start(struct connworker *worker, struct error *error)
{
	int status = pthread_create(&worker->thread, NULL, worker_run, worker);

	if (status != 0)
		return error_set(error, STATUS_FAILED, "start a thread: %s",
				 strerror(status));
	worker->started = true;
	return 0;
}

void connworker_stop(struct connworker *worker)
{
	if (!worker->started)
		return;
	atomic_store(&worker->stop, true);
	bell_ring(worker->bell_fd);
}

void connworker_join(struct connworker *worker)
{
	if (worker->started)
		pthread_join(worker->thread, NULL);
	worker->started = false;
}
