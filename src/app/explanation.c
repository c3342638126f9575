/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/explanation.h"

#include <assert.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "app/language.h"
#include "app/screen.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/writer.h"
#include "flow/explain.h"
#include "flow/frame.h"
#include "net/pcapng.h"
#include "scan/recordlist.h"
#include "spec/portset.h"
#include "spec/result.h"
#include "spec/targetset.h"

/* All tries of all ports, their answers, and canaries for minutes. */
#define PACKETS 16384

struct told {
	bool known;
	struct result result;
	int64_t wall_ns; /* CLOCK_REALTIME of the result */
};

struct explanation {
	const struct targetset *targets;
	const struct portset *ports;
	struct told told[EXPLANATION_PORTS]; /* by target, then by port */
	struct recordlist *packets;
	struct frame_input *inputs; /* those of one port */
	unsigned *scopes;           /* indexes of the interfaces */
	struct ladder_style style;
	struct writer writer;
};

/* ---- before the run ---- */

int explanation_check(const struct targetset *targets,
		      const struct portset *ports, struct error *error)
{
	uint64_t n = targetset_count(targets);

	if (n <= EXPLANATION_PORTS && n * ports->count <= EXPLANATION_PORTS)
		return 0;
	return error_set(error, STATUS_USAGE,
			 "--explain draws every packet, of %d ports at most, "
			 "and not of %llu target%s with %u port%s; accepted: "
			 "fewer by --ports",
			 EXPLANATION_PORTS, (unsigned long long)n,
			 n == 1 ? "" : "s", (unsigned)ports->count,
			 ports->count == 1 ? "" : "s");
}

struct explanation *explanation_new(const struct targetset *targets,
				    const struct portset *ports,
				    const struct pcapng_interface *interfaces,
				    size_t n_interfaces, struct error *error)
{
	struct explanation *self = calloc(1, sizeof(*self));

	if (!self) {
		error_errno(error, "--explain");
		return NULL;
	}
	self->targets = targets;
	self->ports = ports;
	self->style = (struct ladder_style){
		.columns = screen_columns(),
		.ascii = !language_is_utf8(),
		.raw = true,
	};
	self->packets = recordlist_new(PACKETS, error);
	self->inputs = malloc(PACKETS * sizeof(*self->inputs));
	self->scopes = calloc(n_interfaces + 1, sizeof(*self->scopes));
	if (!self->packets || !self->inputs || !self->scopes) {
		error_errno(error, "--explain");
		goto fail;
	}
	for (size_t i = 0; i < n_interfaces; i++)
		self->scopes[i] = if_nametoindex(interfaces[i].name);
	if (writer_open(&self->writer, NULL, error) < 0)
		goto fail;
	return self;
fail:
	explanation_free(self);
	return NULL;
}

void explanation_free(struct explanation *self)
{
	if (!self)
		return;
	writer_free(&self->writer);
	recordlist_free(self->packets);
	free(self->inputs);
	free(self->scopes);
	free(self);
}

/* ---- while it runs ---- */

struct recording *explanation_recording(struct explanation *self)
{
	return recordlist_recording(self->packets);
}

const struct writer *explanation_writer(const struct explanation *self)
{
	return &self->writer;
}

void explanation_result(struct explanation *self, const struct result *result)
{
	int64_t target = targetset_index(self->targets, &result->addr);
	int32_t port = portset_rank(self->ports, result->port);

	assert(target >= 0 && port >= 0);
	self->told[target * self->ports->count + port] = (struct told){
		.known = true,
		.result = *result,
		.wall_ns = clock_now_ns() + clock_wall_offset_ns(),
	};
}

/* ---- when it is over ---- */

/* Whom the packet is to or from; what an ICMP error quotes was to it. */
static bool find_peer(const struct record *record, const struct frame *frame,
		      struct addr *addr, uint16_t *port)
{
	if (frame->kind == FRAME_ICMP_ERROR && frame->icmp.tcp_ok) {
		*addr = frame->icmp.quoted.dest;
		*port = frame->icmp.dest_port;
	} else if (frame->kind != FRAME_TCP) {
		return false;
	} else if (record->outbound) {
		*addr = frame->packet.dest;
		*port = frame->tcp.dest_port;
	} else {
		*addr = frame->packet.source;
		*port = frame->tcp.source_port;
	}
	return true;
}

/* The packets' numbers are those of a --pcap file, which has them all too. */
static size_t find_packets(const struct explanation *self,
			   const struct explain *explain)
{
	struct addr bare = explain->target, addr;
	size_t n = 0;
	uint16_t port;

	bare.scope = 0; /* a packet has none */
	for (size_t i = 0; i < recordlist_count(self->packets); i++) {
		const struct record *record = recordlist_at(self->packets, i);
		struct frame_input *input = &self->inputs[n];
		struct frame frame;

		*input = (struct frame_input){
			.number = i + 1,
			.time_ns = record->wall_ns,
			.dlt = record->link_type,
			.bytes = record->bytes,
			.captured = record->captured,
			.original = record->length,
		};
		frame_dissect(&frame, input);
		if (!find_peer(record, &frame, &addr, &port))
			continue;
		addr.scope = 0;
		if (port == explain->port && addr_equal(&addr, &bare) &&
		    (!explain->target.scope ||
		     explain->target.scope == self->scopes[record->interface]))
			n++;
	}
	return n;
}

static void put_line(void *context, const char *line)
{
	struct writer *writer = context;
	size_t length = strlen(line);

	writer_begin(writer, length + 1);
	writer_put(writer, line, length);
	writer_put(writer, "\n", 1);
}

static int write_port(struct explanation *self, size_t target, uint32_t rank,
		      struct error *error)
{
	const struct told *told =
		&self->told[target * self->ports->count + rank];
	struct explain explain = {
		.target = targetset_nth(self->targets, target),
		.port = portset_nth(self->ports, rank),
		.packets = self->inputs,
		.waited_ns = -1,
	};

	explain.packets_count = find_packets(self, &explain);
	if (told->known) {
		explain.verdict = verdict_name(told->result.verdict);
		explain.reason = reason_name(told->result.reason);
	}
	if (told->known && explain.packets_count > 0)
		explain.waited_ns =
			told->wall_ns -
			self->inputs[explain.packets_count - 1].time_ns;
	return explain_text(&explain, &self->style, put_line, &self->writer,
			    error);
}

int explanation_write(struct explanation *self, bool apart, struct error *error)
{
	uint64_t missing = recordlist_missing(self->packets);

	for (uint64_t t = 0; t < targetset_count(self->targets); t++) {
		for (uint32_t p = 0; p < self->ports->count; p++) {
			if (apart)
				put_line(&self->writer, "");
			apart = true;
			if (write_port(self, t, p, error) < 0)
				return -1;
		}
	}
	if (missing > 0)
		log_line(LOG_WARN,
			 "%llu packets of the run are not among those "
			 "explained, for want of room",
			 (unsigned long long)missing);
	return writer_finish(&self->writer, error);
}
