/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/capture.h"

#include <linux/if_packet.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/error.h"
#include "net/linktype.h"

struct capture {
	pcap_t *pcap;
	uint64_t drops, received;
	unsigned last_drops, last_received; /* as pcap_stats() counts: 32 bits
					     */
	void (*packet)(void *context, const struct capture_packet *packet);
	void *context;
};

const char *capture_filter(char *buffer, uint16_t first, uint16_t last,
			   int neighbours)
{
	snprintf(buffer, CAPTURE_FILTER_BYTES,
		 "(ip and tcp dst portrange %u-%u"
		 " and (tcp[13] & 4 != 0 or tcp[13] & 18 = 18))"
		 " or (ip6 and tcp dst portrange %u-%u"
		 " and (ip6[53] & 4 != 0 or ip6[53] & 18 = 18))"
		 " or (icmp and icmp[0] = 3)"
		 " or (ip6[6] = 58 and ip6[40] = 1)"
		 " or (ip6 and (ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 44"
		 " or ip6[6] = 60))%s",
		 first, last, first, last,
		 neighbours ? " or (arp and arp[6:2] = 2)"
			      " or (ip6[6] = 58 and ip6[40] = 136)"
			    : "");
	return buffer;
}

const char *capture_sent_filter(char *buffer, uint16_t first, uint16_t last,
				int neighbours)
{
	snprintf(buffer, CAPTURE_FILTER_BYTES, "tcp src portrange %u-%u%s",
		 first, last,
		 neighbours ? " or (arp and arp[6:2] = 1)"
			      " or (ip6[6] = 58 and ip6[40] = 135)"
			    : "");
	return buffer;
}

const char *capture_loopback_filter(char *buffer, uint16_t first, uint16_t last)
{
	size_t used;

	capture_filter(buffer, first, last, 0);
	used = strlen(buffer);
	snprintf(buffer + used, CAPTURE_FILTER_BYTES - used,
		 " or tcp src portrange %u-%u", first, last);
	return buffer;
}

const char *capture_connect_filter(char *buffer, uint16_t first, uint16_t last)
{
	/* The kernel's segments have neither IP options nor extension headers,
	 * so what is quoted has its ports at a known place. */
	snprintf(buffer, CAPTURE_FILTER_BYTES,
		 "tcp portrange %u-%u"
		 " or (icmp and icmp[0] = 3 and icmp[28:2] >= %u"
		 " and icmp[28:2] <= %u)"
		 " or (ip6[6] = 58 and ip6[40] = 1 and ip6[88:2] >= %u"
		 " and ip6[88:2] <= %u)",
		 first, last, first, last, first, last);
	return buffer;
}

static int set_filter(pcap_t *pcap, const struct capture_config *config,
		      struct error *error)
{
	struct bpf_program program;
	int status;

	if (!config->filter)
		return 0;
	if (pcap_compile(pcap, &program, config->filter, 1,
			 PCAP_NETMASK_UNKNOWN) < 0)
		return error_set(
			error, config->all ? STATUS_USAGE : STATUS_FAILED,
			"filter \"%s\": %s", config->filter, pcap_geterr(pcap));
	status = pcap_setfilter(pcap, &program);
	pcap_freecode(&program);
	if (status < 0)
		return error_set(error, STATUS_FAILED, "filter: %s",
				 pcap_geterr(pcap));
	return 0;
}

/* What came in: our own packets need not even be copied for us. What we sent:
 * libpcap sorts the others out, of which the filter lets through few. (Not by
 * `outbound` in the filter: the first packet of a ring is filtered by libpcap
 * itself, which cannot tell and would drop it.) */
static int set_direction(pcap_t *pcap, const struct capture_config *config,
			 struct error *error)
{
	bool sent = config->sent;
	int one = 1;

	if (config->all)
		return 0;
	if ((sent ||
	     setsockopt(pcap_fileno(pcap), SOL_PACKET, PACKET_IGNORE_OUTGOING,
			&one, sizeof(one)) < 0) &&
	    pcap_setdirection(pcap, sent ? PCAP_D_OUT : PCAP_D_IN) < 0)
		return error_set(error, STATUS_FAILED, "%s", pcap_geterr(pcap));
	return 0;
}

