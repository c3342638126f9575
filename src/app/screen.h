/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef APP_SCREEN_H
#define APP_SCREEN_H

/* What standard output is drawn on. */

/* Asks the system: before a sandbox is entered. 0: no terminal, or one that
 * does not say. */
unsigned screen_columns(void);

#endif
