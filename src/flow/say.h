/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_SAY_H
#define FLOW_SAY_H

#include <stddef.h>

struct catalogue;

/*
 * Every sentence that flow/ shows to a user goes through _(), so that a
 * catalogue of the domain "synscan" (gettext) can say it in another language.
 * Sentences are whole, with printf arguments, positional ones where a
 * translation may turn them round. Field names, flags and the names of states
 * stay as they are. Without a catalogue the text is what stands here. Any
 * thread.
 */
#define _(text)  say(text)
#define N_(text) (text) /* marked here, said with _() elsewhere */

/* The language from now on, NULL for English. The catalogue must stay. Before
 * any thread starts. */
void say_in(const struct catalogue *catalogue);

const char *say(const char *text) __attribute__((format_arg(1)));

/* The columns that UTF-8 text takes on a terminal: East Asian wide characters
 * take two, combining ones none, a byte that is not UTF-8 one. */
size_t say_columns(const char *text);

/* How many bytes of the text fit into so many columns. */
size_t say_fit(const char *text, size_t columns);

/* The same where a line is to end: at a blank, or within Chinese where its
 * punctuation allows; where neither is there, anywhere. 0 where not even one
 * character fits. */
size_t say_break(const char *text, size_t columns);

#endif
