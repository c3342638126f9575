/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/course.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "random.h"
#include "talk/sessions.h"

enum {
	SESSION = 77,
	AIR_MAX = 4096,
};

/* What a simulated path does, in millionths of the datagrams each way. */
struct path {
	uint32_t lose_out, lose_back, twice_out, twice_back, damage_back;
	int64_t delay_ns, spread_ns; /* each way: delay and up to so much */
	int64_t hold_ns;             /* of the server, before each reply */
	bool lose_reports;
	bool plain;    /* the server returns what comes, and counts nothing */
	uint32_t lie;  /* it says that so many wait, always */
	bool refuse;   /* there is none */
	bool prohibit; /* a firewall says so */
};

struct flying {
	int64_t due_ns;
	bool back;
	size_t length;
	uint8_t bytes[DATAGRAM_HEADER_BYTES];
};

/* The truth of a run. */
struct world {
	struct random *random;
	struct path path;
	struct sessions *sessions;
	struct flying air[AIR_MAX];
	unsigned air_count;
	uint64_t lost_out, lost_back, told_lost, replies;
	bool arrived[AIR_MAX], returned[AIR_MAX];
};

static bool chance(struct world *world, uint32_t ppm)
{
	return random_below(world->random, 1000000) < ppm;
}

static void fly(struct world *world, const struct datagram *datagram, bool back,
		int64_t now_ns, int64_t extra_ns, bool damage)
{
	struct flying *flying = &world->air[world->air_count++];
	int64_t spread_ns = world->path.spread_ns;

	assert_in_range(world->air_count, 1, AIR_MAX - 1);
	*flying = (struct flying){
		.due_ns = now_ns + extra_ns + world->path.delay_ns,
		.back = back,
		.length = sizeof(flying->bytes),
	};
	if (spread_ns)
		flying->due_ns += (int64_t)random_below(world->random,
							(uint64_t)spread_ns);
	datagram_encode(datagram, flying->bytes);
	if (damage)
		flying->bytes[random_below(world->random, 60)] ^=
			(uint8_t)(1 + random_below(world->random, 255));
}

static void send_out(struct world *world, struct course *course,
		     const struct datagram *datagram, int64_t now_ns)
{
	bool report = datagram->kind == DATAGRAM_REPORT;
	struct icmp_error error = {
		.number = world->path.refuse ? ECONNREFUSED : EHOSTUNREACH,
		.family = AF_INET,
		.type = 3,
		.code = world->path.refuse ? 3 : 13,
		.quoted_length = DATAGRAM_HEADER_BYTES,
	};

	course_sent(course, datagram);
	datagram_encode(datagram, error.quoted);
	if (world->path.refuse || world->path.prohibit) {
		course_error(course, &error);
		return;
	}
	if (report ? world->path.lose_reports
		   : chance(world, world->path.lose_out))
		return;
	fly(world, datagram, false, now_ns, 0, false);
	if (!report && chance(world, world->path.twice_out))
		fly(world, datagram, false, now_ns, 0, false);
}

static void serve(struct world *world, struct datagram *datagram,
		  int64_t now_ns)
{
	struct addr peer = {.family = AF_INET};
	struct session *session =
		sessions_open(world->sessions, &peer, 1, datagram->session);
	bool report = datagram->kind == DATAGRAM_REPORT;

	if (!report)
		world->arrived[datagram->sequence] = true;
	if (!world->path.plain) {
		if (!report)
			session_arrival(session, datagram->sequence);
		session->counts.waiting = world->path.lie;
		datagram->counts = session->counts;
		datagram->kind =
			report ? DATAGRAM_REPORT_REPLY : DATAGRAM_PROBE_REPLY;
	}
	if (report) {
		fly(world, datagram, true, now_ns, 0, false);
		return;
	}
	session->counts.replied++;
	if (chance(world, world->path.lose_back))
		return;
	world->returned[datagram->sequence] = true;
	fly(world, datagram, true, now_ns, world->path.hold_ns,
	    chance(world, world->path.damage_back));
	if (!chance(world, world->path.twice_back))
		return;
	fly(world, datagram, true, now_ns, world->path.hold_ns, false);
}

