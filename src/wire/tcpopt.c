/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/tcpopt.h"

void tcpopt_begin(struct tcpopt_walk *walk, const uint8_t *options,
		  size_t bytes)
{
	walk->next = options;
	walk->end = bytes > 0 ? options + bytes : options;
	walk->malformed = 0;
}

/* What follows is padding, or not to be trusted. */
static int walk_stop(struct tcpopt_walk *walk, int malformed)
{
	walk->next = walk->end;
	walk->malformed = malformed;
	return 0;
}

int tcpopt_next(struct tcpopt_walk *walk, struct tcpopt *option)
{
	size_t left;

	while (walk->next != walk->end && *walk->next == TCPOPT_KIND_NOP)
		walk->next++;
	if (walk->next == walk->end)
		return 0;
	if (*walk->next == TCPOPT_KIND_END)
		return walk_stop(walk, 0);

	left = (size_t)(walk->end - walk->next);
	/* The length counts its own byte and the kind: less than 2 would walk
	 * on the spot for ever. */
	if (left < 2 || walk->next[1] < 2 || walk->next[1] > left)
		return walk_stop(walk, 1);

	option->kind = walk->next[0];
	option->length = walk->next[1] - 2;
	option->data = walk->next + 2;
	walk->next += walk->next[1];
	return 1;
}
