/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/endstate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "random.h"
#include "wire/packet.h"

static void step(enum endstate *sender, enum endstate *receiver, uint8_t flags,
		 bool acks_syn, bool acks_fin)
{
	const struct endstate_event event = {
		.flags = flags,
		.acks_peer_syn = acks_syn,
		.acks_peer_fin = acks_fin,
		.acceptable = true,
	};

	endstate_step(sender, receiver, &event);
}

#define IS(client_state, server_state)                                         \
	do {                                                                   \
		assert_string_equal(endstate_name(client), client_state);      \
		assert_string_equal(endstate_name(server), server_state);      \
	} while (0)

/* RFC 9293 figures 6 and 12. */
static void test_open_and_close(void **state)
{
	enum endstate client = ENDSTATE_CLOSED, server = ENDSTATE_LISTEN;

	(void)state;
	step(&client, &server, TCP_SYN, false, false);
	IS("SYN_SENT", "LISTEN");
	step(&server, &client, TCP_SYN | TCP_ACK, true, false);
	IS("SYN_SENT", "SYN_RECEIVED");
	step(&client, &server, TCP_ACK, true, false);
	IS("ESTABLISHED", "ESTABLISHED");
	step(&client, &server, TCP_FIN | TCP_ACK, false, false);
	IS("FIN_WAIT_1", "ESTABLISHED");
	step(&server, &client, TCP_ACK, false, true);
	IS("FIN_WAIT_2", "CLOSE_WAIT");
	step(&server, &client, TCP_FIN | TCP_ACK, false, false);
	IS("FIN_WAIT_2", "LAST_ACK");
	step(&client, &server, TCP_ACK, false, true);
	IS("TIME_WAIT", "CLOSED");
}

/* The FIN and the ACK of the other FIN in one segment. */
static void test_close_in_three(void **state)
{
	enum endstate client = ENDSTATE_ESTABLISHED;
	enum endstate server = ENDSTATE_ESTABLISHED;

	(void)state;
	step(&client, &server, TCP_FIN | TCP_ACK, false, false);
	step(&server, &client, TCP_FIN | TCP_ACK, false, true);
	IS("FIN_WAIT_2", "LAST_ACK");
	step(&client, &server, TCP_ACK, false, true);
	IS("TIME_WAIT", "CLOSED");
	/* That ACK was lost: the FIN comes again. */
	step(&server, &client, TCP_FIN | TCP_ACK, false, false);
	IS("TIME_WAIT", "LAST_ACK");
}

/* RFC 9293 figure 13. */
static void test_close_by_both(void **state)
{
	enum endstate client = ENDSTATE_ESTABLISHED;
	enum endstate server = ENDSTATE_ESTABLISHED;

	(void)state;
	step(&client, &server, TCP_FIN | TCP_ACK, false, false);
	step(&server, &client, TCP_FIN | TCP_ACK, false, false);
	IS("FIN_WAIT_1", "FIN_WAIT_1");
	step(&client, &server, TCP_ACK, false, true);
	IS("CLOSING", "FIN_WAIT_2");
	step(&server, &client, TCP_ACK, false, true);
	IS("TIME_WAIT", "TIME_WAIT");
}

/* RFC 9293 figure 8. */
static void test_open_by_both(void **state)
{
	enum endstate client = ENDSTATE_CLOSED, server = ENDSTATE_LISTEN;

	(void)state;
	step(&client, &server, TCP_SYN, false, false);
	step(&server, &client, TCP_SYN, false, false);
	IS("SYN_SENT", "SYN_SENT");
	step(&client, &server, TCP_SYN | TCP_ACK, true, false);
	IS("SYN_RECEIVED", "SYN_SENT");
	step(&server, &client, TCP_SYN | TCP_ACK, true, false);
	IS("ESTABLISHED", "SYN_RECEIVED");
}

static void test_reset(void **state)
{
	enum endstate client = ENDSTATE_SYN_SENT, server = ENDSTATE_LISTEN;
	struct endstate_event event = {.flags = TCP_RST};

	(void)state;
	endstate_step(&server, &client, &event);
	IS("SYN_SENT", "LISTEN"); /* nobody believes it */
	event.acceptable = true;
	endstate_step(&server, &client, &event);
	IS("CLOSED", "CLOSED");
	/* The same addresses again. */
	step(&client, &server, TCP_SYN, false, false);
	IS("SYN_SENT", "LISTEN");
}

/* An ACK of an older connection says nothing of the one that is opening. */
static void test_old_ack(void **state)
{
	enum endstate client = ENDSTATE_SYN_SENT, server = ENDSTATE_LISTEN;

	(void)state;
	step(&server, &client, TCP_ACK, false, false);
	IS("SYN_SENT", "LISTEN");
	/* The SYN,ACK was not captured, but the next one was. */
	step(&server, &client, TCP_ACK, true, false);
	IS("SYN_SENT", "ESTABLISHED");
}

/* Whatever comes, states are states, and a believed RST closes both. */
static void test_anything(void **state)
{
	struct random random = random_new();
	enum endstate end[2] = {ENDSTATE_CLOSED, ENDSTATE_LISTEN};

	(void)state;
	for (int i = 0; i < 200000; i++) {
		const struct endstate_event event = {
			.flags = (uint8_t)random_next(&random),
			.acks_peer_syn = random_below(&random, 2),
			.acks_peer_fin = random_below(&random, 2),
			.acceptable = random_below(&random, 2),
		};
		int which = (int)random_below(&random, 2);

		endstate_step(&end[which], &end[!which], &event);
		assert_in_range(end[0], 0, ENDSTATE_COUNT - 1);
		assert_in_range(end[1], 0, ENDSTATE_COUNT - 1);
		if (event.flags & TCP_RST && event.acceptable) {
			assert_int_equal(end[0], ENDSTATE_CLOSED);
			assert_int_equal(end[1], ENDSTATE_CLOSED);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open_and_close),
		cmocka_unit_test(test_close_in_three),
		cmocka_unit_test(test_close_by_both),
		cmocka_unit_test(test_open_by_both),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_old_ack),
		cmocka_unit_test(test_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
