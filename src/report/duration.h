/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef REPORT_DURATION_H
#define REPORT_DURATION_H

#include <stddef.h>
#include <stdint.h>

/* Nanoseconds for people: 21 us, 1.24 ms, 12.4 ms, 200 ms, 1.24 s: three
 * digits, rounded; no fractions of a microsecond. A negative one is not known:
 * "-". Returns text; 32 bytes suffice. Pure. */
char *duration_text(int64_t ns, char *text, size_t bytes);

#endif
