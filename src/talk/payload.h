/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_PAYLOAD_H
#define TALK_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>

/* So many bytes of text that say where in it they are, for the study of
 * segments: "00000000,00000009,00000018,..." With `lf` the last one is an LF,
 * so that all of them are one line. Pure. */
void payload_fill(char *out, size_t bytes, bool lf);

#endif
