/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/explain.h"

#include "flow/ladder_head.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "flow/flow.h"
#include "flow/ladder.h"
#include "flow/phrase.h"
#include "flow/proof.h"
#include "flow/say.h"
#include "flow/wrap.h"
#include "wire/packet.h"

struct explaining {
	const struct explain *explain;
	/* One for each source port that was used, and each time it was. */
	struct ladder *ladders;
	size_t ladders_used, ladders_room;
	uint64_t strays; /* packets of no ladder */
	struct wrap wrap;
};

static bool is_of_port(const struct explain *explain,
		       const struct conversation *conversation)
{
	struct addr target = explain->target;

	target.scope = 0;
	return addr_equal(&conversation->addr[SERVER], &target) &&
	       conversation->port[SERVER] == explain->port;
}

static int grow_ladders(struct explaining *explaining, size_t count)
{
	struct ladder *ladders = explaining->ladders;

	if (count > explaining->ladders_room) {
		ladders = realloc(ladders, 2 * count * sizeof(*ladders));
		if (!ladders)
			return -1;
		explaining->ladders = ladders;
		explaining->ladders_room = 2 * count;
	}
	while (explaining->ladders_used < count)
		ladder_init(&ladders[explaining->ladders_used++], 0);
	return 0;
}

/* Times count from the port's first packet, whatever port of ours it left. */
static void set_time(const struct explaining *explaining,
		     struct flow_event *event)
{
	int64_t first_ns = explaining->explain->packets[0].time_ns;

	if (event->kind == FLOW_SEGMENT)
		event->segment.since_ns = event->segment.time_ns - first_ns;
	else if (event->kind == FLOW_NOTICE)
		event->notice.since_ns = event->notice.time_ns - first_ns;
}

/* Adds what the packet is; the client is we, the scanner. */
static int add_event(struct explaining *explaining, struct flow_event *event)
{
	const struct conversation *conversation = event->conversation;

	if (!conversation || !is_of_port(explaining->explain, conversation)) {
		explaining->strays++;
		return 0;
	}
	if (grow_ladders(explaining, (size_t)conversation->stream + 1))
		return -1;
	set_time(explaining, event);
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

/* Had the port answered before this ladder's first packet? */
static bool is_canary(const struct explaining *explaining,
		      const struct ladder *again)
{
	for (const struct ladder *ladder = explaining->ladders; ladder < again;
	     ladder++) {
		for (size_t n = 0; n < ladder->count; n++) {
			const struct ladder_row *row = &ladder->rows[n];

			if (row->kind == LADDER_SEGMENT &&
			    !row->segment.from_client &&
			    row->segment.time_ns < again->conversation.first_ns)
				return true;
		}
	}
	return false;
}

/* "from 10.9.0.1:61840 (MSS 1460); answered with MSS 1460, SACK" */
static void put_ladder(const struct explaining *explaining,
		       const struct ladder *ladder,
		       const struct ladder_style *style)
{
	char text[PROOF_BYTES * 2], offer[PROOF_BYTES];
	char endpoint[ENDPOINT_TEXT_BYTES];
	struct phrase phrase;

	if (!ladder->count)
		return;
	conversation_endpoint(&ladder->conversation, CLIENT, endpoint);
	phrase_begin(&phrase, text, sizeof(text));
	phrase_add(&phrase,
		   is_canary(explaining, ladder) ? _("canary from %1$s")
						 : _("from %1$s"),
		   endpoint);
	if (*ladder_offer(ladder, CLIENT, offer, sizeof(offer)))
		phrase_add(&phrase, " (%s)", offer);
	if (*ladder_offer(ladder, SERVER, offer, sizeof(offer)))
		phrase_add(&phrase, _("; answered with %1$s"), offer);
	wrap_text(&explaining->wrap, "", text);
	ladder_text(ladder, style, explaining->wrap.put, explaining->wrap.arg);
}

static void put_canaries(const struct explaining *explaining)
{
	for (size_t i = 1; i < explaining->ladders_used; i++) {
		if (!is_canary(explaining, &explaining->ladders[i]))
			continue;
		wrap_text(&explaining->wrap, "",
			  _("canary: asked although it had answered, to see "
			    "that the host still does"));
		return;
	}
}

static void put_verdict(const struct explaining *explaining)
{
	const struct explain *explain = explaining->explain;
	char text[PROOF_BYTES * 2];

	if (explain->verdict)
		proof_verdict(explain->verdict, explain->reason, text,
			      sizeof(text));
	else
		snprintf(text, sizeof(text), "%s",
			 _("no verdict: the scan ended before it was known"));
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
		put_ladder(explaining, &explaining->ladders[i], &headless);
	put_canaries(explaining);
	put_silence(explaining);
	if (explaining->strays) {
		snprintf(text, sizeof(text),
			 _("%1$llu packets that belong to no probe of it"),
			 (unsigned long long)explaining->strays);
		wrap_text(&explaining->wrap, "", text);
	}
	put_verdict(explaining);
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
	free(explaining.ladders);
	return status;
}
