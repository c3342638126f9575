/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "random.h"
#include "script.h"

/* Memory is stated, and a capture cannot make it more: 64 MiB for the program
 * less 10 for everything else of it. */
static void test_memory_bound(void **state)
{
	(void)state;
	assert_in_range(sizeof(struct conversation), 1, 448);
	assert_in_range(FLOW_CONVERSATIONS_MAX * sizeof(struct conversation), 1,
			48 << 20);
}

static void test_eviction(void **state)
{
	struct flow_counts counts;
	struct script script;

	(void)state;
	script_begin(&script, false, 3);
	script_say(&script, "> S 1000 0 port=1");
	assert_true(script.event.began);
	script_say(&script, "> S 2000 0 port=2");
	script_say(&script, "> S 3000 0 port=3");
	script_say(&script, "< SA 5000 1001 port=1"); /* touched */
	assert_false(script.event.began);
	assert_null(script.event.evicted);
	script_say(&script, "> S 4000 0 port=4 us=3600000000");
	assert_non_null(script.event.evicted);
	assert_int_equal(script.event.evicted->stream, 1);
	assert_int_equal(script.event.evicted->port[CLIENT], 2);
	assert_int_equal(script.event.conversation->stream, 3);
	/* What was evicted is another conversation when it comes back. */
	script_say(&script, "< SA 6000 2001 port=2");
	assert_int_equal(script.event.conversation->stream, 4);
	assert_int_equal(script.event.evicted->stream, 2);

	flow_counts(script.flow, &counts);
	assert_int_equal(counts.conversations, 5);
	assert_int_equal(counts.conversations_evicted, 2);
	assert_int_equal(counts.frames, 6);
	assert_int_equal(counts.tcp, 6);
	assert_int_equal(flow_finish(script.flow, NULL), 0);
	assert_int_equal(flow_count(script.flow), 3);
	assert_int_equal(flow_at(script.flow, 0)->stream, 0);
	assert_int_equal(flow_at(script.flow, 1)->stream, 3);
	assert_int_equal(flow_at(script.flow, 2)->stream, 4);
	script_end(&script);
}

/* Every conversation is told once: when evicted, or at the end. */
static void test_flood(void **state)
{
	enum {
		SYNS = 300000,
	};
	static uint8_t told[SYNS];
	struct script_line line = script_parse("> S 1 0");
	uint8_t packet[SCRIPT_CAPTURED];
	struct script script;
	size_t captured;

	(void)state;
	script_begin(&script, false, 0);
	script_packet(&line, packet, &captured);
	for (uint32_t i = 0; i < SYNS; i++) {
		store_be32(packet + 12, i * 2654435761u);
		script_raw(&script, packet, captured, captured);
		if (script.event.evicted)
			told[script.event.evicted->stream]++;
	}
	assert_int_equal(flow_finish(script.flow, NULL), 0);
	assert_int_equal(flow_count(script.flow), FLOW_CONVERSATIONS_MAX);
	for (size_t n = 0; n < flow_count(script.flow); n++)
		told[flow_at(script.flow, n)->stream]++;
	for (size_t i = 0; i < SYNS; i++)
		assert_int_equal(told[i], 1);
	script_end(&script);
}

static struct flow_event *say_hex(struct script *script, const char *hex)
{
	struct bytes bytes = bytes_hex(hex);
	struct flow_event *event =
		script_raw(script, bytes.at, bytes.count, bytes.count);

	free(bytes.at);
	return event;
}

