/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_DRAWING_TEXT_H
#define FLOW_DRAWING_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Inside flow/ only: the pieces of the text format. */

struct conversation;
struct datagram;
struct drawing;
struct flow;
struct flow_event;
struct notice;
struct write;

/* A line of each conversation, a second one of what went wrong. */
void text_conversation(struct drawing *drawing,
		       const struct conversation *conversation);

/* The view of segments: how each write was cut, datagrams, ICMP errors. */
void text_segments_event(struct drawing *drawing,
			 const struct flow_event *event);
void text_write(struct drawing *drawing, const struct write *write);
void text_datagram(struct drawing *drawing, const struct datagram *datagram);

/* The view of resets. */
void text_resets_event(struct drawing *drawing, const struct flow_event *event);

/* The text in lines that fit, from that column on; the margin stands before
 * the first of them. */
void text_wrapped(struct drawing *drawing, const char *margin, unsigned indent,
		  const char *text);
/* "11 frames: 1 conversation, 11 TCP"; what there was none of is left out.
 * Returns text. */
char *text_counts(const struct flow *flow, char *text, size_t bytes);

/* A line that is not to be broken; it fits. */
void text_line(struct drawing *drawing, const char *text);

/* Appends at the end of a string in text[bytes]; cuts. */
void text_append(char *text, size_t bytes, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* "12.345678" seconds since the first frame. Returns text. */
char *text_time(const struct drawing *drawing, int64_t time_ns, char *text,
		size_t bytes);

#endif
