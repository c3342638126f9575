/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_TCPOPTIONS_H
#define FLOW_TCPOPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct tcp_view;

enum {
	TCPOPTIONS_SACKS_MAX = 4,
};

/* The TCP options that the analysis knows: RFC 9293 3.2 (MSS), RFC 7323
 * (window scale, timestamps), RFC 2018 (SACK). An option of a wrong length is
 * passed over. Pure. */
struct tcpoptions {
	uint16_t mss;        /* 0: none */
	int8_t window_scale; /* -1: none; as sent, may be beyond 14 */
	uint8_t sacks;
	bool sack_permitted, timestamps;
	bool amiss; /* they end in the middle of one */
	uint32_t ts_value, ts_echo;
	struct {
		uint32_t left, right; /* raw */
	} sack[TCPOPTIONS_SACKS_MAX];
};

void tcpoptions_parse(struct tcpoptions *options, const struct tcp_view *tcp);

#endif
