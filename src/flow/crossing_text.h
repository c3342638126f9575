/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_CROSSING_TEXT_H
#define FLOW_CROSSING_TEXT_H

struct crossing;
struct crossing_ladder;
struct ladder_style;

/*
 * The ladder of two captures as lines of text, packet by packet in the order
 * of sending: when it left, the state of its sender then, the state of its
 * receiver once it had arrived; what became of it; the proof. What
 * the clocks differ by is for the caller to say, once. Pure.
 *
 *   0.000000 SYN_SENT     ───── SYN seq 0 win 64240 ───────▶ SYN_RECEIVED
 *   #1 → #1  after 50.0 ms; SYN consumes one sequence number
 *   1.000000 ESTABLISHED  ───── PSH,ACK seq 1 ack 1 ──✕      ESTABLISHED
 *   #4       lost; next = 1 + 14 = 15
 */
void crossing_text(const struct crossing *crossing,
		   const struct crossing_ladder *ladder,
		   const struct ladder_style *style,
		   void (*put)(void *arg, const char *line), void *arg);

#endif
