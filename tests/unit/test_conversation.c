/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "random.h"
#include "script.h"

/* What the line of a conversation says at its end. */
struct expected {
	const char *name;
	const char *const *lines;
	const char *close, *history;
	unsigned completeness; /* as tshark -2 (4.0) prints it */
	const char *client, *server;
};

#define LINES(...)                                                             \
	(const char *const[])                                                  \
	{                                                                      \
		__VA_ARGS__, NULL                                              \
	}
#define HANDSHAKE "> S 1000 0", "< SA 5000 1001", "> A 1001 5001"

static const struct expected closes[] = {
	{"the lab's chat",
	 LINES(HANDSHAKE, "> PA 1001 5001 len=14", "< A 5001 1015",
	       "< PA 5001 1015 len=14", "> A 1015 5015", "> FA 1015 5015",
	       "< A 5015 1016", "< FA 5015 1016", "> A 1016 5016"),
	 "fin-4", "ShADadFf", 31, "TIME_WAIT", "CLOSED"},
	{"three segments",
	 LINES(HANDSHAKE, "> FA 1001 5001", "< FA 5001 1002", "> A 1002 5002"),
	 "fin-3", "ShAFf", 23, "TIME_WAIT", "CLOSED"},
	{"the server first",
	 LINES(HANDSHAKE, "< FA 5001 1001", "> A 1001 5002", "> FA 1001 5002",
	       "< A 5002 1002"),
	 "fin-4", "ShAfFa", 23, "CLOSED", "TIME_WAIT"},
	{"both at once",
	 LINES(HANDSHAKE, "> FA 1001 5001", "< FA 5001 1001", "> A 1002 5002",
	       "< A 5002 1002"),
	 "fin-simultaneous", "ShAFfa", 23, "TIME_WAIT", "TIME_WAIT"},
	{"a FIN again",
	 LINES(HANDSHAKE, "> FA 1001 5001", "> FA 1001 5001", "< FA 5001 1002",
	       "> A 1002 5002"),
	 "fin-3", "ShAFf", 23, "TIME_WAIT", "CLOSED"},
	{"one FIN", LINES(HANDSHAKE, "> FA 1001 5001", "< A 5001 1002"), "half",
	 "ShAFa", 23, "FIN_WAIT_2", "CLOSE_WAIT"},
	{"the last ACK missing",
	 LINES(HANDSHAKE, "> FA 1001 5001", "< FA 5001 1002"), "half", "ShAFf",
	 23, "FIN_WAIT_2", "LAST_ACK"},
	{"refused", LINES("> S 1000 0", "< RA 0 1001 win=0"), "rst-refused",
	 "Sr", 37, "CLOSED", "CLOSED"},
	{"refused twice",
	 LINES("> S 1000 0", "< RA 0 1001 win=0", "> S 1000 0",
	       "< RA 0 1001 win=0"),
	 "rst-refused", "Sr", 37, "CLOSED", "CLOSED"},
	{"a forged refusal", LINES("> S 1000 0", "< RA 0 999 win=0"), "none",
	 "Sr", 37, "SYN_SENT", "LISTEN"},
	{"a half-open scan",
	 LINES("> S 1000 0", "< SA 5000 1001", "> R 1001 0 win=0"),
	 "rst-no-socket", "ShR", 35, "CLOSED", "CLOSED"},
	{"unread data",
	 LINES(HANDSHAKE, "> PA 1001 5001 len=14", "< A 5001 1015",
	       "< RA 5001 1015"),
	 "rst-abort", "ShADar", 47, "CLOSED", "CLOSED"},
	{"data to a closed socket",
	 LINES(HANDSHAKE, "< FA 5001 1001", "> A 1001 5002",
	       "> PA 1001 5002 len=1", "< R 5002 0 win=0"),
	 "rst-no-socket", "ShAfDr", 63, "CLOSED", "CLOSED"},
	{"a RST after it was over",
	 LINES(HANDSHAKE, "> FA 1001 5001", "< FA 5001 1002", "> A 1002 5002",
	       "< R 5002 0 win=0"),
	 "fin-3", "ShAFfr", 55, "CLOSED", "CLOSED"},
	{"a RST far off", LINES(HANDSHAKE, "< R 9001 0 win=0"), "none", "ShAr",
	 39, "ESTABLISHED", "ESTABLISHED"},
	{"silence", LINES("> S 1000 0", "> S 1000 0", "> S 1000 0"), "none",
	 "S", 1, "SYN_SENT", "LISTEN"},
	{"both open",
	 LINES("> S 1000 0", "< S 5000 0", "> SA 1000 5001", "< SA 5000 1001"),
	 "none", "Ss", 3, "ESTABLISHED", "SYN_RECEIVED"},
	{"the SYN not captured", LINES("< SA 5000 1001", "> A 1001 5001"),
	 "none", "^hA", 6, "ESTABLISHED", "ESTABLISHED"},
	{"midstream", LINES("> PA 1001 5001 len=14", "< A 5001 1015"), "none",
	 "Da", 12, "ESTABLISHED", "ESTABLISHED"},
	{"one segment midstream", LINES("> PA 1001 5001 len=14"), "none", "D",
	 0, "ESTABLISHED", "ESTABLISHED"},
	{"Fast Open",
	 LINES("> S 1000 0 len=100", "< SA 5000 1101", "> A 1101 5001"), "none",
	 "SDhA", 15, "ESTABLISHED", "ESTABLISHED"},
	{"a FIN scan", LINES("> F 1000 0", "< RA 0 1001 win=0"),
	 "rst-no-socket", "Fr", 36, "CLOSED", "CLOSED"},
	{"SYN and FIN", LINES("> SF 1000 0", "< RA 0 1002 win=0"),
	 "rst-refused", "QSFr", 37, "CLOSED", "CLOSED"},
};

