/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/notes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "flow/segment.h"
#include "script.h"

/* Each case as tshark 4.0 reads it: `tshark -2 -T fields -e tcp.analysis...`
 * of the same segments. The notes are those of the last line. */
struct expected {
	const char *name;
	const char *const *lines;
	unsigned notes;
	uint32_t dup_ack;
};

#define LINES(...)                                                             \
	(const char *const[])                                                  \
	{                                                                      \
		__VA_ARGS__, NULL                                              \
	}
#define HANDSHAKE                                                              \
	"> S 1000 0 ws=7 us=1000", "< SA 5000 1001 ws=7 us=1000",              \
		"> A 1001 5001 us=1000"
#define DATA HANDSHAKE, "> PA 1001 5001 len=100", "> PA 1101 5001 len=100"

static const struct expected cases[] = {
	{"new data", LINES(DATA), 0, 0},
	{"the same again, late", LINES(DATA, "> PA 1001 5001 len=100"),
	 NOTE_RETRANSMISSION, 0},
	{"the last again, soon", LINES(DATA, "> PA 1101 5001 len=100 us=10"),
	 NOTE_RETRANSMISSION, 0},
	{"an older one, within the round trip",
	 LINES(DATA, "> PA 1001 5001 len=100 us=10"), NOTE_OUT_OF_ORDER, 0},
	{"a SYN again", LINES("> S 1000 0", "> S 1000 0 us=1000000"),
	 NOTE_RETRANSMISSION, 0},
	{"a gap", LINES(DATA, "> PA 1301 5001 len=100"), NOTE_GAP, 0},
	{"the gap filled",
	 LINES(DATA, "> PA 1301 5001 len=100", "> PA 1201 5001 len=100 us=10"),
	 NOTE_OUT_OF_ORDER, 0},
	{"what was acked already",
	 LINES(DATA, "< A 5001 1201", "> PA 1001 5001 len=100"),
	 NOTE_SPURIOUS_RETRANSMISSION, 0},
	{"the third ACK of the same",
	 LINES(DATA, "< A 5001 1101 win=9", "< A 5001 1101 win=9",
	       "< A 5001 1101 win=9"),
	 NOTE_DUP_ACK, 2},
	{"what two duplicates ask for",
	 LINES(DATA, "> PA 1201 5001 len=100", "< A 5001 1101", "< A 5001 1101",
	       "< A 5001 1101", "> PA 1101 5001 len=100 us=10"),
	 NOTE_FAST_RETRANSMISSION, 0},
	{"the same, but too late",
	 LINES(DATA, "> PA 1201 5001 len=100", "< A 5001 1101", "< A 5001 1101",
	       "< A 5001 1101", "> PA 1101 5001 len=100 us=21000"),
	 NOTE_RETRANSMISSION, 0},
	{"an ACK of what was not captured", LINES(DATA, "< A 5001 1301"),
	 NOTE_ACKED_UNSEEN, 0},
	{"said once", LINES(DATA, "< A 5001 1301", "< A 5001 1401"), 0, 0},
	{"a keep-alive", LINES(DATA, "< A 5001 1201", "> A 1200 5001 len=1"),
	 NOTE_KEEP_ALIVE, 0},
	{"without a byte", LINES(DATA, "< A 5001 1201", "> A 1200 5001"),
	 NOTE_KEEP_ALIVE, 0},
	{"its ACK",
	 LINES(DATA, "< A 5001 1201", "> A 1200 5001", "< A 5001 1201"),
	 NOTE_KEEP_ALIVE_ACK, 0},
	{"a closed window", LINES(DATA, "< A 5001 1201 win=0"),
	 NOTE_ZERO_WINDOW, 0},
	{"a probe of it",
	 LINES(DATA, "< A 5001 1201 win=0", "> A 1201 5001 len=1"),
	 NOTE_ZERO_WINDOW_PROBE, 0},
	{"its ACK",
	 LINES(DATA, "< A 5001 1201 win=0", "> A 1201 5001 len=1",
	       "< A 5001 1201 win=0"),
	 NOTE_ZERO_WINDOW | NOTE_ZERO_WINDOW_PROBE_ACK, 0},
	{"it opens", LINES(DATA, "< A 5001 1201 win=0", "< A 5001 1201 win=9"),
	 NOTE_WINDOW_UPDATE, 0},
	{"the window filled",
	 LINES(DATA, "< A 5001 1201 win=2", "> A 1201 5001 len=256"),
	 NOTE_WINDOW_FULL, 0},
	{"a RST beyond", LINES(DATA, "> R 9000 0 win=0"), 0, 0},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script script;

		print_message("# %s\n", cases[i].name);
		script_begin(&script, true, 0);
		script_say_all(&script, cases[i].lines);
		assert_int_equal(script.event.segment.notes, cases[i].notes);
		assert_int_equal(script.event.segment.dup_ack,
				 cases[i].dup_ack);
		if (cases[i].notes & NOTE_DUP_ACK)
			assert_int_equal(script.event.segment.dup_frame, 6);
		script_end(&script);
	}
}

/* A million gaps, and none is forgotten that there is room for. */
static void test_million_gaps(void **state)
{
	struct flow_counts counts;
	struct script script;
	char line[128];

	(void)state;
	script_begin(&script, false, 0);
	script_shake_hands(&script);
	for (uint32_t i = 1; i <= 1000000; i++) {
		snprintf(line, sizeof(line), "> A %u 5001 len=100 us=1",
			 1001 + i * 200);
		script_say(&script, line);
	}
	flow_counts(script.flow, &counts);
	assert_int_equal(script.event.conversation->side[CLIENT].gaps_seen,
			 1000000);
	assert_in_range(counts.gaps_capped, 999900, 1000000);
	assert_int_equal(script.event.conversation->side[CLIENT].unique_bytes,
			 100000000);
	script_say(&script, "> A 200000901 5001 len=100");
	assert_int_equal(script.event.conversation->side[CLIENT].unique_bytes,
			 100000100);
	script_end(&script);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(note_name(0), "retransmission");
	assert_string_equal(note_name(NOTE_COUNT - 1), "cut_options");
	for (unsigned n = 0; n < NOTE_COUNT; n++)
		assert_true(note_text(n)[0] != '\0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_million_gaps),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
