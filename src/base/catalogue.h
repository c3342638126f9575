/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_CATALOGUE_H
#define BASE_CATALOGUE_H

struct error;

/*
 * Translations as msgfmt(1) of GNU gettext writes them (.mo). Read by hand:
 * the C library's gettext() translates into no language for which no locale
 * is installed, and glibc is to ignore LANGUAGE in the locale C.UTF-8 as it
 * does in C. Any thread once it is open.
 *
 *   magic, revision, count, offset of originals, offset of translations
 *   originals:    count times { length, offset }, in order of strcmp()
 *   translations: count times { length, offset }
 */
struct catalogue;

/* NULL with STATUS_FAILED, which quotes the path, where there is none or it is
 * damaged. */
struct catalogue *catalogue_open(const char *path, struct error *error);

/* NULL is legal. */
void catalogue_free(struct catalogue *catalogue);

/* The translation, valid as long as the catalogue; NULL where there is none. */
const char *catalogue_find(const struct catalogue *catalogue, const char *text);

#endif
