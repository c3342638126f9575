/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/ladder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "flow/explain.h"
#include "flow/ladder_text.h"
#include "flow/say.h"
#include "random.h"
#include "script.h"

/* Lines as they are put, one under the other. */
struct page {
	char text[1 << 16];
	size_t used, lines;
	unsigned columns;
};

static void put(void *arg, const char *line)
{
	struct page *page = arg;
	size_t length = strlen(line);

	assert_true(page->used + length + 2 < sizeof(page->text));
	if (page->columns)
		assert_in_range(say_columns(line), 0, page->columns);
	memcpy(page->text + page->used, line, length);
	page->used += length;
	page->text[page->used++] = '\n';
	page->text[page->used] = '\0';
	page->lines++;
}

static void add(struct script *script, void *ladder)
{
	assert_int_equal(ladder_add(ladder, &script->event), 0);
}

static struct page page;

static void draw(const char *const *lines, const struct ladder_style *style)
{
	struct ladder ladder;
	struct script script;

	memset(&page, 0, sizeof(page));
	page.columns = style->columns ? style->columns : 80;
	ladder_init(&ladder, 0);
	script_begin(&script, true, 0);
	script.each = add;
	script.arg = &ladder;
	script_say_all(&script, lines);
	ladder_text(&ladder, style, put, &page);
	ladder_fini(&ladder);
	script_end(&script);
}

static const char *const chat[] = {
	"> S 1000 0 mss=1460 ws=7 win=64240",
	"< SA 5000 1001 mss=1460 ws=7 win=65160",
	"> A 1001 5001 win=502",
	"> PA 1001 5001 len=14 win=502 us=1000000",
	"< A 5001 1015 win=509",
	NULL,
};

static void test_text(void **state)
{
	const struct ladder_style style = {.headless = true};

	(void)state;
	draw(chat, &style);
	assert_string_equal(
		page.text,
		"   0.000000 SYN_SENT     ────────── SYN seq 0 win 64240 "
		"──────────▶ LISTEN\n"
		" #1         SYN consumes one sequence number\n"
		"   0.010000 SYN_SENT     ◀───── SYN,ACK seq 0 ack 1 win 65160 "
		"───── SYN_RECEIVED\n"
		" #2         ack = 0 + 1 = 1: their SYN; SYN consumes one "
		"sequence number\n"
		"   0.020000 ESTABLISHED  ─────── ACK seq 1 ack 1 win 64256 "
		"───────▶ ESTABLISHED\n"
		" #3         ack = 0 + 1 = 1: the SYN\n"
		"   1.020000 ESTABLISHED  ─ PSH,ACK seq 1 ack 1 len 14 win "
		"64256 ──▶ ESTABLISHED\n"
		" #4         next = 1 + 14 = 15\n"
		"   1.030000 ESTABLISHED  ◀────── ACK seq 1 ack 15 win 65152 "
		"─────── ESTABLISHED\n"
		" #5         ack = 1 + 14 = 15: all of the 14 bytes\n");
}

static void test_ascii_and_raw(void **state)
{
	const struct ladder_style style = {.ascii = true, .raw = true};

	(void)state;
	draw(chat, &style);
	for (const char *at = page.text; *at; at++)
		assert_in_range(*at, '\n', '~');
	assert_non_null(strstr(page.text,
			       "client 10.9.0.1:40000: MSS 1460, window scale "
			       "7\n"));
	assert_non_null(strstr(page.text, "--- SYN seq 0 win 64240 ---"));
	assert_non_null(strstr(page.text,
			       "raw: seq 1001 ack 5001, win 502 x 128 = "
			       "64256\n"));
	assert_non_null(strstr(page.text, "not closed in this capture\n"));
}

/* Numbers of any length, notes of any kind, on every width. */
static void test_widths(void **state)
{
	static const char *const lines[] = {
		"< SA 4294967295 4294967295 win=65535 len=1460",
		"> FSRPAUEC 4000000000 3000000000 len=65000 win=65535",
		"< R 77 0 win=0",
		"> PA 77 99 len=65000",
		"> PA 77 99 len=65000",
		"< A 1 4000000000",
		NULL,
	};

	(void)state;
	for (unsigned columns = 60; columns <= 200; columns++) {
		const struct ladder_style style = {.columns = columns,
						   .raw = columns % 2};

		draw(lines, &style);
	}
}

