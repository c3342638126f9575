/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/writes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "random.h"
#include "script.h"

static void check_write(const struct write *write, const char *text,
			enum write_end end)
{
	char bytes[256];

	assert_string_equal(write_text(write, bytes, sizeof(bytes)), text);
	assert_int_equal(write->end, end);
}

/* The lab's 2,934 bytes, with timestamps and without. */
static void test_lab(void **state)
{
	struct script script;

	(void)state;
	script_begin(&script, true, 0);
	script_say(&script, "> S 1000 0 mss=1460 ts=1");
	script_say(&script, "< SA 5000 1001 mss=1460 ts=1");
	script_say(&script, "> A 1001 5001 ts=1");
	script_say(&script, "> A 1001 5001 len=1448 ts=1");
	assert_int_equal(script.event.segment.write.number, 1);
	assert_int_equal(script.event.segment.write.to, 1448);
	script_say(&script, "> A 2449 5001 len=1448 ts=1");
	assert_int_equal(script.event.writes_ended, 0);
	script_say(&script, "> PA 3897 5001 len=38 ts=1");
	assert_int_equal(script.event.segment.write.from, 2896);
	assert_int_equal(script.event.segment.write.to, 2934);
	assert_true(script.event.segment.write.last);
	assert_int_equal(script.event.writes_ended, 1);
	check_write(&script.event.writes[0],
		    "2934 = 1448 + 1448 + 38; MSS 1460 less 12 for timestamps",
		    WRITE_PUSHED);
	script_end(&script);

	script_begin(&script, true, 0);
	script_say(&script, "> S 1000 0 mss=1460");
	script_say(&script, "< SA 5000 1001 mss=1460");
	script_say(&script, "> A 1001 5001 len=1460");
	script_say(&script, "> A 2461 5001 len=1460");
	script_say(&script, "> PA 3921 5001 len=14");
	check_write(&script.event.writes[0],
		    "2934 = 1460 + 1460 + 14; MSS 1460", WRITE_PUSHED);
	script_end(&script);
}

static void test_offload(void **state)
{
	struct script script;

	(void)state;
	script_begin(&script, true, 0);
	script_shake_hands(&script);
	script_say(&script, "> PA 1001 5001 len=2934");
	assert_int_equal(script.event.segment.notes, NOTE_OFFLOAD);
	check_write(&script.event.writes[0],
		    "2934 = 2934; larger than the MSS 1460: captured above "
		    "the cut, which the network card makes",
		    WRITE_PUSHED);
	script_end(&script);
}

/* How a write ends where no PSH says so. */
static void test_ends(void **state)
{
	struct write open;
	struct script script;

	(void)state;
	script_begin(&script, true, 0);
	script_shake_hands(&script);
	script_say(&script, "> A 1001 5001 len=100");
	script_say(&script, "> A 1101 5001 len=100 us=200000");
	assert_int_equal(script.event.writes_ended, 1);
	check_write(&script.event.writes[0], "100 = 100", WRITE_PAUSED);
	script_say(&script, "< PA 5001 1201 len=7");
	check_write(&script.event.writes[0], "7 = 7", WRITE_PUSHED);
	script_say(&script, "> A 1201 5008 len=100");
	check_write(&script.event.writes[0], "100 = 100", WRITE_ANSWERED);
	script_say(&script, "> A 1501 5008 len=100");
	check_write(&script.event.writes[0], "100 = 100", WRITE_GAP);
	/* What is sent again belongs to no write. */
	script_say(&script, "> A 1501 5008 len=100");
	assert_int_equal(script.event.segment.write.number, 0);
	script_say(&script, "> FA 1601 5008 len=50");
	check_write(&script.event.writes[0], "150 = 100 + 50; MSS 1460",
		    WRITE_FINISHED);
	script_say(&script, "< A 5008 1652");
	assert_false(flow_open_write(script.flow, script.event.conversation,
				     CLIENT, &open));
	script_say(&script, "< A 5008 1652 len=9");
	assert_true(flow_open_write(script.flow, script.event.conversation,
				    SERVER, &open));
	check_write(&open, "9 = 9", WRITE_OPEN);
	script_end(&script);
}

static void test_many(void **state)
{
	struct script script;
	char line[128];
	uint32_t seq = 1001;

	(void)state;
	script_begin(&script, true, 0);
	script_shake_hands(&script);
	for (int i = 0; i < 45; i++, seq += 1460) {
		snprintf(line, sizeof(line), "> A %u 5001 len=1460 us=1", seq);
		script_say(&script, line);
	}
	snprintf(line, sizeof(line), "> PA %u 5001 len=100", seq);
	script_say(&script, line);
	check_write(&script.event.writes[0],
		    "65800 = 45 x 1460 + 100; MSS 1460", WRITE_PUSHED);
	script_end(&script);
}

/* Without loss every byte is in one write, and writes follow each other. */
static void test_whole(void **state)
{
	struct random random = random_new();
	uint64_t sent = 0, ended = 0;
	uint32_t seq = 1001;
	struct script script;
	struct write open;
	char line[128];

	(void)state;
	script_begin(&script, true, 0);
	script_shake_hands(&script);
	for (int i = 0; i < 20000; i++) {
		unsigned bytes = 1 + (unsigned)random_below(&random, 3000);

		snprintf(line, sizeof(line), "> %s %u 5001 len=%u us=%u",
			 random_below(&random, 4) ? "A" : "PA", seq, bytes,
			 (unsigned)random_below(&random, 250000));
		script_say(&script, line);
		seq += bytes;
		sent += bytes;
		for (unsigned n = 0; n < script.event.writes_ended; n++)
			ended += script.event.writes[n].bytes;
	}
	if (flow_open_write(script.flow, script.event.conversation, CLIENT,
			    &open))
		ended += open.bytes;
	assert_int_equal(ended, sent);
	script_end(&script);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lab),   cmocka_unit_test(test_offload),
		cmocka_unit_test(test_ends),  cmocka_unit_test(test_many),
		cmocka_unit_test(test_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