/* An ICMP error ends what it quotes, until an answer comes. */
static void test_icmp(void **state)
{
	struct flow_event *event;
	struct script script;
	char text[256];

	(void)state;
	script_begin(&script, true, 0);
	say_hex(&script, SYN4);
	event = say_hex(&script, UNREACH4);
	assert_int_equal(event->kind, FLOW_NOTICE);
	assert_non_null(event->conversation);
	assert_int_equal(event->notice.stream, 0);
	assert_int_equal(event->notice.quoted_frame, 1);
	assert_int_equal(event->notice.quoted_seq, 0);
	assert_true(event->notice.quotes_client);
	assert_string_equal(notice_name(&event->notice), "host unreachable");
	assert_string_equal(
		notice_quote(&event->notice, text, sizeof(text)),
		"quotes TCP 10.9.0.1:40000 > 10.9.0.2:80 seq 0 (raw "
		"1579144196), frame 1");
	assert_string_equal(
		notice_why(&event->notice, text, sizeof(text)),
		"said by a router on the way, or by its firewall: the packet "
		"did not arrive");
	assert_int_equal(conversation_close(event->conversation), CLOSE_ICMP);
	assert_int_equal(event->conversation->icmp_errors, 1);
	event = say_hex(&script, SYN_ACK4);
	assert_int_equal(conversation_close(event->conversation), CLOSE_NONE);
	/* Of IPv6, and of what was never seen. */
	event = say_hex(&script, UNREACH6);
	assert_null(event->conversation);
	assert_true(event->notice.quoted_seq_ok);
	script_end(&script);
}

/* An IPv4 packet of that payload; bytes behind the 8 given are not captured. */
static struct flow_event *say_fragment(struct script *script, uint16_t id,
				       uint8_t protocol, uint16_t offset,
				       bool more, uint16_t bytes)
{
	uint8_t packet[28] = {0x45, [8] = 64, [9] = protocol};

	store_be16(packet + 2, (uint16_t)(20 + bytes));
	store_be16(packet + 4, id);
	store_be16(packet + 6, (uint16_t)(offset / 8 | (more ? 0x2000 : 0)));
	memcpy(packet + 12, "\x0a\x09\0\1\x0a\x09\0\2", 8);
	memcpy(packet + 20, "\x9c\x40\0\x35\x0b\x7e\0\0", 8); /* 2942 */
	return script_raw(script, packet, sizeof(packet), 20u + bytes);
}

/* The lab's 2,934 bytes as one datagram, in any order. */
static void test_datagram(void **state)
{
	const struct datagram *datagram;
	struct script script;
	char text[256];

	(void)state;
	script_begin(&script, false, 0);
	for (int turned = 0; turned < 2; turned++) {
		say_fragment(&script, (uint16_t)turned, 17, turned ? 1480 : 0,
			     !turned, turned ? 1462 : 1480);
		assert_false(script.event.datagram->complete);
		assert_non_null(flow_open_datagram(script.flow, 0));
		say_fragment(&script, (uint16_t)turned, 17, turned ? 0 : 1480,
			     turned, turned ? 1480 : 1462);
		datagram = script.event.datagram;
		assert_int_equal(script.event.kind, FLOW_DATAGRAM);
		assert_true(datagram->complete);
		assert_int_equal(datagram->number, turned + 1);
		assert_int_equal(datagram->source_port, 40000);
		assert_int_equal(datagram->fragment[!turned].offset, 1480);
		assert_string_equal(datagram_text(datagram, text, sizeof(text)),
				    "2934 + 8 UDP header = 1480 + 1462");
		assert_null(flow_open_datagram(script.flow, 0));
	}
	say_fragment(&script, 7, 17, 0, false, 22);
	assert_string_equal(
		datagram_text(script.event.datagram, text, sizeof(text)),
		"2934 + 8 UDP header = 22: not fragmented");
	script_end(&script);
}

/* An ICMP error finds the datagram that it quotes. */
static void test_datagram_quoted(void **state)
{
	struct flow_event *event;
	struct script script;

	(void)state;
	script_begin(&script, false, 0);
	say_hex(&script, "4500001d12340000401100000a0900010a090002"
			 "9c400035000900006100");
	event = say_hex(&script, "4500003900000000400100000a0900020a090001"
				 "0303000000000000"
				 "4500001d12340000401100000a0900010a090002"
				 "9c40003500090000"
				 "61");
	assert_int_equal(event->kind, FLOW_NOTICE);
	assert_int_equal(event->notice.datagram, 1);
	assert_int_equal(event->notice.quoted_frame, 1);
	assert_string_equal(notice_name(&event->notice), "port unreachable");
	script_end(&script);
}

