/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/synudp_report.h"

#include <stdio.h>

#include "app/synudp_words.h"
#include "base/clock.h"
#include "base/writer.h"
#include "report/line.h"

enum {
	WIDTH_SIZE = 6,
	WIDTH_NUMBER = 9,
	WIDTH_RTT = 12,
};

/* "45 packets: 44 x 1480 + 395 bytes of IP payload" */
static void packet_count(struct line *line, struct fragments packets)
{
	words_count(line, packets.count, "packet");
	line_text(line, " each");
	if (packets.count < 2)
		return;
	line_text(line, ": ");
	if (packets.count > 2) {
		line_number(line, packets.count - 1);
		line_text(line, " x ");
	}
	line_number(line, packets.each);
	line_text(line, " + ");
	line_number(line, packets.last);
	line_text(line, " bytes of IP payload");
}

static void probing(struct writer *writer, const struct synudp_context *context)
{
	const struct synudp_probing *probing = &context->probing;
	struct line line;

	line_begin(&line);
	words_address(&line, &probing->addr);
	line_text(&line, " port ");
	line_number(&line, probing->port);
	if (probing->size && probing->size_last == probing->size) {
		line_text(&line, ": ");
		words_count(&line, probing->count, "datagram");
		line_text(&line, " of ");
		words_count(&line, probing->size, "byte");
		if (probing->mtu) {
			line_text(&line, ", ");
			packet_count(&line,
				     synudp_packets(context, probing->size,
						    probing->mtu));
		}
	}
	if (probing->mtu) {
		line_text(&line, " (MTU ");
		line_number(&line, probing->mtu);
		line_text(&line, ")");
	}
	line_end(&line, writer);
	if (probing->size == probing->size_last)
		return;
	line_begin(&line);
	line_right(&line, "SIZE", WIDTH_SIZE);
	line_right(&line, "PACKETS", WIDTH_NUMBER);
	line_right(&line, "SENT", WIDTH_NUMBER);
	line_right(&line, "BACK", WIDTH_NUMBER);
	line_right(&line, "RTT", WIDTH_RTT);
	line_end(&line, writer);
}

static void reply(struct writer *writer, const struct prober_reply *reply)
{
	const struct tracked *tracked = &reply->tracked;
	struct line line;

	line_begin(&line);
	words_count(&line, reply->length, "byte");
	line_text(&line, ": seq ");
	line_number(&line, reply->sequence);
	line_text(&line, ", ");
	words_millis(&line, tracked->rtt_ns);
	line_text(&line, " ms");
	if (reply->damaged)
		line_text(&line, ", corrupted");
	if (tracked->duplicate)
		line_text(&line, ", duplicate");
	if (tracked->late)
		line_text(&line, ", late");
	if (tracked->reordered_by) {
		line_text(&line, ", reordered by ");
		line_number(&line, tracked->reordered_by);
	}
	line_end(&line, writer);
}

static void lost_one(struct writer *writer, uint32_t sequence)
{
	struct line line;

	line_begin(&line);
	line_text(&line, "seq ");
	line_number(&line, sequence);
	line_text(&line, ": lost");
	line_end(&line, writer);
}

static void icmp(struct writer *writer, const struct icmp_error *error)
{
	struct line line;

	line_begin(&line);
	words_icmp(&line, error);
	line_end(&line, writer);
}

static void fates(struct writer *writer, const struct prober_result *run)
{
	const struct tracker_counts *counts = &run->counts;
	uint64_t only_damaged = counts->arrived - counts->received;
	struct line line;

	line_begin(&line);
	line_grouped(&line, counts->sent);
	line_text(&line, " sent, ");
	line_grouped(&line, counts->received);
	line_text(&line, " received, ");
	if (only_damaged) {
		line_grouped(&line, only_damaged);
		line_text(&line, " only corrupted, ");
	}
	words_loss(&line, run);
	line_end(&line, writer);
	line_begin(&line);
	line_grouped(&line, counts->duplicated);
	line_text(&line, " duplicated, ");
	line_grouped(&line, counts->reordered);
	line_text(&line, " reordered");
	if (counts->reordered) {
		line_text(&line, " (by ");
		line_grouped(&line, counts->reordered_by_max);
		line_text(&line, " at most)");
	}
	line_text(&line, ", ");
	line_grouped(&line, counts->late);
	line_text(&line, " late, ");
	line_grouped(&line, counts->corrupted);
	line_text(&line, " corrupted");
	line_end(&line, writer);
}

