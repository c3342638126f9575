/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/notice.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/socket.h>

#include "flow/conversation.h"
#include "flow/frame.h"
#include "flow/notice_fill.h"
#include "flow/phrase.h"
#include "flow/say.h"

static uint16_t load_be16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t load_be32(const uint8_t *at)
{
	return (uint32_t)load_be16(at) << 16 | load_be16(at + 2);
}

static void fill_quote(struct notice *notice, const struct packet *quoted)
{
	const uint8_t *at = quoted->payload;

	notice->quote_ok = true;
	notice->quoted_source = quoted->source;
	notice->quoted_dest = quoted->dest;
	notice->quoted_protocol = quoted->protocol;
	notice->quoted_ttl = quoted->ttl;
	notice->quoted_id = quoted->id;
	notice->quoted_length = (uint32_t)quoted->payload_length;
	if (quoted->fragment_offset > 0 || quoted->payload_bytes < 4 ||
	    (quoted->protocol != IPPROTO_TCP &&
	     quoted->protocol != IPPROTO_UDP))
		return;
	notice->quoted_ports_ok = true;
	notice->quoted_source_port = load_be16(at);
	notice->quoted_dest_port = load_be16(at + 2);
	if (quoted->protocol == IPPROTO_TCP && quoted->payload_bytes >= 8) {
		notice->quoted_seq_ok = true;
		notice->quoted_seq_raw = load_be32(at + 4);
	}
}

static bool is_too_big(const struct notice *notice)
{
	if (notice->source.family == AF_INET6)
		return notice->type == ICMP6_PACKET_TOO_BIG;
	return notice->type == ICMP_DEST_UNREACH &&
	       notice->code == ICMP_FRAG_NEEDED;
}

void notice_fill(struct notice *notice, const struct frame *frame)
{
	const struct packet *quoted = &frame->icmp.quoted;
	const uint8_t *icmp = frame->packet.payload;

	memset(notice, 0, sizeof(*notice));
	notice->frame = frame->number;
	notice->time_ns = frame->time_ns;
	notice->source = frame->packet.source;
	notice->dest = frame->packet.dest;
	notice->type = frame->icmp.type;
	notice->code = frame->icmp.code;
	if (is_too_big(notice))
		notice->mtu = notice->source.family == AF_INET6
				      ? load_be32(icmp + 4)
				      : load_be16(icmp + 6);
	/* The view of a quote that broke off has no payload. */
	if (quoted->payload && quoted->source.family == notice->source.family)
		fill_quote(notice, quoted);
}

bool notice_is_final(const struct notice *notice)
{
	if (is_too_big(notice))
		return false;
	return notice->type == (notice->source.family == AF_INET6
					? ICMP6_DST_UNREACH
					: ICMP_DEST_UNREACH);
}

static const char *name_v4(const struct notice *notice)
{
	static const char *const unreachable[] = {
		N_("network unreachable"),
		N_("host unreachable"),
		N_("protocol unreachable"),
		N_("port unreachable"),
		N_("fragmentation needed"),
		N_("source route failed"),
		N_("network unknown"),
		N_("host unknown"),
		N_("source host isolated"),
		N_("network prohibited"),
		N_("host prohibited"),
		N_("network unreachable for this service"),
		N_("host unreachable for this service"),
		N_("administratively prohibited"),
	};

	switch (notice->type) {
	case ICMP_DEST_UNREACH:
		if (notice->code < sizeof(unreachable) / sizeof(*unreachable))
			return unreachable[notice->code];
		return N_("destination unreachable");
	case ICMP_TIME_EXCEEDED:
		return notice->code == 0 ? N_("time to live exceeded")
					 : N_("reassembly time exceeded");
	default:
		return N_("parameter problem");
	}
}

