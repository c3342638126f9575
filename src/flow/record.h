/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FLOW_RECORD_H
#define FLOW_RECORD_H

#include <stdbool.h>
#include <stdint.h>

/* Inside flow/ only: the pieces of the NDJSON format. */

struct addr;
struct datagram;
struct drawing;
struct line;
struct notice;
struct segment;
struct write;

/* A field: the key comes with all that stands before the value, as in
 * ",\"len\":". Strings are printable UTF-8. */
void record_string(struct line *line, const char *key, const char *value);
void record_number(struct line *line, const char *key, uint64_t value);
void record_signed(struct line *line, const char *key, int64_t value);
void record_bool(struct line *line, const char *key, bool value);
/* [client,server] */
void record_pair(struct line *line, const char *key, uint64_t client,
		 uint64_t server);
/* "10.9.0.1:40000", "[fd00::1]:80"; without a port the address alone. */
void record_endpoint(struct line *line, const char *key,
		     const struct addr *addr, bool has_port, uint16_t port);
/* Closes the object and writes its line. */
void record_put(struct drawing *drawing, struct line *line);

/* Whole records. */
void record_segment(struct drawing *drawing, const struct segment *segment);
void record_write(struct drawing *drawing, const struct write *write);
void record_datagram(struct drawing *drawing, const struct datagram *datagram);
void record_notice(struct drawing *drawing, const struct notice *notice);

#endif
