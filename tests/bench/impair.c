/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bad way between two networks: carries frames between two interfaces and
 * delays, loses, doubles and reorders them, for kernels that have no netem.
 *
 *   scanner eth0 --- A  impair  B --- eth0 target
 *
 * Frames come out of a mapped ring, wait in a heap by the time at which they
 * are due, and leave in batches. A frame travels with its virtio_net_hdr, so
 * that a checksum or a segmentation left to the device stays left to it.
 * One thread; memory grows with the frames on their way.
 */
#include <errno.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/number.h"

#define FRAME_BYTES   512U /* of the ring; a longer frame comes by recv() */
#define BLOCK_BYTES   (1U << 20)
#define RING_BYTES    (32U << 20)
#define RING_FRAMES   (RING_BYTES / FRAME_BYTES)
#define HEADER_BYTES  ((ssize_t)sizeof(struct virtio_net_hdr))
#define LONGEST_BYTES (HEADER_BYTES + 65536 + 64)
#define WAY_FRAMES    (1U << 20) /* that can be on their way */
#define BATCH         256
#define LOOK_UP_NS    (100 * NS_PER_MS) /* whether it is to stop */
#define HELD_UP_MS    5                 /* a frame that others overtake */

/* Each way. */
static double delay_ms, jitter_ms, loss_percent, dup_percent, reorder_percent;

struct port {
	int fd;
	uint8_t *ring;
	unsigned next; /* frame of the ring */
};

struct frame {
	uint8_t to; /* port */
	uint32_t length;
	uint8_t bytes[]; /* struct virtio_net_hdr, then the frame */
};

/* Of two that are due together the first to come is the first to go. */
struct due {
	int64_t at_ns;
	uint64_t order;
	struct frame *frame;
};

static struct due heap[WAY_FRAMES];
static unsigned heap_length;

/* lost: as was asked for; dropped: for want of room, should be none */
static uint64_t came, lost, went, dropped;

static uint64_t seed;
static volatile sig_atomic_t stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

