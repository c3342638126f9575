/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/reset.h"

#include "flow/phrase.h"
#include "flow/proof.h"
#include "flow/say.h"

const char *reset_shape_name(enum reset_shape shape)
{
	switch (shape) {
	case RESET_P0:
		return "P0";
	case RESET_P1:
		return "P1";
	case RESET_A:
		return "A";
	default:
		return "odd";
	}
}

const char *reset_setting_name(enum reset_setting setting)
{
	static const char *const names[] = {
		[RESET_OF_SYN] = "of_syn",
		[RESET_OF_SYN_ACK] = "of_syn_ack",
		[RESET_OF_HANDSHAKE] = "of_handshake",
		[RESET_OF_OPEN] = "of_open",
		[RESET_AFTER_OWN_FIN] = "after_own_fin",
		[RESET_AFTER_PEER_FIN] = "after_peer_fin",
		[RESET_OF_CLOSED] = "of_closed",
		[RESET_OF_STRANGER] = "of_stranger",
	};

	return names[setting];
}

static void say_arithmetic(struct phrase *phrase, const struct reset *reset)
{
	char flags[32];

	if (!reset->provoker) {
		phrase_add(phrase, "%s",
			   reset->shape == RESET_A
				   ? _("; no segment is needed to provoke it")
				   : _("; what provoked it was not captured"));
		return;
	}
	flags_text(reset->provoker_flags, flags, sizeof(flags));
	if (reset->shape == RESET_P0)
		phrase_add(phrase,
			   _("; frame %1$llu (%2$s) had no ACK: seq 0, "
			     "ack = %3$u + %4$u = %5$u"),
			   (unsigned long long)reset->provoker, flags,
			   reset->provoker_seq,
			   reset->provoker_next - reset->provoker_seq,
			   reset->provoker_next);
	else if (reset->shape == RESET_P1)
		phrase_add(phrase,
			   _("; seq = the ack of frame %1$llu (%2$s) = %3$u"),
			   (unsigned long long)reset->provoker, flags,
			   reset->provoker_ack);
	else
		phrase_add(
			phrase,
			_("; the last it had received was frame %1$llu (%2$s)"),
			(unsigned long long)reset->provoker, flags);
}

char *reset_text(const struct reset *reset, char *text, size_t bytes)
{
	struct phrase phrase;

	phrase_begin(&phrase, text, bytes);
	switch (reset->shape) {
	case RESET_P0:
		phrase_add(&phrase, "%s",
			   _("P0: no socket; answers a segment without ACK"));
		break;
	case RESET_P1:
		phrase_add(&phrase, "%s",
			   _("P1: no usable socket; answers a segment with "
			     "ACK"));
		break;
	case RESET_A:
		phrase_add(&phrase, "%s", _("A: a live socket gave up"));
		break;
	default:
		phrase_add(&phrase, "%s",
			   _("odd: not what a TCP answers with; forged, or by "
			     "a middlebox"));
		return text;
	}
	say_arithmetic(&phrase, reset);
	if (!reset->in_window)
		phrase_add(&phrase, "%s",
			   _("; not where the other end expects it: it is "
			     "ignored, or answered by a challenge ACK"));
	return text;
}

#define IN(setting) (1u << (setting))
#define ANYWHERE    (~0u)