static void test_closes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(closes) / sizeof(closes[0]); i++) {
		const struct expected *expected = &closes[i];
		const struct conversation *conversation;
		struct script script;

		print_message("# %s\n", expected->name);
		script_begin(&script, i % 2, 0);
		script_say_all(&script, expected->lines);
		conversation = script.event.conversation;
		assert_non_null(conversation);
		assert_string_equal(
			close_name(conversation_close(conversation)),
			expected->close);
		assert_string_equal(conversation->history, expected->history);
		assert_int_equal(conversation_completeness(conversation),
				 expected->completeness);
		assert_string_equal(
			endstate_name(conversation->side[CLIENT].state),
			expected->client);
		assert_string_equal(
			endstate_name(conversation->side[SERVER].state),
			expected->server);
		script_end(&script);
	}
}

static void test_figures(void **state)
{
	const struct conversation *conversation;
	char text[ENDPOINT_TEXT_BYTES];
	struct script script;

	(void)state;
	script_begin(&script, false, 0);
	script_say(&script, "> S 1000 0 mss=1460 ws=7");
	script_say(&script, "< SA 5000 1001 mss=1400 ws=2 us=30");
	script_say(&script, "> A 1001 5001 us=8");
	script_say(&script, "> PA 1001 5001 len=14");
	script_say(&script, "> PA 1001 5001 len=14 us=300000");
	script_say(&script, "< PA 5001 1015 len=2934");
	conversation = script.event.conversation;
	assert_int_equal(conversation_handshake_ns(conversation), 38000);
	assert_int_equal(conversation_frames(conversation), 6);
	assert_int_equal(conversation_retransmissions(conversation), 1);
	assert_int_equal(conversation->side[CLIENT].sent_bytes, 28);
	assert_int_equal(conversation->side[CLIENT].unique_bytes, 14);
	assert_int_equal(conversation->side[SERVER].unique_bytes, 2934);
	assert_int_equal(conversation->side[SERVER].mss, 1400);
	assert_int_equal(conversation->stream, 0);
	assert_true(conversation_is_offloaded(conversation));
	assert_false(conversation_is_midstream(conversation));
	assert_false(conversation_is_one_sided(conversation));
	assert_string_equal(conversation_endpoint(conversation, CLIENT, text),
			    "10.9.0.1:40000");
	assert_string_equal(conversation_endpoint(conversation, SERVER, text),
			    "10.9.0.2:80");
	script_end(&script);
}

/* Wireshark's rule: a SYN without ACK and with another number. */
static void test_port_reuse(void **state)
{
	struct script script;

	(void)state;
	script_begin(&script, true, 0);
	script_shake_hands(&script);
	script_say(&script, "> S 1000 0"); /* the same: again */
	assert_int_equal(script.event.segment.stream, 0);
	script_say(&script, "> S 2000 0");
	assert_int_equal(script.event.segment.stream, 1);
	assert_int_equal(script.event.segment.notes, NOTE_PORT_REUSED);
	assert_int_equal(script.event.segment.seq, 0);
	script_say(&script, "< SA 7000 2001");
	assert_int_equal(script.event.segment.stream, 1);
	/* From the other end: with that one as the client. */
	script_say(&script, "< S 9000 0");
	assert_int_equal(script.event.segment.stream, 2);
	assert_true(script.event.segment.from_client);
	/* Another SYN,ACK is no other conversation. */
	script_say(&script, "> SA 3000 9001");
	script_say(&script, "> SA 3500 9001");
	assert_int_equal(script.event.segment.stream, 2);
	assert_true(script.event.segment.notes & NOTE_PORT_REUSED);
	assert_int_equal(script.event.segment.seq, 0);
	script_end(&script);
}

