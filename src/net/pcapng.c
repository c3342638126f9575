/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/pcapng.h"

#include <assert.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/escape.h"
#include "base/writer.h"

/* Section 4 of the draft. */
enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_STATISTICS = 5,
	BLOCK_PACKET = 6,
};

enum {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	SHB_USERAPPL = 4,
	IF_NAME = 2,
	IF_TSRESOL = 9,
	EPB_FLAGS = 2,
	ISB_STARTTIME = 2,
	ISB_ENDTIME = 3,
	ISB_IFRECV = 4,
	ISB_IFDROP = 5,
};

#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define CLASSIC_MAGIC    0xa1b23c4du /* nanoseconds */
#define NANOSECONDS      9           /* 10^-9 s */
#define LINKTYPE_RAW     101
#define SNAP_MOST        262144 /* what tcpdump says for "whole" */

struct pcapng {
	bool classic;
	unsigned n_interfaces;
	uint64_t packets;
	struct writer writer;
};

/* A block without packet bytes in the making. */
struct block {
	size_t used;
	uint8_t bytes[512];
};

bool pcapng_is_classic(const char *path)
{
	static const char suffix[] = ".pcap";
	size_t length = path ? strlen(path) : 0;

	return length >= sizeof(suffix) - 1 &&
	       !strcmp(path + length - (sizeof(suffix) - 1), suffix);
}

/* The numbers of link types in files are those of libpcap's DLT_ but for the
 * few that differ from system to system. */
static uint16_t link_type_of(const struct pcapng_interface *interface)
{
	return interface->link_type == DLT_RAW ? LINKTYPE_RAW
					       : (uint16_t)interface->link_type;
}

static uint8_t *put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
	return at + 2;
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
	return put16(put16(at, value & 0xffff), value >> 16);
}

/* Times are the upper half first, section 4.3. */
static uint8_t *put_time(uint8_t *at, int64_t wall_ns)
{
	uint64_t value = wall_ns > 0 ? (uint64_t)wall_ns : 0;

	return put32(put32(at, (uint32_t)(value >> 32)), (uint32_t)value);
}

static size_t padding(size_t length)
{
	return -length & 3;
}

/* ---- blocks without packets ---- */

static void block_put(struct block *block, const void *bytes, size_t length)
{
	assert(block->used + length <= sizeof(block->bytes));
	memcpy(block->bytes + block->used, bytes, length);
	block->used += length;
}

static void block_16(struct block *block, unsigned value)
{
	uint8_t bytes[2];

	put16(bytes, value);
	block_put(block, bytes, sizeof(bytes));
}

static void block_32(struct block *block, uint32_t value)
{
	uint8_t bytes[4];

	put32(bytes, value);
	block_put(block, bytes, sizeof(bytes));
}

static void block_begin(struct block *block, uint32_t type)
{
	block->used = 0;
	block_32(block, type);
	block_32(block, 0); /* its length, when it is known */
}

static void block_option(struct block *block, unsigned code, const void *value,
			 size_t length)
{
	static const uint8_t zeros[3];

	block_16(block, code);
	block_16(block, (unsigned)length);
	block_put(block, value, length);
	block_put(block, zeros, padding(length));
}

static void block_text(struct block *block, unsigned code, const char *raw)
{
	char text[200];

	escape_text(raw, strlen(raw), text, sizeof(text));
	block_option(block, code, text, strlen(text));
}

static void block_end(struct block *block, struct writer *writer)
{
	uint32_t length;

	block_32(block, OPTION_END);
	length = (uint32_t)block->used + 4;
	block_32(block, length);
	put32(block->bytes + 4, length);
	writer_begin(writer, length);
	writer_put(writer, block->bytes, length);
}

static void write_section(struct writer *writer, const char *program)
{
	struct block block;

	block_begin(&block, BLOCK_SECTION);
	block_32(&block, BYTE_ORDER_MAGIC);
	block_16(&block, 1); /* version 1.0 */
	block_16(&block, 0);
	block_32(&block, UINT32_MAX); /* the section's length: to the end */
	block_32(&block, UINT32_MAX);
	block_text(&block, SHB_USERAPPL, program);
	block_end(&block, writer);
}

static void write_interface(struct writer *writer,
			    const struct pcapng_interface *interface)
{
	static const uint8_t resolution = NANOSECONDS;
	struct block block;

	block_begin(&block, BLOCK_INTERFACE);
	block_16(&block, link_type_of(interface));
	block_16(&block, 0);
	block_32(&block, interface->snap_bytes);
	block_text(&block, IF_NAME, interface->name);
	block_option(&block, IF_TSRESOL, &resolution, 1);
	block_end(&block, writer);
}

static void write_classic_header(struct writer *writer,
				 const struct pcapng_config *config)
{
	uint8_t bytes[24], *at = bytes;
	uint32_t snap = 0;

	for (size_t i = 0; i < config->n_interfaces; i++) {
		uint32_t bytes_most = config->interfaces[i].snap_bytes;

		if (bytes_most == 0)
			bytes_most = SNAP_MOST;
		if (snap < bytes_most)
			snap = bytes_most;
	}
	at = put32(at, CLASSIC_MAGIC);
	at = put16(put16(at, 2), 4); /* version 2.4 */
	at = put32(put32(at, 0), 0); /* UTC */
	at = put32(at, snap);
	put32(at, link_type_of(&config->interfaces[0]));
	writer_begin(writer, sizeof(bytes));
	writer_put(writer, bytes, sizeof(bytes));
}

/* ---- opening ---- */

static int one_link_type(const struct pcapng_config *config,
			 struct error *error)
{
	const struct pcapng_interface *first = &config->interfaces[0];
	char quoted[ESCAPE_QUOTE_BYTES];