static const char *name_v6(const struct notice *notice)
{
	static const char *const unreachable[] = {
		N_("no route"),
		N_("administratively prohibited"),
		N_("beyond the scope of the source address"),
		N_("address unreachable"),
		N_("port unreachable"),
		N_("source address failed the policy"),
		N_("route rejected"),
	};

	switch (notice->type) {
	case ICMP6_DST_UNREACH:
		if (notice->code < sizeof(unreachable) / sizeof(*unreachable))
			return unreachable[notice->code];
		return N_("destination unreachable");
	case ICMP6_PACKET_TOO_BIG:
		return N_("packet too big");
	case ICMP6_TIME_EXCEEDED:
		return notice->code == 0 ? N_("hop limit exceeded")
					 : N_("reassembly time exceeded");
	default:
		return N_("parameter problem");
	}
}

const char *notice_name(const struct notice *notice)
{
	return _(notice->source.family == AF_INET6 ? name_v6(notice)
						   : name_v4(notice));
}

static void say_quoted_tcp(struct phrase *phrase, const struct notice *notice)
{
	if (!notice->quoted_seq_ok)
		return;
	if (notice->stream_known)
		phrase_add(phrase, _(" seq %1$u (raw %2$u)"),
			   notice->quoted_seq, notice->quoted_seq_raw);
	else
		phrase_add(phrase, _(" raw seq %1$u"), notice->quoted_seq_raw);
}

char *notice_quote(const struct notice *notice, char *text, size_t bytes)
{
	char source[ENDPOINT_TEXT_BYTES], dest[ENDPOINT_TEXT_BYTES];
	struct phrase phrase;

	phrase_begin(&phrase, text, bytes);
	if (!notice->quote_ok) {
		phrase_add(&phrase, "%s", _("quotes nothing that can be read"));
		return text;
	}
	if (!notice->quoted_ports_ok) {
		phrase_add(&phrase,
			   _("quotes %1$s > %2$s, protocol %3$u, ID %4$u"),
			   addr_format(&notice->quoted_source, source),
			   addr_format(&notice->quoted_dest, dest),
			   (unsigned)notice->quoted_protocol,
			   notice->quoted_id);
		return text;
	}
	endpoint_text(&notice->quoted_source, notice->quoted_source_port,
		      source);
	endpoint_text(&notice->quoted_dest, notice->quoted_dest_port, dest);
	phrase_add(&phrase, _("quotes %1$s %2$s > %3$s"),
		   notice->quoted_protocol == IPPROTO_TCP ? "TCP" : "UDP",
		   source, dest);
	say_quoted_tcp(&phrase, notice);
	if (notice->quoted_frame)
		phrase_add(&phrase, _(", frame %1$llu"),
			   (unsigned long long)notice->quoted_frame);
	return text;
}

char *notice_why(const struct notice *notice, char *text, size_t bytes)
{
	bool v6 = notice->source.family == AF_INET6;
	bool by_target = notice->quote_ok &&
			 addr_equal(&notice->source, &notice->quoted_dest);
	struct phrase phrase;

	phrase_begin(&phrase, text, bytes);
	if (is_too_big(notice))
		phrase_add(&phrase,
			   _("a link on the way takes at most %1$u bytes and "
			     "may not cut the packet"),
			   notice->mtu);
	else if (notice->type ==
		 (v6 ? ICMP6_TIME_EXCEEDED : ICMP_TIME_EXCEEDED))
		phrase_add(&phrase, "%s",
			   notice->code ? _("not all fragments came in time")
					: _("too many routers on the way, or a "
					    "loop"));
	else if (!notice_is_final(notice))
		phrase_add(&phrase, "%s",
			   _("a field of the header was not understood"));
	else if (by_target)
		phrase_add(&phrase, "%s",
			   notice->quoted_protocol == IPPROTO_TCP
				   ? _("said by the target itself: for TCP "
				       "that is its firewall (a closed port "
				       "answers with a RST)")
				   : _("said by the target itself: nobody "
				       "listens, or its firewall says so"));
	else
		phrase_add(&phrase, "%s",
			   _("said by a router on the way, or by its "
			     "firewall: the packet did not arrive"));
	return text;
}
