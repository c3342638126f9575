/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/proof.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "script.h"

/* A line said, its proof and its notes in words. */
static void check(struct script *script, const char *line, const char *proof,
		  const char *notes)
{
	const struct flow_event *event = script_say(script, line);
	char text[PROOF_BYTES];

	assert_string_equal(proof_text(&event->segment, text, sizeof(text)),
			    proof);
	assert_string_equal(proof_notes(&event->segment, text, sizeof(text)),
			    notes);
}

/* Handshake, 14 bytes each way, teardown: as the lab tells it. */
static void test_chat(void **state)
{
	struct script script;

	(void)state;
	script_begin(&script, true, 0);
	check(&script, "> S 1000 0", "SYN consumes one sequence number", "");
	check(&script, "< SA 5000 1001",
	      "ack = 0 + 1 = 1: their SYN; SYN consumes one sequence number",
	      "");
	check(&script, "> A 1001 5001", "ack = 0 + 1 = 1: the SYN", "");
	check(&script, "> PA 1001 5001 len=14", "next = 1 + 14 = 15", "");
	check(&script, "< A 5001 1015",
	      "ack = 1 + 14 = 15: all of the 14 bytes", "");
	check(&script, "< PA 5001 1015 len=14", "next = 1 + 14 = 15", "");
	check(&script, "> PA 1015 5015 len=6",
	      "ack = 1 + 14 = 15: all of the 14 bytes; next = 15 + 6 = 21", "");
	check(&script, "> PA 1021 5015 len=4", "next = 21 + 4 = 25", "");
	check(&script, "< A 5015 1021",
	      "ack = 15 + 6 = 21: 6 bytes of 10, 4 still open", "");
	check(&script, "< A 5015 1025", "ack = 21 + 4 = 25: all of the 4 bytes",
	      "");
	check(&script, "> FA 1025 5015",
	      "FIN consumes one sequence number: next = 26", "");
	check(&script, "< A 5015 1026", "ack = 25 + 1 = 26: the FIN", "");
	check(&script, "< FPA 5015 1026 len=3",
	      "next = 15 + 3 bytes + FIN = 19", "");
	check(&script, "> A 1026 5019",
	      "ack = 15 + 3 + 1 = 19: 3 bytes and the FIN", "");
	script_end(&script);
}

static void test_noted(void **state)
{
	struct script script;

	(void)state;
	script_begin(&script, true, 0);
	script_shake_hands(&script);
	check(&script, "> PA 1101 5001 len=10",
	      "seq 101 = 1 + 100 bytes that were not captured",
	      "previous segment not captured");
	check(&script, "< A 5001 1001",
	      "ack 1 again: the byte behind it is still missing",
	      "duplicate ACK 1 of frame 2");
	check(&script, "> PA 1101 5001 len=10",
	      "seq 101 lies below the next expected, 111", "retransmission");
	check(&script, "< A 5001 1001 win=2000",
	      "ack 1 again, with another window: 256000 bytes",
	      "window update");
	script_say(&script, "< A 5001 1111 win=2000");
	check(&script, "> PA 1101 5001 len=10",
	      "101 to 111 were acknowledged already",
	      "spurious retransmission");
	check(&script, "> A 1110 5001",
	      "seq = next - 1 = 110: asks for an ACK, brings nothing new",
	      "keep-alive");
	check(&script, "> A 1111 5001",
	      "ack 1 again: the byte behind it is still missing",
	      "duplicate ACK 1 of frame 3");
	check(&script, "> P 1111 0 len=0",
	      "neither acknowledges nor carries anything", "");
	script_end(&script);
}

static void test_resets(void **state)
{
	struct flow_event *event;
	struct script script;
	char text[PROOF_BYTES];

	(void)state;
	script_begin(&script, true, 0);
	script_say(&script, "> S 1000 0");
	check(&script, "< RA 0 1001 win=0",
	      "ack = 0 + 1 = 1: this RST answers the SYN of frame 1", "");
	script.event.segment.ours = true;
	assert_string_equal(
		proof_text(&script.event.segment, text, sizeof(text)),
		"ack = our seq + 1: this RST answers our SYN");
	script_say(&script, "> S 1000 0 port=2");
	script_say(&script, "< SA 5000 1001 port=2");
	event = script_say(&script, "> R 1001 0 win=0 port=2");
	event->segment.ours = true;
	assert_string_equal(
		proof_text(&event->segment, text, sizeof(text)),
		"seq = their ack = 1: sent by our own kernel, which knows no "
		"such connection");
	script_end(&script);
}

static void test_flags(void **state)
{
	char text[64];

	(void)state;
	assert_string_equal(flags_text(0x12, text, sizeof(text)), "SYN,ACK");
	assert_string_equal(flags_text(0, text, sizeof(text)), "no flags");
	assert_string_equal(flags_text(0xff, text, sizeof(text)),
			    "SYN,FIN,RST,PSH,ACK,URG,ECE,CWR");
	assert_string_equal(flags_short(0x12, text, sizeof(text)), "SA");
	assert_string_equal(flags_short(0, text, sizeof(text)), ".");
	/* Cut, and ended. */
	assert_string_equal(flags_text(0x12, text, 5), "SYN,");
}

static void test_verdicts(void **state)
{
	static const char *const reasons[] = {
		"syn-ack",      "rst",     "no-reply", "icmp-admin-prohibited",
		"conn-refused", "timeout",
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		proof_verdict("filtered", reasons[i], text, sizeof(text));
		assert_non_null(strstr(text, "RFC 9293"));
		assert_non_null(strstr(text, reasons[i]));
	}
	assert_string_equal(
		proof_verdict("filtered", "no-route", text, sizeof(text)),
		"filtered (no-route): no SYN could leave: the routing table "
		"has no way there");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chat),     cmocka_unit_test(test_noted),
		cmocka_unit_test(test_resets),   cmocka_unit_test(test_flags),
		cmocka_unit_test(test_verdicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
