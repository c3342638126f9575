/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "random.h"

#define START_NS   NS_PER_S
#define CWND       64
#define CWND_LIMIT 32768
#define RTO_MARGIN (50 * NS_PER_MS)

/* ---- a path with one host behind it, asked through a window ---- */

struct
try {
	int64_t at_ns; /* when it is answered or missed */
	int64_t first_ns;
	uint8_t epoch, tries;
	bool answers; /* the port would, if asked often enough */
	bool beacon;  /* it is known to */
};

/* A queue of tries whose at_ns never falls. */
struct queue {
	struct try *tries;
	uint64_t head, tail, size; /* size: a power of two */
};

struct path {
	/* What is given. */
	double silent, loss; /* shares: of the ports, of the tries */
	double police_pps;   /* > 0: what is above it gets lost */
	double device_pps;
	unsigned most_tries;
	int64_t rtt_ns;
	int64_t outage_from_ns, outage_to_ns;
	/* What comes of it. */
	struct window window;
	struct random random;
	struct queue answers, misses, again;
	int64_t now_ns, police_ns;
	double police_tokens;
	uint64_t fresh, sent, passed;
	unsigned since_beacon;
	uint64_t falls; /* times that HOLD was entered */
};

static void queue_add(struct queue *queue, const struct try *try)
{
	assert_true(queue->tail - queue->head < queue->size);
	queue->tries[queue->tail++ & (queue->size - 1)] = *try;
}

static struct try *queue_due(struct queue *queue, int64_t now_ns)
{
	struct try *try = &queue->tries[queue->head & (queue->size - 1)];

	if (queue->head == queue->tail || try->at_ns > now_ns)
		return NULL;
	queue->head++;
	return try;
}

static int64_t queue_next_ns(const struct queue *queue)
{
	return queue->head == queue->tail
		       ? INT64_MAX
		       : queue->tries[queue->head & (queue->size - 1)].at_ns;
}

static void queue_init(struct queue *queue)
{
	queue->size = 1 << 21;
	queue->tries = calloc(queue->size, sizeof(*queue->tries));
	assert_non_null(queue->tries);
}

static void path_open(struct path *path, struct random random)
{
	path->random = random;
	path->now_ns = path->police_ns = START_NS;
	path->police_tokens = 5;
	window_init(&path->window, CWND, CWND_LIMIT);
	queue_init(&path->answers);
	queue_init(&path->misses);
	queue_init(&path->again);
}

static void path_close(struct path *path)
{
	free(path->answers.tries);
	free(path->misses.tries);
	free(path->again.tries);
}

static bool happens(struct path *path, double share)
{
	return (double)(random_next(&path->random) >> 11) * 0x1p-53 < share;
}

static bool gets_through(struct path *path)
{
	if (path->now_ns >= path->outage_from_ns &&
	    path->now_ns < path->outage_to_ns)
		return false;
	if (path->police_pps > 0) {
		path->police_tokens +=
			(double)(path->now_ns - path->police_ns) * 1e-9 *
			path->police_pps;
		path->police_ns = path->now_ns;
		if (path->police_tokens > 5)
			path->police_tokens = 5;
		if (path->police_tokens < 1)
			return false;
		path->police_tokens -= 1;
	}
	return !happens(path, path->loss);
}

static bool beacon_is_due(struct path *path)
{
	unsigned every = window_beacons(&path->window);

	if (every == 0 || ++path->since_beacon < every)
		return false;
	path->since_beacon = 0;
	return true;
}

/* What goes next: a beacon, a port that is silent so far, or a new one. */
static struct try next_try(struct path *path)
{
	struct try next = {.first_ns = path->now_ns};
	struct try *again;

	if (beacon_is_due(path)) {
		next.answers = next.beacon = true;
		return next;
	}
	again = queue_due(&path->again, path->now_ns);
	if (again)
		return *again;
	next.answers = !happens(path, path->silent);
	path->fresh++;
	return next;
}

static void send_one(struct path *path)
{
	struct try try = next_try(path);
	bool sample =
		window_beacons(&path->window) > 0 ? try.beacon : try.tries == 0;

	path->sent++;
	try.tries++;
	try.epoch =
		window_sent(&path->window, sample, path->rtt_ns, path->now_ns);
	if (gets_through(path)) {
		path->passed++;
		if (try.answers) {
			try.at_ns = path->now_ns + path->rtt_ns;
			queue_add(&path->answers, &try);
			return;
		}
	}
	try.at_ns = path->now_ns + path->rtt_ns + RTO_MARGIN;
	queue_add(&path->misses, &try);
}

