/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_ENDSTATE_H
#define FLOW_ENDSTATE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The state of one end of a connection, RFC 9293 3.3.2, as a capture shows
 * it. An end that sends is in the state that sending means: at once. An end
 * that is sent something changes
 *   - at once, when RFC 9293 asks no answer of it (a RST, the ACK of its SYN
 *     or of its FIN),
 *   - else when its answer shows that it has arrived: a SYN, a SYN,ACK or a
 *     FIN that nobody answers has changed nobody that we know of.
 * LISTEN of an end that has sent nothing yet, and ESTABLISHED of one met
 * midstream, are presumed. Pure.
 *
 *   client                              server
 *   SYN_SENT      --- SYN ---------->   LISTEN
 *   SYN_SENT      <-- SYN,ACK -------   SYN_RECEIVED
 *   ESTABLISHED   --- ACK ---------->   ESTABLISHED
 *   FIN_WAIT_1    --- FIN,ACK ------>   ESTABLISHED
 *   FIN_WAIT_2    <-- ACK -----------   CLOSE_WAIT
 *   FIN_WAIT_2    <-- FIN,ACK -------   LAST_ACK
 *   TIME_WAIT     --- ACK ---------->   CLOSED
 */
enum endstate {
	ENDSTATE_CLOSED,
	ENDSTATE_LISTEN,
	ENDSTATE_SYN_SENT,
	ENDSTATE_SYN_RECEIVED,
	ENDSTATE_ESTABLISHED,
	ENDSTATE_FIN_WAIT_1,
	ENDSTATE_FIN_WAIT_2,
	ENDSTATE_CLOSE_WAIT,
	ENDSTATE_CLOSING,
	ENDSTATE_LAST_ACK,
	ENDSTATE_TIME_WAIT,
	ENDSTATE_COUNT,
};

/* "SYN_SENT": the promised name, the same in every language. */
const char *endstate_name(enum endstate state);

/* What one segment means for the states of both ends. */
struct endstate_event {
	uint8_t flags;      /* TCP_SYN ... */
	bool acks_peer_syn; /* its ack covers the SYN of the other end */
	bool acks_peer_fin; /* ... the FIN of the other end */
	bool acceptable;    /* a RST that the other end would believe */
};

void endstate_step(enum endstate *sender, enum endstate *receiver,
		   const struct endstate_event *event);

#endif
