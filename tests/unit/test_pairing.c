/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/pairing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/error.h"
#include "random.h"
#include "wire/packet.h"

/* Two captures in the making. The low end is the client, at the first one. */
enum { ROOM = 600 };

struct world {
	struct sighting sightings[2][ROOM];
	size_t count[2];
	int64_t skew_ns; /* the second clock less the first */
	struct pairing pairing;
};

/* Seen by that capture at a time of the first clock. */
static void see(struct world *world, unsigned capture,
		const struct sighting *packet, int64_t time_ns)
{
	size_t n = world->count[capture]++;
	struct sighting *s = &world->sightings[capture][n];

	*s = *packet;
	s->frame = n + 1;
	s->time_ns = time_ns + (capture ? world->skew_ns : 0);
	s->from_client = s->from_low;
	s->tuple = packet->tuple ? packet->tuple : 7;
}

static struct sighting data(bool from_low, uint32_t seq, uint32_t len,
			    uint32_t id)
{
	return (struct sighting){
		.from_low = from_low,
		.seq = seq,
		.len = len,
		.id = id,
		.ack = 1,
		.flags = TCP_ACK,
		.ttl = 64,
	};
}

/* It leaves at time_ns and needs flight_ns; < 0: it is lost. */
static void carry(struct world *world, struct sighting packet, int64_t time_ns,
		  int64_t flight_ns)
{
	unsigned from = packet.from_low ? 0 : 1;

	see(world, from, &packet, time_ns);
	if (flight_ns >= 0)
		see(world, !from, &packet, time_ns + flight_ns);
}

/* Captures are in the order of their times. */
static int by_time(const void *a, const void *b)
{
	const struct sighting *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return (x->frame > y->frame) - (x->frame < y->frame);
}

static const struct pairing *pair(struct world *world)
{
	struct pairing_capture captures[2];
	struct error error = ERROR_INIT;

	for (unsigned c = 0; c < 2; c++) {
		struct sighting *s = world->sightings[c];
		size_t count = world->count[c];

		qsort(s, count, sizeof(*s), by_time);
		for (size_t i = 0; i < count; i++)
			s[i].frame = i + 1;
		captures[c] = (struct pairing_capture){
			.sightings = s,
			.count = count,
			.first_ns = count ? s[0].time_ns : 0,
			.last_ns = count ? s[count - 1].time_ns : 0,
		};
	}
	assert_int_equal(pairing_make(&world->pairing, captures, &error), 0);
	return &world->pairing;
}

static struct world *world_new(int64_t skew_ns)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	world->skew_ns = skew_ns;
	return world;
}

static void world_free(struct world *world)
{
	pairing_fini(&world->pairing);
	free(world);
}

static int64_t arrival_ns(const struct world *world,
			  const struct passage *passage)
{
	return pairing_time(
		&world->pairing, !passage->from,
		world->sightings[!passage->from][passage->arrived].time_ns);
}

static int64_t sending_ns(const struct world *world,
			  const struct passage *passage)
{
	return pairing_time(
		&world->pairing, passage->from,
		world->sightings[passage->from][passage->sent].time_ns);
}

/* A few each way, so that clocks and ends are told. */
static void talk(struct world *world, int64_t there_ns, int64_t back_ns)
{
	for (uint32_t i = 0; i < 3; i++) {
		carry(world, data(true, 100 + i, 1, 50 + i), i * 10 * NS_PER_MS,
		      there_ns);
		carry(world, data(false, 900 + i, 1, 60 + i),
		      i * 10 * NS_PER_MS + 5 * NS_PER_MS, back_ns);
	}
}

