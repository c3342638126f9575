/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/impairer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "random.h"

enum {
	N = 10000,
	SEED = 0x5eed,
};

static struct ends peer(uint16_t port)
{
	return (struct ends){
		.peer = {.family = AF_INET, .bytes = {10, 9, 0, 1}},
		.port = port,
	};
}

/* Number n, of 16 bytes. */
static unsigned take(struct impairer *impairer, uint16_t port, uint32_t n,
		     int64_t now_ns)
{
	uint8_t bytes[16] = {0};

	memcpy(bytes, &n, sizeof(n));
	return impairer_take(impairer,
			     &(struct parcel){
				     .ends = peer(port),
				     .session = 7,
				     .length = sizeof(bytes),
				     .bytes = bytes,
			     },
			     now_ns);
}

/* What comes out by now: how many; the numbers into out. */
static unsigned drain(struct impairer *impairer, int64_t now_ns, uint32_t *out)
{
	struct parcel parcel;
	unsigned n = 0;

	while (impairer_next(impairer, now_ns, &parcel)) {
		memcpy(&out[n++], parcel.bytes, sizeof(*out));
		assert_int_equal(parcel.length, 16);
		free(parcel.bytes);
	}
	return n;
}

/* N numbers through it, each drained at once: what came out, in order. */
static unsigned pass(const struct impairment *impairment, uint32_t *out,
		     struct impairer_counts *counts)
{
	struct impairer *impairer = impairer_new(impairment);
	unsigned n = 0;

	assert_non_null(impairer);
	for (uint32_t i = 0; i < N; i++) {
		take(impairer, 1, i, i);
		n += drain(impairer, i, out + n);
	}
	n += drain(impairer, N + IMPAIRER_HOLD_NS, out + n);
	*counts = *impairer_counts(impairer);
	impairer_free(impairer);
	return n;
}

static uint32_t out[2 * N], again[2 * N];

static void test_nothing(void **state)
{
	struct impairment none = {.seed = SEED};
	struct impairer_counts counts;

	(void)state;
	assert_int_equal(pass(&none, out, &counts), N);
	for (uint32_t i = 0; i < N; i++)
		assert_int_equal(out[i], i);
	assert_int_equal(counts.taken, N);
	assert_int_equal(counts.dropped + counts.duplicated + counts.reordered +
				 counts.corrupted,
			 0);
}

static void test_all(void **state)
{
	struct impairment drop = {.drop_ppm = 1000000, .seed = SEED};
	struct impairment twice = {.dup_ppm = 1000000, .seed = SEED};
	struct impairer_counts counts;

	(void)state;
	assert_int_equal(pass(&drop, out, &counts), 0);
	assert_int_equal(counts.dropped, N);
	assert_int_equal(pass(&twice, out, &counts), 2 * N);
	assert_int_equal(counts.duplicated, N);
	for (uint32_t i = 0; i < 2 * N; i++)
		assert_int_equal(out[i], i / 2);
}

static void test_same_seed_same_fate(void **state)
{
	struct impairment some = {
		.drop_ppm = 50000,
		.dup_ppm = 50000,
		.reorder_ppm = 50000,
		.corrupt_ppm = 50000,
		.seed = SEED,
	};
	struct impairer_counts counts, counts_again;
	unsigned n;

	(void)state;
	n = pass(&some, out, &counts);
	assert_int_equal(pass(&some, again, &counts_again), n);
	assert_memory_equal(out, again, n * sizeof(out[0]));
	assert_memory_equal(&counts, &counts_again, sizeof(counts));
	some.seed++;
	pass(&some, again, &counts_again);
	assert_memory_not_equal(out, again, N * sizeof(out[0]));
}

/* 5 % of 10,000 are 500, give or take five standard deviations (22 each). */
static void test_share(void **state)
{
	struct impairment some = {.drop_ppm = 50000, .seed = SEED};
	struct random random = random_new();
	struct impairer_counts counts;

	(void)state;
	for (int i = 0; i < 20; i++) {
		some.seed = random_next(&random);
		assert_int_equal(pass(&some, out, &counts) + counts.dropped, N);
		assert_in_range(counts.dropped, 390, 610);
	}
}