static void rtt(struct writer *writer, const struct samples_summary *rtt)
{
	struct line line;

	if (!rtt->count)
		return;
	line_begin(&line);
	line_text(&line, "RTT min ");
	words_millis(&line, rtt->min_ns);
	line_text(&line, ", median ");
	words_millis(&line, rtt->median_ns);
	line_text(&line, ", 95 % ");
	words_millis(&line, rtt->p95_ns);
	line_text(&line, ", max ");
	words_millis(&line, rtt->max_ns);
	line_text(&line, " ms; jitter ");
	words_millis(&line, (int64_t)rtt->jitter_ns);
	line_text(&line, " ms");
	line_end(&line, writer);
	if (rtt->kept == rtt->count)
		return;
	line_begin(&line);
	line_text(&line, "(median and 95 % of ");
	line_grouped(&line, rtt->kept);
	line_text(&line, " samples, chosen at random from ");
	line_grouped(&line, rtt->count);
	line_text(&line, ")");
	line_end(&line, writer);
}

/* The server's own words. */
static void server(struct writer *writer, const struct prober_result *run)
{
	const struct datagram_counts *counts = &run->server;
	struct line line;

	line_begin(&line);
	if (!run->counted) {
		line_text(&line, run->plain
					 ? "the server counts nothing: a plain "
					   "echo"
					 : "the server's counts did not come");
		line_end(&line, writer);
		return;
	}
	line_text(&line, "the server counted ");
	line_grouped(&line, counts->received);
	line_text(&line, " received, ");
	line_grouped(&line, counts->duplicates);
	line_text(&line, " duplicated, ");
	line_grouped(&line, counts->reordered);
	line_text(&line, " reordered; it sent ");
	words_count(&line, counts->replied, "datagram");
	line_end(&line, writer);
}

static void run(struct writer *writer, const struct synudp_context *context,
		const struct prober_result *run)
{
	fates(writer, run);
	rtt(writer, &run->rtt);
	if (context->verbose || (run->plain && run->lost_somewhere) ||
	    run->server.duplicates || run->server.reordered)
		server(writer, run);
	words_oddity(writer, run->counts.stale,
		     "came after they were given up");
	words_oddity(writer, run->rejected, "came that are no replies of ours");
	words_oddity(writer, run->blocked,
		     "held back by this host's own firewall");
	words_oddity(writer, run->socket_drops,
		     "more came than the socket had room for");
}

/* Why a size did not come back. */
static void size_remark(struct line *line, const struct prober_result *run)
{
	if (run->end == PROBER_TOO_BIG && run->error.local) {
		line_text(line, "  too big for MTU ");
		line_number(line, run->error.mtu);
		line_text(line, " (EMSGSIZE)");
	} else if (run->end == PROBER_TOO_BIG || run->end == PROBER_REFUSED) {
		line_text(line, "  ");
		words_icmp(line, &run->error);
	} else if (run->blocked) {
		line_text(line, "  held back by this host's own firewall");
	} else if (run->counts.sent > run->counts.arrived) {
		line_text(line, "  ");
		if (run->icmp_errors)
			words_icmp(line, &run->error);
		else
			words_loss(line, run);
	} else if (run->counts.corrupted) {
		line_text(line, "  corrupted");
	}
}

