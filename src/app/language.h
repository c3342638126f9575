/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef APP_LANGUAGE_H
#define APP_LANGUAGE_H

#include <stdbool.h>

struct error;

/* The language of what is shown to people. */

/* "en" or "zh"; NULL: as the environment says (LANGUAGE, LC_ALL, LC_MESSAGES,
 * LANG, as gettext reads them; the locale need not be installed), and English
 * where it says another, or where its characters are not UTF-8. From then on
 * _() speaks it. Before any thread starts. -1 with STATUS_FAILED when there is
 * no catalogue for a language asked for by name. */
int language_begin(const char *name, struct error *error);

/* Does the environment say that text is UTF-8? */
bool language_is_utf8(void);

#endif
