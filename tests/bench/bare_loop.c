/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The limit to hold a scanner against: SYNs from a template by sendmmsg() on
 * a packet socket, and a thread that counts what libpcap hands it. No state,
 * no verdicts, nothing asked twice. IPv4 only.
 *
 * bare_loop INTERFACE SOURCE DEST DEST-MAC FIRST LAST  one SYN a port, counts
 *                                                      the replies
 * bare_loop INTERFACE SOURCE DEST DEST-MAC N           N SYNs, no capture
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "net/probe.h"

#define BATCH       256
#define SOURCE_PORT 61000

static atomic_long counted;
static atomic_bool stop;

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void count(u_char *user, const struct pcap_pkthdr *header,
		  const u_char *bytes)
{
	(void)user;
	(void)header;
	(void)bytes;
	atomic_fetch_add_explicit(&counted, 1, memory_order_relaxed);
}

static void *receive(void *pcap)
{
	const struct timespec pause = {.tv_nsec = 200000};

	while (!atomic_load(&stop)) {
		pcap_dispatch(pcap, -1, count, NULL);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static pcap_t *open_capture(const char *interface)
{
	char text[PCAP_ERRBUF_SIZE];
	struct bpf_program program;
	pcap_t *pcap = pcap_create(interface, text);
	int one = 1;

	pcap_set_snaplen(pcap, 96);
	pcap_set_immediate_mode(pcap, 1);
	pcap_set_buffer_size(pcap, 6 << 20);
	if (pcap_activate(pcap) < 0 || pcap_setnonblock(pcap, 1, text) < 0 ||
	    pcap_compile(pcap, &program, "tcp dst port 61000", 1, 0) < 0 ||
	    pcap_setfilter(pcap, &program) < 0)
		die(pcap_geterr(pcap));
	pcap_freecode(&program);
	setsockopt(pcap_fileno(pcap), SOL_PACKET, PACKET_IGNORE_OUTGOING, &one,
		   sizeof(one));
	return pcap;
}

static int open_socket(const char *interface, struct sockaddr_ll *name,
		       uint8_t mac[6])
{
	int fd = socket(AF_PACKET, SOCK_RAW, 0), one = 1;
	struct ifreq request = {0};

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
	if (ioctl(fd, SIOCGIFHWADDR, &request) < 0)
		die(interface);
	memcpy(mac, request.ifr_hwaddr.sa_data, 6);
	*name = (struct sockaddr_ll){.sll_family = AF_PACKET,
				     .sll_ifindex =
					     (int)if_nametoindex(interface)};
	return fd;
}

static long send_all(int fd, struct sockaddr_ll *name, struct probe *probe,
		     long first, long last)
{
	static uint8_t bytes[BATCH][PROBE_MAX_BYTES];
	static struct iovec vectors[BATCH];
	static struct mmsghdr messages[BATCH];
	struct probe_template template;
	struct error error = ERROR_INIT;
	long sent = 0;

	if (probe_template_init(&template, probe, &error) < 0)
		die(error.text);
	for (long port = first; port <= last;) {
		unsigned n = 0;

		for (; n < BATCH && port + n <= last; n++) {
			probe->dest_port = (uint16_t)(port + n);
			probe->seq = (uint32_t)(port + n) * 2654435761U;
			probe_patch(&template, probe, bytes[n]);
			vectors[n] = (struct iovec){bytes[n], template.length};
			messages[n].msg_hdr = (struct msghdr){
				.msg_name = name,
				.msg_namelen = sizeof(*name),
				.msg_iov = &vectors[n],
				.msg_iovlen = 1,
			};
		}
		int taken = sendmmsg(fd, messages, n, 0);

		if (taken > 0) {
			sent += taken;
			port += taken;
		}
	}
	return sent;
}

int main(int argc, char **argv)
{
	struct probe probe = {
		.ethernet = true, .mss = 1460, .source_port = SOURCE_PORT};
	bool counts = argc == 7;
	long first, last, sent;
	struct sockaddr_ll name;
	pcap_t *pcap = NULL;
	pthread_t thread;
	double begun, ended;
	int fd;

	if (argc != 6 && argc != 7) {
		fprintf(stderr, "usage: bare_loop INTERFACE SOURCE DEST "
				"DEST-MAC (N | FIRST LAST)\n");
		return 2;
	}
	if (addr_parse(argv[2], &probe.source) < 0 ||
	    addr_parse(argv[3], &probe.dest) < 0 ||
	    sscanf(argv[4], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &probe.dest_mac[0],
		   &probe.dest_mac[1], &probe.dest_mac[2], &probe.dest_mac[3],
		   &probe.dest_mac[4], &probe.dest_mac[5]) != 6)
		die("addresses");
	first = counts ? atol(argv[5]) : 1;
	last = counts ? atol(argv[6]) : atol(argv[5]);
	fd = open_socket(argv[1], &name, probe.source_mac);
	if (counts) {
		pcap = open_capture(argv[1]);
		if (pthread_create(&thread, NULL, receive, pcap) != 0)
			die("thread");
	}
	begun = ended = now_s();
	sent = send_all(fd, &name, &probe, first, last);
	if (!counts)
		ended = now_s();
	while (counts && atomic_load(&counted) < sent && now_s() - begun < 5) {
		const struct timespec pause = {.tv_nsec = 200000};

		nanosleep(&pause, NULL);
		ended = now_s();
	}
	printf("%ld sent, %ld replies, %.3f s, %.0f kpps\n", sent,
	       atomic_load(&counted), ended - begun,
	       (double)sent / (ended - begun) / 1000);
	atomic_store(&stop, true);
	if (counts) {
		pthread_join(thread, NULL);
		pcap_close(pcap);
	}
	close(fd);
	return 0;
}
