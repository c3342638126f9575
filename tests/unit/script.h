/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_SCRIPT_H
#define TESTS_UNIT_SCRIPT_H

#include <assert.h>
#include <inttypes.h>
#include <pcap/dlt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "flow/flow.h"
#include "packets.h"
#include "wire/packet.h"

/*
 * Conversations written down, one segment a line, and fed to a flow:
 *
 *   "> S 1000 0"                   10.9.0.1:40000 > 10.9.0.2:80, SYN,
 *   "< SA 5000 1001 win=0"         raw seq, raw ack, options name=value:
 *   "> PA 1001 5001 len=14"
 *
 *   len      bytes of data          win    raw window, 1000 if not said
 *   us       time since the last    port   of the client, 40000
 *   mss, ws  options; ws=-1: none   ts=1   timestamps
 *   sackok=1, sack=LEFT:RIGHT       mf=1   more fragments; id=IP ID
 *
 * Flags: S F R P A U, "." for none. Between lines 10 ms pass.
 */
struct script {
	struct flow *flow;
	struct flow_event event;
	uint64_t frames;
	int64_t now_ns;
	/* Called behind each line where set. */
	void (*each)(struct script *script, void *arg);
	void *arg;
};

static inline void script_begin(struct script *script, bool details,
				uint32_t conversations_max)
{
	const struct flow_config config = {
		.key = KEY_REFERENCE,
		.details = details,
		.conversations_max = conversations_max,
	};
	struct error error = ERROR_INIT;

	memset(script, 0, sizeof(*script));
	script->now_ns = INT64_C(1700000000000000000);
	script->flow = flow_new(&config, &error);
	assert(script->flow);
}

static inline void script_end(struct script *script)
{
	flow_free(script->flow);
}

static inline uint8_t script_flags(const char *letters)
{
	static const char known[] = "FSRPAUEC";
	uint8_t flags = 0;

	for (; *letters && *letters != '.'; letters++) {
		assert(strchr(known, *letters));
		flags |= (uint8_t)(1u << (strchr(known, *letters) - known));
	}
	return flags;
}

struct script_line {
	char way, flags[9];
	uint32_t seq, ack;
	long len, win, us, port, mss, ws, ts, sackok, mf, id;
	uint32_t sack_left, sack_right;
};

static inline void script_word(struct script_line *line, const char *word)
{
	const struct {
		const char *name;
		long *value;
	} names[] = {
		{"len=", &line->len},       {"win=", &line->win},
		{"us=", &line->us},         {"port=", &line->port},
		{"mss=", &line->mss},       {"ws=", &line->ws},
		{"ts=", &line->ts},         {"mf=", &line->mf},
		{"sackok=", &line->sackok}, {"id=", &line->id},
	};

	if (strncmp(word, "sack=", 5) == 0) {
		assert(sscanf(word, "sack=%" SCNu32 ":%" SCNu32,
			      &line->sack_left, &line->sack_right) == 2);
		return;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t length = strlen(names[i].name);

		if (strncmp(word, names[i].name, length) == 0) {
			*names[i].value = strtol(word + length, NULL, 0);
			return;
		}
	}
	assert(!"a word that a script line does not know");
}

static inline struct script_line script_parse(const char *text)
{
	struct script_line line = {
		.win = 1000, .us = 10000, .port = 40000, .mss = -1, .ws = -1};
	char copy[256], *rest, *word;
	int used = 0;

	assert(sscanf(text, "%c %8s %" SCNu32 " %" SCNu32 "%n", &line.way,
		      line.flags, &line.seq, &line.ack, &used) == 4);
	assert(line.way == '>' || line.way == '<');
	snprintf(copy, sizeof(copy), "%s", text + used);
	for (word = strtok_r(copy, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest))
		script_word(&line, word);
	return line;
}

