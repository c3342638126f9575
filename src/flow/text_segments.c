/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/drawing_text.h"

#include <stdio.h>
#include <string.h>

#include "flow/drawing.h"
#include "flow/flow.h"
#include "flow/phrase.h"
#include "flow/proof.h"
#include "flow/say.h"
#include "flow/view.h"

/*
 *    0.000000    0 10.9.0.1:40000 > 10.9.0.2:8000
 *    0.000412    0 client  2934 = 1448 + 1448 + 38; MSS 1460 less 12 for
 *                          timestamps (frames 4-6)
 *    1.000000  udp 10.9.0.1:40001 > 10.9.0.2:9000: 2934 + 8 UDP header = ...
 *                  frame 9: 1480 at 0, frame 10: 1462 at 1480
 */
enum {
	WIDTH_TIME = 11,
	WIDTH_NAME = 4, /* a stream, "udp", "icmp" */
	WIDTH_HEAD = WIDTH_TIME + 1 + WIDTH_NAME + 1,
	WIDTH_END = 8, /* "client" and blanks */
	MARGIN_BYTES = 128,
	TEXT_BYTES = 2048,
};

/* The time and a name, then the text. */
static void put_named(struct drawing *drawing, int64_t time_ns,
		      const char *name, const char *text)
{
	char head[MARGIN_BYTES], time[32];

	snprintf(head, sizeof(head), "%*s %*s ", WIDTH_TIME,
		 text_time(drawing, time_ns, time, sizeof(time)), WIDTH_NAME,
		 name);
	text_wrapped(drawing, head, (unsigned)strlen(head), text);
}

/* The same with a stream's number, and which end where that is not NULL. */
static void put_stream(struct drawing *drawing, int64_t time_ns,
		       uint64_t stream, const char *end, const char *text)
{
	char head[MARGIN_BYTES], time[32];
	struct phrase phrase;

	phrase_begin(&phrase, head, sizeof(head));
	phrase_add(&phrase, "%*s %*llu ", WIDTH_TIME,
		   text_time(drawing, time_ns, time, sizeof(time)), WIDTH_NAME,
		   (unsigned long long)stream);
	if (end)
		phrase_padded(&phrase, end, WIDTH_END);
	text_wrapped(drawing, head, (unsigned)say_columns(head), text);
}

static void frames_text(uint64_t first, uint64_t last, char *text, size_t bytes)
{
	if (first == last)
		snprintf(text, bytes, _("frame %llu"),
			 (unsigned long long)first);
	else
		snprintf(text, bytes, _("frames %llu-%llu"),
			 (unsigned long long)first, (unsigned long long)last);
}

static void text_began(struct drawing *drawing,
		       const struct conversation *conversation)
{
	char client[ENDPOINT_TEXT_BYTES], server[ENDPOINT_TEXT_BYTES];
	char text[TEXT_BYTES];

	snprintf(text, sizeof(text), "%s > %s",
		 conversation_endpoint(conversation, CLIENT, client),
		 conversation_endpoint(conversation, SERVER, server));
	put_stream(drawing, conversation->first_ns, conversation->stream, NULL,
		   text);
}

void text_write(struct drawing *drawing, const struct write *write)
{
	char text[TEXT_BYTES], cut[PROOF_BYTES], frames[64];

	frames_text(write->first_frame, write->last_frame, frames,
		    sizeof(frames));
	snprintf(text, sizeof(text), "%s (%s)",
		 write_text(write, cut, sizeof(cut)), frames);
	put_stream(drawing, write->first_ns, write->stream,
		   write->from_client ? _("client") : _("server"), text);
}

/* ---- datagrams ---- */

static void endpoint(const struct addr *addr, bool has_port, uint16_t port,
		     char *text, size_t bytes)
{
	bool bracket = has_port && addr->family == AF_INET6;
	char address[ADDR_TEXT_BYTES];

	text_append(text, bytes, "%s%s%s", bracket ? "[" : "",
		    addr_format(addr, address), bracket ? "]" : "");
	if (has_port)
		text_append(text, bytes, ":%u", port);
}

static void fragments(struct drawing *drawing, const struct datagram *datagram)
{
	uint32_t listed = datagram->fragments;
	char text[TEXT_BYTES * 2] = "";

	if (listed > DATAGRAM_FRAGMENTS_MAX)
		listed = DATAGRAM_FRAGMENTS_MAX;
	for (uint32_t i = 0; i < listed; i++) {
		text_append(text, sizeof(text), i ? ", " : "");
		text_append(text, sizeof(text), _("frame %llu: %u at %u"),
			    (unsigned long long)datagram->fragment[i].frame,
			    datagram->fragment[i].bytes,
			    datagram->fragment[i].offset);
	}
	if (listed < datagram->fragments)
		text_append(text, sizeof(text), _(", and %u more"),
			    datagram->fragments - listed);
	text_wrapped(drawing, "", WIDTH_HEAD, text);
}

void text_datagram(struct drawing *drawing, const struct datagram *datagram)
{
	char text[TEXT_BYTES] = "", sum[PROOF_BYTES], frame[64] = "";

	endpoint(&datagram->source, datagram->ports_known,
		 datagram->source_port, text, sizeof(text));
	text_append(text, sizeof(text), " > ");
	endpoint(&datagram->dest, datagram->ports_known, datagram->dest_port,
		 text, sizeof(text));
	if (!datagram->fragmented)
		frames_text(datagram->first_frame, datagram->first_frame, frame,
			    sizeof(frame));
	text_append(text, sizeof(text), ": %s%s%s%s",
		    datagram_text(datagram, sum, sizeof(sum)),
		    *frame ? " (" : "", frame, *frame ? ")" : "");
	if (datagram->stream_known)
		put_stream(drawing, datagram->first_ns, datagram->stream, NULL,
			   text);
	else
		put_named(drawing, datagram->first_ns,
			  datagram->protocol == IPPROTO_UDP ? "udp" : "ip",
			  text);
	if (datagram->fragmented)
		fragments(drawing, datagram);
}

static void text_notice(struct drawing *drawing, const struct notice *notice)
{
	char text[TEXT_BYTES] = "", quote[PROOF_BYTES];
	char why[PROOF_BYTES];

	endpoint(&notice->source, false, 0, text, sizeof(text));
	text_append(text, sizeof(text), " > ");
	endpoint(&notice->dest, false, 0, text, sizeof(text));
	text_append(text, sizeof(text), ": %s, %s: %s", notice_name(notice),
		    notice_quote(notice, quote, sizeof(quote)),
		    notice_why(notice, why, sizeof(why)));
	put_named(drawing, notice->time_ns, "icmp", text);
}

void text_segments_event(struct drawing *drawing,
			 const struct flow_event *event)
{
	const struct datagram *datagram = event->datagram;

	if (event->datagram_evicted)
		text_datagram(drawing, event->datagram_evicted);
	switch (event->kind) {
	case FLOW_SEGMENT:
		if (event->began)
			text_began(drawing, event->conversation);
		for (unsigned i = 0; i < event->writes_ended; i++)
			text_write(drawing, &event->writes[i]);
		break;
	case FLOW_DATAGRAM:
	case FLOW_FRAGMENT:
		if (datagram && (!datagram->fragmented || datagram->complete))
			text_datagram(drawing, datagram);
		break;
	case FLOW_NOTICE:
		text_notice(drawing, &event->notice);
		break;
	case FLOW_OTHER:
	case FLOW_FAULT:
		break;
	}
}
