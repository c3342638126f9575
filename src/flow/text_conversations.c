/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/drawing_text.h"

#include <stdio.h>
#include <string.h>

#include "flow/conversation.h"
#include "flow/drawing.h"
#include "flow/say.h"
#include "flow/view.h"
#include "report/duration.h"
#include "report/line.h"

/*
 *    # client                server              frames    bytes close
 *    0 10.9.0.1:40000        10.9.0.2:8000           11    14/14 fin-4
 *    1 10.9.0.1:40001        10.9.0.2:81              2      0/0 rst-refused
 *      2 retransmissions, 3 duplicate ACKs
 *
 * 80 columns hold two IPv4 addresses and the longest way to close. With a
 * longer address the ends stand on lines of their own.
 */
enum {
	WIDTH_STREAM = 4,
	WIDTH_ENDPOINT = 21,
	WIDTH_FRAMES = 4,
	WIDTH_BYTES = 9,
	WIDTH_ENDS = WIDTH_STREAM + 1 + 2 * (WIDTH_ENDPOINT + 1),
};

/* Up to four characters: 9999, 10k, 1.2M, 120M. */
static char *short_number(uint64_t value, char *text, size_t bytes)
{
	static const char units[] = "kMGTPE";
	uint64_t unit = 1000;
	size_t i = 0;

	if (value < 10000) {
		snprintf(text, bytes, "%llu", (unsigned long long)value);
		return text;
	}
	while (value / unit >= 1000) {
		unit *= 1000;
		i++;
	}
	if (value / unit >= 10)
		snprintf(text, bytes, "%llu%c",
			 (unsigned long long)(value / unit), units[i]);
	else
		snprintf(text, bytes, "%llu.%llu%c",
			 (unsigned long long)(value / unit),
			 (unsigned long long)(value % unit * 10 / unit),
			 units[i]);
	return text;
}

/* A heading takes the columns of a terminal, which may be fewer than bytes. */
static void head(struct line *line, const char *text, unsigned before,
		 unsigned width)
{
	unsigned columns = (unsigned)say_columns(text);

	line_left(line, "", before > columns ? before - columns : 0);
	line_text(line, text);
	line_left(line, "", width > columns ? width - columns : 0);
}

static void heading(struct drawing *drawing)
{
	struct line line;

	drawing->headed = true;
	line_begin(&line);
	head(&line, "#", WIDTH_STREAM, 0);
	line_text(&line, " ");
	head(&line, _("client"), 0, WIDTH_ENDPOINT + 1);
	head(&line, _("server"), 0, WIDTH_ENDPOINT - 2);
	head(&line, _("frames"), WIDTH_FRAMES + 3, 0);
	line_text(&line, " ");
	head(&line, _("bytes"), WIDTH_BYTES, 0);
	line_text(&line, " ");
	line_text(&line, _("close"));
	line_end(&line, &drawing->writer);
}

static void figures(const struct conversation *conversation, char *text,
		    size_t bytes)
{
	char client[24], server[24], both[64], frames[24];

	snprintf(both, sizeof(both), "%s/%s",
		 short_number(conversation->side[CLIENT].unique_bytes, client,
			      sizeof(client)),
		 short_number(conversation->side[SERVER].unique_bytes, server,
			      sizeof(server)));
	snprintf(text, bytes, "%*s %*s %s", WIDTH_FRAMES,
		 short_number(conversation_frames(conversation), frames,
			      sizeof(frames)),
		 WIDTH_BYTES, both,
		 close_name(conversation_close(conversation)));
}

/* Begins a line with so many blanks. */
static void next_line(struct drawing *drawing, struct line *line,
		      unsigned blanks)
{
	line_end(line, &drawing->writer);
	line_begin(line);
	line_left(line, "", blanks);
}

