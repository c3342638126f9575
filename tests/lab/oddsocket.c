/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One TCP socket, call by call: what no ordinary program would do with it.
 * Reads a call a line from standard input, makes it, and prints the line, its
 * result and how long it took. Two of these, one on each host, make every RST
 * that plain sockets can make, and raw segments the others.
 *
 *   $ oddsocket
 *   connect 10.9.0.2 9
 *   connect 10.9.0.2 9 = -1 ECONNREFUSED, 0.1 ms
 *
 * Nothing in here waits longer than WAIT_S but what the kernel itself times.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/number.h"
#include "spec/addr.h"
#include "wire/checksum.h"

#define WAIT_S     10
#define LOOK_MS    1 /* between two looks at what is awaited */
#define WORDS_MAX  10
#define BYTES_MAX  (1U << 20)
#define SHOWN_MAX  40 /* bytes of what was received */
#define RESULT_MAX 256

/* The last one that listens, and the last one connected or accepted. */
static int listener = -1, sock = -1;

/* TCP_SYNCNT of what connects from now on; 0: the kernel's. */
static int syncnt;

/* What there is to say of a call beside its number. */
static char said[RESULT_MAX];

/* The arguments of the call; words[0] is its name. */
static char *words[WORDS_MAX + 1];

static int invalid(void)
{
	errno = EINVAL;
	return -1;
}

static bool number(const char *word, uint64_t max, uint64_t *value)
{
	return word && number_parse(word, 0, max, value) == 0;
}

/* ADDRESS PORT at words[at] */
static socklen_t endpoint(int at, struct sockaddr_storage *out)
{
	struct addr addr;
	uint64_t port;

	if (!words[at] || addr_parse(words[at], &addr) < 0 ||
	    !number(words[at + 1], 65535, &port))
		return 0;
	return addr_to_sockaddr(&addr, (uint16_t)port, out);
}

static int option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

static void patient(int fd)
{
	struct timeval wait = {.tv_sec = WAIT_S};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
}

/* A new one in the place of *fd. */
static int renew(int *fd, int family)
{
	if (*fd >= 0)
		close(*fd);
	*fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return -1;
	return option(*fd, SOL_SOCKET, SO_REUSEADDR, 1);
}

static int call_listen(void)
{
	struct sockaddr_storage local;
	socklen_t bytes = endpoint(1, &local);
	uint64_t backlog = 8;

	if (!bytes || (words[3] && !number(words[3], 4096, &backlog)))
		return invalid();
	if (renew(&listener, local.ss_family) < 0 ||
	    bind(listener, (struct sockaddr *)&local, bytes) < 0)
		return -1;
	return listen(listener, (int)backlog);
}

static int call_accept(void)
{
	struct pollfd wait = {.fd = listener, .events = POLLIN};

	if (poll(&wait, 1, WAIT_S * 1000) == 0) {
		errno = EAGAIN;
		return -1;
	}
	if (sock >= 0)
		close(sock);
	sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (sock < 0)
		return -1;
	patient(sock);
	return 0;
}

/* SO_SNDTIMEO would bound connect() too, and hide what the kernel says. */
static int call_connect(void)
{
	struct sockaddr_storage peer, local = {0};
	socklen_t bytes = endpoint(1, &peer);
	uint64_t port = 0;

	if (!bytes || (words[3] && !number(words[3], 65535, &port)))
		return invalid();
	if (renew(&sock, peer.ss_family) < 0)
		return -1;
	local.ss_family = peer.ss_family;
	((struct sockaddr_in *)&local)->sin_port = htons((uint16_t)port);
	if (port && bind(sock, (struct sockaddr *)&local, bytes) < 0)
		return -1;
	if (syncnt && option(sock, IPPROTO_TCP, TCP_SYNCNT, syncnt) < 0)
		return -1;
	if (connect(sock, (struct sockaddr *)&peer, bytes) < 0)
		return -1;
	patient(sock);
	return 0;
}

static int call_syncnt(void)
{
	uint64_t n;

	if (!number(words[1], 100, &n))
		return invalid();
	syncnt = (int)n;
	return 0;
}

static int call_send(void)
{
	static char bytes[BYTES_MAX];
	uint64_t n;
	ssize_t sent;

	if (!number(words[1], BYTES_MAX, &n))
		return invalid();
	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)('a' + i % 26);
	sent = send(sock, bytes, n, MSG_NOSIGNAL);
	return (int)sent;
}

static int call_recv(void)
{
	static char bytes[BYTES_MAX];
	uint64_t n;
	ssize_t came;
	size_t shown;

	if (!number(words[1], BYTES_MAX, &n))
		return invalid();
	came = recv(sock, bytes, n, 0);
	if (came <= 0)
		return (int)came;
	shown = came < SHOWN_MAX ? (size_t)came : SHOWN_MAX;
	for (size_t i = 0; i < shown; i++)
		if (bytes[i] < ' ' || bytes[i] > '~')
			bytes[i] = '.';
	snprintf(said, sizeof(said), " \"%.*s\"%s", (int)shown, bytes,
		 shown < (size_t)came ? "..." : "");
	return (int)came;
}

