/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Large captures for scripts/bench and for the limits of synflow, written to
 * stdout in the classic form (nanoseconds, snap length 128). Nothing is
 * random: the same arguments give the same bytes.
 *
 *   bulk PACKETS CONNECTIONS   long transfers in bursts of 16 segments and an
 *                              ACK; one burst in 64 has a loss, so duplicate
 *                              ACKs and a retransmission
 *   crowd CONVERSATIONS DATA   all of them open at the same time, each with
 *                              DATA exchanges; then all end
 *   flood PACKETS              SYNs, each of a tuple of its own
 *   gaps PACKETS               one conversation; every other segment is missing
 *
 * Checksums are 0.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "wire/packet.h"

enum {
	SNAP_BYTES = 128,
	HEADER_BYTES = 14 + 20 + 32, /* Ethernet, IPv4, TCP with timestamps */
	MSS = 1448,
	BURST = 16,
	LOSSY = 64, /* one burst in so many */
};

/* One end's view; the other one's is its mirror. */
struct flow {
	uint32_t client, server; /* addresses */
	uint16_t client_port, server_port;
	uint32_t seq[2], ack[2]; /* next of the client's, the server's */
	unsigned bursts;
};

static uint64_t now_ns = 1700000000ULL * 1000000000ULL;
static uint64_t left; /* packets to write */