static inline size_t script_options(const struct script_line *line, uint8_t *at)
{
	uint8_t *begin = at;

	if (line->mss >= 0) {
		memcpy(at, "\x02\x04", 2);
		store_be16(at + 2, (uint16_t)line->mss);
		at += 4;
	}
	if (line->ws >= 0) {
		memcpy(at, "\x01\x03\x03", 3);
		at[3] = (uint8_t)line->ws;
		at += 4;
	}
	if (line->sackok) {
		memcpy(at, "\x01\x01\x04\x02", 4);
		at += 4;
	}
	if (line->ts) {
		memcpy(at, "\x01\x01\x08\x0a\0\0\0\1\0\0\0\2", 12);
		at += 12;
	}
	if (line->sack_right) {
		memcpy(at, "\x01\x01\x05\x0a", 4);
		store_be32(at + 4, line->sack_left);
		store_be32(at + 8, line->sack_right);
		at += 12;
	}
	return (size_t)(at - begin);
}

enum {
	SCRIPT_CAPTURED = 20 + 60,
};

/* The packet of a line: headers alone, as with a short snap length. Returns
 * the bytes it had on the wire. */
static inline size_t script_packet(const struct script_line *line,
				   uint8_t packet[SCRIPT_CAPTURED],
				   size_t *captured)
{
	uint8_t *tcp = packet + 20;
	size_t options, wire;
	bool out = line->way == '>';

	memset(packet, 0, SCRIPT_CAPTURED);
	options = script_options(line, tcp + 20);
	wire = 40 + options + (size_t)line->len;
	packet[0] = 0x45;
	store_be16(packet + 2, (uint16_t)wire);
	store_be16(packet + 4, (uint16_t)line->id);
	packet[6] = line->mf ? 0x20 : 0;
	packet[8] = 64;
	packet[9] = 6;
	memcpy(packet + 12, "\x0a\x09\0\1\x0a\x09\0\2", 8);
	if (!out)
		memcpy(packet + 12, "\x0a\x09\0\2\x0a\x09\0\1", 8);
	store_be16(tcp, out ? (uint16_t)line->port : 80);
	store_be16(tcp + 2, out ? 80 : (uint16_t)line->port);
	store_be32(tcp + 4, line->seq);
	store_be32(tcp + 8, line->ack);
	tcp[12] = (uint8_t)((5 + options / 4) << 4);
	tcp[13] = script_flags(line->flags);
	store_be16(tcp + 14, (uint16_t)line->win);
	*captured = 40 + options;
	return wire;
}

/* The event of a raw IP packet. */
static inline struct flow_event *script_raw(struct script *script,
					    const uint8_t *bytes,
					    size_t captured, size_t wire)
{
	const struct frame_input input = {
		.number = ++script->frames,
		.time_ns = script->now_ns,
		.dlt = DLT_RAW,
		.bytes = bytes,
		.captured = captured,
		.original = wire,
	};
	struct error error = ERROR_INIT;

	assert(flow_take(script->flow, &input, &script->event, &error) == 0);
	return &script->event;
}

/* The event of one line; it stays until the next. */
static inline struct flow_event *script_say(struct script *script,
					    const char *text)
{
	const struct script_line line = script_parse(text);
	uint8_t packet[SCRIPT_CAPTURED];
	size_t captured, wire = script_packet(&line, packet, &captured);
	struct flow_event *event;

	script->now_ns += line.us * 1000;
	event = script_raw(script, packet, captured, wire);
	if (script->each)
		script->each(script, script->arg);
	return event;
}

static inline void script_say_all(struct script *script,
				  const char *const *lines)
{
	for (; *lines; lines++)
		script_say(script, *lines);
}

/* "> S 1000, < SA 5000, > A": ISNs 1000 and 5000. */
static inline void script_shake_hands(struct script *script)
{
	script_say(script, "> S 1000 0 mss=1460 ws=7");
	script_say(script, "< SA 5000 1001 mss=1460 ws=7");
	script_say(script, "> A 1001 5001");
}

#endif
