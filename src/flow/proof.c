/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/proof.h"

#include <string.h>

#include "flow/phrase.h"
#include "flow/reset.h"
#include "flow/say.h"
#include "flow/segment.h"
#include "wire/packet.h"

static const struct {
	uint8_t flag;
	char letter;
	const char *name;
} flag_names[] = {
	{TCP_SYN, 'S', "SYN"}, {TCP_FIN, 'F', "FIN"}, {TCP_RST, 'R', "RST"},
	{TCP_PSH, 'P', "PSH"}, {TCP_ACK, 'A', "ACK"}, {TCP_URG, 'U', "URG"},
	{TCP_ECE, 'E', "ECE"}, {TCP_CWR, 'C', "CWR"},
};

enum {
	FLAGS = sizeof(flag_names) / sizeof(flag_names[0]),
};

char *flags_text(unsigned flags, char *text, size_t bytes)
{
	struct phrase phrase;
	const char *comma = "";

	phrase_begin(&phrase, text, bytes);
	for (size_t i = 0; i < FLAGS; i++) {
		if (!(flags & flag_names[i].flag))
			continue;
		phrase_add(&phrase, "%s%s", comma, flag_names[i].name);
		comma = ",";
	}
	if (!phrase.used)
		phrase_add(&phrase, "%s", _("no flags"));
	return text;
}

char *flags_short(unsigned flags, char *text, size_t bytes)
{
	struct phrase phrase;

	phrase_begin(&phrase, text, bytes);
	for (size_t i = 0; i < FLAGS; i++) {
		if (flags & flag_names[i].flag)
			phrase_add(&phrase, "%c", flag_names[i].letter);
	}
	if (!phrase.used)
		phrase_add(&phrase, ".");
	return text;
}

char *proof_notes(const struct segment *segment, char *text, size_t bytes)
{
	struct phrase phrase;
	const char *comma = "";

	phrase_begin(&phrase, text, bytes);
	for (unsigned n = 0; n < NOTE_COUNT; n++) {
		unsigned note = 1u << n;

		if (!(segment->notes & note))
			continue;
		phrase_add(&phrase, "%s", comma);
		if (note == NOTE_DUP_ACK)
			phrase_add(&phrase,
				   _("duplicate ACK %1$u of frame %2$llu"),
				   segment->dup_ack,
				   (unsigned long long)segment->dup_frame);
		else
			phrase_add(&phrase, "%s", note_text(n));
		comma = _(", ");
	}
	return text;
}

/* What consumes sequence numbers in it: the sum that is its next. */
static void say_sent(struct phrase *phrase, const struct segment *segment)
{
	if (segment->flags & TCP_FIN && segment->len)
		phrase_add(phrase, _("next = %1$u + %2$u bytes + FIN = %3$u"),
			   segment->seq, segment->len, segment->next);
	else if (segment->flags & TCP_FIN)
		phrase_add(phrase,
			   _("FIN consumes one sequence number: next = "
			     "%1$u"),
			   segment->next);
	else if (segment->len)
		phrase_add(phrase, _("next = %1$u + %2$u = %3$u"), segment->seq,
			   segment->len, segment->next);
}

/* How much of what was outstanding the ACK takes in. */
static void say_covered(struct phrase *phrase, const struct segment *segment)
{
	if (segment->acked_open)
		phrase_add(phrase, _(": %1$u bytes of %2$u, %3$u still open"),
			   segment->acked_data,
			   segment->acked_data + segment->acked_open,
			   segment->acked_open);
	else
		phrase_add(phrase, _(": all of the %1$u bytes"),
			   segment->acked_data);
}

