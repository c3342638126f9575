/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/tally.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "wire/cookie.h"
#include "wire/packet.h"

#define ROOM_FIRST (1u << 10)
#define ROOM_MOST  (1u << 21) /* a power of two; half of it is used at most */

/* In a hash table: a handshake by its hash, of which the lowest bit says that
 * it was completed; 0: free. */
#define FREE 0
#define DONE UINT64_C(1)
#define USED UINT64_C(2)

struct tally {
	struct recording recording;
	struct tally_counts counts;
	uint64_t *table;
	size_t room, used;
};

/* One end of a connection. */
struct end {
	const struct addr *addr;
	uint16_t port;
};

static uint64_t handshake(struct end client, struct end server, uint32_t ack)
{
	static const struct cookie_key key = {{0, 0}};
	uint8_t bytes[2 * 18 + 4];

	memcpy(bytes, client.addr->bytes, 16);
	memcpy(bytes + 16, server.addr->bytes, 16);
	memcpy(bytes + 32, &client.port, 2);
	memcpy(bytes + 34, &server.port, 2);
	memcpy(bytes + 36, &ack, 4);
	return (siphash(&key, bytes, sizeof(bytes)) | USED) & ~DONE;
}

/* Where it is, or would go. */
static uint64_t *find(const uint64_t *table, size_t room, uint64_t hash)
{
	size_t at = hash >> 2 & (room - 1);

	while (table[at] != FREE && (table[at] & ~DONE) != hash)
		at = (at + 1) & (room - 1);
	return (uint64_t *)&table[at];
}

static bool grow(struct tally *self)
{
	size_t room = 2 * self->room;
	uint64_t *table;

	if (room > ROOM_MOST)
		return false;
	table = calloc(room, sizeof(*table));
	if (!table)
		return false;
	for (size_t i = 0; i < self->room; i++)
		if (self->table[i] != FREE)
			*find(table, room, self->table[i] & ~DONE) =
				self->table[i];
	free(self->table);
	self->table = table;
	self->room = room;
	return true;
}

static void offered(struct tally *self, uint64_t hash)
{
	uint64_t *place = find(self->table, self->room, hash);

	if (*place != FREE)
		return; /* sent again */
	if (2 * self->used >= self->room) {
		if (!grow(self)) {
			self->counts.missing++;
			return;
		}
		place = find(self->table, self->room, hash);
	}
	*place = hash;
	self->used++;
}

static void taken(struct tally *self, uint64_t hash)
{
	uint64_t *place = find(self->table, self->room, hash);

	if (*place != hash)
		return; /* none of those, or not the first */
	*place |= DONE;
	self->counts.handshakes++;
}

static void watch(struct tally *self, const struct packet *packet,
		  const struct tcp_view *tcp)
{
	struct end from = {&packet->source, tcp->source_port};
	struct end to = {&packet->dest, tcp->dest_port};

	if (tcp->flags & TCP_RST || !(tcp->flags & TCP_ACK))
		return;
	if (tcp->flags & TCP_SYN)
		offered(self, handshake(to, from, tcp->seq + 1));
	else
		taken(self, handshake(from, to, tcp->ack));
}

static void count(struct recording *recording, const struct record *record)
{
	struct tally *self = (struct tally *)recording;
	struct packet packet;
	struct tcp_view tcp;

	if (record->meaning.kind == MEANING_QUESTION ||
	    record->meaning.kind == MEANING_NEIGHBOUR)
		return;
	if (record->outbound) {
		self->counts.packets_out++;
		self->counts.bytes_out += record->length;
	} else {
		self->counts.packets_in++;
		self->counts.bytes_in += record->length;
	}
	if (packet_parse(&packet, record->link_type, record->bytes,
			 record->captured) == PACKET_OK &&
	    packet_tcp(&packet, &tcp) == PACKET_OK)
		watch(self, &packet, &tcp);
}

static void end(struct recording *recording,
		const struct pcapng_statistics *totals, size_t n)
{
	struct tally *self = (struct tally *)recording;

	for (size_t i = 0; i < n; i++)
		self->counts.missing += totals[i].dropped;
}

static const struct recording_ops ops = {count, NULL, end};

struct tally *tally_new(struct error *error)
{
	struct tally *self = calloc(1, sizeof(*self));

	if (self)
		self->table = calloc(ROOM_FIRST, sizeof(*self->table));
	if (!self || !self->table) {
		error_errno(error, "tally");
		free(self);
		return NULL;
	}
	self->recording.ops = &ops;
	self->room = ROOM_FIRST;
	return self;
}

void tally_free(struct tally *self)
{
	if (!self)
		return;
	free(self->table);
	free(self);
}

struct recording *tally_recording(struct tally *self)
{
	return &self->recording;
}

const struct tally_counts *tally_counts(const struct tally *self)
{
	return &self->counts;
}
