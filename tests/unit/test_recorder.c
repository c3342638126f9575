/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/recorder.h"

/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "random.h"
#include "scan/recordlist.h"

#define T0   INT64_C(1700000000000000000)
#define HOLD RECORDER_HOLD_NS

/* A recording that counts, and fails when time goes back. */
struct witness {
	struct recording recording;
	int64_t last_ns;
	uint32_t last_number; /* of those of one time */
	uint64_t packets, backwards, flushes, ends;
	struct pcapng_statistics totals;
};

static void saw(struct recording *recording, const struct record *record)
{
	struct witness *witness = (struct witness *)recording;
	uint32_t number;

	assert_true(record->captured >= 4);
	memcpy(&number, record->bytes, 4);
	witness->packets++;
	witness->backwards += record->wall_ns < witness->last_ns ||
			      (record->wall_ns == witness->last_ns &&
			       number < witness->last_number);
	witness->last_ns = record->wall_ns;
	witness->last_number = number;
}

static void flushed(struct recording *recording)
{
	((struct witness *)recording)->flushes++;
}

static void ended(struct recording *recording,
		  const struct pcapng_statistics *totals, size_t n)
{
	struct witness *witness = (struct witness *)recording;

	witness->ends++;
	assert_int_equal(n, 1);
	witness->totals = totals[0];
}

static const struct recording_ops ops = {saw, flushed, ended};

static struct recorder *new_recorder(struct witness *witness)
{
	struct error error = ERROR_INIT;
	struct recorder *recorder = recorder_new(&error);

	assert_non_null(recorder);
	*witness = (struct witness){.recording.ops = &ops};
	recorder_add(recorder, &witness->recording);
	return recorder;
}

/* The packet's bytes are its number. */
static void hand_in(struct recorder *recorder, int64_t wall_ns, uint32_t number)
{
	recorder_packet(recorder, &(struct record){
					  .wall_ns = wall_ns,
					  .bytes = (const uint8_t *)&number,
					  .captured = 4,
					  .length = 60,
				  });
}

static void end(struct recorder *recorder)
{
	static const struct pcapng_statistics totals = {T0, T0 + 1, 2, 3};

	recorder_end(recorder, &totals, 1);
}

/* What came in and what was sent, read one after the other; and each of them
 * a little out of order. */
static void test_order(void **state)
{
	struct random dice = random_new();
	struct witness witness;
	struct recorder *recorder = new_recorder(&witness);
	int64_t now = T0;
	uint32_t number = 0;

	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		unsigned in = (unsigned)random_below(&dice, 200);
		unsigned out = (unsigned)random_below(&dice, 200);

		for (unsigned i = 0; i < in + out; i++)
			hand_in(recorder,
				now + (i < in ? i : i - in) * 1000 -
					(int64_t)random_below(&dice, 100000),
				number++);
		now += 200000;
		recorder_advance(recorder, now);
		/* None is kept for long. */
		assert_true(now - T0 < 2 * HOLD ||
			    witness.last_ns >= now - HOLD - 600000);
	}
	assert_true(witness.packets < number);
	end(recorder);
	assert_int_equal(witness.packets, number);
	assert_int_equal(witness.backwards, 0);
	assert_int_equal(witness.ends, 1);
	assert_int_equal(witness.totals.dropped, 3);
	recorder_free(recorder);
}

/* A packet waits for those that may still come, and no longer. */
static void test_hold(void **state)
{
	struct witness witness;
	struct recorder *recorder = new_recorder(&witness);

	(void)state;
	hand_in(recorder, T0, 1);
	recorder_advance(recorder, T0 + HOLD);
	assert_int_equal(witness.packets, 0);
	hand_in(recorder, T0 - 5, 2);
	recorder_advance(recorder, T0 + HOLD + 1);
	assert_int_equal(witness.packets, 2);
	assert_int_equal(witness.backwards, 0);
	recorder_free(recorder);
}

/* Those of one time stay as they came. */
static void test_ties(void **state)
{
	struct witness witness;
	struct recorder *recorder = new_recorder(&witness);

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		hand_in(recorder, T0, i);
	end(recorder);
	assert_int_equal(witness.packets, 1000);
	assert_int_equal(witness.backwards, 0);
	recorder_free(recorder);
}

/* More than there is room for, and nobody says how far all is read: none is
 * lost, the oldest goes first. */
