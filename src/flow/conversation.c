/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/conversation.h"

#include <stdio.h>
#include <sys/socket.h>

#include "flow/say.h"

bool conversation_is_midstream(const struct conversation *conversation)
{
	return conversation->marks & CONVERSATION_MIDSTREAM;
}

bool conversation_is_one_sided(const struct conversation *conversation)
{
	return conversation->side[CLIENT].frames == 0 ||
	       conversation->side[SERVER].frames == 0;
}

bool conversation_is_offloaded(const struct conversation *conversation)
{
	return conversation->marks & CONVERSATION_OFFLOAD;
}

bool conversation_is_superseded(const struct conversation *conversation)
{
	return conversation->marks & CONVERSATION_SUPERSEDED;
}

/* tshark's second pass prints what the first one found, and that begins to
 * count with the second frame where the first is no SYN. */
unsigned conversation_completeness(const struct conversation *conversation)
{
	if (conversation_frames(conversation) > 1)
		return conversation->completeness;
	if (!(conversation->completeness & COMPLETE_SYN))
		return 0;
	return conversation->completeness & (COMPLETE_SYN | COMPLETE_DATA);
}

static enum close_kind close_by_fins(const struct conversation *conversation)
{
	unsigned client = conversation->side[CLIENT].marks;
	unsigned server = conversation->side[SERVER].marks;

	if (!(client & server & SIDE_FIN_ACKED))
		return CLOSE_HALF;
	if (conversation->marks & CONVERSATION_FIN_CROSSED)
		return CLOSE_FIN_SIMULTANEOUS;
	return conversation->marks & CONVERSATION_FIN_ALONE ? CLOSE_FIN_4
							    : CLOSE_FIN_3;
}

enum close_kind conversation_close(const struct conversation *conversation)
{
	unsigned marks = conversation->side[CLIENT].marks |
			 conversation->side[SERVER].marks;

	if (conversation->close != CLOSE_NONE)
		return conversation->close;
	if (marks & SIDE_FIN)
		return close_by_fins(conversation);
	if (conversation->marks & CONVERSATION_ICMP_LAST)
		return CLOSE_ICMP;
	return CLOSE_NONE;
}

const char *close_name(enum close_kind close)
{
	static const char *const names[CLOSE_COUNT] = {
		[CLOSE_NONE] = "none",
		[CLOSE_FIN_4] = "fin-4",
		[CLOSE_FIN_3] = "fin-3",
		[CLOSE_FIN_SIMULTANEOUS] = "fin-simultaneous",
		[CLOSE_HALF] = "half",
		[CLOSE_RST_REFUSED] = "rst-refused",
		[CLOSE_RST_ABORT] = "rst-abort",
		[CLOSE_RST_NO_SOCKET] = "rst-no-socket",
		[CLOSE_ICMP] = "icmp",
	};

	return names[close];
}

const char *close_text(enum close_kind close)
{
	static const char *const texts[CLOSE_COUNT] = {
		[CLOSE_NONE] = N_("not closed in this capture"),
		[CLOSE_FIN_4] =
			N_("closed in four segments: FIN, ACK, FIN, ACK"),
		[CLOSE_FIN_3] = N_("closed in three segments: the second FIN "
				   "carries the ACK of the first"),
		[CLOSE_FIN_SIMULTANEOUS] =
			N_("closed by both at once: each FIN left before the "
			   "other had arrived"),
		[CLOSE_HALF] = N_("closed in one direction only"),
		[CLOSE_RST_REFUSED] = N_("refused: the SYN was answered by a "
					 "RST"),
		[CLOSE_RST_ABORT] = N_("aborted: a live socket gave up with a "
				       "RST"),
		[CLOSE_RST_NO_SOCKET] =
			N_("reset: there was no socket for the connection"),
		[CLOSE_ICMP] = N_("ended by an ICMP error"),
	};

	return _(texts[close]);
}

int64_t conversation_handshake_ns(const struct conversation *conversation)
{
	const struct side *side = conversation->side;

	return side[CLIENT].marks & side[SERVER].marks & SIDE_SYN
		       ? conversation->handshake_ns
		       : -1;
}

uint64_t conversation_frames(const struct conversation *conversation)
{
	return conversation->side[CLIENT].frames +
	       conversation->side[SERVER].frames;
}

uint64_t conversation_retransmissions(const struct conversation *conversation)
{
	return (uint64_t)conversation->side[CLIENT].retransmissions +
	       conversation->side[SERVER].retransmissions;
}

uint64_t conversation_out_of_order(const struct conversation *conversation)
{
	return (uint64_t)conversation->side[CLIENT].out_of_order +
	       conversation->side[SERVER].out_of_order;
}

uint64_t conversation_dup_acks(const struct conversation *conversation)
{
	return (uint64_t)conversation->side[CLIENT].dup_acks_total +
	       conversation->side[SERVER].dup_acks_total;
}

const char *conversation_endpoint(const struct conversation *conversation,
				  int which, char text[ENDPOINT_TEXT_BYTES])
{
	return endpoint_text(&conversation->addr[which],
			     conversation->port[which], text);
}

const char *endpoint_text(const struct addr *addr, uint16_t port,
			  char text[ENDPOINT_TEXT_BYTES])
{
	char address[ADDR_TEXT_BYTES];

	addr_format(addr, address);
	snprintf(text, ENDPOINT_TEXT_BYTES,
		 addr->family == AF_INET6 ? "[%s]:%u" : "%s:%u", address,
		 (unsigned)port);
	return text;
}