/* No interface of Linux is of DLT_NULL, but libpcap 1.10.3 leaves it at that,
 * without an error, when memory was out. */
static int check_link(pcap_t *pcap, struct error *error)
{
	if (pcap_datalink(pcap) == DLT_NULL)
		return error_set(error, STATUS_FAILED, "no link type");
	return linktype_check(pcap_datalink(pcap), error);
}

static int configure(pcap_t *pcap, const struct capture_config *config,
		     struct error *error)
{
	const char *interface = config->interface;
	char text[PCAP_ERRBUF_SIZE];
	int status;

	pcap_set_snaplen(pcap, config->snap_bytes ? (int)config->snap_bytes
						  : CAPTURE_SNAP_BYTES);
	pcap_set_buffer_size(pcap, config->ring_bytes ? (int)config->ring_bytes
						      : CAPTURE_RING_BYTES);
	pcap_set_promisc(pcap, 0);
	/* Packets one by one as they come, not in blocks by time; but such
	 * blocks hold more, since a packet takes no more room than it has. */
	pcap_set_immediate_mode(pcap, !config->all);
	pcap_set_timeout(pcap, (int)(CAPTURE_BLOCK_NS / NS_PER_MS));
	pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
	status = pcap_activate(pcap);
	if (status < 0)
		return error_set(error, STATUS_FAILED, "open capture on %s: %s",
				 interface,
				 status == PCAP_ERROR
					 ? pcap_geterr(pcap)
					 : pcap_statustostr(status));
	if (check_link(pcap, error) < 0 ||
	    set_direction(pcap, config, error) < 0 ||
	    set_filter(pcap, config, error) < 0)
		return error_context(error, "capture on %s", interface);
	if (pcap_setnonblock(pcap, 1, text) < 0)
		return error_set(error, STATUS_FAILED, "capture on %s: %s",
				 interface, text);
	return 0;
}

struct capture *capture_open(const struct capture_config *config,
			     struct error *error)
{
	struct capture *capture = calloc(1, sizeof(*capture));
	char text[PCAP_ERRBUF_SIZE];

	if (!capture) {
		error_errno(error, "capture");
		return NULL;
	}
	capture->pcap = pcap_create(config->interface, text);
	if (!capture->pcap)
		error_set(error, STATUS_FAILED, "capture on %s: %s",
			  config->interface, text);
	else if (configure(capture->pcap, config, error) == 0)
		return capture;
	capture_close(capture);
	return NULL;
}

void capture_close(struct capture *capture)
{
	if (!capture)
		return;
	if (capture->pcap)
		pcap_close(capture->pcap);
	free(capture);
}

int capture_fd(const struct capture *capture)
{
	return pcap_get_selectable_fd(capture->pcap);
}

int capture_link_type(const struct capture *capture)
{
	return pcap_datalink(capture->pcap);
}

static void one_packet(u_char *user, const struct pcap_pkthdr *header,
		       const u_char *bytes)
{
	struct capture *capture = (struct capture *)user;

	/* With nanosecond precision tv_usec holds nanoseconds. */
	capture->packet(capture->context,
			&(struct capture_packet){
				.wall_ns = header->ts.tv_sec * NS_PER_S +
					   header->ts.tv_usec,
				.bytes = bytes,
				.captured = header->caplen,
				.length = header->len,
			});
}

int capture_read(struct capture *capture, int limit,
		 void (*packet)(void *context,
				const struct capture_packet *packet),
		 void *context, struct error *error)
{
	int n;

	capture->packet = packet;
	capture->context = context;
	n = pcap_dispatch(capture->pcap, limit, one_packet, (u_char *)capture);
	if (n < 0)
		return error_set(error, STATUS_FAILED, "capture: %s",
				 pcap_geterr(capture->pcap));
	return n;
}

static void count(struct capture *capture)
{
	struct pcap_stat stat;

	if (pcap_stats(capture->pcap, &stat) < 0)
		return;
	capture->drops += stat.ps_drop - capture->last_drops;
	capture->last_drops = stat.ps_drop;
	capture->received += stat.ps_recv - capture->last_received;
	capture->last_received = stat.ps_recv;
}

uint64_t capture_drops(struct capture *capture)
{
	count(capture);
	return capture->drops;
}

uint64_t capture_received(struct capture *capture)
{
	count(capture);
	return capture->received;
}