static void test_plain(void **state)
{
	struct world *world = world_new(0);
	const struct pairing *pairing;

	(void)state;
	talk(world, 2 * NS_PER_MS, NS_PER_MS);
	pairing = pair(world);
	assert_int_equal(pairing->count, 6);
	assert_int_equal(pairing->clock, PAIRING_CLOCK_SAME);
	assert_int_equal(pairing->offset_ns, 0);
	assert_int_equal(pairing->most_ns, 2 * NS_PER_MS);
	assert_int_equal(pairing->least_ns, -NS_PER_MS);
	for (size_t i = 0; i < 6; i++) {
		const struct passage *p = &pairing->passages[i];

		assert_int_equal(p->fate, PASSAGE_ARRIVED);
		assert_int_equal(p->from, i % 2);
		assert_int_equal(arrival_ns(world, p) - sending_ns(world, p),
				 i % 2 ? NS_PER_MS : 2 * NS_PER_MS);
		assert_false(p->overtaken);
	}
	assert_int_equal(pairing->way[0].sent, 3);
	assert_int_equal(pairing->way[0].arrived, 3);
	assert_int_equal(pairing->way[0].fastest_ns, 2 * NS_PER_MS);
	assert_int_equal(pairing->way[1].middle_ns, NS_PER_MS);
	world_free(world);
}

/* The second file may be the client's: the times tell, on any clocks. */
static void test_ends(void **state)
{
	static const int64_t skews[] = {0, NS_PER_S, -NS_PER_S,
					1700000000 * NS_PER_S};

	(void)state;
	for (size_t i = 0; i < sizeof(skews) / sizeof(*skews); i++) {
		struct world *world = world_new(skews[i]);
		struct sighting there = data(false, 5, 1, 1);
		struct sighting back = data(true, 6, 1, 2);

		/* low is the client, and at the second capture */
		see(world, 1, &back, 0);
		see(world, 0, &back, NS_PER_MS);
		see(world, 0, &there, 3 * NS_PER_MS);
		see(world, 1, &there, 4 * NS_PER_MS);
		pair(world);
		assert_int_equal(world->pairing.passages[0].from, 1);
		assert_int_equal(world->pairing.passages[1].from, 0);
		world_free(world);
	}
}

/* Both ways need the same at their fastest: the middle is exact. */
static void test_offset(void **state)
{
	static const int64_t skews[] = {NS_PER_S, -3 * NS_PER_S,
					1700000000 * NS_PER_S + 12345};

	(void)state;
	for (size_t i = 0; i < sizeof(skews) / sizeof(*skews); i++) {
		struct world *world = world_new(skews[i]);
		const struct pairing *pairing;

		talk(world, NS_PER_MS, NS_PER_MS);
		/* the slow ones do not count */
		carry(world, data(true, 500, 1, 70), 50 * NS_PER_MS,
		      9 * NS_PER_MS);
		pairing = pair(world);
		assert_int_equal(pairing->clock, PAIRING_CLOCK_MIDDLE);
		assert_int_equal(pairing->offset_ns, skews[i]);
		assert_int_equal(pairing->most_ns - pairing->least_ns,
				 2 * NS_PER_MS);
		assert_int_equal(pairing->way[0].slowest_ns, 9 * NS_PER_MS);
		world_free(world);
	}
}

/* On one machine the ways may differ as they like: 0 stays 0. */
static void test_asymmetric(void **state)
{
	struct world *world = world_new(0);
	const struct pairing *pairing;

	(void)state;
	talk(world, 100 * NS_PER_MS, 10 * NS_PER_US);
	pairing = pair(world);
	assert_int_equal(pairing->clock, PAIRING_CLOCK_SAME);
	assert_int_equal(pairing->way[0].fastest_ns, 100 * NS_PER_MS);
	assert_int_equal(pairing->way[1].fastest_ns, 10 * NS_PER_US);
	world_free(world);
}

static void test_one_way(void **state)
{
	struct world *world = world_new(-NS_PER_S);
	const struct pairing *pairing;

	(void)state;
	carry(world, data(true, 1, 10, 1), 0, 5 * NS_PER_MS);
	carry(world, data(true, 11, 10, 2), NS_PER_MS, 6 * NS_PER_MS);
	pairing = pair(world);
	assert_int_equal(pairing->clock, PAIRING_CLOCK_ONE_WAY);
	assert_int_equal(pairing->offset_ns, -NS_PER_S + 5 * NS_PER_MS);
	assert_false(pairing->least_known);
	assert_int_equal(pairing->way[0].slowest_ns, NS_PER_MS);
	world_free(world);
}

