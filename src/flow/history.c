/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/history.h"

#include <string.h>

#include "flow/conversation.h"
#include "flow/segment.h"
#include "wire/packet.h"

enum {
	SEEN_ACK = 1,
	SEEN_DATA = 2,
	SEEN_FIN_RST = 4,
	SEEN_ODD_SYN = 8,
	SEEN_BITS = 4, /* so many for each end */
};

static void put(struct conversation *conversation, int which, char letter)
{
	size_t used = strlen(conversation->history);

	if (used + 1 < HISTORY_MAX)
		conversation->history[used] =
			(char)(which == CLIENT ? letter - 'a' + 'A' : letter);
}

static void put_once(struct conversation *conversation, int which, char letter,
		     unsigned seen)
{
	seen <<= which * SEEN_BITS;
	if (conversation->history_seen & seen)
		return;
	conversation->history_seen |= (uint16_t)seen;
	put(conversation, which, letter);
}

static bool is_power_of_ten(uint32_t count)
{
	while (count > 1 && count % 10 == 0)
		count /= 10;
	return count == 1;
}

static void take_flags(struct conversation *conversation, int which,
		       const struct history_input *in)
{
	bool syn = in->flags & TCP_SYN, fin = in->flags & TCP_FIN;
	bool rst = in->flags & TCP_RST;

	if (syn && (fin || rst))
		put_once(conversation, which, 'q', SEEN_ODD_SYN);
	if (fin && rst)
		put_once(conversation, which, 'i', SEEN_FIN_RST);
	if (syn && !in->syn_again)
		put(conversation, which, in->flags & TCP_ACK ? 'h' : 's');
	if (!syn && !fin && !rst && in->len == 0 && in->flags & TCP_ACK)
		put_once(conversation, which, 'a', SEEN_ACK);
}

void history_take(struct conversation *conversation, int which,
		  const struct history_input *in)
{
	const struct side *side = &conversation->side[which];

	if (in->notes & NOTE_GAP && is_power_of_ten(side->gaps_seen))
		put(conversation, which, 'g');
	take_flags(conversation, which, in);
	if (in->len > 0)
		put_once(conversation, which, 'd', SEEN_DATA);
	if (in->len > 0 && in->notes & NOTE_ANY_RETRANSMISSION &&
	    is_power_of_ten(side->retransmissions))
		put(conversation, which, 't');
	if (in->notes & NOTE_ZERO_WINDOW && is_power_of_ten(side->zero_windows))
		put(conversation, which, 'w');
	if (in->flags & TCP_FIN && !in->fin_again)
		put(conversation, which, 'f');
	if (in->flags & TCP_RST && !in->rst_again)
		put(conversation, which, 'r');
}
