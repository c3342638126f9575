/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/reset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "script.h"

/* The table of causes, as those kernels put them on the wire; the RST is the
 * last line. */
struct expected {
	const char *name;
	const char *const *lines;
	const char *shape, *setting;
	uint64_t provoker;
	const char *cause; /* one that must be named */
	const char *text;
};

#define LINES(...)                                                             \
	(const char *const[])                                                  \
	{                                                                      \
		__VA_ARGS__, NULL                                              \
	}
#define HANDSHAKE "> S 1000 0", "< SA 5000 1001", "> A 1001 5001"

static const struct expected cases[] = {
	{"closed port", LINES("> S 1000 0", "< RA 0 1001 win=0"), "P0",
	 "of_syn", 1, "no-listener",
	 "P0: no socket; answers a segment without ACK; frame 1 (SYN) had no "
	 "ACK: seq 0, ack = 0 + 1 = 1"},
	{"half-open scan",
	 LINES("> S 1000 0", "< SA 5000 1001", "> R 1001 0 win=0"), "P1",
	 "of_syn_ack", 2, "kernel-knows-no-connection",
	 "P1: no usable socket; answers a segment with ACK; seq = the ack of "
	 "frame 2 (SYN,ACK) = 1"},
	{"unread data",
	 LINES(HANDSHAKE, "> PA 1001 5001 len=14", "< A 5001 1015",
	       "< RA 5001 1015 ts=1"),
	 "A", "of_open", 4, "unread-data",
	 "A: a live socket gave up; the last it had received was frame 4 "
	 "(PSH,ACK)"},
	{"nothing to read",
	 LINES(HANDSHAKE, "< PA 5001 1001 len=14", "> A 1001 5015",
	       "< RA 5015 1001"),
	 "A", "of_open", 5, "linger-zero", NULL},
	{"data to a socket that is gone",
	 LINES(HANDSHAKE, "< FA 5001 1001", "> A 1001 5002",
	       "> PA 1001 5002 len=3", "< R 5002 0 win=0"),
	 "P1", "after_own_fin", 6, "socket-gone", NULL},
	{"a forgotten connection",
	 LINES(HANDSHAKE, "> PA 1001 5001 len=3", "< R 5001 0 win=0"), "P1",
	 "of_open", 4, "half-open", NULL},
	{"unread data after shutdown",
	 LINES(HANDSHAKE, "< FA 5001 1001", "> PA 1001 5002 len=3",
	       "< RA 5002 1004"),
	 "A", "after_own_fin", 5, "unread-after-shutdown", NULL},
	{"listener closed", LINES(HANDSHAKE, "< RA 5001 1001"), "A",
	 "of_handshake", 3, "listener-closed", NULL},
	{"accept queue full", LINES(HANDSHAKE, "< R 5001 0 win=0"), "P1",
	 "of_handshake", 3, "accept-queue-full", NULL},
	{"a stray ACK", LINES("> A 1000 7777", "< R 7777 0 win=0"), "P1",
	 "of_stranger", 1, "stray-ack", NULL},
	{"a FIN scan", LINES("> F 1000 0", "< RA 0 1001 win=0"), "P0",
	 "after_peer_fin", 1, "stray-segment", NULL},
	{"nothing before", LINES("> R 1000 0 win=0"), "P1", "of_stranger", 0,
	 "stray-ack", NULL},
	{"late data",
	 LINES(HANDSHAKE, "> FA 1001 5001", "< FA 5001 1002", "> A 1002 5002",
	       "< R 5002 0 win=0"),
	 "P1", "of_closed", 6, "socket-gone", NULL},
	{"forged", LINES(HANDSHAKE, "< R 5001 0 win=4096"), "odd",
	 "of_handshake", 0, "forged", NULL},
};

static void check(const struct expected *expected, const struct reset *reset)
{
	const char *causes[RESET_REASONS_MAX], *names[RESET_REASONS_MAX];
	size_t count = reset_cause_names(reset, names);
	bool named = false;
	char text[512];

	assert_string_equal(reset_shape_name(reset->shape), expected->shape);
	assert_string_equal(reset_setting_name(reset->setting),
			    expected->setting);
	assert_int_equal(reset->provoker, expected->provoker);
	reset_text(reset, text, sizeof(text));
	if (expected->text)
		assert_string_equal(text, expected->text);
	assert_in_range(count, 1, RESET_REASONS_MAX);
	assert_int_equal(reset_causes(reset, causes), count);
	for (size_t i = 0; i < count; i++)
		named |= strcmp(names[i], expected->cause) == 0;
	assert_true(named);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script script;

		print_message("# %s\n", cases[i].name);
		script_begin(&script, true, 0);
		script_say_all(&script, cases[i].lines);
		check(&cases[i], &script.event.segment.reset);
		script_end(&script);
	}
}

/* Every shape in every setting has a cause, and what fits is within bounds. */
static void test_all_have_causes(void **state)
{
	const char *names[RESET_REASONS_MAX];
	char text[512];

	(void)state;
	for (int bits = 0; bits < 4 * 8 * 4; bits++) {
		const struct reset reset = {
			.shape = (enum reset_shape)(RESET_P0 + bits % 4),
			.setting = (enum reset_setting)(bits / 4 % 8),
			.by_client = bits & 32,
			.peer_data = bits & 64,
		};

		assert_in_range(reset_cause_names(&reset, names), 1,
				RESET_REASONS_MAX);
		assert_true(reset_text(&reset, text, sizeof(text))[0]);
		assert_int_equal(reset_lookalike(&reset) == NULL,
				 reset.shape == RESET_ODD);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_all_have_causes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