/* A further option does not change what the others hit. */
static void test_independent(void **state)
{
	struct impairment drop = {.drop_ppm = 100000, .seed = SEED};
	struct impairment both = drop;
	struct impairer_counts counts, counts_both;
	unsigned n, n_both, at = 0;

	(void)state;
	both.dup_ppm = 300000;
	n = pass(&drop, out, &counts);
	n_both = pass(&both, again, &counts_both);
	assert_int_equal(counts.dropped, counts_both.dropped);
	assert_int_equal(n_both, n + counts_both.duplicated);
	for (unsigned i = 0; i < n_both; i++)
		if (i == 0 || again[i] != again[i - 1])
			assert_int_equal(again[i], out[at++]);
	assert_int_equal(at, n);
}

/* Whether one is doubled says nothing of whether the next is dropped: of some
 * 2,500 that are doubled every other one has the next behind it. */
static void test_unrelated(void **state)
{
	struct impairment some = {
		.drop_ppm = 500000,
		.dup_ppm = 500000,
		.seed = SEED,
	};
	struct impairer_counts counts;
	unsigned n, followed = 0;

	(void)state;
	n = pass(&some, out, &counts);
	assert_in_range(counts.duplicated, 2200, 2800);
	for (unsigned i = 1; i + 1 < n; i++)
		followed += out[i] == out[i - 1] && out[i + 1] == out[i] + 1;
	assert_in_range(followed, counts.duplicated * 2 / 5,
			counts.duplicated * 3 / 5);
}

/* Each is overtaken by just the next one. */
static void test_reorder(void **state)
{
	struct impairment some = {.reorder_ppm = 100000, .seed = SEED};
	struct impairer_counts counts;
	unsigned behind = 0;

	(void)state;
	assert_int_equal(pass(&some, out, &counts), N);
	for (uint32_t i = 0; i + 1 < N; i++) {
		if (out[i] == i)
			continue;
		assert_int_equal(out[i], i + 1);
		assert_int_equal(out[i + 1], i);
		behind++;
		i++;
	}
	assert_int_equal(counts.reordered, behind);
	assert_in_range(behind, 700, 1100); /* a tenth, pairs exclude */
	some.reorder_ppm = 1000000;
	pass(&some, out, &counts);
	assert_int_equal(counts.reordered, N / 2);
}

/* Only one's own datagrams overtake; the last one waits its time. */
static void test_hold(void **state)
{
	struct impairment all = {
		.reorder_ppm = 1000000,
		.delay_ns = 1000,
		.seed = SEED,
	};
	struct impairer *impairer = impairer_new(&all);

	(void)state;
	assert_non_null(impairer);
	take(impairer, 1, 10, 0);
	take(impairer, 2, 20, 5); /* another peer */
	assert_int_equal(drain(impairer, 2000, out), 0);
	take(impairer, 1, 11, 10);
	assert_int_equal(impairer_due_ns(impairer), 1010);
	assert_int_equal(drain(impairer, 1009, out), 0);
	assert_int_equal(drain(impairer, 1010, out), 2);
	assert_int_equal(out[0], 11);
	assert_int_equal(out[1], 10);
	assert_int_equal(impairer_due_ns(impairer), 1005 + IMPAIRER_HOLD_NS);
	assert_int_equal(drain(impairer, 1005 + IMPAIRER_HOLD_NS, out), 1);
	assert_int_equal(out[0], 20);
	assert_int_equal(impairer_counts(impairer)->reordered, 1);
	assert_true(impairer_due_ns(impairer) == INT64_MAX);
	impairer_free(impairer);
}

static void test_delay(void **state)
{
	struct impairment late = {.delay_ns = 50 * NS_PER_MS, .seed = SEED};
	struct impairer *impairer = impairer_new(&late);

	(void)state;
	assert_non_null(impairer);
	assert_true(impairer_due_ns(impairer) == INT64_MAX);
	take(impairer, 1, 1, 0);
	take(impairer, 1, 2, 10);
	assert_int_equal(impairer_due_ns(impairer), 50 * NS_PER_MS);
	assert_int_equal(drain(impairer, 50 * NS_PER_MS - 1, out), 0);
	assert_int_equal(drain(impairer, 50 * NS_PER_MS, out), 1);
	assert_int_equal(drain(impairer, 50 * NS_PER_MS + 10, out), 1);
	impairer_free(impairer);
}

