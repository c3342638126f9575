/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef APP_STREAMS_H
#define APP_STREAMS_H

/* To be called first: a socket or file that we open must never become
 * standard input, output or error where these were closed. What is written to
 * one that was closed fails. */
void streams_fill(void);

#endif