static int call_close(void)
{
	int *fd = words[1] && !strcmp(words[1], "listener") ? &listener : &sock;
	int result = close(*fd);

	*fd = -1;
	return result;
}

static int call_shutdown(void)
{
	if (words[1] && !strcmp(words[1], "write"))
		return shutdown(sock, SHUT_WR);
	if (words[1] && !strcmp(words[1], "read"))
		return shutdown(sock, SHUT_RD);
	return invalid();
}

/* Close is an abort from now on. */
static int call_linger0(void)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};

	return setsockopt(sock, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static int call_unspec(void)
{
	struct sockaddr nobody = {.sa_family = AF_UNSPEC};

	return connect(sock, &nobody, sizeof(nobody));
}

static int call_keepalive(void)
{
	uint64_t idle_s, interval_s, count;

	if (!number(words[1], 100, &idle_s) ||
	    !number(words[2], 100, &interval_s) || !number(words[3], 9, &count))
		return invalid();
	if (option(sock, SOL_SOCKET, SO_KEEPALIVE, 1) < 0 ||
	    option(sock, IPPROTO_TCP, TCP_KEEPIDLE, (int)idle_s) < 0 ||
	    option(sock, IPPROTO_TCP, TCP_KEEPINTVL, (int)interval_s) < 0)
		return -1;
	return option(sock, IPPROTO_TCP, TCP_KEEPCNT, (int)count);
}

/* TCP_MAXSEG: what a segment takes at most. */
static int call_maxseg(void)
{
	int mss = 0;
	socklen_t bytes = sizeof(mss);

	if (getsockopt(sock, IPPROTO_TCP, TCP_MAXSEG, &mss, &bytes) < 0)
		return -1;
	return mss;
}

static const char *state(void)
{
	static const char *const names[] = {
		"?",          "ESTABLISHED", "SYN_SENT",  "SYN_RECEIVED",
		"FIN_WAIT_1", "FIN_WAIT_2",  "TIME_WAIT", "CLOSED",
		"CLOSE_WAIT", "LAST_ACK",    "LISTEN",    "CLOSING",
	};
	struct tcp_info info = {0};
	socklen_t bytes = sizeof(info);

	if (getsockopt(sock, IPPROTO_TCP, TCP_INFO, &info, &bytes) < 0 ||
	    info.tcpi_state >= sizeof(names) / sizeof(*names))
		return "?";
	return names[info.tcpi_state];
}

static int call_state(void)
{
	snprintf(said, sizeof(said), " %s", state());
	return 0;
}

static bool has_come(uint64_t unread)
{
	int bytes = 0;

	if (words[2])
		return ioctl(sock, SIOCINQ, &bytes) == 0 &&
		       (uint64_t)bytes >= unread;
	return !strcmp(state(), words[1]);
}

/* await STATE, await unread N */
static int call_await(void)
{
	int64_t end_ns = clock_now_ns() + WAIT_S * NS_PER_S;
	uint64_t unread = 0;

	if (!words[1] || (words[2] && !number(words[2], BYTES_MAX, &unread)))
		return invalid();
	while (!has_come(unread)) {
		if (clock_now_ns() > end_ns) {
			errno = ETIME;
			return -1;
		}
		poll(NULL, 0, LOOK_MS);
	}
	return 0;
}

static int queue_number(int queue, uint32_t *number_raw)
{
	socklen_t bytes = sizeof(*number_raw);

	if (option(sock, IPPROTO_TCP, TCP_REPAIR_QUEUE, queue) < 0)
		return -1;
	return getsockopt(sock, IPPROTO_TCP, TCP_QUEUE_SEQ, number_raw, &bytes);
}

/* SND.NXT and RCV.NXT as they are on the wire. CAP_NET_ADMIN. */
static int call_numbers(void)
{
	uint32_t sent = 0, received = 0;
	int result;

	if (option(sock, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_ON) < 0)
		return -1;
	result = queue_number(TCP_SEND_QUEUE, &sent);
	if (result == 0)
		result = queue_number(TCP_RECV_QUEUE, &received);
	if (option(sock, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_OFF_NO_WP) < 0)
		return -1;
	snprintf(said, sizeof(said), " %u %u", sent, received);
	return result;
}

static uint8_t flags_of(const char *letters)
{
	static const char names[] = "FSRPAU";
	uint8_t flags = 0;

	for (; *letters; letters++) {
		const char *at = strchr(names, *letters);

		if (at)
			flags |= (uint8_t)(1 << (at - names));
	}
	return flags;
}

/* A header alone, RFC 9293 3.1. The checksum is right, or wrong by one. */
static void header_fill(uint8_t header[20], const struct addr addrs[2],
			const uint64_t values[4], bool is_wrong)
{
	const uint32_t seq_be = htonl((uint32_t)values[2]);
	const uint32_t ack_be = htonl((uint32_t)values[3]);
	const uint16_t source_be = htons((uint16_t)values[0]);
	const uint16_t dest_be = htons((uint16_t)values[1]);
	uint16_t sum_be;

	memset(header, 0, 20);
	memcpy(header, &source_be, 2);
	memcpy(header + 2, &dest_be, 2);
	memcpy(header + 4, &seq_be, 4);
	memcpy(header + 8, &ack_be, 4);
	header[12] = 5 << 4;
	header[13] = flags_of(words[1]);
	header[14] = 0xff;
	sum_be = checksum_finish_be(checksum_add(
		checksum_pseudo(&addrs[0], &addrs[1], IPPROTO_TCP, 20), header,
		20));
	if (is_wrong)
		sum_be = (uint16_t)(sum_be ^ htons(1));
	memcpy(header + 16, &sum_be, 2);
}

/* raw FLAGS SOURCE PORT DEST PORT SEQ ACK [wrong]; CAP_NET_RAW */
static int call_raw(void)
{
	static const int at[4] = {3, 5, 6, 7};
	struct sockaddr_storage local, peer;
	struct addr addrs[2];
	uint64_t values[4];
	uint8_t header[20];
	socklen_t bytes;
	int fd, result = -1;

	if (!words[1] || !endpoint(2, &local) || !endpoint(4, &peer))
		return invalid();
	for (int i = 0; i < 4; i++)
		if (!number(words[at[i]], UINT32_MAX, &values[i]))
			return invalid();
	addr_parse(words[2], &addrs[0]);
	addr_parse(words[4], &addrs[1]);
	/* Of a raw socket the port is the protocol, or must be none. */
	bytes = addr_to_sockaddr(&addrs[0], 0, &local);
	addr_to_sockaddr(&addrs[1], 0, &peer);
	header_fill(header, addrs, values, words[8] != NULL);
	fd = socket(local.ss_family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP);
	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&local, bytes) == 0)
		result = (int)sendto(fd, header, sizeof(header), 0,
				     (struct sockaddr *)&peer, bytes);
	close(fd);
	return result;
}

