/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/synudp_report.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/writer.h"
#include "report/line.h"

/* An object a line; the last one is the summary. More fields may come at the
 * end. Times are microseconds with three decimals. */

static void number(struct line *line, const char *key, uint64_t value)
{
	line_text(line, ",\"");
	line_text(line, key);
	line_text(line, "\":");
	line_number(line, value);
}

static void string(struct line *line, const char *key, const char *value)
{
	line_text(line, ",\"");
	line_text(line, key);
	line_text(line, "\":");
	line_json(line, value);
}

static void truth(struct line *line, const char *key, bool value)
{
	line_text(line, ",\"");
	line_text(line, key);
	line_text(line, value ? "\":true" : "\":false");
}

static void decimal(struct line *line, const char *key, uint64_t value,
		    unsigned decimals)
{
	line_text(line, ",\"");
	line_text(line, key);
	line_text(line, "\":");
	line_decimal(line, value, decimals);
}

static void micros(struct line *line, const char *key, int64_t ns)
{
	decimal(line, key, (uint64_t)ns, 3);
}

static void seconds(struct line *line, const char *key, int64_t ns)
{
	decimal(line, key, (uint64_t)(ns / NS_PER_MS), 3);
}

static void address(struct line *line, const char *key, const struct addr *addr)
{
	char raw[ADDR_TEXT_BYTES], text[4 * ADDR_TEXT_BYTES];

	/* An interface may be named with any bytes. */
	escape_line(addr_format(addr, raw), text, sizeof(text));
	string(line, key, text);
}

static void type(struct line *line, const char *name)
{
	line_begin(line);
	line_text(line, "{\"type\":");
	line_json(line, name);
}

static void end(struct writer *writer, struct line *line)
{
	line_text(line, "}");
	line_end(line, writer);
}

/* ---- the server ---- */

static void serving(struct line *line, const struct impairment *impairment)
{
	static const char digits[] = "0123456789abcdef";
	char seed[17] = {0};

	for (int i = 0; i < 16; i++)
		seed[i] = digits[impairment->seed >> (60 - 4 * i) & 15];
	type(line, "serving");
	string(line, "seed", seed);
	decimal(line, "drop_percent", impairment->drop_ppm, 4);
	decimal(line, "dup_percent", impairment->dup_ppm, 4);
	decimal(line, "reorder_percent", impairment->reorder_ppm, 4);
	decimal(line, "corrupt_percent", impairment->corrupt_ppm, 4);
	micros(line, "delay_us", impairment->delay_ns);
}

static void served(struct line *line, const struct synudp_served *served)
{
	const struct echo_counts *counts = &served->counts;
	const struct impairer_counts *impaired = &counts->impaired;

	type(line, "summary");
	string(line, "mode", "serve");
	number(line, "received", counts->received);
	number(line, "bytes", counts->bytes);
	number(line, "probes", counts->probes);
	number(line, "reports", counts->reports);
	number(line, "others", counts->others);
	number(line, "damaged", counts->damaged);
	number(line, "ignored", counts->ignored);
	number(line, "sessions", counts->sessions);
	number(line, "dropped", impaired->dropped);
	number(line, "duplicated", impaired->duplicated);
	number(line, "reordered", impaired->reordered);
	number(line, "corrupted", impaired->corrupted);
	number(line, "queue_full", impaired->refused);
	number(line, "sent", counts->sent);
	number(line, "send_errors", counts->send_errors);
	number(line, "socket_drops", counts->socket_drops);
	seconds(line, "elapsed_s", served->elapsed_ns);
}

/* ---- the prober ---- */

static void peer(struct line *line, const struct synudp_context *context)
{
	address(line, "ip", &context->probing.addr);
	number(line, "port", context->probing.port);
}

static void reply(struct line *line, const struct prober_reply *reply)
{
	const struct tracked *tracked = &reply->tracked;

	type(line, "reply");
	number(line, "seq", reply->sequence);
	number(line, "size", reply->length);
	micros(line, "rtt_us", tracked->rtt_ns);
	truth(line, "late", tracked->late);
	truth(line, "duplicate", tracked->duplicate);
	truth(line, "corrupted", reply->damaged);
	number(line, "reordered_by", tracked->reordered_by);
}

static void icmp(struct line *line, const struct icmp_error *error)
{
	char name[ICMP_ERROR_NAME_BYTES];

	type(line, "icmp");
	string(line, "name", icmp_error_name(error, name));
	string(line, "origin",
	       error->local                ? "local"
	       : error->family == AF_INET6 ? "icmpv6"
					   : "icmp");
	if (!error->local) {
		number(line, "icmp_type", error->type);
		number(line, "icmp_code", error->code);
	}
	if (error->from.family)
		address(line, "from", &error->from);
	if (error->mtu)
		number(line, "mtu", error->mtu);
}

static const char *end_name(enum prober_end end)
{
	static const char *const names[] = {
		[PROBER_DONE] = "done",
		[PROBER_INTERRUPTED] = "interrupted",
		[PROBER_REFUSED] = "refused",
		[PROBER_TOO_BIG] = "too-big",
	};

	return names[end];
}