static void first_line(struct drawing *drawing,
		       const struct conversation *conversation)
{
	char client[ENDPOINT_TEXT_BYTES], server[ENDPOINT_TEXT_BYTES];
	char stream[24], rest[128];
	struct line line;

	conversation_endpoint(conversation, CLIENT, client);
	conversation_endpoint(conversation, SERVER, server);
	figures(conversation, rest, sizeof(rest));
	snprintf(stream, sizeof(stream), "%*llu", WIDTH_STREAM,
		 (unsigned long long)conversation->stream);
	line_begin(&line);
	line_text(&line, stream);
	line_text(&line, " ");
	if (strlen(client) > WIDTH_ENDPOINT ||
	    strlen(server) > WIDTH_ENDPOINT ||
	    strlen(stream) - WIDTH_STREAM + WIDTH_ENDS + strlen(rest) >
		    drawing->config->columns) {
		line_text(&line, client);
		next_line(drawing, &line, WIDTH_STREAM + 1);
		line_text(&line, server);
		next_line(drawing, &line, WIDTH_ENDS);
	} else {
		line_left(&line, client, WIDTH_ENDPOINT + 1);
		line_left(&line, server, WIDTH_ENDPOINT + 1);
	}
	line_text(&line, rest);
	line_end(&line, &drawing->writer);
}

/* "2 retransmissions", and nothing for none of them. */
static void count(char *text, size_t bytes, uint64_t n, const char *one,
		  const char *many)
{
	if (n == 1)
		text_append(text, bytes, "%s%s", *text ? _(", ") : "", one);
	else if (n > 1)
		text_append(text, bytes, "%s%llu %s", *text ? _(", ") : "",
			    (unsigned long long)n, many);
}

static void remark(char *text, size_t bytes, bool holds, const char *words)
{
	if (holds)
		text_append(text, bytes, "%s%s", *text ? _(", ") : "", words);
}

static void trouble(const struct conversation *conversation, char *text,
		    size_t bytes)
{
	const struct side *client = &conversation->side[CLIENT];
	const struct side *server = &conversation->side[SERVER];

	count(text, bytes, conversation_retransmissions(conversation),
	      _("1 retransmission"), _("retransmissions"));
	count(text, bytes, conversation_out_of_order(conversation),
	      _("1 out of order"), _("out of order"));
	count(text, bytes, conversation_dup_acks(conversation),
	      _("1 duplicate ACK"), _("duplicate ACKs"));
	count(text, bytes, client->gaps_seen + (uint64_t)server->gaps_seen,
	      _("1 gap"), _("gaps"));
	count(text, bytes,
	      client->zero_windows + (uint64_t)server->zero_windows,
	      _("1 zero window"), _("zero windows"));
	count(text, bytes, conversation->icmp_errors, _("1 ICMP error"),
	      _("ICMP errors"));
	remark(text, bytes, conversation_is_midstream(conversation),
	       _("midstream: who is the client is a guess"));
	remark(text, bytes, conversation_is_one_sided(conversation),
	       _("one side only"));
	remark(text, bytes, conversation_is_offloaded(conversation),
	       _("captured above an offload"));
}

static void verbose_begin(const struct conversation *conversation, char *text,
			  size_t bytes)
{
	int64_t handshake_ns = conversation_handshake_ns(conversation);
	char duration[32];

	text_append(text, bytes, _("%s, %s %u"), conversation->history,
		    _("completeness"), conversation_completeness(conversation));
	if (handshake_ns >= 0)
		text_append(text, bytes, _(", %s %s"), _("handshake"),
			    duration_text(handshake_ns, duration,
					  sizeof(duration)));
	text_append(
		text, bytes, _(", %s %s"), _("lasted"),
		duration_text(conversation->last_ns - conversation->first_ns,
			      duration, sizeof(duration)));
}

void text_conversation(struct drawing *drawing,
		       const struct conversation *conversation)
{
	char text[512] = "";

	if (!drawing->headed)
		heading(drawing);
	first_line(drawing, conversation);
	if (drawing->config->verbose)
		verbose_begin(conversation, text, sizeof(text));
	trouble(conversation, text, sizeof(text));
	if (*text)
		text_wrapped(drawing, "", WIDTH_STREAM + 1, text);
}
