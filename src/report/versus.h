/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef REPORT_VERSUS_H
#define REPORT_VERSUS_H

struct comparison;
struct writer;

/* Two scans side by side, for people: at most 23 lines, of 80 columns with
 * IPv4 addresses. Inside report/ only. */
void versus_write(const struct comparison *comparison, struct writer *writer);

#endif