/* Causes by shape and by what the connection was; likeliest first. */
static const struct rule {
	enum reset_shape shape;
	unsigned settings;
	bool by_server; /* only the server can have it */
	bool of_data;   /* only where it had been sent some */
	const char *name, *text;
} rules[] = {
	{.shape = RESET_P0,
	 .settings = IN(RESET_OF_SYN),
	 .name = "no-listener",
	 .text = N_("nobody listens on the port")},
	{.shape = RESET_P0,
	 .settings = ~IN(RESET_OF_SYN),
	 .name = "stray-segment",
	 .text = N_("a segment without ACK to a port that is closed")},
	{.shape = RESET_P0,
	 .settings = ANYWHERE,
	 .name = "firewall-reject",
	 .text = N_("a firewall rejects with a TCP reset")},
	{.shape = RESET_P1,
	 .settings = IN(RESET_OF_SYN_ACK),
	 .name = "kernel-knows-no-connection",
	 .text = N_("the SYN was sent past the kernel (a half-open scan): "
		    "the kernel knows of no connection and answers the "
		    "SYN,ACK with a RST")},
	{.shape = RESET_P1,
	 .settings = IN(RESET_OF_SYN_ACK),
	 .name = "connect-given-up",
	 .text = N_("the program closed its socket before the SYN,ACK came")},
	{.shape = RESET_P1,
	 .settings = IN(RESET_OF_HANDSHAKE),
	 .by_server = true,
	 .name = "accept-queue-full",
	 .text = N_("the accept queue is full and tcp_abort_on_overflow is "
		    "set")},
	{.shape = RESET_P1,
	 .settings = IN(RESET_AFTER_OWN_FIN) | IN(RESET_OF_CLOSED),
	 .name = "socket-gone",
	 .text = N_("data came to a socket that was closed already")},
	{.shape = RESET_P1,
	 .settings = IN(RESET_OF_STRANGER) | IN(RESET_OF_SYN),
	 .name = "stray-ack",
	 .text = N_("an ACK to a port where no connection is: closed or "
		    "listening, both answer alike")},
	{.shape = RESET_P1,
	 .settings = ~(IN(RESET_OF_SYN_ACK) | IN(RESET_OF_SYN)),
	 .name = "half-open",
	 .text = N_("this end has forgotten the connection: its RST or its "
		    "restart went unseen")},
	{.shape = RESET_P1,
	 .settings = IN(RESET_OF_CLOSED),
	 .name = "time-wait",
	 .text = N_("an old segment met TIME_WAIT, or what came after it")},
	{.shape = RESET_A,
	 .settings = IN(RESET_OF_HANDSHAKE),
	 .by_server = true,
	 .name = "listener-closed",
	 .text = N_("the listener closed before it accepted the connection")},
	{.shape = RESET_A,
	 .settings = IN(RESET_AFTER_OWN_FIN),
	 .of_data = true,
	 .name = "unread-after-shutdown",
	 .text = N_("closed with data unread, after shutdown() had sent the "
		    "FIN")},
	{.shape = RESET_A,
	 .settings = ~IN(RESET_AFTER_OWN_FIN),
	 .of_data = true,
	 .name = "unread-data",
	 .text = N_("closed with data unread in its receive buffer")},
	{.shape = RESET_A,
	 .settings = ~IN(RESET_AFTER_OWN_FIN),
	 .name = "linger-zero",
	 .text = N_("closed with SO_LINGER and a time of 0")},
	{.shape = RESET_A,
	 .settings = ANYWHERE,
	 .name = "killed",
	 .text = N_("connect(AF_UNSPEC), or an administrator (ss -K)")},
	{.shape = RESET_A,
	 .settings = ANYWHERE,
	 .name = "timeout",
	 .text = N_("keep-alive, or retransmission, came to nothing")},
	{.shape = RESET_ODD,
	 .settings = ANYWHERE,
	 .name = "forged",
	 .text = N_("forged, or sent by a middlebox")},
};

static bool may_be(const struct rule *rule, const struct reset *reset)
{
	return rule->shape == reset->shape &&
	       rule->settings & IN(reset->setting) &&
	       !(rule->by_server && reset->by_client) &&
	       !(rule->of_data && reset->peer_data == 0);
}

size_t reset_causes(const struct reset *reset, const char **causes)
{
	size_t count = 0;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (may_be(&rules[i], reset))
			causes[count++] = _(rules[i].text);
	}
	return count;
}

size_t reset_cause_names(const struct reset *reset, const char **names)
{
	size_t count = 0;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (may_be(&rules[i], reset))
			names[count++] = rules[i].name;
	}
	return count;
}

const char *reset_lookalike(const struct reset *reset)
{
	switch (reset->shape) {
	case RESET_P0:
		return _("A closed port and a firewall that rejects with a "
			 "TCP reset look the same; OutRsts in "
			 "/proc/net/snmp of the sender counts only the "
			 "first.");
	case RESET_P1:
		if (reset->setting == RESET_OF_SYN_ACK)
			return _("A half-open scan and a client that gave up "
				 "look the same; EmbryonicRsts in "
				 "/proc/net/netstat of the target counts "
				 "both.");
		return _("A port that listens and one that is closed answer "
			 "a stray ACK alike; OutRsts of the sender counts "
			 "both.");
	case RESET_A:
		return _("Unread data, SO_LINGER 0 and ss -K look the same; "
			 "/proc/net/netstat of the sender tells them apart: "
			 "TCPAbortOnClose, TCPAbortOnData, "
			 "TCPAbortOnTimeout.");
	default:
		return NULL;
	}
}