static void say_acked(struct phrase *phrase, const struct segment *segment)
{
	uint32_t before =
		segment->ack - segment->acked_data - segment->acks_fin;

	if (segment->acks_syn && !segment->acked_data)
		phrase_add(phrase, _("ack = 0 + 1 = %1$u: the SYN"),
			   segment->ack);
	else if (segment->acked_data && segment->acks_fin)
		phrase_add(phrase,
			   _("ack = %1$u + %2$u + 1 = %3$u: %2$u bytes and the "
			     "FIN"),
			   before, segment->acked_data, segment->ack);
	else if (segment->acks_fin)
		phrase_add(phrase, _("ack = %1$u + 1 = %2$u: the FIN"), before,
			   segment->ack);
	else if (segment->acked_data) {
		phrase_add(phrase, _("ack = %1$u + %2$u = %3$u"), before,
			   segment->acked_data, segment->ack);
		say_covered(phrase, segment);
	}
}

static void say_syn(struct phrase *phrase, const struct segment *segment)
{
	if (segment->flags & TCP_ACK && segment->acks_syn)
		phrase_add(phrase,
			   _("ack = 0 + 1 = %1$u: their SYN; SYN consumes one "
			     "sequence number"),
			   segment->ack);
	else if (segment->len)
		phrase_add(
			phrase,
			_("next = 0 + SYN + %1$u bytes = %2$u (TCP Fast Open)"),
			segment->len, segment->next);
	else
		phrase_add(phrase, "%s", _("SYN consumes one sequence number"));
}

static void say_rst(struct phrase *phrase, const struct segment *segment)
{
	const struct reset *reset = &segment->reset;
	char text[PROOF_BYTES];

	if (reset->setting == RESET_OF_SYN && reset->shape == RESET_P0 &&
	    reset->provoker && segment->ours)
		phrase_add(phrase,
			   _("ack = our seq + %1$u: this RST answers our SYN"),
			   reset->provoker_next - reset->provoker_seq);
	else if (reset->setting == RESET_OF_SYN && reset->shape == RESET_P0 &&
		 reset->provoker)
		phrase_add(phrase,
			   _("ack = %1$u + %2$u = %3$u: this RST answers the "
			     "SYN of frame %4$llu"),
			   reset->provoker_seq,
			   reset->provoker_next - reset->provoker_seq,
			   segment->ack, (unsigned long long)reset->provoker);
	else if (reset->setting == RESET_OF_SYN_ACK &&
		 reset->shape == RESET_P1 && reset->provoker && segment->ours)
		phrase_add(phrase,
			   _("seq = their ack = %1$u: sent by our own kernel, "
			     "which knows no such connection"),
			   segment->seq);
	else if (reset->setting == RESET_OF_SYN_ACK &&
		 reset->shape == RESET_P1 && reset->provoker)
		phrase_add(phrase,
			   _("seq = their ack = %1$u: this RST answers the "
			     "SYN,ACK of frame "
			     "%2$llu"),
			   segment->seq, (unsigned long long)reset->provoker);
	else if (reset->shape == RESET_A && segment->ours &&
		 segment->from_client)
		phrase_add(phrase,
			   _("seq = next = %1$u: connect() succeeded, and the "
			     "scanner closes with a RST at once"),
			   segment->seq);
	else
		phrase_add(phrase, "%s", reset_text(reset, text, sizeof(text)));
}

static void say_again(struct phrase *phrase, const struct segment *segment)
{
	if (segment->notes & NOTE_SPURIOUS_RETRANSMISSION)
		phrase_add(phrase, _("%1$u to %2$u were acknowledged already"),
			   segment->seq, segment->seq + segment->len);
	else
		phrase_add(phrase,
			   _("seq %1$u lies below the next expected, "
			     "%2$u"),
			   segment->seq, segment->expected);
}

