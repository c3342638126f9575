/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_BOUNDARIES_H
#define TALK_BOUNDARIES_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/*
 * Datagrams against a stream, by real sockets on loopback: two sends are two
 * datagrams and, over TCP, bytes that one read returns; what a read has no
 * room for is lost of a datagram and stays in a stream. Never a matter of
 * luck: each read waits until all that was sent has arrived.
 */
struct boundary_step {
	bool stream;   /* TCP, else UDP */
	bool sends;    /* send(), else recv() */
	size_t room;   /* of the recv() */
	size_t length; /* sent or received */
	size_t cut;    /* bytes of the datagram that had no room and are gone */
	bool nothing;  /* recv() would have waited */
	const char *bytes;
};

/* step is told of each call as it returns. 0, or -1 with STATUS_FAILED. */
int boundaries_show(void (*step)(void *context,
				 const struct boundary_step *step),
		    void *context, struct error *error);

#endif