static const struct call {
	const char *name, *arguments;
	int (*make)(void);
} calls[] = {
	{"listen", "ADDRESS PORT [BACKLOG]", call_listen},
	{"accept", "", call_accept},
	{"connect", "ADDRESS PORT [SOURCE-PORT]", call_connect},
	{"syncnt", "RETRIES", call_syncnt},
	{"send", "BYTES", call_send},
	{"recv", "BYTES", call_recv},
	{"shutdown", "write|read", call_shutdown},
	{"linger0", "", call_linger0},
	{"close", "[listener]", call_close},
	{"unspec", "", call_unspec},
	{"keepalive", "IDLE-S INTERVAL-S COUNT", call_keepalive},
	{"maxseg", "", call_maxseg},
	{"state", "", call_state},
	{"await", "STATE | unread BYTES", call_await},
	{"numbers", "", call_numbers},
	{"raw", "FLAGS SOURCE PORT DEST PORT SEQ ACK [wrong]", call_raw},
};

static const struct call *call_find(const char *name)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (!strcmp(calls[i].name, name))
			return &calls[i];
	return NULL;
}

static void help(void)
{
	puts("oddsocket: one call on a TCP socket a line, from standard "
	     "input:\n");
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		printf("  %-9s %s\n", calls[i].name, calls[i].arguments);
}

static void answer(const char *text, int result, int64_t took_ns)
{
	char safe[512];

	escape_line(text, safe, sizeof(safe));
	printf("%s = %d%s", safe, result, said);
	if (result < 0)
		printf(" %s", strerrorname_np(errno));
	printf(", %.1f ms\n", (double)took_ns / NS_PER_MS);
}

static void line_take(char *line)
{
	const struct call *call;
	char text[256];
	char *rest = line;
	int64_t begun_ns;
	int n = 0, result;

	line[strcspn(line, "\n")] = '\0';
	snprintf(text, sizeof(text), "%s", line);
	memset(words, 0, sizeof(words));
	while (n < WORDS_MAX && (words[n] = strtok_r(rest, " \t", &rest)))
		n++;
	if (n == 0)
		return;
	call = call_find(words[0]);
	if (!call) {
		help();
		return;
	}
	*said = '\0';
	begun_ns = clock_now_ns();
	result = call->make();
	answer(text, result, clock_now_ns() - begun_ns);
}

int main(int argc, char **argv)
{
	char line[256];

	(void)argv;
	if (argc > 1) {
		help();
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), stdin))
		line_take(line);
	return 0;
}