/* The notes that say more than the sum would. */
static bool say_noted(struct phrase *phrase, const struct segment *segment)
{
	unsigned notes = segment->notes;

	if (notes & NOTE_FRAGMENTED)
		phrase_add(phrase, "%s",
			   _("the first IP fragment: the length of the whole "
			     "segment is not known"));
	else if (notes & NOTE_GAP)
		phrase_add(phrase,
			   _("seq %1$u = %2$u + %3$u bytes that were not "
			     "captured"),
			   segment->seq, segment->expected,
			   segment->seq - segment->expected);
	else if (notes & (NOTE_ANY_RETRANSMISSION | NOTE_OUT_OF_ORDER))
		say_again(phrase, segment);
	else if (notes & NOTE_KEEP_ALIVE)
		phrase_add(phrase,
			   _("seq = next - 1 = %1$u: asks for an ACK, brings "
			     "nothing new"),
			   segment->seq);
	else if (notes & NOTE_DUP_ACK)
		phrase_add(phrase,
			   _("ack %1$u again: the byte behind it is still "
			     "missing"),
			   segment->ack);
	else if (notes & NOTE_WINDOW_UPDATE)
		phrase_add(phrase,
			   _("ack %1$u again, with another window: "
			     "%2$u bytes"),
			   segment->ack, segment->window_scaled);
	else if (notes & NOTE_ZERO_WINDOW_PROBE)
		phrase_add(phrase, "%s",
			   _("one byte beyond the closed window: is it still "
			     "closed?"));
	else
		return false;
	return true;
}

static void say_sums(struct phrase *phrase, const struct segment *segment)
{
	size_t before;

	if (segment->flags & TCP_ACK)
		say_acked(phrase, segment);
	before = phrase->used;
	if (before && (segment->len || segment->flags & TCP_FIN))
		phrase_add(phrase, "%s", _("; "));
	say_sent(phrase, segment);
	if (phrase->used)
		return;
	if (segment->flags & TCP_ACK)
		phrase_add(phrase,
			   _("consumes nothing; ack %1$u says nothing new"),
			   segment->ack);
	else
		phrase_add(phrase, "%s",
			   _("neither acknowledges nor carries anything"));
}

char *proof_text(const struct segment *segment, char *text, size_t bytes)
{
	struct phrase phrase;

	phrase_begin(&phrase, text, bytes);
	if (segment->flags & TCP_RST)
		say_rst(&phrase, segment);
	else if (say_noted(&phrase, segment))
		return text;
	else if (segment->flags & TCP_SYN)
		say_syn(&phrase, segment);
	else
		say_sums(&phrase, segment);
	return text;
}

static const struct {
	const char *reason, *text;
} rules[] = {
	{"syn-ack",
	 N_("RFC 9293 3.10.7.2: a port in LISTEN answers a SYN with SYN,ACK")},
	{"rst", N_("RFC 9293 3.10.7.1: a CLOSED port answers a SYN with "
		   "RST,ACK, its ack = our seq + 1")},
	{"conn-refused", N_("RFC 9293 3.10.7.3: connect() ended with a "
			    "RST,ACK that acknowledges our SYN")},
	{"no-reply", N_("RFC 9293 3.10.7: an end answers every SYN, LISTEN or "
			"CLOSED: a firewall drops it, or nobody is there")},
	{"no-route", N_("no SYN could leave: the routing table has no way "
			"there")},
	{"no-neighbour", N_("no SYN could leave: nobody on the link answers "
			    "for this address")},
	{"timeout", N_("RFC 9293 3.10.7: an end answers every SYN, LISTEN or "
		       "CLOSED: a firewall drops it, or nobody is there")},
};

char *proof_verdict(const char *verdict, const char *reason, char *text,
		    size_t bytes)
{
	struct phrase phrase;
	const char *rule = NULL;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (strcmp(rules[i].reason, reason) == 0)
			rule = rules[i].text;
	}
	if (!rule && strncmp(reason, "icmp-", 5) == 0)
		rule = N_("RFC 9293 3.9.2.2: an ICMP error and no answer "
			  "of TCP: something on the way, or the target's "
			  "firewall, refuses the packet");
	phrase_begin(&phrase, text, bytes);
	if (rule)
		phrase_add(&phrase, "%s (%s): %s", verdict, reason, _(rule));
	else
		phrase_add(&phrase, "%s (%s)", verdict, reason);
	return text;
}