static void rtt(struct line *line, const struct samples_summary *rtt)
{
	if (!rtt->count)
		return;
	micros(line, "rtt_min_us", rtt->min_ns);
	micros(line, "rtt_median_us", rtt->median_ns);
	micros(line, "rtt_p95_us", rtt->p95_ns);
	micros(line, "rtt_max_us", rtt->max_ns);
	micros(line, "jitter_us", (int64_t)(rtt->jitter_ns + 0.5));
	number(line, "rtt_samples", rtt->kept);
}

static void fates(struct line *line, const struct prober_result *run)
{
	const struct tracker_counts *counts = &run->counts;

	number(line, "sent", counts->sent);
	number(line, "received", counts->received);
	number(line, "only_damaged", counts->arrived - counts->received);
	number(line, "lost", counts->sent - counts->arrived);
	number(line, "lost_out", run->lost_out);
	number(line, "lost_back", run->lost_back);
	number(line, "lost_unknown", run->lost_somewhere);
	number(line, "duplicated", counts->duplicated);
	number(line, "reordered", counts->reordered);
	number(line, "reordered_by_max", counts->reordered_by_max);
	number(line, "late", counts->late);
	number(line, "corrupted", counts->corrupted);
	number(line, "stale", counts->stale);
	number(line, "rejected", run->rejected);
	number(line, "blocked", run->blocked);
	number(line, "socket_drops", run->socket_drops);
	number(line, "icmp_errors", run->icmp_errors);
}

static void server(struct line *line, const struct prober_result *run)
{
	number(line, "server_received", run->server.received);
	number(line, "server_duplicates", run->server.duplicates);
	number(line, "server_reordered", run->server.reordered);
	number(line, "server_replied", run->server.replied);
}

static void run(struct line *line, const struct synudp_context *context,
		const struct prober_result *run)
{
	struct fragments packets = synudp_packets(context, run->size, run->mtu);

	peer(line, context);
	number(line, "size", run->size);
	if (run->mtu) {
		number(line, "mtu", run->mtu);
		number(line, "packets", packets.count);
	}
	fates(line, run);
	if (run->counted)
		server(line, run);
	rtt(line, &run->rtt);
	seconds(line, "elapsed_s", run->elapsed_ns);
	string(line, "end", end_name(run->end));
	truth(line, "complete", run->end != PROBER_INTERRUPTED);
}

static void sizes(struct line *line, const struct synudp_context *context,
		  const struct synudp_sizes *sizes)
{
	type(line, "summary");
	string(line, "mode", "sizes");
	peer(line, context);
	number(line, "sizes", sizes->tried);
	number(line, "came_back", sizes->came_back);
	truth(line, "complete", sizes->complete);
}

static void path(struct line *line, const struct synudp_context *context,
		 const struct pathmtu_result *path)
{
	type(line, "summary");
	string(line, "mode", "path-mtu");
	peer(line, context);
	if (path->size) {
		number(line, "path_mtu", path->mtu);
		number(line, "size", path->size);
	}
	truth(line, "at_least", path->all_fits);
	truth(line, "black_hole", path->black_hole);
	number(line, "sent", path->sent);
	number(line, "received", path->received);
	string(line, "end", end_name(path->end));
	truth(line, "complete", path->end != PROBER_INTERRUPTED);
}

static void boundary(struct line *line, const struct boundary_step *step)
{
	type(line, "boundary");
	string(line, "proto", step->stream ? "tcp" : "udp");
	string(line, "call", step->sends ? "send" : "recv");
	if (!step->sends)
		number(line, "room", step->room);
	if (step->nothing) {
		truth(line, "would_wait", true);
		return;
	}
	number(line, "bytes", step->length);
	string(line, "text", step->bytes);
	number(line, "cut", step->cut);
}

static void ndjson_write(struct writer *writer,
			 const struct synudp_context *context,
			 const struct synudp_event *event)
{
	struct line line;

	switch (event->kind) {
	case EVENT_PROBING: /* each record tells it */
		return;
	case EVENT_LISTEN:
		type(&line, "listen");
		address(&line, "ip", event->listen);
		number(&line, "port", context->port);
		break;
	case EVENT_SERVING:
		serving(&line, event->serving);
		break;
	case EVENT_SERVED:
		served(&line, event->served);
		break;
	case EVENT_REPLY:
		reply(&line, event->reply);
		break;
	case EVENT_LOST:
		type(&line, "lost");
		number(&line, "seq", event->lost);
		break;
	case EVENT_ICMP:
		icmp(&line, event->icmp);
		break;
	case EVENT_RUN:
		type(&line, "summary");
		string(&line, "mode", "probe");
		run(&line, context, event->run);
		break;
	case EVENT_SIZE:
	case EVENT_TRY:
		type(&line, "size");
		run(&line, context, event->run);
		break;
	case EVENT_SIZES:
		sizes(&line, context, event->sizes);
		break;
	case EVENT_PATH:
		path(&line, context, event->path);
		break;
	case EVENT_BOUNDARY:
		boundary(&line, event->boundary);
		break;
	}
	end(writer, &line);
}

const struct synudp_format *synudp_ndjson(void)
{
	static const struct synudp_format format = {"ndjson", ndjson_write};

	return &format;
}
