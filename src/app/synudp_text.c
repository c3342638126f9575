/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/synudp_report.h"

#include <stdio.h>

#include "app/synudp_words.h"
#include "base/clock.h"
#include "base/writer.h"
#include "report/line.h"

enum {
	BOUNDARY_STEPS = 8, /* of each protocol */
};

/* ---- the server ---- */

static void impaired_by(struct line *line, const char *name, uint32_t ppm)
{
	if (!ppm)
		return;
	line_text(line, ", ");
	line_text(line, name);
	line_text(line, " ");
	if (ppm % 10000)
		line_decimal(line, ppm, 4);
	else
		line_number(line, ppm / 10000);
	line_text(line, " %");
}

static void serving(struct writer *writer, const struct impairment *impairment)
{
	struct line line;
	char seed[32];

	snprintf(seed, sizeof(seed), "seed %016llx",
		 (unsigned long long)impairment->seed);
	line_begin(&line);
	line_text(&line, seed);
	impaired_by(&line, "drop", impairment->drop_ppm);
	impaired_by(&line, "dup", impairment->dup_ppm);
	impaired_by(&line, "reorder", impairment->reorder_ppm);
	impaired_by(&line, "corrupt", impairment->corrupt_ppm);
	if (impairment->delay_ns) {
		line_text(&line, ", delay ");
		words_millis(&line, impairment->delay_ns);
		line_text(&line, " ms");
	}
	line_end(&line, writer);
}

static void listen_on(struct writer *writer,
		      const struct synudp_context *context,
		      const struct addr *addr)
{
	struct line line;

	line_begin(&line);
	words_address(&line, addr);
	line_text(&line, " ");
	line_number(&line, context->port);
	line_end(&line, writer);
}

static void served_fates(struct writer *writer,
			 const struct echo_counts *counts)
{
	const struct impairer_counts *impaired = &counts->impaired;
	struct line line;

	line_begin(&line);
	line_grouped(&line, impaired->dropped);
	line_text(&line, " dropped, ");
	line_grouped(&line, impaired->duplicated);
	line_text(&line, " doubled, ");
	line_grouped(&line, impaired->reordered);
	line_text(&line, " reordered, ");
	line_grouped(&line, impaired->corrupted);
	line_text(&line, " corrupted; ");
	line_grouped(&line, counts->sent);
	line_text(&line, " sent");
	line_end(&line, writer);
}

static void served(struct writer *writer, const struct synudp_served *served)
{
	const struct echo_counts *counts = &served->counts;
	struct line line;

	line_begin(&line);
	words_count(&line, counts->received, "datagram");
	line_text(&line, " came, ");
	words_count(&line, counts->bytes, "byte");
	line_text(&line, ", in ");
	line_decimal(&line, (uint64_t)(served->elapsed_ns / NS_PER_MS), 3);
	line_text(&line, " s: ");
	words_count(&line, counts->probes, "probe");
	line_text(&line, " of ");
	words_count(&line, counts->sessions, "session");
	line_text(&line, ", ");
	words_count(&line, counts->others, "other");
	line_end(&line, writer);
	served_fates(writer, counts);
	words_oddity(writer, counts->damaged, "probes came damaged");
	words_oddity(
		writer, counts->ignored,
		"not answered: replies, or from a port below 1024 or this one");
	words_oddity(writer, counts->impaired.refused,
		     "dropped: too many were held back");
	words_oddity(writer, counts->send_errors, "could not be sent");
	words_oddity(writer, counts->socket_drops,
		     "more came than the socket had room for");
}

/* ---- datagrams and streams ---- */

static void boundary_call(struct line *line, const struct boundary_step *step)
{
	char call[32];

	if (step->sends)
		snprintf(call, sizeof(call), "send(%zu bytes)", step->length);
	else
		snprintf(call, sizeof(call), "recv(room for %zu)", step->room);
	line_text(line, "  ");
	line_left(line, call, 20);
	if (step->nothing) {
		line_text(line, "  nothing left: it would wait");
		return;
	}
	line_right(line, "", 2);
	words_number(line, step->length, 2);
	line_text(line, "  \"");
	line_text(line, step->bytes);
	line_text(line, "\"");
	if (step->cut) {
		line_text(line, ", and ");
		words_count(line, step->cut, "byte");
		line_text(line, " lost");
	}
}

static void remark(struct writer *writer, const char *text)
{
	struct line line;

	line_begin(&line);
	line_text(&line, text);
	line_end(&line, writer);
}

static void boundary(struct writer *writer,
		     const struct synudp_context *context,
		     const struct boundary_step *step)
{
	unsigned at = context->boundaries % BOUNDARY_STEPS;
	struct line line;

	if (at == 0)
		remark(writer, step->stream ? "TCP, on loopback:"
					    : "UDP, on loopback:");
	line_begin(&line);
	boundary_call(&line, step);
	line_end(&line, writer);
	if (at != BOUNDARY_STEPS - 1)
		return;
	if (step->stream) {
		remark(writer, "A stream of bytes: one read took what two "
			       "sends had written, and what it had");
		remark(writer, "no room for stayed for the next. Where a "
			       "message ends, the program must say.");
	} else {
		remark(writer, "Each send is a datagram, each read takes one. "
			       "What the read has no room for");
		remark(writer, "is lost, and the next read begins with the "
			       "next datagram.");
	}
}

static void text_write(struct writer *writer,
		       const struct synudp_context *context,
		       const struct synudp_event *event)
{
	switch (event->kind) {
	case EVENT_LISTEN:
		listen_on(writer, context, event->listen);
		break;
	case EVENT_SERVING:
		serving(writer, event->serving);
		break;
	case EVENT_SERVED:
		served(writer, event->served);
		break;
	case EVENT_BOUNDARY:
		boundary(writer, context, event->boundary);
		break;
	case EVENT_REPLY:
	case EVENT_LOST:
	case EVENT_ICMP:
		if (context->quiet)
			break;
		/* fall through */
	default:
		synudp_text_probe(writer, context, event);
		break;
	}
}

const struct synudp_format *synudp_text(void)
{
	static const struct synudp_format format = {"text", text_write};

	return &format;
}