/* Datagrams that never come whole make room for each other, counted. */
static void test_datagram_flood(void **state)
{
	struct flow_counts counts;
	struct script script;
	uint64_t evicted = 0;

	(void)state;
	script_begin(&script, false, 0);
	for (int i = 0; i < 10000; i++) {
		uint8_t packet[28] = {0x45, [8] = 64, [9] = 17};

		store_be16(packet + 2, 28);
		store_be16(packet + 4, (uint16_t)i);
		store_be16(packet + 6, 0x2000);
		script_raw(&script, packet, 28, 28);
		evicted += script.event.datagram_evicted != NULL;
	}
	flow_counts(script.flow, &counts);
	assert_int_equal(counts.datagrams, 10000);
	assert_int_equal(counts.datagrams_evicted, 10000 - DATAGRAMS_MAX);
	assert_int_equal(evicted, counts.datagrams_evicted);
	/* More fragments than are listed. */
	for (unsigned i = 0; i < 100; i++)
		say_fragment(&script, 7, 17, (uint16_t)(i * 8), true, 8);
	assert_int_equal(script.event.datagram->fragments, 100);
	assert_int_equal(script.event.datagram->counted, 800);
	script_end(&script);
}

/* A segment in fragments: the first has the header, and moves nothing. */
static void test_segment_in_fragments(void **state)
{
	struct script script;

	(void)state;
	script_begin(&script, true, 0);
	script_shake_hands(&script);
	script_say(&script, "> PA 1001 5001 len=1440 mf=1 id=77");
	assert_int_equal(script.event.segment.notes, NOTE_FRAGMENTED);
	assert_int_equal(script.event.segment.seq, 1);
	say_fragment(&script, 77, 6, 1460, false, 40);
	assert_int_equal(script.event.kind, FLOW_FRAGMENT);
	assert_non_null(script.event.conversation);
	assert_int_equal(script.event.conversation->fragments, 1);
	script_end(&script);
}

static void test_faults(void **state)
{
	struct flow_counts counts;
	struct flow_event *event;
	struct script script;

	(void)state;
	script_begin(&script, true, 0);
	/* A data offset of 4 words: no segment, but its stream counts. */
	event = say_hex(&script, "45000028000040003f0600000a0900010a090002"
				 "9c40005000000001000000004002040000000000");
	assert_int_equal(event->kind, FLOW_FAULT);
	assert_int_equal(event->conversation->stream, 0);
	script_say(&script, "> A 1 1");
	assert_int_equal(script.event.conversation->stream, 0);
	event = say_hex(&script, "45");
	assert_int_equal(event->kind, FLOW_FAULT);
	assert_null(event->conversation);
	flow_counts(script.flow, &counts);
	assert_int_equal(counts.faulty, 2);
	script_end(&script);
}

/* Packets with bytes changed at random: under ASan and UBSan. */
static void test_noise(void **state)
{
	static const char *const packets[] = {
		SYN4,      SYN_ACK4, RST4,     DATA4,     UNREACH4,
		FRAGMENT4, SYN_ACK6, UNREACH6, FRAGMENT6, CHAIN6,
	};
	struct random random = random_new();
	struct flow_counts counts;
	struct script script;

	(void)state;
	script_begin(&script, true, 20);
	for (int i = 0; i < 100000; i++) {
		struct bytes whole = bytes_hex(packets[random_below(
			&random, sizeof(packets) / sizeof(char *))]);
		size_t cut = random_below(&random, 4)
				     ? whole.count
				     : random_below(&random, whole.count + 1);
		struct bytes bytes = bytes_copy(whole.at, cut);

		for (int n = 0; n < 3 && cut > 0; n++)
			bytes.at[random_below(&random, cut)] =
				(uint8_t)random_next(&random);
		script.now_ns += (int64_t)random_below(&random, 1000000);
		script_raw(&script, bytes.at, cut,
			   whole.count + random_below(&random, 3));
		free(bytes.at);
		free(whole.at);
	}
	flow_counts(script.flow, &counts);
	assert_int_equal(counts.frames, 100000);
	assert_int_equal(counts.tcp + counts.udp + counts.icmp_errors +
				 counts.fragments + counts.other +
				 counts.not_ip + counts.faulty,
			 counts.frames);
	script_end(&script);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_bound),
		cmocka_unit_test(test_eviction),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_icmp),
		cmocka_unit_test(test_datagram),
		cmocka_unit_test(test_datagram_quoted),
		cmocka_unit_test(test_datagram_flood),
		cmocka_unit_test(test_segment_in_fragments),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