/* The first that is due, to whom it goes; false: none by then. */
static bool land(struct world *world, struct course *course, int64_t now_ns)
{
	struct datagram datagram;
	struct flying flying;
	unsigned first = 0;

	for (unsigned i = 1; i < world->air_count; i++)
		if (world->air[i].due_ns < world->air[first].due_ns)
			first = i;
	if (!world->air_count || world->air[first].due_ns > now_ns)
		return false;
	flying = world->air[first];
	world->air[first] = world->air[--world->air_count];
	if (flying.back) {
		course_arrival(course, flying.bytes, flying.length, now_ns);
	} else {
		assert_int_equal(
			datagram_decode(flying.bytes, flying.length, &datagram),
			DATAGRAM_INTACT);
		serve(world, &datagram, now_ns);
	}
	return true;
}

static int64_t first_due_ns(const struct world *world)
{
	int64_t due_ns = INT64_MAX;

	for (unsigned i = 0; i < world->air_count; i++)
		if (world->air[i].due_ns < due_ns)
			due_ns = world->air[i].due_ns;
	return due_ns;
}

static void told_lost(void *context, uint32_t sequence)
{
	struct world *world = context;

	(void)sequence;
	world->told_lost++;
}

static void told_reply(void *context, const struct prober_reply *reply)
{
	struct world *world = context;

	(void)reply;
	world->replies++;
}

static struct random shared_random;

static void world_init(struct world *world, const struct path *path)
{
	memset(world, 0, sizeof(*world));
	world->random = &shared_random;
	world->path = *path;
	world->sessions = sessions_new(1);
	assert_non_null(world->sessions);
}

static struct course_config config_of(uint64_t count, struct world *world)
{
	return (struct course_config){
		.session = SESSION,
		.size = DATAGRAM_HEADER_BYTES,
		.count = count,
		.interval_ns = NS_PER_MS,
		.timeout_ns = NS_PER_S,
		.watch = {told_reply, told_lost, NULL, world},
	};
}

/* Runs it, interrupted at stop_ns; how long it took. */
static int64_t play(struct world *world, const struct course_config *config,
		    int64_t stop_ns, struct prober_result *result)
{
	struct course *course = course_new(config, result);
	int64_t now_ns = config->start_ns, wake_ns, due_ns;
	struct datagram out;
	enum course_step step;

	assert_non_null(course);
	for (int n = 0;; n++) {
		assert_in_range(n, 0, 1000000);
		if (now_ns >= stop_ns && !course_is_interrupted(course))
			course_interrupt(course, now_ns);
		step = course_step(course, now_ns, &out, &wake_ns);
		if (step == COURSE_OVER)
			break;
		if (step == COURSE_SEND) {
			send_out(world, course, &out, now_ns);
			continue;
		}
		if (land(world, course, now_ns))
			continue;
		due_ns = first_due_ns(world);
		if (due_ns < wake_ns)
			wake_ns = due_ns;
		if (now_ns < stop_ns && stop_ns < wake_ns)
			wake_ns = stop_ns;
		assert_true(wake_ns > now_ns); /* no busy loop */
		now_ns = wake_ns;
	}
	course_finish(course);
	course_free(course);
	sessions_free(world->sessions);
	for (uint32_t i = 1; i <= result->counts.sent && i < AIR_MAX; i++) {
		world->lost_out += !world->arrived[i];
		world->lost_back += world->arrived[i] && !world->returned[i];
	}
	return now_ns - config->start_ns;
}

static int64_t run(const struct path *path, uint64_t count,
		   struct prober_result *result)
{
	static struct world world;
	struct course_config config = config_of(count, &world);
	int64_t took_ns;

	world_init(&world, path);
	took_ns = play(&world, &config, INT64_MAX, result);
	assert_int_equal(result->lost_out + result->lost_back +
				 result->lost_somewhere,
			 result->counts.sent - result->counts.arrived);
	return took_ns;
}