static void die(const char *what)
{
	fprintf(stderr, "traffic: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void store_be16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void store_be32(uint8_t *at, uint32_t value)
{
	store_be16(at, value >> 16);
	store_be16(at + 2, value & 0xffff);
}

/* The byte order of this machine: readers make it right. */
static void file_header(void)
{
	const struct {
		uint32_t magic;
		uint16_t major, minor;
		uint32_t zone, figures, snap, link;
	} header = {0xa1b23c4d, 2, 4, 0, 0, SNAP_BYTES, 1};

	fwrite(&header, sizeof(header), 1, stdout);
}

static void record(const uint8_t *bytes, uint32_t length)
{
	uint32_t captured = length < SNAP_BYTES ? length : SNAP_BYTES;
	const uint32_t header[4] = {
		(uint32_t)(now_ns / 1000000000),
		(uint32_t)(now_ns % 1000000000),
		captured,
		length,
	};

	fwrite(header, sizeof(header), 1, stdout);
	fwrite(bytes, captured, 1, stdout);
	if (left > 0)
		left--;
}

/* from: 0 the client, 1 the server. What is sent is not counted yet. */
static void segment_at(const struct flow *flow, int from, unsigned flags,
		       uint32_t seq, uint32_t length)
{
	static uint8_t frame[SNAP_BYTES] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
	uint8_t *ip = frame + 14, *tcp = ip + 20;

	store_be16(frame + 12, 0x0800);
	ip[0] = 0x45;
	store_be16(ip + 2, 52 + length);
	ip[8] = 64;
	ip[9] = 6;
	store_be32(ip + 12, from ? flow->server : flow->client);
	store_be32(ip + 16, from ? flow->client : flow->server);
	store_be16(tcp, from ? flow->server_port : flow->client_port);
	store_be16(tcp + 2, from ? flow->client_port : flow->server_port);
	store_be32(tcp + 4, seq);
	store_be32(tcp + 8, flags & TCP_ACK ? flow->ack[from] : 0);
	tcp[12] = 8 << 4;
	tcp[13] = (uint8_t)flags;
	store_be16(tcp + 14, 512);
	tcp[20] = tcp[21] = 1;
	tcp[22] = 8;
	tcp[23] = 10;
	store_be32(tcp + 24, (uint32_t)(now_ns / 1000000));
	record(frame, HEADER_BYTES + length);
	now_ns += 12000;
}

static void segment(struct flow *flow, int from, unsigned flags,
		    uint32_t length)
{
	segment_at(flow, from, flags, flow->seq[from], length);
	flow->seq[from] += length + !!(flags & (TCP_SYN | TCP_FIN));
}

/* Acknowledges all that the other one has sent. */
static void take(struct flow *flow, int from, unsigned flags)
{
	flow->ack[from] = flow->seq[!from];
	segment(flow, from, flags | TCP_ACK, 0);
}

static void flow_init(struct flow *flow, uint32_t number)
{
	*flow = (struct flow){
		.client = 0x0a000000u + number / 50000,
		.server = 0x0a800001u,
		.client_port = (uint16_t)(10000 + number % 50000),
		.server_port = 8000,
		.seq = {number * 2654435761u, ~number * 2246822519u},
	};
}

static void handshake(struct flow *flow)
{
	segment(flow, 0, TCP_SYN, 0);
	take(flow, 1, TCP_SYN);
	take(flow, 0, 0);
}

static void goodbye(struct flow *flow)
{
	segment(flow, 0, TCP_FIN | TCP_ACK, 0);
	take(flow, 1, TCP_FIN);
	take(flow, 0, 0);
}

/* The 5th segment of a lossy burst was lost on its way to here: each later
 * one draws a duplicate ACK, then it is sent again. */
static void burst(struct flow *flow)
{
	bool lossy = flow->bursts++ % LOSSY == LOSSY - 1;
	uint32_t hole = flow->seq[0] + 4 * MSS;

	for (int i = 0; i < BURST && left > 0; i++) {
		if (lossy && flow->seq[0] == hole) {
			flow->seq[0] += MSS;
			flow->ack[1] = hole;
			segment(flow, 1, TCP_ACK, 0);
			continue;
		}
		segment(flow, 0, TCP_ACK | TCP_PSH, MSS);
		if (lossy && i > 4)
			segment(flow, 1, TCP_ACK, 0);
	}
	if (lossy)
		segment_at(flow, 0, TCP_ACK, hole, MSS);
	take(flow, 1, 0);
}

static struct flow *flows_new(uint64_t count)
{
	struct flow *flows = calloc(count, sizeof(*flows));

	if (!flows)
		die("memory");
	for (uint64_t i = 0; i < count; i++) {
		flow_init(&flows[i], (uint32_t)i);
		handshake(&flows[i]);
	}
	return flows;
}

static void bulk(uint64_t packets, uint64_t connections)
{
	struct flow *flows;

	left = packets;
	flows = flows_new(connections);
	for (uint64_t i = 0; left > 0; i++)
		burst(&flows[i % connections]);
	free(flows);
}

static void crowd(uint64_t conversations, uint64_t exchanges)
{
	struct flow *flows = flows_new(conversations);

	while (exchanges-- > 0) {
		for (uint64_t i = 0; i < conversations; i++) {
			segment(&flows[i], 0, TCP_ACK | TCP_PSH, 14);
			flows[i].ack[1] = flows[i].seq[0];
			segment(&flows[i], 1, TCP_ACK | TCP_PSH, 14);
			flows[i].ack[0] = flows[i].seq[1];
		}
	}
	for (uint64_t i = 0; i < conversations; i++)
		goodbye(&flows[i]);
	free(flows);
}

static void flood(uint64_t packets)
{
	struct flow flow;

	for (uint64_t i = 0; i < packets; i++) {
		flow_init(&flow, (uint32_t)i);
		segment(&flow, 0, TCP_SYN, 0);
	}
}

static void gaps(uint64_t packets)
{
	struct flow flow;

	flow_init(&flow, 0);
	handshake(&flow);
	while (packets-- > 0) {
		flow.seq[0] += MSS;
		segment(&flow, 0, TCP_ACK, MSS);
	}
}

static uint64_t number(const char *text)
{
	uint64_t value;

	if (number_parse(text, 1, UINT32_MAX, &value) < 0) {
		errno = EINVAL;
		die(text);
	}
	return value;
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";
	uint64_t first = argc > 2 ? number(argv[2]) : 0;
	uint64_t second = argc > 3 ? number(argv[3]) : 1;

	file_header();
	if (!strcmp(what, "bulk")) {
		bulk(first, second);
	} else if (!strcmp(what, "crowd")) {
		crowd(first, second);
	} else if (!strcmp(what, "flood")) {
		flood(first);
	} else if (!strcmp(what, "gaps")) {
		gaps(first);
	} else {
		fprintf(stderr, "usage: traffic bulk PACKETS CONNECTIONS |"
				" crowd CONVERSATIONS DATA |"
				" flood PACKETS | gaps PACKETS\n");
		return 2;
	}
	if (fflush(stdout) || ferror(stdout))
		die("standard output");
	return 0;
}