static void die(const char *what)
{
	fprintf(stderr, "impair: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* splitmix64, uniform in [0, below). */
static double chance(double below)
{
	uint64_t x = seed += 0x9e3779b97f4a7c15U;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
	return (double)((x ^ (x >> 31)) >> 11) * 0x1p-53 * below;
}

static bool is_before(const struct due *a, const struct due *b)
{
	return a->at_ns < b->at_ns ||
	       (a->at_ns == b->at_ns && a->order < b->order);
}

static void heap_push(struct due due)
{
	unsigned i = heap_length++;

	for (; i > 0 && is_before(&due, &heap[(i - 1) / 2]); i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = due;
}

static struct frame *heap_pop(void)
{
	struct frame *first = heap[0].frame;
	struct due last = heap[--heap_length];
	unsigned i = 0, child;

	for (; (child = 2 * i + 1) < heap_length; i = child) {
		if (child + 1 < heap_length &&
		    is_before(&heap[child + 1], &heap[child]))
			child++;
		if (is_before(&last, &heap[child]))
			break;
		heap[i] = heap[child];
	}
	heap[i] = last;
	return first;
}

static void device_up(int fd, const char *name)
{
	struct ifreq request = {0};

	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		die(name);
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		die(name);
}

static void option(int fd, int name, const void *value, socklen_t bytes)
{
	if (setsockopt(fd, SOL_PACKET, name, value, bytes) < 0)
		die("setsockopt");
}

static void port_open(struct port *port, const char *name)
{
	const int one = 1, version = TPACKET_V2, longer = 16 << 20;
	const struct tpacket_req request = {
		.tp_block_size = BLOCK_BYTES,
		.tp_block_nr = RING_BYTES / BLOCK_BYTES,
		.tp_frame_size = FRAME_BYTES,
		.tp_frame_nr = RING_FRAMES,
	};
	struct packet_mreq promiscuous = {.mr_type = PACKET_MR_PROMISC};
	struct sockaddr_ll local = {.sll_family = AF_PACKET};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	device_up(fd, name);
	local.sll_ifindex = promiscuous.mr_ifindex = (int)if_nametoindex(name);
	option(fd, PACKET_VERSION, &version, sizeof(version));
	option(fd, PACKET_VNET_HDR, &one, sizeof(one));
	option(fd, PACKET_COPY_THRESH, &one, sizeof(one));
	option(fd, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &longer, sizeof(longer));
	option(fd, PACKET_RX_RING, &request, sizeof(request));
	option(fd, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof(promiscuous));
	*port = (struct port){.fd = fd};
	port->ring = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
			  fd, 0);
	if (port->ring == MAP_FAILED)
		die("mmap");
	local.sll_protocol = htons(ETH_P_ALL);
	if (bind(fd, (struct sockaddr *)&local, sizeof(local)) < 0)
		die(name);
}

static void way_add(uint8_t to, const uint8_t *bytes, uint32_t length,
		    int64_t at_ns)
{
	static uint64_t order;
	struct frame *frame;

	if (heap_length == WAY_FRAMES) {
		dropped++;
		return;
	}
	frame = malloc(sizeof(*frame) + length);
	if (!frame)
		die("malloc");
	frame->to = to;
	frame->length = length;
	memcpy(frame->bytes, bytes, length);
	heap_push((struct due){at_ns, order++, frame});
}

static void take(uint8_t to, const uint8_t *bytes, uint32_t length,
		 int64_t now_ns)
{
	int copies = chance(100) < dup_percent ? 2 : 1;

	came++;
	if (chance(100) < loss_percent) {
		lost++;
		return;
	}
	while (copies-- > 0) {
		double ms = delay_ms + chance(jitter_ms);

		if (chance(100) < reorder_percent)
			ms += HELD_UP_MS;
		way_add(to, bytes, length,
			now_ns + (int64_t)(ms * (double)NS_PER_MS));
	}
}

/* What the ring holds, but the other way waits too. */
static void port_receive(struct port *port, uint8_t to, int64_t now_ns)
{
	static uint8_t longer[LONGEST_BYTES];

	for (unsigned n = 0; n < BATCH; n++) {
		uint8_t *slot = port->ring + (size_t)port->next * FRAME_BYTES;
		struct tpacket2_hdr *header = (struct tpacket2_hdr *)slot;
		uint32_t status =
			__atomic_load_n(&header->tp_status, __ATOMIC_ACQUIRE);
		const uint8_t *bytes = slot + header->tp_mac - HEADER_BYTES;
		ssize_t length = header->tp_snaplen + HEADER_BYTES;

		if (!(status & TP_STATUS_USER))
			return;
		if (status & TP_STATUS_COPY) {
			bytes = longer;
			length = recv(port->fd, longer, sizeof(longer),
				      MSG_DONTWAIT);
		} else if (header->tp_snaplen < header->tp_len) {
			length = -1;
		}
		if (length > 0)
			take(to, bytes, (uint32_t)length, now_ns);
		else
			dropped++;
		__atomic_store_n(&header->tp_status, TP_STATUS_KERNEL,
				 __ATOMIC_RELEASE);
		port->next = (port->next + 1) % RING_FRAMES;
	}
}

/* A batch to one port. A frame that the device refuses is lost there. */
static void port_send(const struct port *port, struct frame *frames[],
		      unsigned n)
{
	struct mmsghdr messages[BATCH] = {0};
	struct iovec vectors[BATCH];

	for (unsigned i = 0; i < n; i++) {
		vectors[i] =
			(struct iovec){frames[i]->bytes, frames[i]->length};
		messages[i].msg_hdr.msg_iov = &vectors[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	for (unsigned done = 0; done < n;) {
		int taken = sendmmsg(port->fd, messages + done, n - done, 0);

		if (taken > 0)
			went += (unsigned)taken;
		else
			dropped++;
		done += taken > 0 ? (unsigned)taken : 1;
	}
	for (unsigned i = 0; i < n; i++)
		free(frames[i]);
}

/* All that is due; runs of frames to one port leave together. */
static void way_send(const struct port ports[2], int64_t now_ns)
{
	struct frame *frames[2][BATCH];
	unsigned n[2] = {0, 0};

	while (heap_length > 0 && heap[0].at_ns <= now_ns) {
		struct frame *frame = heap_pop();
		uint8_t to = frame->to;

		frames[to][n[to]++] = frame;
		if (n[to] == BATCH) {
			port_send(&ports[to], frames[to], n[to]);
			n[to] = 0;
		}
	}
	for (int to = 0; to < 2; to++)
		port_send(&ports[to], frames[to], n[to]);
}

static void carry(struct port ports[2])
{
	struct pollfd waits[2] = {{.fd = ports[0].fd, .events = POLLIN},
				  {.fd = ports[1].fd, .events = POLLIN}};

	while (!stopped) {
		int64_t now_ns = clock_now_ns(), left_ns = LOOK_UP_NS;
		struct timespec timeout = {0};

		port_receive(&ports[0], 1, now_ns);
		port_receive(&ports[1], 0, now_ns);
		way_send(ports, clock_now_ns());
		if (heap_length > 0)
			left_ns = heap[0].at_ns - clock_now_ns();
		if (left_ns > 0)
			timeout.tv_nsec =
				left_ns < LOOK_UP_NS ? left_ns : LOOK_UP_NS;
		if (ppoll(waits, 2, &timeout, NULL) < 0 && errno != EINTR)
			die("ppoll");
	}
}

static void usage(void)
{
	fprintf(stderr, "usage: impair [--delay MS] [--jitter MS] "
			"[--loss PERCENT] [--dup PERCENT]\n"
			"              [--reorder PERCENT] [--seed N] "
			"INTERFACE INTERFACE\n");
	exit(2);
}

static void arguments(int argc, char **argv)
{
	static const struct option longs[] = {
		{"delay", 1, NULL, 0},
		{"jitter", 1, NULL, 1},
		{"loss", 1, NULL, 2},
		{"dup", 1, NULL, 3},
		{"reorder", 1, NULL, 4},
		{"seed", 1, NULL, 5},
		{0},
	};
	double *const values[] = {&delay_ms, &jitter_ms, &loss_percent,
				  &dup_percent, &reorder_percent};
	int index;

	while ((index = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		char *end = optarg;

		if (index == 5 && !number_parse(optarg, 0, UINT64_MAX, &seed))
			continue;
		if (index > 4)
			usage();
		*values[index] = strtod(optarg, &end);
		if (end == optarg || *end ||
		    !(*values[index] >= 0 &&
		      *values[index] <= (index < 2 ? 60000 : 100)))
			usage();
	}
	if (argc - optind != 2)
		usage();
}

int main(int argc, char **argv)
{
	struct port ports[2];

	seed = (uint64_t)clock_now_ns();
	arguments(argc, argv);
	signal(SIGTERM, stop);
	signal(SIGINT, stop);
	prctl(PR_SET_TIMERSLACK, 1);
	setvbuf(stdout, NULL, _IOLBF, 0);

	for (int i = 0; i < 2; i++)
		port_open(&ports[i], argv[optind + i]);
	printf("seed %ju\nbridging %s %s\n", (uintmax_t)seed, argv[optind],
	       argv[optind + 1]);
	carry(ports);
	for (int i = 0; i < 2; i++) {
		struct tpacket_stats stats = {0};
		socklen_t bytes = sizeof(stats);

		getsockopt(ports[i].fd, SOL_PACKET, PACKET_STATISTICS, &stats,
			   &bytes);
		dropped += stats.tp_drops;
	}
	printf("%ju came, %ju lost, %ju went, %u on the way, %ju dropped\n",
	       (uintmax_t)came, (uintmax_t)lost, (uintmax_t)went, heap_length,
	       (uintmax_t)dropped);
	return 0;
}