static void test_full(void **state)
{
	struct witness witness;
	struct recorder *recorder = new_recorder(&witness);
	uint32_t n = 5 * RECORDER_PACKETS + 17;

	(void)state;
	for (uint32_t i = 0; i < n; i++)
		hand_in(recorder, T0 + (i ^ 7), i);
	assert_int_equal(witness.packets, n - RECORDER_PACKETS);
	end(recorder);
	assert_int_equal(witness.packets, n);
	assert_int_equal(witness.backwards, 0);
	recorder_free(recorder);
}

/* Somebody sets the clock by an hour, forth or back: nothing is lost. */
static void test_clock_set(void **state)
{
	static const int64_t steps[] = {3600000000000, -3600000000000};

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct witness witness;
		struct recorder *recorder = new_recorder(&witness);
		uint32_t n = 3 * RECORDER_PACKETS;

		for (uint32_t i = 0; i < n; i++) {
			int64_t now = T0 + (int64_t)i * 10000;

			if (i > n / 2)
				now += steps[k];
			hand_in(recorder, now, i);
			if (i % 100 == 0)
				recorder_advance(recorder, now);
		}
		end(recorder);
		assert_int_equal(witness.packets, n);
		recorder_free(recorder);
	}
}

static void test_flush(void **state)
{
	struct witness witness;
	struct recorder *recorder = new_recorder(&witness);

	(void)state;
	for (unsigned ms = 0; ms < 1000; ms++)
		recorder_advance(recorder, T0 + (int64_t)ms * 1000000);
	assert_in_range(witness.flushes, 9, 11);
	recorder_free(recorder);
}

/* Longer than it keeps: cut, and the length on the wire says so. */
static void last_is_cut(struct recording *recording,
			const struct record *record)
{
	(void)recording;
	assert_int_equal(record->captured, RECORD_SNAP_BYTES);
	assert_int_equal(record->length, 1500);
	for (unsigned i = 0; i < RECORD_SNAP_BYTES; i++)
		assert_int_equal(record->bytes[i], i & 0xff);
}

static void test_cut(void **state)
{
	static const struct recording_ops cut = {last_is_cut, NULL, NULL};
	struct recording recording = {&cut};
	struct recorder *recorder = recorder_new(NULL);
	uint8_t bytes[1500];

	(void)state;
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	recorder_add(recorder, &recording);
	recorder_packet(recorder, &(struct record){
					  .wall_ns = T0,
					  .bytes = bytes,
					  .captured = sizeof(bytes),
					  .length = sizeof(bytes),
				  });
	recorder_advance(recorder, T0 + HOLD + 1);
	recorder_end(recorder, NULL, 0);
	recorder_free(recorder);
}

/* Two at once; the list keeps what it has room for and counts the rest. */
static void test_list(void **state)
{
	struct witness witness;
	struct recorder *recorder = new_recorder(&witness);
	struct recordlist *list = recordlist_new(100, NULL);
	uint32_t number;

	(void)state;
	assert_non_null(list);
	recorder_add(recorder, recordlist_recording(list));
	for (uint32_t i = 0; i < 99; i++)
		hand_in(recorder, T0 + 99 - i, i);
	recorder_advance(recorder, T0 + 1000 + HOLD);
	assert_int_equal(recordlist_count(list), 99);
	assert_int_equal(recordlist_missing(list), 0);
	for (uint32_t i = 0; i < 99; i++)
		hand_in(recorder, T0 + 2000 + i, 99 + i);
	end(recorder);
	assert_int_equal(witness.packets, 198);
	assert_int_equal(recordlist_count(list), 100);
	assert_int_equal(recordlist_missing(list), 98 + 3);
	for (uint32_t i = 0; i < 100; i++) {
		const struct record *record = recordlist_at(list, i);

		assert_int_equal(record->wall_ns,
				 i < 99 ? T0 + i + 1 : T0 + 2000);
		assert_int_equal(record->length, 60);
		memcpy(&number, record->bytes, 4);
		assert_int_equal(number, i < 99 ? 98 - i : 99);
	}
	recordlist_free(list);
	recordlist_free(NULL);
	recorder_free(recorder);
	recorder_free(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),     cmocka_unit_test(test_hold),
		cmocka_unit_test(test_ties),      cmocka_unit_test(test_full),
		cmocka_unit_test(test_clock_set), cmocka_unit_test(test_flush),
		cmocka_unit_test(test_cut),       cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests_name("recorder", tests, NULL, NULL);
}