static void look(struct path *path)
{
	struct try *try;

	while ((try = queue_due(&path->answers, path->now_ns))) {
		if (!try->beacon)
			window_evidence(
				&path->window, try->tries > 1, try->first_ns,
				path->rtt_ns + RTO_MARGIN, path->now_ns);
		window_resolved(&path->window, try->epoch, try->tries == 1,
				path->rtt_ns, path->now_ns);
	}
	while ((try = queue_due(&path->misses, path->now_ns))) {
		window_resolved(&path->window, try->epoch, false, path->rtt_ns,
				path->now_ns);
		if (!try->beacon && try->tries < path->most_tries)
			queue_add(&path->again, try);
	}
}

/* Until so many ports were asked, or it is that late. */
static void path_run(struct path *path, uint64_t fresh, int64_t until_ns)
{
	while (path->fresh < fresh && path->now_ns < until_ns) {
		enum window_phase phase = path->window.phase;
		int64_t next_ns;

		look(path);
		if (window_allows(&path->window, path->now_ns)) {
			send_one(path);
			path->now_ns += (int64_t)(1e9 / path->device_pps);
		} else {
			next_ns = window_next_ns(&path->window);
			if (next_ns <= path->now_ns)
				next_ns = INT64_MAX;
			if (queue_next_ns(&path->answers) < next_ns)
				next_ns = queue_next_ns(&path->answers);
			if (queue_next_ns(&path->misses) < next_ns)
				next_ns = queue_next_ns(&path->misses);
			assert_int_not_equal(next_ns, INT64_MAX);
			path->now_ns = next_ns;
		}
		path->falls += phase != WINDOW_HOLD &&
			       path->window.phase == WINDOW_HOLD;
	}
}

/* ---- what is asked of it ---- */

/* Silent ports and random loss are the same at every pace: not a reason to
 * hold. Some hundreds of epochs of each kind; of so many looks very few may be
 * taken in, and then the pace comes back. */
static void test_stationary(void **state)
{
	static const double silents[] = {0, 0.01, 0.2, 0.5, 0.9, 0.99};
	static const double losses[] = {0, 0.01, 0.1, 0.36};
	static const int64_t rtts_ns[] = {300 * NS_PER_US, 50 * NS_PER_MS};
	struct random random = random_new();
	uint64_t falls = 0;

	(void)state;
	for (unsigned i = 0; i < 6 * 4 * 2; i++) {
		struct path path = {
			.silent = silents[i % 6],
			.loss = losses[i / 6 % 4],
			.rtt_ns = rtts_ns[i / 24],
			.device_pps = 200000,
			.most_tries = 2,
		};
		double fair_pps;

		path_open(&path, random);
		random_next(&random);
		path_run(&path, 300000, INT64_MAX);
		falls += path.falls;
		fair_pps = (double)path.sent * 1e9 /
			   (double)(path.now_ns - START_NS);
		if (path.falls)
			print_message("# held: silent %.2f loss %.2f rtt %.1f "
				      "ms, %.0f pps in all\n",
				      path.silent, path.loss,
				      (double)path.rtt_ns / 1e6, fair_pps);
		assert_true(fair_pps > 5000);
		path_close(&path);
	}
	assert_in_range(falls, 0, 6);
}

/* A policer, its burst five packets (well above WINDOW_SWEEP_PPS, where the
 * engine has a say): what gets through is near its ceiling, and so is what is
 * sent where the round trip leaves time to see it. */