/* Lost, and its retransmission, which has an ID of its own, arrives. */
static void test_loss(void **state)
{
	struct world *world = world_new(NS_PER_S);
	const struct pairing *pairing;

	(void)state;
	talk(world, NS_PER_MS, NS_PER_MS);
	carry(world, data(true, 200, 10, 80), 40 * NS_PER_MS, -1);
	carry(world, data(true, 200, 10, 81), 240 * NS_PER_MS, NS_PER_MS);
	pairing = pair(world);
	assert_int_equal(pairing->count, 8);
	assert_int_equal(pairing->passages[6].fate, PASSAGE_LOST);
	assert_int_equal(pairing->passages[6].cover, PASSAGE_COVERED);
	assert_int_equal(pairing->passages[6].arrived, PAIRING_NONE);
	assert_int_equal(pairing->passages[7].fate, PASSAGE_ARRIVED);
	assert_int_equal(pairing->way[0].lost, 1);
	assert_int_equal(pairing->way[0].sent, 5);
	assert_int_equal(pairing->way[1].lost, 0);
	world_free(world);
}

/* Nothing is later than the last one: perhaps the capture had ended. */
static void test_loss_at_the_end(void **state)
{
	struct world *world = world_new(0);
	const struct pairing *pairing;

	(void)state;
	talk(world, NS_PER_MS, NS_PER_MS);
	carry(world, data(true, 200, 10, 80), NS_PER_S, -1);
	pairing = pair(world);
	assert_int_equal(pairing->passages[6].fate, PASSAGE_LOST);
	assert_int_equal(pairing->passages[6].cover, PASSAGE_TOO_LATE);
	world_free(world);
}

static void test_loss_at_the_beginning(void **state)
{
	struct world *world = world_new(0);
	const struct pairing *pairing;

	(void)state;
	carry(world, data(true, 99, 1, 40), -NS_PER_S, -1);
	talk(world, NS_PER_MS, NS_PER_MS);
	pairing = pair(world);
	assert_int_equal(pairing->passages[0].fate, PASSAGE_LOST);
	assert_int_equal(pairing->passages[0].cover, PASSAGE_TOO_EARLY);
	world_free(world);
}

/* The very same packet again and again, as SYNs over IPv6 are: no ID, and
 * only the times tell which of them arrived. */
static void test_same_numbers(void **state)
{
	/* of three sent a second apart, which arrive */
	for (unsigned which = 1; which < 7; which++) {
		struct world *world = world_new(-5 * NS_PER_S);
		const struct pairing *pairing;

		(void)state;
		talk(world, 10 * NS_PER_MS, 10 * NS_PER_MS);
		for (unsigned n = 0; n < 3; n++)
			carry(world, data(true, 1000, 0, 0), (n + 1) * NS_PER_S,
			      which >> n & 1 ? 11 * NS_PER_MS : -1);
		pairing = pair(world);
		assert_int_equal(pairing->count, 9);
		for (unsigned n = 0; n < 3; n++) {
			const struct passage *p = &pairing->passages[6 + n];

			assert_int_equal(p->fate, which >> n & 1
							  ? PASSAGE_ARRIVED
							  : PASSAGE_LOST);
			if (p->fate == PASSAGE_ARRIVED)
				assert_int_equal(arrival_ns(world, p) -
							 sending_ns(world, p),
						 11 * NS_PER_MS);
		}
		world_free(world);
	}
}

