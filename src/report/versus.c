/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/versus.h"

#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "report/line.h"
#include "spec/comparison.h"
#include "spec/portset.h"
#include "spec/targetset.h"

/*
 * 65,535 ports                         SYN scan   connect scan
 * open                                       12             12
 * ...
 * handshakes, seen by programs                0             12
 *
 * same verdict: 65,534 ports
 *      64,922  closed    rst / conn-refused
 * different: 1 port (SYN / connect)
 *        3000  filtered no-reply / open syn-ack
 */
enum {
	WIDTH_LABEL = 30,
	WIDTH_SIDE = 15,
	WIDTH_COUNT = 11,
	WIDTH_STATE = 8,
	SAME_MOST = 6, /* kinds that get a line, one more says the rest */
	SAME_FEW = 3,  /* where there are differences */
	DIFFERENT_MOST = 3,
};

static void grouped_right(struct line *line, uint64_t value, unsigned width)
{
	struct line number;

	line_begin(&number);
	line_grouped(&number, value);
	number.bytes[number.used] = '\0';
	line_right(line, number.bytes, width);
}

static void number_row(struct writer *writer, const char *label,
		       uint64_t syn_value, uint64_t connect_value)
{
	struct line line;

	line_begin(&line);
	line_left(&line, label, WIDTH_LABEL);
	grouped_right(&line, syn_value, WIDTH_SIDE);
	grouped_right(&line, connect_value, WIDTH_SIDE);
	line_end(&line, writer);
}

static void count_of(struct line *line, uint64_t value, const char *noun)
{
	line_grouped(line, value);
	line_text(line, " ");
	line_text(line, noun);
	if (value != 1)
		line_text(line, "s");
}

static void address_of(const struct addr *addr, char text[4 * ADDR_TEXT_BYTES])
{
	char raw[ADDR_TEXT_BYTES];

	addr_format(addr, raw);
	escape_text(raw, strlen(raw), text, 4 * ADDR_TEXT_BYTES);
}

/* ---- the numbers ---- */

static void heading(const struct comparison *comparison, struct writer *writer)
{
	uint64_t targets = targetset_count(comparison->targets);
	struct line line, what;

	line_begin(&what);
	count_of(&what, comparison->count, "port");
	if (targets > 1) {
		line_text(&what, " of ");
		line_grouped(&what, targets);
		line_text(&what, " targets");
	}
	what.bytes[what.used] = '\0';
	line_begin(&line);
	line_left(&line, what.bytes, WIDTH_LABEL);
	line_right(&line, "SYN scan", WIDTH_SIDE);
	line_right(&line, "connect scan", WIDTH_SIDE);
	line_end(&line, writer);
}

static void time_row(const struct summary *sides, struct writer *writer)
{
	struct line line, time;

	line_begin(&line);
	line_left(&line, "time", WIDTH_LABEL);
	for (int side = 0; side < SIDES; side++) {
		line_begin(&time);
		line_decimal(&time, (uint64_t)sides[side].elapsed_ns / 1000000,
			     3);
		line_text(&time, " s");
		time.bytes[time.used] = '\0';
		line_right(&line, time.bytes, WIDTH_SIDE);
	}
	line_end(&line, writer);
}

static void numbers(const struct comparison *comparison, struct writer *writer)
{
	const struct summary *s = &comparison->summaries[SIDE_SYN];
	const struct summary *c = &comparison->summaries[SIDE_CONNECT];
	const struct wire_cost *syn = &comparison->costs[SIDE_SYN];
	const struct wire_cost *connect = &comparison->costs[SIDE_CONNECT];

	for (unsigned v = 0; v < VERDICT_COUNT; v++)
		number_row(writer, verdict_name((enum verdict)v),
			   s->verdicts[v], c->verdicts[v]);
	if (s->unasked + c->unasked > 0)
		number_row(writer, "unasked", s->unasked, c->unasked);
	time_row(comparison->summaries, writer);
	number_row(writer, "packets sent", syn->packets_sent,
		   connect->packets_sent);
	number_row(writer, "packets received", syn->packets_received,
		   connect->packets_received);
	number_row(writer, "bytes, both ways",
		   syn->bytes_sent + syn->bytes_received,
		   connect->bytes_sent + connect->bytes_received);
	if (syn->missed + connect->missed > 0)
		number_row(writer, "packets missed by the capture", syn->missed,
			   connect->missed);
	number_row(writer, "handshakes, seen by programs", syn->handshakes,
		   connect->handshakes);
}