/* Ends once all is back and counted, and not later. */
static void test_good_path(void **state)
{
	struct path path = {.delay_ns = 10 * NS_PER_MS};
	struct prober_result result;
	int64_t took_ns = run(&path, 100, &result);

	(void)state;
	assert_int_equal(result.end, PROBER_DONE);
	assert_int_equal(result.counts.sent, 100);
	assert_int_equal(result.counts.received, 100);
	assert_true(result.counted && !result.plain);
	assert_int_equal(result.server.received, 100);
	assert_int_equal(result.rtt.min_ns, 20 * NS_PER_MS);
	assert_int_equal(result.rtt.max_ns, 20 * NS_PER_MS);
	assert_true(took_ns == (99 + 20 + 20) * NS_PER_MS);
}

/* Silence costs the time-out, and twice that for asking. */
static void test_silence(void **state)
{
	struct path path = {.lose_out = 1000000, .lose_reports = true};
	struct prober_result result;
	int64_t took_ns = run(&path, 3, &result);

	(void)state;
	assert_int_equal(result.counts.received, 0);
	assert_false(result.counted);
	assert_int_equal(result.lost_somewhere, 3);
	assert_in_range(took_ns, 3 * NS_PER_S, 3 * NS_PER_S + 3 * NS_PER_MS);
}

static void test_refused(void **state)
{
	struct path path = {.refuse = true};
	struct prober_result result;

	(void)state;
	run(&path, 10, &result);
	assert_int_equal(result.end, PROBER_REFUSED);
	assert_int_equal(result.counts.sent, 1);
	assert_int_equal(result.icmp_errors, 1);
}

/* Told each time; then there is nobody to ask, and nothing to wait for. */
static void test_prohibited(void **state)
{
	struct path path = {.prohibit = true};
	struct prober_result result;
	int64_t took_ns = run(&path, 10, &result);

	(void)state;
	assert_int_equal(result.end, PROBER_DONE);
	assert_int_equal(result.icmp_errors, 10);
	assert_in_range(took_ns, 9 * NS_PER_MS, 10 * NS_PER_MS);
}

static void test_plain_echo(void **state)
{
	struct path path = {.plain = true, .lose_out = 100000};
	struct prober_result result;

	(void)state;
	run(&path, 300, &result);
	assert_true(result.plain);
	assert_false(result.counted);
	assert_int_equal(result.lost_out + result.lost_back, 0);
	assert_in_range(result.lost_somewhere, 1, 100);
}

/* The server holds replies back for longer than the time-out. */
static void test_held_back(void **state)
{
	struct path path = {.delay_ns = NS_PER_MS, .hold_ns = 5 * NS_PER_S};
	struct prober_result result;
	struct world *world = calloc(1, sizeof(*world));
	struct course_config config = config_of(10, world);
	int64_t now_ns = 0;
	struct course *course;

	(void)state;
	assert_non_null(world);
	world_init(world, &path);
	course = course_new(&config, &result);
	assert_non_null(course);
	for (;;) {
		struct datagram out;
		int64_t wake_ns;
		enum course_step step =
			course_step(course, now_ns, &out, &wake_ns);

		/* an honest server: what it has not sent yet waits */
		world->path.lie = now_ns < 5 * NS_PER_S + 10 * NS_PER_MS;
		if (step == COURSE_OVER)
			break;
		if (step == COURSE_SEND)
			send_out(world, course, &out, now_ns);
		else if (!land(world, course, now_ns))
			now_ns += NS_PER_MS;
		assert_in_range(now_ns, 0, 8 * NS_PER_S);
	}
	course_finish(course);
	assert_int_equal(result.counts.received, 10);
	assert_int_equal(result.counts.late, 10);
	assert_int_equal(result.lost_somewhere, 0);
	course_free(course);
	sessions_free(world->sessions);
	free(world);
}