static void test_duplicate(void **state)
{
	struct world *world = world_new(0);
	struct sighting twice = data(true, 200, 10, 80);
	const struct pairing *pairing;

	(void)state;
	talk(world, NS_PER_MS, NS_PER_MS);
	carry(world, twice, 40 * NS_PER_MS, NS_PER_MS);
	see(world, 1, &twice, 43 * NS_PER_MS);
	carry(world, data(true, 210, 10, 81), 50 * NS_PER_MS, NS_PER_MS);
	pairing = pair(world);
	assert_int_equal(pairing->count, 9);
	assert_int_equal(pairing->passages[6].fate, PASSAGE_ARRIVED);
	assert_int_equal(arrival_ns(world, &pairing->passages[6]),
			 41 * NS_PER_MS);
	assert_int_equal(pairing->passages[7].fate, PASSAGE_AGAIN);
	assert_int_equal(pairing->passages[7].sent, pairing->passages[6].sent);
	assert_int_equal(arrival_ns(world, &pairing->passages[7]),
			 43 * NS_PER_MS);
	assert_int_equal(pairing->way[0].again, 1);
	assert_int_equal(pairing->way[0].sent, 5);
	assert_int_equal(pairing->way[0].unsent, 0);
	world_free(world);
}

/* A copy of the second of two equal ones, whose first was lost. */
static void test_duplicate_after_loss(void **state)
{
	struct world *world = world_new(0);
	struct sighting syn = data(true, 1000, 0, 0);
	const struct pairing *pairing;

	(void)state;
	talk(world, NS_PER_MS, NS_PER_MS);
	carry(world, syn, NS_PER_S, -1);
	carry(world, syn, 2 * NS_PER_S, NS_PER_MS);
	carry(world, syn, 4 * NS_PER_S, -1);
	see(world, 1, &syn, 2 * NS_PER_S + 3 * NS_PER_MS);
	carry(world, data(true, 1001, 1, 99), 5 * NS_PER_S, NS_PER_MS);
	pairing = pair(world);
	assert_int_equal(pairing->passages[6].fate, PASSAGE_LOST);
	assert_int_equal(pairing->passages[7].fate, PASSAGE_ARRIVED);
	assert_int_equal(pairing->passages[8].fate, PASSAGE_AGAIN);
	assert_int_equal(pairing->passages[8].sent, pairing->passages[7].sent);
	assert_int_equal(pairing->passages[9].fate, PASSAGE_LOST);
	world_free(world);
}

static void test_reordering(void **state)
{
	struct world *world = world_new(0);
	const struct pairing *pairing;

	(void)state;
	talk(world, NS_PER_MS, NS_PER_MS);
	carry(world, data(true, 200, 10, 80), 40 * NS_PER_MS, 5 * NS_PER_MS);
	carry(world, data(true, 210, 10, 81), 41 * NS_PER_MS, NS_PER_MS);
	carry(world, data(true, 220, 10, 82), 42 * NS_PER_MS, NS_PER_MS);
	carry(world, data(true, 230, 10, 83), 43 * NS_PER_MS, 9 * NS_PER_MS);
	pairing = pair(world);
	assert_true(pairing->passages[6].overtaken);
	assert_false(pairing->passages[7].overtaken);
	assert_false(pairing->passages[8].overtaken);
	assert_false(pairing->passages[9].overtaken);
	assert_int_equal(pairing->way[0].overtaken, 1);
	assert_int_equal(pairing->way[1].overtaken, 0);
	world_free(world);
}

/* Another conversation, or the other way, overtakes nobody. */
static void test_no_reordering(void **state)
{
	struct world *world = world_new(0);
	struct sighting other = data(true, 210, 10, 81);
	const struct pairing *pairing;

	(void)state;
	other.tuple = 8;
	talk(world, NS_PER_MS, NS_PER_MS);
	carry(world, data(true, 200, 10, 80), 40 * NS_PER_MS, 5 * NS_PER_MS);
	carry(world, other, 41 * NS_PER_MS, NS_PER_MS);
	carry(world, data(false, 220, 10, 82), 42 * NS_PER_MS, NS_PER_MS);
	pairing = pair(world);
	assert_int_equal(pairing->way[0].overtaken, 0);
	assert_int_equal(pairing->way[1].overtaken, 0);
	world_free(world);
}