/* Ten times the number space through one conversation: numbers stay relative
 * and no byte is counted twice or lost. */
static void test_wraparound(void **state)
{
	const uint32_t isn = UINT32_MAX - 5, step = 1u << 16;
	uint32_t seq = isn + 1;
	struct script script;
	char line[128];

	(void)state;
	script_begin(&script, true, 0);
	snprintf(line, sizeof(line), "> S %u 0", isn);
	script_say(&script, line);
	snprintf(line, sizeof(line), "< SA 5000 %u", isn + 1);
	script_say(&script, line);
	for (uint32_t i = 0; i < 10 * (UINT32_MAX / step); i++) {
		snprintf(line, sizeof(line), "> A %u 5001 len=65000 us=1", seq);
		script_say(&script, line);
		assert_int_equal(script.event.segment.seq, seq - isn);
		assert_int_equal(script.event.segment.notes, 0);
		seq += 65000;
		if (i % 16)
			continue;
		snprintf(line, sizeof(line), "< A 5001 %u us=1", seq);
		script_say(&script, line);
		assert_int_equal(script.event.segment.ack, seq - isn);
		assert_int_equal(script.event.segment.acked_open, 0);
	}
	assert_int_equal(script.event.conversation->side[CLIENT].unique_bytes,
			 UINT64_C(65000) * 10 * (UINT32_MAX / step));
	script_end(&script);
}

static void test_windows(void **state)
{
	struct script script;

	(void)state;
	script_begin(&script, true, 0);
	script_say(&script, "> S 1000 0 win=64240 ws=10");
	assert_int_equal(script.event.segment.window_scaled, 64240);
	script_say(&script, "< SA 5000 1001 win=65160 ws=7");
	assert_int_equal(script.event.segment.window_scaled, 65160);
	script_say(&script, "> A 1001 5001 win=63");
	assert_int_equal(script.event.segment.window, 63);
	assert_int_equal(script.event.segment.window_scaled, 64512);
	script_say(&script, "< A 5001 1001 win=2");
	assert_int_equal(script.event.segment.window_scaled, 256);
	/* One end does not offer: no scale for either. RFC 7323 2.2 */
	script_say(&script, "> S 3000 0 port=1 ws=10");
	script_say(&script, "< SA 5000 3001 port=1");
	script_say(&script, "> A 3001 5001 port=1 win=63");
	assert_int_equal(script.event.segment.window_scaled, 63);
	assert_int_equal(script.event.segment.scale, 0);
	/* Not seen: said so. */
	script_say(&script, "> A 3001 5001 port=2 win=63");
	assert_int_equal(script.event.segment.scale, -1);
	/* A shift beyond 14 is 14. RFC 7323 2.3 */
	script_say(&script, "> S 3000 0 port=3 ws=255");
	script_say(&script, "< SA 5000 3001 port=3 ws=15");
	script_say(&script, "> A 3001 5001 port=3 win=1");
	assert_int_equal(script.event.segment.window_scaled, 16384);
	script_end(&script);
}

/* History, counts and states of whatever comes: words stay words. */
static void test_anything(void **state)
{
	struct random random = random_new();
	struct script script;

	(void)state;
	script_begin(&script, true, 50);
	for (int i = 0; i < 100000; i++) {
		static const char letters[] = "FSRPAUEC";
		char flags[9], line[160];
		size_t used = 0;

		for (int n = 0; n < 8; n++) {
			if (random_below(&random, n == 1 || n == 4 ? 2 : 5) ==
			    0)
				flags[used++] = letters[n];
		}
		flags[used] = '\0';
		snprintf(line, sizeof(line),
			 "%c %s %u %u len=%u win=%u us=%u port=%u ws=%d",
			 "<>"[random_below(&random, 2)], used ? flags : ".",
			 (unsigned)random_below(&random, 64) * 1000,
			 (unsigned)random_below(&random, 64) * 1000,
			 (unsigned)random_below(&random, 3) * 1000,
			 (unsigned)random_below(&random, 3) * 1000,
			 (unsigned)random_below(&random, 20000),
			 (unsigned)random_below(&random, 100),
			 (int)random_below(&random, 3) - 1);
		script_say(&script, line);
		assert_in_range(script.event.segment.client_state, 0,
				ENDSTATE_COUNT - 1);
		assert_in_range(strlen(script.event.conversation->history), 0,
				HISTORY_MAX - 1);
		assert_true(script.event.segment.sacks == 0);
	}
	script_end(&script);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_closes),
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_port_reuse),
		cmocka_unit_test(test_wraparound),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
