/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_NOTICE_FILL_H
#define FLOW_NOTICE_FILL_H

#include <stdbool.h>

struct frame;
struct notice;

/* Inside flow/: the error and its quote, from the frame alone; what they
 * belong to is left empty. Pure. */
void notice_fill(struct notice *notice, const struct frame *frame);

/* Nobody there, no way, or not allowed: the end of an attempt to connect.
 * Not "packet too big" and not "time exceeded". */
bool notice_is_final(const struct notice *notice);

#endif