/* Seen arriving only: a middlebox sent it, or the capture missed it. */
static void test_unsent(void **state)
{
	struct world *world = world_new(0);
	struct sighting forged = data(false, 77, 0, 5);
	const struct pairing *pairing;

	(void)state;
	talk(world, NS_PER_MS, NS_PER_MS);
	see(world, 0, &forged, 40 * NS_PER_MS);
	pairing = pair(world);
	assert_int_equal(pairing->passages[6].fate, PASSAGE_UNSENT);
	assert_int_equal(pairing->passages[6].from, 1);
	assert_int_equal(pairing->passages[6].sent, PAIRING_NONE);
	assert_int_equal(pairing->way[1].unsent, 1);
	world_free(world);
}

/* Cut by the network card behind the capture; one piece is lost; what comes
 * after is merged on arrival. The numbers run over 2^32. */
static void test_recut(void **state)
{
	const uint32_t seq = UINT32_MAX - 2000;
	struct world *world = world_new(0);
	struct sighting piece;
	const struct pairing *pairing;
	size_t recut = 0, lost = 0;

	(void)state;
	talk(world, NS_PER_MS, NS_PER_MS);
	carry(world, data(true, seq, 4000, 80), 40 * NS_PER_MS, -1);
	piece = data(true, seq, 1500, 80);
	see(world, 1, &piece, 41 * NS_PER_MS);
	piece = data(true, seq + 3000, 1000, 82);
	see(world, 1, &piece, 42 * NS_PER_MS);
	carry(world, data(true, seq + 4000, 10, 83), 43 * NS_PER_MS, -1);
	carry(world, data(true, seq + 4010, 10, 84), 44 * NS_PER_MS, -1);
	piece = data(true, seq + 4000, 20, 83);
	see(world, 1, &piece, 45 * NS_PER_MS);
	pairing = pair(world);
	for (size_t i = 6; i < pairing->count; i++) {
		recut += pairing->passages[i].fate == PASSAGE_RECUT;
		lost += pairing->passages[i].fate == PASSAGE_LOST;
	}
	assert_int_equal(pairing->count, 6 + 5);
	assert_int_equal(recut, 4);
	assert_int_equal(lost, 1);
	assert_int_equal(pairing->way[0].unsent, 0);
	world_free(world);
}

/* The IDs of all packets are rewritten: the rest must do. */
static void test_ids_rewritten(void **state)
{
	struct world *world = world_new(0);
	const struct pairing *pairing;

	(void)state;
	talk(world, NS_PER_MS, NS_PER_MS);
	for (size_t i = 0; i < world->count[1]; i++)
		world->sightings[1][i].id ^= 0x5555;
	pairing = pair(world);
	assert_false(pairing->ids_kept);
	assert_int_equal(pairing->count, 6);
	assert_int_equal(pairing->way[0].arrived, 3);
	world_free(world);
}

static void test_nothing(void **state)
{
	struct world *world = world_new(0);
	struct sighting syn = data(true, 1, 0, 3);
	const struct pairing *pairing;

	(void)state;
	pairing = pair(world);
	assert_int_equal(pairing->count, 0);
	assert_int_equal(pairing->clock, PAIRING_CLOCK_UNKNOWN);
	for (unsigned from = 0; from < 2; from++) {
		assert_int_equal(pairing->way[from].sent, 0);
		assert_int_equal(pairing->way[from].fastest_ns, -1);
	}
	pairing_fini(&world->pairing);
	/* the other capture is empty */
	see(world, 0, &syn, 0);
	see(world, 0, &syn, NS_PER_S);
	pairing = pair(world);
	assert_int_equal(pairing->count, 2);
	assert_int_equal(pairing->passages[1].fate, PASSAGE_LOST);
	assert_int_equal(pairing->passages[1].from, 0);
	assert_int_equal(pairing->passages[1].cover, PASSAGE_UNKNOWN);
	world_free(world);
}

