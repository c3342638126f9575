/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_CROSSING_WORDS_H
#define FLOW_CROSSING_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct crossing;
struct crossing_ladder;
struct crossing_row;
struct segment;

/* What is said of two captures, in the user's language. Pure; all fill text,
 * cut at `bytes`, and return it. */

/* What the clocks differ by, and how that was found. */
char *crossing_clock_text(const struct crossing *crossing, char *text,
			  size_t bytes);

/* "client to server: 20 sent, 2 lost; 50.0 ms to 51.2 ms, half of them below
 * 50.3 ms"; which: CLIENT or SERVER, who sends. */
char *crossing_way_text(const struct crossing_ladder *ladder, int which,
			char *text, size_t bytes);

/* What became of the packet: "after 50.0 ms", "lost". */
char *crossing_fate_text(const struct crossing_row *row, char *text,
			 size_t bytes);

/* "SYN seq 0", "ICMP port unreachable"; "" where the ladders left it out. */
char *crossing_label_text(const struct crossing_row *row, char *text,
			  size_t bytes);

/* The segment as its sender saw it, or as its receiver did; NULL for an ICMP
 * error and for what the ladders left out. */
const struct segment *crossing_segment(const struct crossing_row *row);

/* "#3 → #5": its frames in the sender's and in the receiver's capture. */
char *crossing_frames_text(const struct crossing_row *row, char *text,
			   size_t bytes);

#endif