/* A server that says for ever that replies wait. */
static void test_liar(void **state)
{
	struct path path = {
		.delay_ns = NS_PER_MS,
		.lose_back = 500000,
		.lie = UINT32_MAX,
	};
	struct prober_result result;
	int64_t took_ns = run(&path, 20, &result);

	(void)state;
	assert_in_range(took_ns, COURSE_MAX_NS, COURSE_MAX_NS + 4 * NS_PER_S);
	assert_int_equal(result.lost_somewhere, 0);
}

/* Whenever the user has had enough, it is over within a second. */
static void test_interrupt(void **state)
{
	static struct world world;
	struct path paths[] = {
		{.delay_ns = NS_PER_MS},
		{.delay_ns = 400 * NS_PER_MS, .spread_ns = NS_PER_S},
		{.lose_out = 1000000, .lose_reports = true},
		{.delay_ns = NS_PER_MS, .lie = 5, .lose_back = 300000},
	};

	(void)state;
	for (size_t p = 0; p < sizeof(paths) / sizeof(paths[0]); p++) {
		for (int64_t stop_ns = 0; stop_ns < 16 * NS_PER_S;
		     stop_ns += 137 * NS_PER_MS) {
			struct course_config config = config_of(500, &world);
			struct prober_result result;
			int64_t took_ns;

			world_init(&world, &paths[p]);
			took_ns = play(&world, &config, stop_ns, &result);
			if (result.end != PROBER_INTERRUPTED)
				continue; /* it was over before */
			assert_in_range(took_ns, stop_ns,
					stop_ns + NS_PER_S - 1);
		}
	}
}

/* The window holds up what would push out an answer that has time left. */
static void test_window(void **state)
{
	struct prober_result result;
	struct course_config config = config_of(TRACKER_WINDOW + 10, NULL);
	struct course *course;
	struct datagram out;
	int64_t wake_ns, now_ns = 0;
	uint64_t sent = 0;

	(void)state;
	config.watch = (struct prober_watch){0};
	config.interval_ns = 0;
	course = course_new(&config, &result);
	assert_non_null(course);
	while (course_step(course, 0, &out, &wake_ns) == COURSE_SEND) {
		course_sent(course, &out);
		sent++;
	}
	assert_int_equal(sent, TRACKER_WINDOW);
	assert_in_range(wake_ns, 1, NS_PER_S);
	now_ns = NS_PER_S + 1;
	for (int i = 0; i < 10; i++) {
		assert_int_equal(course_step(course, now_ns, &out, &wake_ns),
				 COURSE_SEND);
		course_sent(course, &out);
	}
	assert_int_equal(course_step(course, now_ns, &out, &wake_ns),
			 COURSE_WAIT);
	course_free(course);
}

/* Blocked ones are tried once each and are not sent. */
static void test_blocked(void **state)
{
	struct prober_result result;
	struct course_config config = config_of(5, NULL);
	struct course *course;
	struct datagram out;
	int64_t wake_ns, now_ns = 0;
	enum course_step step;

	(void)state;
	config.watch = (struct prober_watch){0};
	course = course_new(&config, &result);
	assert_non_null(course);
	while ((step = course_step(course, now_ns, &out, &wake_ns)) !=
	       COURSE_OVER) {
		if (step == COURSE_SEND)
			course_blocked(course, &out);
		else
			now_ns = wake_ns;
	}
	course_finish(course);
	assert_int_equal(result.blocked, 5);
	assert_int_equal(result.counts.sent, 0);
	assert_in_range(now_ns, 0, 10 * NS_PER_MS);
	course_free(course);
}