/* Beyond the limit rows are counted and said. */
static void test_left_out(void **state)
{
	const struct ladder_style style = {.ascii = true};
	struct ladder ladder;
	struct script script;

	(void)state;
	memset(&page, 0, sizeof(page));
	ladder_init(&ladder, 10);
	script_begin(&script, true, 0);
	for (int i = 0; i < 25; i++) {
		script_say(&script, "> A 1001 5001");
		add(&script, &ladder);
	}
	assert_int_equal(ladder.count, 10);
	assert_int_equal(ladder.left_out, 15);
	ladder_text(&ladder, &style, put, &page);
	assert_non_null(strstr(page.text, "... and 15 more rows, left out."));
	assert_non_null(strstr(page.text, "The capture begins midstream"));
	assert_non_null(strstr(page.text, "Only one end was seen sending."));
	ladder_fini(&ladder);
	script_end(&script);
}

/* Packets of one port, as a scanner hands them over. */
struct packets {
	struct frame_input inputs[16];
	struct bytes bytes[16];
	size_t count;
};

static void packets_add(struct packets *packets, const char *hex, int64_t ms)
{
	struct bytes bytes = bytes_hex(hex);

	packets->bytes[packets->count] = bytes;
	packets->inputs[packets->count] = (struct frame_input){
		.number = packets->count + 1,
		.time_ns = INT64_C(5000000000) + ms * 1000000,
		.dlt = DLT_RAW,
		.bytes = bytes.at,
		.captured = bytes.count,
		.original = bytes.count,
	};
	packets->count++;
}

static void check_explain(struct packets *packets, const char *verdict,
			  const char *reason, const char *const *wanted)
{
	const struct ladder_style style = {.columns = 80, .ascii = true};
	struct explain explain = {
		.port = 80,
		.verdict = verdict,
		.reason = reason,
		.packets = packets->inputs,
		.packets_count = packets->count,
		.waited_ns = 700000000,
	};
	struct error error = ERROR_INIT;

	assert_int_equal(addr_parse("10.9.0.2", &explain.target), 0);
	memset(&page, 0, sizeof(page));
	page.columns = 80;
	assert_int_equal(explain_text(&explain, &style, put, &page, &error), 0);
	for (; *wanted; wanted++) {
		if (!strstr(page.text, *wanted))
			fail_msg("no '%s' in\n%s", *wanted, page.text);
	}
	while (packets->count > 0)
		free(packets->bytes[--packets->count].at);
}

#define WANTED(...)                                                            \
	(const char *const[])                                                  \
	{                                                                      \
		__VA_ARGS__, NULL                                              \
	}

static void test_explain(void **state)
{
	/* seq 1579144197, window 0: what a kernel answers SYN_ACK4 with. */
	static const char own_rst[] = "4500002800000000400600000a090001"
				      "0a0900029c4000505e1fd40500000000"
				      "5004000000000000";
	struct packets packets = {.count = 0};

	(void)state;
	packets_add(&packets, SYN4, 0);
	packets_add(&packets, SYN_ACK4, 1);
	packets_add(&packets, own_rst, 2);
	check_explain(&packets, "open", "syn-ack",
		      WANTED("10.9.0.2:80\n", "SYN seq 0 win 1024",
			     "SYN,ACK seq 0 ack 1 win 65160",
			     "sent by our own kernel, which knows no",
			     "open (syn-ack): RFC 9293 3.10.7.2"));
	check_explain(&packets, NULL, NULL,
		      WANTED("10.9.0.2:80\nno verdict: the scan ended"));
	packets_add(&packets, SYN4, 0);
	packets_add(&packets, RST4, 1);
	check_explain(&packets, "closed", "rst",
		      WANTED("ack = our seq + 1: this RST answers our SYN",
			     "closed (rst): RFC 9293 3.10.7.1"));
	packets_add(&packets, SYN4, 0);
	packets_add(&packets, SYN4, 250);
	packets_add(&packets, SYN4, 1000);
	check_explain(&packets, "filtered", "no-reply",
		      WANTED("3 tries, at 0.000, 0.250, 1.000 s; nothing came "
			     "back in 0.700 s after the last\n",
			     "filtered (no-reply): RFC 9293"));
	packets_add(&packets, SYN4, 0);
	packets_add(&packets, UNREACH4, 1);
	check_explain(&packets, "filtered", "icmp-host-unreach",
		      WANTED("ICMP host unreachable",
			     "from 10.9.0.254, type 3 code 1: quotes TCP "
			     "10.9.0.1:40000 >",
			     "filtered (icmp-host-unreach): RFC 9293"));
	/* Of another port, and nothing at all. */
	packets_add(&packets, SYN6, 0);
	check_explain(&packets, "filtered", "no-route",
		      WANTED("1 packets that belong to no probe of it"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_ascii_and_raw),
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_explain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