/* The first time and the last that there are, each on either clock: no
 * difference and no sum leaves 64 bits, as a sanitizer would say. */
static void test_times_far_apart(void **state)
{
	const int64_t end_ns = (INT64_C(1) << 62) - 1;
	struct sighting there = data(true, 1, 1, 1),
			back = data(false, 2, 1, 2);
	struct sighting copy = data(true, 9, 1, 0);
	struct world *world = world_new(0);
	const struct pairing *pairing;

	(void)state;
	for (unsigned late = 0; late < 2; late++) {
		see(world, late, &there, 0);
		see(world, !late, &there, end_ns);
		see(world, late, &back, end_ns);
		see(world, !late, &back, 0);
		for (unsigned c = 0; c < 2; c++) {
			see(world, c, &copy, c);
			see(world, c, &copy, end_ns / 2);
			see(world, c, &copy, end_ns - late);
		}
		pairing = pair(world);
		assert_int_equal(
			pairing->way[0].sent + pairing->way[1].sent,
			pairing->way[0].arrived + pairing->way[1].arrived +
				pairing->way[0].lost + pairing->way[1].lost);
		pairing_fini(&world->pairing);
		world->count[0] = world->count[1] = 0;
	}
	world_free(world);
}

/* Whatever happens on the way, every sighting is in exactly one passage (a
 * duplicate's sending in several), and nothing arrives before it was sent. */
static void test_random(void **state)
{
	struct random random = random_new();

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct world *world = world_new(
			(int64_t)(random_next(&random) % 4000) * NS_PER_MS -
			2000 * NS_PER_MS);
		size_t seen[2] = {0, 0};
		const struct pairing *pairing;
		int64_t now = 0;

		talk(world, NS_PER_MS, NS_PER_MS);
		for (int i = 0; i < 200; i++) {
			struct sighting packet =
				data(random_next(&random) % 2,
				     (uint32_t)(random_next(&random) % 40) * 10,
				     10, (uint32_t)(random_next(&random) % 3));
			int64_t flight =
				NS_PER_MS +
				(int64_t)(random_next(&random) % 5000) * 1000;

			now += (int64_t)(random_next(&random) % 3000) * 1000;
			if (random_next(&random) % 5 == 0)
				flight = -1;
			carry(world, packet, now, flight);
			if (flight >= 0 && random_next(&random) % 10 == 0)
				see(world, packet.from_low ? 1 : 0, &packet,
				    now + flight + NS_PER_MS);
		}
		pairing = pair(world);
		for (size_t i = 0; i < pairing->count; i++) {
			const struct passage *p = &pairing->passages[i];

			seen[p->from] += p->fate == PASSAGE_ARRIVED ||
					 p->fate == PASSAGE_LOST;
			seen[!p->from] += p->fate != PASSAGE_LOST;
			if (p->fate == PASSAGE_ARRIVED &&
			    pairing->clock == PAIRING_CLOCK_SAME)
				assert_true(arrival_ns(world, p) >=
					    sending_ns(world, p));
		}
		assert_int_equal(seen[0], world->count[0]);
		assert_int_equal(seen[1], world->count[1]);
		world_free(world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_offset),
		cmocka_unit_test(test_asymmetric),
		cmocka_unit_test(test_one_way),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_loss_at_the_end),
		cmocka_unit_test(test_loss_at_the_beginning),
		cmocka_unit_test(test_same_numbers),
		cmocka_unit_test(test_duplicate),
		cmocka_unit_test(test_duplicate_after_loss),
		cmocka_unit_test(test_reordering),
		cmocka_unit_test(test_no_reordering),
		cmocka_unit_test(test_unsent),
		cmocka_unit_test(test_recut),
		cmocka_unit_test(test_ids_rewritten),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_times_far_apart),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
