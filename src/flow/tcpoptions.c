/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/tcpoptions.h"

#include "wire/packet.h"
#include "wire/tcpopt.h"

static uint32_t load_be32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

static void take_sacks(struct tcpoptions *options, const struct tcpopt *option)
{
	const uint8_t *at = option->data;
	unsigned blocks = option->length / 8u;

	if (blocks > TCPOPTIONS_SACKS_MAX)
		blocks = TCPOPTIONS_SACKS_MAX;
	options->sacks = (uint8_t)blocks;
	for (unsigned i = 0; i < blocks; i++, at += 8) {
		options->sack[i].left = load_be32(at);
		options->sack[i].right = load_be32(at + 4);
	}
}

static void take(struct tcpoptions *options, const struct tcpopt *option)
{
	const uint8_t *at = option->data;

	switch (option->kind) {
	case TCPOPT_KIND_MSS:
		if (option->length == 2)
			options->mss = (uint16_t)(at[0] << 8 | at[1]);
		break;
	case TCPOPT_KIND_WINDOW_SCALE:
		if (option->length == 1)
			options->window_scale =
				(int8_t)(at[0] > INT8_MAX ? INT8_MAX : at[0]);
		break;
	case TCPOPT_KIND_SACK_PERMITTED:
		options->sack_permitted = option->length == 0;
		break;
	case TCPOPT_KIND_SACK:
		if (option->length % 8 == 0)
			take_sacks(options, option);
		break;
	case TCPOPT_KIND_TIMESTAMPS:
		if (option->length != 8)
			break;
		options->timestamps = true;
		options->ts_value = load_be32(at);
		options->ts_echo = load_be32(at + 4);
		break;
	}
}

void tcpoptions_parse(struct tcpoptions *options, const struct tcp_view *tcp)
{
	struct tcpopt_walk walk;
	struct tcpopt option;

	*options = (struct tcpoptions){.window_scale = -1};
	tcpopt_begin(&walk, tcp->options, tcp->options_bytes);
	while (tcpopt_next(&walk, &option))
		take(options, &option);
	options->amiss = walk.malformed;
}