static void test_policed(void **state)
{
	static const double ceilings[] = {2000, 5000, 10000, 50000};
	static const double silents[] = {0, 0.3, 0.8};
	struct random random = random_new();

	(void)state;
	for (unsigned i = 0; i < 4 * 3 * 2; i++) {
		struct path path = {
			.silent = silents[i / 4 % 3],
			.police_pps = ceilings[i % 4],
			.rtt_ns = i / 12 ? 20 * NS_PER_MS : 300 * NS_PER_US,
			.device_pps = 200000,
			.most_tries = 2,
		};
		uint64_t sent, passed;

		path_open(&path, random);
		random_next(&random);
		path_run(&path, UINT64_MAX, START_NS + 3 * NS_PER_S);
		sent = path.sent;
		passed = path.passed;
		path_run(&path, UINT64_MAX, START_NS + 8 * NS_PER_S);
		sent = (path.sent - sent) / 5;
		passed = (path.passed - passed) / 5;
		path_close(&path);
		print_message(
			"# ceiling %5.0f silent %.1f rtt %4.1f ms: "
			"%6llu pps sent, %5llu passed\n",
			path.police_pps, path.silent, (double)path.rtt_ns / 1e6,
			(unsigned long long)sent, (unsigned long long)passed);
		if (path.silent < 0.5)
			assert_true((double)passed >= 0.7 * path.police_pps);
		if (path.silent == 0 && path.rtt_ns > NS_PER_MS)
			assert_true((double)sent <= 3 * path.police_pps);
	}
}

/* Half a second of nothing, which looks like a fall of the share, again and
 * again: the pace is back some seconds after. */
static void test_outage(void **state)
{
	struct random random = random_new();

	(void)state;
	for (int i = 0; i < 10; i++) {
		struct path path = {
			.silent = i % 2 ? 0.3 : 0,
			.rtt_ns = i < 5 ? 300 * NS_PER_US : 20 * NS_PER_MS,
			.device_pps = 100000,
			.most_tries = 1,
			.outage_from_ns = START_NS + NS_PER_S,
			.outage_to_ns = START_NS + 3 * NS_PER_S / 2,
		};
		uint64_t before, after;

		path_open(&path, random);
		random_next(&random);
		path_run(&path, UINT64_MAX, START_NS + 9 * NS_PER_S / 10);
		before = path.passed;
		path_run(&path, UINT64_MAX, START_NS + NS_PER_S);
		before = path.passed - before;
		path_run(&path, UINT64_MAX, START_NS + 79 * NS_PER_S / 10);
		after = path.passed;
		path_run(&path, UINT64_MAX, START_NS + 8 * NS_PER_S);
		after = path.passed - after;
		assert_true(after >= before / 2);
		path_close(&path);
	}
}

/* Tries that did not leave count for nothing and leave no trace. */
static void test_forget(void **state)
{
	struct window window;
	uint8_t epochs[20000];

	(void)state;
	window_init(&window, 4, 100);
	for (int round = 0; round < 100; round++) {
		int n = 0;

		while (window_allows(&window, START_NS + round * NS_PER_MS))
			epochs[n++] = window_sent(&window, true, 0,
						  START_NS + round * NS_PER_MS);
		assert_int_equal(n, 4);
		assert_int_equal(window.in_flight, 4);
		while (n > 0)
			window_forget(&window, epochs[--n]);
		assert_int_equal(window.in_flight, 0);
		assert_int_equal(window.phase, WINDOW_GROW);
		assert_true(window.cwnd == 4);
	}
	assert_true(window.reference.sent == 0);
}

/* Slow start: each resolved try widens it by one, up to the limit. */
static void test_slow_start(void **state)
{
	struct window window;
	int64_t now_ns = START_NS;
	uint8_t epochs[128];

	(void)state;
	window_init(&window, 4, 100);
	for (int expect = 4; expect <= 256; expect *= 2) {
		int n = 0;

		while (window_allows(&window, now_ns))
			epochs[n++] = window_sent(&window, true, 0, now_ns);
		assert_int_equal(n, expect < 100 ? expect : 100);
		while (n > 0)
			window_resolved(&window, epochs[--n], true,
					100 * NS_PER_US, now_ns);
		now_ns += NS_PER_MS;
	}
}

/* Where nothing ever answered, what is overdue makes room too. */
static void test_overdue(void **state)
{
	struct window window;
	int n = 0;

	(void)state;
	window_init(&window, 4, 10);
	for (int i = 0; i < 3; i++)
		window_overdue(&window);
	for (; window_allows(&window, START_NS); n++)
		window_sent(&window, true, 0, START_NS);
	assert_int_equal(n, 7);
	for (int i = 0; i < 100; i++)
		window_overdue(&window);
	for (; window_allows(&window, START_NS); n++)
		window_sent(&window, true, 0, START_NS);
	assert_int_equal(n, 10);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slow_start),
		cmocka_unit_test(test_forget),
		cmocka_unit_test(test_overdue),
		cmocka_unit_test(test_stationary),
		cmocka_unit_test(test_policed),
		cmocka_unit_test(test_outage),
	};

	return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