static void size(struct writer *writer, const struct synudp_context *context,
		 const struct prober_result *run)
{
	struct fragments packets = synudp_packets(context, run->size, run->mtu);
	struct line line;
	char text[32] = "-";

	if (run->rtt.count)
		snprintf(text, sizeof(text), "%.3f ms",
			 (double)run->rtt.median_ns / (double)NS_PER_MS);
	line_begin(&line);
	words_number(&line, run->size, WIDTH_SIZE);
	if (packets.count)
		words_number(&line, packets.count, WIDTH_NUMBER);
	else
		line_right(&line, "-", WIDTH_NUMBER);
	words_number(&line, run->counts.sent, WIDTH_NUMBER);
	words_number(&line, run->counts.received, WIDTH_NUMBER);
	line_right(&line, text, WIDTH_RTT);
	size_remark(&line, run);
	line_end(&line, writer);
}

static void sizes(struct writer *writer, const struct synudp_sizes *sizes)
{
	struct line line;

	line_begin(&line);
	line_grouped(&line, sizes->came_back);
	line_text(&line, " of ");
	words_count(&line, sizes->tried, "size");
	line_text(&line, " came back");
	if (!sizes->complete)
		line_text(&line, "; the rest was not tried");
	line_end(&line, writer);
}

static void path_try(struct writer *writer, const struct prober_result *run)
{
	struct line line;

	line_begin(&line);
	words_number(&line, run->size, WIDTH_SIZE);
	line_text(&line, run->size == 1 ? " byte: " : " bytes: ");
	if (run->counts.arrived) {
		line_text(&line, "came back, ");
		words_millis(&line, run->rtt.median_ns);
		line_text(&line, " ms");
	} else if (run->end == PROBER_TOO_BIG && run->error.local) {
		line_text(&line, "too big: this host knows of MTU ");
		line_number(&line, run->error.mtu);
		line_text(&line, " (EMSGSIZE)");
	} else if (run->end == PROBER_TOO_BIG || run->end == PROBER_REFUSED) {
		words_icmp(&line, &run->error);
	} else if (run->icmp_errors) {
		line_text(&line, "lost; ");
		words_icmp(&line, &run->error);
	} else {
		line_text(&line, run->blocked
					 ? "held back by this host's firewall"
					 : "no answer");
	}
	line_end(&line, writer);
}

static void path(struct writer *writer, const struct synudp_context *context,
		 const struct pathmtu_result *path)
{
	struct line line;

	if (!path->size)
		return; /* the error line says why */
	line_begin(&line);
	line_text(&line, "path MTU to ");
	words_address(&line, &context->probing.addr);
	line_text(&line, path->all_fits             ? ": at least "
			 : path->end == PROBER_DONE ? ": "
						    : ": so far, at least ");
	line_number(&line, path->mtu);
	line_text(&line, "; the largest datagram in one packet has ");
	line_grouped(&line, path->size);
	line_text(&line, " bytes");
	line_end(&line, writer);
	if (!path->black_hole || path->end != PROBER_DONE)
		return;
	line_begin(&line);
	line_text(&line, "larger ones vanish and no ICMP message says so: a "
			 "black hole");
	line_end(&line, writer);
}

void synudp_text_probe(struct writer *writer,
		       const struct synudp_context *context,
		       const struct synudp_event *event)
{
	switch (event->kind) {
	case EVENT_PROBING:
		probing(writer, context);
		break;
	case EVENT_REPLY:
		reply(writer, event->reply);
		break;
	case EVENT_LOST:
		lost_one(writer, event->lost);
		break;
	case EVENT_ICMP:
		icmp(writer, event->icmp);
		break;
	case EVENT_RUN:
		run(writer, context, event->run);
		break;
	case EVENT_SIZE:
		size(writer, context, event->run);
		break;
	case EVENT_SIZES:
		sizes(writer, event->sizes);
		break;
	case EVENT_TRY:
		path_try(writer, event->run);
		break;
	case EVENT_PATH:
		path(writer, context, event->path);
		break;
	default: /* not of a prober */
		break;
	}
}