/* Too big ends it where it must stay whole, and is news elsewhere. */
static void test_too_big(void **state)
{
	struct icmp_error error = {
		.number = EMSGSIZE,
		.family = AF_INET,
		.local = true,
		.mtu = 1400,
	};

	(void)state;
	for (int df = 0; df < 2; df++) {
		struct prober_result result;
		struct course_config config = config_of(5, NULL);
		struct course *course;
		struct datagram out;
		int64_t wake_ns;

		config.watch = (struct prober_watch){0};
		config.df = df;
		course = course_new(&config, &result);
		assert_non_null(course);
		assert_int_equal(course_step(course, 0, &out, &wake_ns),
				 COURSE_SEND);
		course_error(course, &error);
		assert_int_equal(result.end, df ? PROBER_TOO_BIG : PROBER_DONE);
		assert_int_equal(course_step(course, 0, &out, &wake_ns),
				 df ? COURSE_OVER : COURSE_SEND);
		course_free(course);
	}
}

/* What belongs to an earlier run changes nothing: replies and messages. */
static void test_earlier_run(void **state)
{
	struct prober_result result;
	struct course_config config = config_of(5, NULL);
	struct icmp_error error = {
		.number = EMSGSIZE,
		.family = AF_INET,
		.type = 3,
		.code = 4,
		.mtu = 1400,
		.quoted_length = DATAGRAM_HEADER_BYTES,
	};
	struct course *course;
	struct datagram out, old;
	int64_t wake_ns;

	(void)state;
	config.watch = (struct prober_watch){0};
	config.df = true;
	course = course_new(&config, &result);
	assert_non_null(course);
	assert_int_equal(course_step(course, 0, &out, &wake_ns), COURSE_SEND);
	course_sent(course, &out);
	old = out;
	old.session++;
	datagram_encode(&old, error.quoted);
	course_error(course, &error);
	course_arrival(course, error.quoted, DATAGRAM_HEADER_BYTES, 1);
	assert_int_equal(result.end, PROBER_DONE);
	assert_int_equal(result.icmp_errors, 0);
	assert_int_equal(result.rejected, 0);
	datagram_encode(&out, error.quoted);
	course_error(course, &error);
	assert_int_equal(result.end, PROBER_TOO_BIG);
	course_free(course);
}

/* Any honest path, whatever it loses, doubles, damages and turns about: the
 * books are exact, as long as the reports get through. */
static void test_random_paths(void **state)
{
	static struct world world;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct random *random = &shared_random;
		struct path path = {
			.lose_out = (uint32_t)random_below(random, 300000),
			.lose_back = (uint32_t)random_below(random, 300000),
			.twice_out = (uint32_t)random_below(random, 300000),
			.twice_back = (uint32_t)random_below(random, 300000),
			.damage_back = (uint32_t)random_below(random, 300000),
			.delay_ns =
				(int64_t)random_below(random, 100 * NS_PER_MS),
		};
		struct course_config config =
			config_of(1 + random_below(random, 500), &world);
		struct prober_result result;

		if (random_below(random, 2))
			path.spread_ns = (int64_t)random_below(
				random, (uint64_t)(1 + path.delay_ns));
		config.interval_ns =
			(int64_t)random_below(random, 3 * NS_PER_MS);
		config.timeout_ns = 1 + (int64_t)random_below(random, NS_PER_S);
		world_init(&world, &path);
		play(&world, &config, INT64_MAX, &result);
		assert_int_equal(result.end, PROBER_DONE);
		assert_int_equal(result.counts.sent, config.count);
		assert_int_equal(result.rejected, 0);
		assert_int_equal(result.lost_somewhere, 0);
		assert_int_equal(result.lost_out, world.lost_out);
		assert_int_equal(result.lost_back, world.lost_back);
		assert_int_equal(world.told_lost,
				 world.lost_out + world.lost_back);
		assert_int_equal(world.replies, result.counts.arrivals);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_path),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_prohibited),
		cmocka_unit_test(test_plain_echo),
		cmocka_unit_test(test_held_back),
		cmocka_unit_test(test_liar),
		cmocka_unit_test(test_interrupt),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_blocked),
		cmocka_unit_test(test_too_big),
		cmocka_unit_test(test_earlier_run),
		cmocka_unit_test(test_random_paths),
	};

	shared_random = random_new();
	return cmocka_run_group_tests_name("course", tests, NULL, NULL);
}
