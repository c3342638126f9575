/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef APP_SCREEN_H
#define APP_SCREEN_H

#include <stdbool.h>

/* What standard output is drawn on. Both ask the system: before a sandbox is
 * entered. */

/* 0: no terminal, or one that does not say. */
unsigned screen_columns(void);

/* True: the locale knows no UTF-8. Sets LC_CTYPE as the environment has it;
 * before the first thread starts. */
bool screen_is_ascii(void);

#endif