/* ---- what is the same, and what is not ---- */

static void rest(struct writer *writer, uint64_t left, const char *where)
{
	struct line line;

	if (left == 0)
		return;
	line_begin(&line);
	grouped_right(&line, left, WIDTH_COUNT);
	line_text(&line, "  ");
	line_text(&line, where);
	line_end(&line, writer);
}

static void same(const struct comparison *comparison, struct writer *writer)
{
	size_t room = comparison->different ? SAME_FEW : SAME_MOST;
	struct comparison_pair pairs[SAME_MOST];
	uint64_t left = comparison->same;
	size_t n = comparison_pairs(comparison, true, pairs, room);
	struct line line;

	line_begin(&line);
	line_text(&line, "same verdict: ");
	count_of(&line, comparison->same, "port");
	line_end(&line, writer);
	for (size_t i = 0; i < n && i < room; i++) {
		const struct finding *sides = pairs[i].sides;

		line_begin(&line);
		grouped_right(&line, pairs[i].count, WIDTH_COUNT);
		line_text(&line, "  ");
		line_left(&line, verdict_name(sides[SIDE_SYN].verdict),
			  WIDTH_STATE + 2);
		line_text(&line, reason_name(sides[SIDE_SYN].reason));
		if (sides[SIDE_SYN].reason != sides[SIDE_CONNECT].reason) {
			line_text(&line, " / ");
			line_text(&line,
				  reason_name(sides[SIDE_CONNECT].reason));
		}
		line_end(&line, writer);
		left -= pairs[i].count;
	}
	rest(writer, left, "for other reasons");
}

static void both_say(struct line *line, const struct finding sides[SIDES])
{
	line_text(line, verdict_name(sides[SIDE_SYN].verdict));
	line_text(line, " ");
	line_text(line, reason_name(sides[SIDE_SYN].reason));
	line_text(line, " / ");
	line_text(line, verdict_name(sides[SIDE_CONNECT].verdict));
	line_text(line, " ");
	line_text(line, reason_name(sides[SIDE_CONNECT].reason));
}

static void each_difference(const struct comparison *comparison,
			    struct writer *writer)
{
	char address[4 * ADDR_TEXT_BYTES], port[8];
	struct difference difference;
	struct line line;
	uint64_t at = 0;

	while (comparison_next(comparison, &at, &difference)) {
		snprintf(port, sizeof(port), "%u", (unsigned)difference.port);
		line_begin(&line);
		if (targetset_count(comparison->targets) > 1) {
			address_of(&difference.addr, address);
			line_text(&line, "  ");
			line_text(&line, address);
			line_text(&line, " ");
			line_text(&line, port);
		} else {
			line_right(&line, port, WIDTH_COUNT);
		}
		line_text(&line, "  ");
		both_say(&line, difference.sides);
		line_end(&line, writer);
	}
}

static void kinds_of_difference(const struct comparison *comparison,
				struct writer *writer)
{
	struct comparison_pair pairs[DIFFERENT_MOST];
	uint64_t left = comparison->different;
	size_t n = comparison_pairs(comparison, false, pairs, DIFFERENT_MOST);
	struct line line;

	for (size_t i = 0; i < n && i < DIFFERENT_MOST; i++) {
		line_begin(&line);
		grouped_right(&line, pairs[i].count, WIDTH_COUNT);
		line_text(&line, "  ");
		both_say(&line, pairs[i].sides);
		line_end(&line, writer);
		left -= pairs[i].count;
	}
	rest(writer, left, "otherwise");
}

static void different(const struct comparison *comparison,
		      struct writer *writer)
{
	bool few = comparison->different <= DIFFERENT_MOST + 1;
	struct line line;

	line_begin(&line);
	line_text(&line, "different: ");
	count_of(&line, comparison->different, "port");
	if (comparison->different > 0)
		line_text(&line,
			  few ? " (SYN / connect)"
			      : " (SYN / connect; -o ndjson names each)");
	line_end(&line, writer);
	if (few)
		each_difference(comparison, writer);
	else
		kinds_of_difference(comparison, writer);
}

void versus_write(const struct comparison *comparison, struct writer *writer)
{
	struct line line;

	heading(comparison, writer);
	numbers(comparison, writer);
	line_begin(&line);
	line_end(&line, writer);
	same(comparison, writer);
	different(comparison, writer);
}
