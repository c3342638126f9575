/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_LADDER_HEAD_H
#define FLOW_LADDER_HEAD_H

#include <stddef.h>

struct conversation;
struct ladder;

/* What stands above a ladder, in the user's language, for whoever draws it.
 * Pure. */

/* "Stream 0: 10.9.0.1:40000 > 10.9.0.2:8000". Returns text. */
char *ladder_title(const struct conversation *conversation, char *text,
		   size_t bytes);

/* Of a drawing with level arrows: why they are. Static. */
const char *ladder_level(void);

/* "client 10.9.0.1:40000: MSS 1460, window scale 7, SACK, timestamps"; which:
 * CLIENT or SERVER. Returns text. */
char *ladder_end_text(const struct ladder *ladder, int which, char *text,
		      size_t bytes);

/* What the reader must know about where and when this was captured: the nth
 * sentence from 0, NULL behind the last. Static. */
const char *ladder_caveat(const struct ladder *ladder, unsigned nth);

/* "MSS 1460, window scale 7, SACK" of the first SYN of an end (CLIENT or
 * SERVER); "" without one. Returns text. */
char *ladder_offer(const struct ladder *ladder, int which, char *text,
		   size_t bytes);

#endif
