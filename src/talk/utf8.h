/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_UTF8_H
#define TALK_UTF8_H

#include <stddef.h>

/* How many of the bytes are whole characters: less than `bytes` only where
 * the text stops in the middle of a UTF-8 sequence that was right so far
 * (RFC 3629), and then by three at most. Pure. */
size_t utf8_whole(const char *text, size_t bytes);

#endif
