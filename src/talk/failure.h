/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_FAILURE_H
#define TALK_FAILURE_H

/*
 * Why a socket call failed, in words for somebody to whom it is new: what
 * happened, what to look at, the name of the error here and its number on
 * Windows, which is what half of a class sees. Pure.
 */

#define FAILURE_BYTES 256

/* "ECONNREFUSED"; "error 4711" for what has no name. Into text, which is
 * returned. */
const char *failure_name(int error, char text[FAILURE_BYTES]);

/* "connection refused: ... (ECONNREFUSED; Windows: 10061)", into text, which
 * is returned. */
const char *failure_format(int error, char text[FAILURE_BYTES]);

#endif