/* Exactly one byte, truly another; what goes in is not touched. */
static void test_corrupt(void **state)
{
	struct impairment all = {.corrupt_ppm = 1000000, .seed = SEED};
	struct impairer *impairer = impairer_new(&all);
	unsigned places[16] = {0};

	(void)state;
	assert_non_null(impairer);
	for (uint32_t i = 0; i < 1000; i++) {
		uint8_t bytes[16] = "fifteen letters";
		struct parcel parcel;
		unsigned changed = 0;

		impairer_take(impairer,
			      &(struct parcel){
				      .ends = peer(1),
				      .length = sizeof(bytes),
				      .bytes = bytes,
			      },
			      0);
		assert_string_equal(bytes, "fifteen letters");
		assert_true(impairer_next(impairer, 0, &parcel));
		for (unsigned at = 0; at < 16; at++) {
			places[at] += parcel.bytes[at] != bytes[at];
			changed += parcel.bytes[at] != bytes[at];
		}
		assert_int_equal(changed, 1);
		free(parcel.bytes);
	}
	for (unsigned at = 0; at < 16; at++)
		assert_in_range(places[at], 20, 110); /* 62.5 each */
	assert_int_equal(impairer_counts(impairer)->corrupted, 1000);
	impairer_free(impairer);
}

/* Nothing to alter in an empty one. */
static void test_empty(void **state)
{
	struct impairment all = {.corrupt_ppm = 1000000, .seed = SEED};
	struct impairer *impairer = impairer_new(&all);
	struct parcel parcel = {.ends = peer(1)};

	(void)state;
	assert_non_null(impairer);
	parcel.bytes = (uint8_t *)"";
	assert_int_equal(impairer_take(impairer, &parcel, 0), 1);
	assert_true(impairer_next(impairer, 0, &parcel));
	assert_int_equal(parcel.length, 0);
	assert_int_equal(impairer_counts(impairer)->corrupted, 0);
	free(parcel.bytes);
	impairer_free(impairer);
}

static void test_bounds(void **state)
{
	struct impairment late = {
		.delay_ns = NS_PER_S,
		.reorder_ppm = 1000000,
		.seed = SEED,
	};
	struct impairer *impairer = impairer_new(&late);
	uint8_t *large = calloc(1, 65000);
	unsigned made = 0;

	(void)state;
	assert_non_null(impairer);
	assert_non_null(large);
	/* Each from another port: not all can be held for one to overtake. */
	for (uint32_t i = 0; i < 65535; i++)
		made += take(impairer, (uint16_t)(i + 1), i, 0);
	made += take(impairer, 1, 0, 0);
	made += take(impairer, 1, 0, 0);
	assert_int_equal(made, IMPAIRER_DATAGRAMS_MAX);
	assert_int_equal(impairer_counts(impairer)->refused, 1);
	impairer_free(impairer);

	late.reorder_ppm = 0;
	impairer = impairer_new(&late);
	assert_non_null(impairer);
	made = 0;
	for (uint32_t i = 0; i < 2000; i++)
		made += impairer_take(impairer,
				      &(struct parcel){
					      .ends = peer(1),
					      .length = 65000,
					      .bytes = large,
				      },
				      0);
	assert_int_equal(made, IMPAIRER_BYTES_MAX / 65000);
	assert_int_equal(impairer_counts(impairer)->refused, 2000 - made);
	impairer_free(impairer);
	free(large);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_same_seed_same_fate),
		cmocka_unit_test(test_share),
		cmocka_unit_test(test_independent),
		cmocka_unit_test(test_unrelated),
		cmocka_unit_test(test_reorder),
		cmocka_unit_test(test_hold),
		cmocka_unit_test(test_delay),
		cmocka_unit_test(test_corrupt),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests_name("impairer", tests, NULL, NULL);
}
