/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_HISTORY_H
#define FLOW_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

struct conversation;

/*
 * A conversation in one word, as Zeek writes it. Upper case: from the client.
 *
 *   s SYN   h SYN,ACK   a bare ACK   d data   f FIN   r RST
 *   t retransmitted data   w closed window   g gap
 *   i FIN and RST in one   q SYN and FIN, or SYN and RST, in one
 *   ^ first of all: the first frame was a SYN,ACK, from the server
 *
 * a, d, i and q stand once for each end; s, h, f and r again only with
 * another sequence number; t, w and g for the 1st, 10th, 100th ... time.
 */
struct history_input {
	uint8_t flags;
	uint32_t len;
	uint32_t notes;
	bool syn_again, fin_again, rst_again; /* with the number of the last */
};

/* which: the end that sent it. Its counts of retransmissions, closed windows
 * and gaps have this segment in them. */
void history_take(struct conversation *conversation, int which,
		  const struct history_input *in);

#endif
