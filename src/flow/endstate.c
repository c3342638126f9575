/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/endstate.h"

#include "wire/packet.h"

const char *endstate_name(enum endstate state)
{
	static const char *const names[ENDSTATE_COUNT] = {
		[ENDSTATE_CLOSED] = "CLOSED",
		[ENDSTATE_LISTEN] = "LISTEN",
		[ENDSTATE_SYN_SENT] = "SYN_SENT",
		[ENDSTATE_SYN_RECEIVED] = "SYN_RECEIVED",
		[ENDSTATE_ESTABLISHED] = "ESTABLISHED",
		[ENDSTATE_FIN_WAIT_1] = "FIN_WAIT_1",
		[ENDSTATE_FIN_WAIT_2] = "FIN_WAIT_2",
		[ENDSTATE_CLOSE_WAIT] = "CLOSE_WAIT",
		[ENDSTATE_CLOSING] = "CLOSING",
		[ENDSTATE_LAST_ACK] = "LAST_ACK",
		[ENDSTATE_TIME_WAIT] = "TIME_WAIT",
	};

	return names[state];
}

/* It has not got as far as a connection. */
static bool is_closed(enum endstate state)
{
	return state == ENDSTATE_CLOSED || state == ENDSTATE_LISTEN;
}

/* A SYN alone: RFC 9293 3.10.1, active OPEN. */
static enum endstate after_syn_sent(enum endstate state)
{
	return is_closed(state) ? ENDSTATE_SYN_SENT : state;
}

static enum endstate after_syn_ack_sent(enum endstate state)
{
	return is_closed(state) || state == ENDSTATE_SYN_SENT
		       ? ENDSTATE_SYN_RECEIVED
		       : state;
}

/* An ACK that covers the peer's FIN: the FIN has arrived here. */
static enum endstate after_peer_fin(enum endstate state)
{
	switch (state) {
	case ENDSTATE_ESTABLISHED:
		return ENDSTATE_CLOSE_WAIT;
	case ENDSTATE_FIN_WAIT_1:
		return ENDSTATE_CLOSING;
	case ENDSTATE_FIN_WAIT_2:
		return ENDSTATE_TIME_WAIT;
	default:
		return state;
	}
}

static enum endstate after_fin_sent(enum endstate state)
{
	switch (state) {
	case ENDSTATE_ESTABLISHED:
		return ENDSTATE_FIN_WAIT_1;
	case ENDSTATE_CLOSE_WAIT:
	case ENDSTATE_CLOSED: /* it was not: the last ACK was lost */
		return ENDSTATE_LAST_ACK;
	default:
		return state;
	}
}

static enum endstate after_fin_acked(enum endstate state)
{
	switch (state) {
	case ENDSTATE_FIN_WAIT_1:
		return ENDSTATE_FIN_WAIT_2;
	case ENDSTATE_CLOSING:
		return ENDSTATE_TIME_WAIT;
	case ENDSTATE_LAST_ACK:
		return ENDSTATE_CLOSED;
	default:
		return state;
	}
}

/* Anything beyond the SYNs. From LISTEN only what acknowledges the SYN: its
 * SYN,ACK was not captured then, and all else is of an older connection. */
static enum endstate after_synchronised(enum endstate state, bool acks_syn)
{
	switch (state) {
	case ENDSTATE_SYN_SENT:
	case ENDSTATE_SYN_RECEIVED:
		return ENDSTATE_ESTABLISHED;
	case ENDSTATE_LISTEN:
		return acks_syn ? ENDSTATE_ESTABLISHED : state;
	default:
		return state;
	}
}

void endstate_step(enum endstate *sender, enum endstate *receiver,
		   const struct endstate_event *event)
{
	if (event->flags & TCP_RST) {
		if (event->acceptable)
			*sender = *receiver = ENDSTATE_CLOSED;
		return;
	}
	if (event->flags & TCP_SYN) {
		*sender = event->flags & TCP_ACK ? after_syn_ack_sent(*sender)
						 : after_syn_sent(*sender);
		if (!(event->flags & TCP_ACK) && *receiver == ENDSTATE_CLOSED)
			*receiver = ENDSTATE_LISTEN;
	} else {
		*sender = after_synchronised(*sender, event->acks_peer_syn);
	}
	if (event->acks_peer_syn && *receiver == ENDSTATE_SYN_RECEIVED)
		*receiver = ENDSTATE_ESTABLISHED;
	if (event->acks_peer_fin) {
		*sender = after_peer_fin(*sender);
		*receiver = after_fin_acked(*receiver);
	}
	if (event->flags & TCP_FIN)
		*sender = after_fin_sent(*sender);
}