	for (size_t i = 1; i < config->n_interfaces; i++) {
		const struct pcapng_interface *other = &config->interfaces[i];

		if (link_type_of(other) != link_type_of(first))
			return error_set(error, STATUS_USAGE,
					 "%s: the classic form holds one link "
					 "type, %s and %s have different ones; "
					 "accepted: a name that ends in "
					 ".pcapng",
					 escape_quote(config->path, quoted),
					 first->name, other->name);
	}
	return 0;
}

struct pcapng *pcapng_open(const struct pcapng_config *config,
			   struct error *error)
{
	struct pcapng *self = malloc(sizeof(*self));

	assert(config->n_interfaces > 0);
	if (!self) {
		error_errno(error, "capture file");
		return NULL;
	}
	*self = (struct pcapng){
		.classic = pcapng_is_classic(config->path),
		.n_interfaces = (unsigned)config->n_interfaces,
	};
	if ((self->classic && one_link_type(config, error) < 0) ||
	    writer_open(&self->writer, config->path, error) < 0)
		goto fail;
	if (self->writer.terminal) {
		error_set(error, STATUS_USAGE,
			  "a capture is no text for a terminal; accepted: a "
			  "file, or a pipe as standard output");
		writer_free(&self->writer);
		goto fail;
	}
	if (self->classic) {
		write_classic_header(&self->writer, config);
		return self;
	}
	write_section(&self->writer, config->program);
	for (size_t i = 0; i < config->n_interfaces; i++)
		write_interface(&self->writer, &config->interfaces[i]);
	return self;
fail:
	free(self);
	return NULL;
}

/* ---- packets ---- */

static void write_classic(struct writer *writer,
			  const struct pcapng_packet *packet)
{
	uint64_t ns = packet->wall_ns > 0 ? (uint64_t)packet->wall_ns : 0;
	uint8_t head[16], *at = head;

	at = put32(at, (uint32_t)(ns / NS_PER_S));
	at = put32(at, (uint32_t)(ns % NS_PER_S));
	at = put32(at, (uint32_t)packet->captured);
	put32(at, (uint32_t)packet->length);
	writer_begin(writer, sizeof(head) + packet->captured);
	writer_put(writer, head, sizeof(head));
	writer_put(writer, packet->bytes, packet->captured);
}

/* Section 4.3:
 *
 *   type 6 | length | interface | time, upper | time, lower | captured |
 *   original | bytes, padded | flags | comment, padded | end | length
 */
static void write_enhanced(struct writer *writer,
			   const struct pcapng_packet *packet)
{
	size_t pad = padding(packet->captured);
	size_t comment = packet->comment ? packet->comment_bytes : 0;
	size_t total = 28 + packet->captured + pad + 8 + 4 + 4;
	uint8_t head[28], flags[3 + 8 + 4] = {0}, tail[3 + 8] = {0}, *at;

	assert(comment <= UINT16_MAX);
	if (comment)
		total += 4 + comment + padding(comment);
	at = put32(put32(head, BLOCK_PACKET), (uint32_t)total);
	at = put_time(put32(at, packet->interface), packet->wall_ns);
	at = put32(at, (uint32_t)packet->captured);
	put32(at, (uint32_t)packet->length);
	writer_begin(writer, total);
	writer_put(writer, head, sizeof(head));
	writer_put(writer, packet->bytes, packet->captured);

	at = put16(put16(flags + pad, EPB_FLAGS), 4);
	at = put32(at, packet->direction);
	if (comment)
		at = put16(put16(at, OPTION_COMMENT), (unsigned)comment);
	writer_put(writer, flags, (size_t)(at - flags));
	if (comment)
		writer_put(writer, packet->comment, comment);

	at = put32(tail + padding(comment), OPTION_END);
	at = put32(at, (uint32_t)total);
	writer_put(writer, tail, (size_t)(at - tail));
}

void pcapng_write(struct pcapng *self, const struct pcapng_packet *packet)
{
	assert(packet->interface < self->n_interfaces);
	if (self->writer.failed)
		return;
	if (self->classic)
		write_classic(&self->writer, packet);
	else
		write_enhanced(&self->writer, packet);
	self->packets += !self->writer.failed;
}

/* Section 4.6. */
void pcapng_statistics(struct pcapng *self, unsigned interface,
		       const struct pcapng_statistics *statistics)
{
	const struct {
		unsigned code;
		uint64_t value;
		bool time;
	} options[] = {
		{ISB_STARTTIME, (uint64_t)statistics->begin_ns, true},
		{ISB_ENDTIME, (uint64_t)statistics->end_ns, true},
		{ISB_IFRECV, statistics->received, false},
		{ISB_IFDROP, statistics->dropped, false},
	};
	struct block block;
	uint8_t bytes[8];

	assert(interface < self->n_interfaces);
	if (self->classic)
		return;
	block_begin(&block, BLOCK_STATISTICS);
	block_32(&block, interface);
	put_time(bytes, statistics->end_ns);
	block_put(&block, bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		uint64_t value = options[i].value;

		if (options[i].time)
			put_time(bytes, (int64_t)value);
		else
			put32(put32(bytes, (uint32_t)value),
			      (uint32_t)(value >> 32));
		block_option(&block, options[i].code, bytes, sizeof(bytes));
	}
	block_end(&block, &self->writer);
}

void pcapng_flush(struct pcapng *self)
{
	writer_flush(&self->writer);
}

uint64_t pcapng_written(const struct pcapng *self)
{
	return self->packets;
}

const struct writer *pcapng_writer(const struct pcapng *self)
{
	return &self->writer;
}

int pcapng_close(struct pcapng *self, struct error *error)
{
	int status;

	if (!self)
		return 0;
	status = writer_finish(&self->writer, error);
	writer_free(&self->writer);
	free(self);
	return status;
}
