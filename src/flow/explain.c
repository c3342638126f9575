/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/explain.h"

#include <stdio.h>

#include "base/error.h"
#include "flow/flow.h"
#include "flow/ladder.h"
#include "flow/phrase.h"
#include "flow/proof.h"
#include "flow/say.h"
#include "flow/wrap.h"
#include "wire/packet.h"

enum {
	LADDERS_MAX = 8, /* one for each source port that was used */
};

struct explaining {
	const struct explain *explain;
	struct ladder ladders[LADDERS_MAX];
	size_t ladders_used;
	uint64_t strays; /* packets of no ladder */
	struct wrap wrap;
};

static bool is_of_port(const struct explain *explain,
		       const struct conversation *conversation)
{
	return addr_equal(&conversation->addr[SERVER], &explain->target) &&
	       conversation->port[SERVER] == explain->port;
}

/* Adds what the packet is; the client is we, the scanner. */
static int add_event(struct explaining *explaining, struct flow_event *event)
{
	const struct conversation *conversation = event->conversation;

	if (!conversation || conversation->stream >= LADDERS_MAX ||
	    !is_of_port(explaining->explain, conversation)) {
		explaining->strays++;
		return 0;
	}
	while (explaining->ladders_used <= conversation->stream)
		ladder_init(&explaining->ladders[explaining->ladders_used++],
			    0);
	event->segment.ours = true;
	return ladder_add(&explaining->ladders[conversation->stream], event);
}

static int add_packets(struct explaining *explaining, struct flow *flow,
		       struct error *error)
{
	const struct explain *explain = explaining->explain;
	struct flow_event event;

	for (size_t i = 0; i < explain->packets_count; i++) {
		if (flow_take(flow, &explain->packets[i], &event, error))
			return -1;
		if (add_event(explaining, &event))
			return error_set(error, STATUS_FAILED, "out of memory");
	}
	return 0;
}

struct tries {
	unsigned sent, answers;
	int64_t first_ns;
};

static bool is_try(const struct ladder_row *row)
{
	return row->kind == LADDER_SEGMENT && row->segment.from_client &&
	       row->segment.flags & TCP_SYN;
}

static bool is_answer(const struct ladder_row *row)
{
	return row->kind == LADDER_NOTICE ||
	       (row->kind == LADDER_SEGMENT && !row->segment.from_client);
}

static struct tries count_tries(const struct explaining *explaining)
{
	struct tries tries = {.sent = 0};

	for (size_t i = 0; i < explaining->ladders_used; i++) {
		const struct ladder *ladder = &explaining->ladders[i];

		for (size_t n = 0; n < ladder->count; n++) {
			const struct ladder_row *row = &ladder->rows[n];

			tries.answers += is_answer(row);
			if (!is_try(row))
				continue;
			if (tries.sent++ == 0)
				tries.first_ns = row->segment.time_ns;
		}
	}
	return tries;
}

/* "3 tries, at 0.000, 0.300 and ... s" */
static void say_tries(struct phrase *phrase,
		      const struct explaining *explaining,
		      const struct tries *tries)
{
	const char *comma = "";

	phrase_add(phrase, _("%1$u tries, at "), tries->sent);
	for (size_t i = 0; i < explaining->ladders_used; i++) {
		const struct ladder *ladder = &explaining->ladders[i];

		for (size_t n = 0; n < ladder->count; n++) {
			if (!is_try(&ladder->rows[n]))
				continue;
			phrase_add(phrase, "%s%.3f", comma,
				   (double)(ladder->rows[n].segment.time_ns -
					    tries->first_ns) /
					   1e9);
			comma = _(", ");
		}
	}
	phrase_add(phrase, "%s", _(" s"));
}

static void put_silence(const struct explaining *explaining)
{
	const struct explain *explain = explaining->explain;
	struct tries tries = count_tries(explaining);
	char text[PROOF_BYTES * 2];
	struct phrase phrase;

	if (tries.answers || !tries.sent)
		return;
	phrase_begin(&phrase, text, sizeof(text));
	say_tries(&phrase, explaining, &tries);
	if (explain->waited_ns >= 0)
		phrase_add(&phrase,
			   _("; nothing came back in %1$.3f s after the last"),
			   (double)explain->waited_ns / 1e9);
	else
		phrase_add(&phrase, "%s", _("; nothing came back"));
	wrap_text(&explaining->wrap, "", text);
}

static void put_all(const struct explaining *explaining,
		    const struct ladder_style *style)
{
	const struct explain *explain = explaining->explain;
	char text[PROOF_BYTES * 2], endpoint[ENDPOINT_TEXT_BYTES];
	struct ladder_style headless = *style;

	headless.headless = true;
	endpoint_text(&explain->target, explain->port, endpoint);
	wrap_text(&explaining->wrap, "", endpoint);
	for (size_t i = 0; i < explaining->ladders_used; i++)
		ladder_text(&explaining->ladders[i], &headless,
			    explaining->wrap.put, explaining->wrap.arg);
	put_silence(explaining);
	if (explaining->strays) {
		snprintf(text, sizeof(text),
			 _("%1$llu packets that belong to no probe of it"),
			 (unsigned long long)explaining->strays);
		wrap_text(&explaining->wrap, "", text);
	}
	proof_verdict(explain->verdict, explain->reason, text, sizeof(text));
	wrap_text(&explaining->wrap, "", text);
}

int explain_text(const struct explain *explain,
		 const struct ladder_style *style,
		 void (*put)(void *arg, const char *line), void *arg,
		 struct error *error)
{
	struct explaining explaining = {
		.explain = explain,
		.wrap = {.columns = ladder_columns(style),
			 .put = put,
			 .arg = arg},
	};
	const struct flow_config config = {.details = true,
					   .conversations_max = 1024};
	struct flow *flow = flow_new(&config, error);
	int status;

	if (!flow)
		return -1;
	status = add_packets(&explaining, flow, error);
	flow_free(flow);
	if (status == 0)
		put_all(&explaining, style);
	for (size_t i = 0; i < explaining.ladders_used; i++)
		ladder_fini(&explaining.ladders[i]);
	return status;
}
