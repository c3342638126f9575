/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many clients of one chat, in one process, and what reaches them:
 *
 *   chat_load [OPTION...] ADDRESS PORT
 *     --clients N   so many (1000)
 *     --seconds N   so long (10)
 *     --rate N      lines a second from all of them together (20)
 *     --bytes N     in a line, about (40)
 *
 * The listener is to greet each with GREETING_BYTES (--send-size): then it has
 * been accepted, and is to get every line. Of each hundred, 60 talk and read,
 * 20 only read, 5 send a byte at a time and read, 5 never read, and 10 vanish
 * half-way: 5 of them with a RST, 5 without a word (from ports 20000 on; the
 * line "half" on stdout says when, and who started us drops what goes to
 * these). Each line has a number. Whoever reads must get each line of the
 * others once, the lines of one in their order. Ends with one line of figures;
 * exit code 1 when a line is lost or comes twice, or a client that reads is cut
 * off.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/number.h"

#define VANISH_PORT    20000
#define BYTE_NS        (2 * NS_PER_MS) /* from one byte to the next */
#define PATIENCE_NS    (20 * NS_PER_S) /* for the last lines */
#define READ_BYTES     65536
#define GREETING_BYTES 10
#define LINE_MAX       512
#define MARK           " line " /* then the number */

enum role { TALKS, LISTENS, DRIPS, NEVER_READS, RESETS, VANISHES };

struct client {
	enum role role;
	int fd; /* -1: gone */
	char in[LINE_MAX];
	size_t in_used;
	char out[LINE_MAX]; /* of one that drips */
	size_t out_at, out_used;
	long out_line;
	int64_t drip_ns;
	unsigned char *got; /* a bit for each line */
	long got_count, sent_count;
	long *next_of; /* by talker: no earlier line of theirs may come */
	bool bad;      /* lost its connection, or its lines are out of order */
};

static long clients_wanted = 1000, seconds = 10, rate = 20, line_bytes = 40;

static struct client *clients;
static long line_count, lines_begun, lines_sent;
static int64_t *sent_ns; /* by line; when its LF was sent */
static long *sender;     /* by line */
static uint32_t *latencies_us;
static size_t latency_count, latency_room;
static long twice;

__attribute__((noreturn)) static void die(const char *what)
{
	perror(what);
	exit(2);
}

static enum role role_of(long i)
{
	long of_hundred = i % 20;

	if (of_hundred < 12)
		return TALKS;
	if (of_hundred < 16)
		return LISTENS;
	return of_hundred == 16   ? DRIPS
	       : of_hundred == 17 ? NEVER_READS
	       : of_hundred == 18 ? RESETS
				  : VANISHES;
}

static bool reads(const struct client *client)
{
	return client->role == TALKS || client->role == LISTENS ||
	       client->role == DRIPS;
}

static void client_connect(struct client *client, long number,
			   const struct sockaddr_in *to)
{
	struct sockaddr_in from = {.sin_family = AF_INET};
	int one = 1, small = 4096;

	client->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (client->fd < 0)
		die("socket");
	setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (client->role == NEVER_READS)
		setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &small,
			   sizeof(small));
	if (client->role == VANISHES) {
		from.sin_port = htons((uint16_t)(VANISH_PORT + number / 20));
		setsockopt(client->fd, SOL_SOCKET, SO_REUSEADDR, &one,
			   sizeof(one));
		if (bind(client->fd, (struct sockaddr *)&from, sizeof(from)))
			die("bind");
	}
	if (connect(client->fd, (const struct sockaddr *)to, sizeof(*to)))
		die("connect");
}

static void clients_start(const struct sockaddr_in *to, int epoll)
{
	char greeting[GREETING_BYTES];

	for (long i = 0; i < clients_wanted; i++) {
		struct client *client = &clients[i];
		struct epoll_event event = {.events = EPOLLIN,
					    .data.u32 = (uint32_t)i};

		client->role = role_of(i);
		client->got = calloc(1, (size_t)line_count / 8 + 1);
		client->next_of = calloc((size_t)clients_wanted, sizeof(long));
		if (!client->got || !client->next_of)
			die("memory");
		client_connect(client, i, to);
		if (reads(client) &&
		    epoll_ctl(epoll, EPOLL_CTL_ADD, client->fd, &event))
			die("epoll_ctl");
	}
	for (long i = 0; i < clients_wanted; i++)
		if (recv(clients[i].fd, greeting, sizeof(greeting),
			 MSG_WAITALL) != sizeof(greeting))
			die("greeting");
}

/* ---- what comes ---- */

static void got_line(struct client *client, char *text, int64_t now_ns)
{
	long number;
	char *mark;

	mark = strstr(text, MARK);
	if (!mark)
		return;
	number = strtol(mark + strlen(MARK), NULL, 10);
	if (number < 0 || number >= line_count || !sent_ns[number]) {
		client->bad = true;
		return;
	}
	if (client->got[number / 8] & 1 << number % 8) {
		twice++;
		return;
	}
	client->got[number / 8] |= (unsigned char)(1 << number % 8);
	client->bad |= number < client->next_of[sender[number]];
	client->next_of[sender[number]] = number;
	client->got_count++;
	if (latency_count < latency_room)
		latencies_us[latency_count++] =
			(uint32_t)((now_ns - sent_ns[number]) / NS_PER_US);
}

static void client_read(struct client *client)
{
	static char data[READ_BYTES];
	ssize_t n = recv(client->fd, data, sizeof(data), MSG_DONTWAIT);
	int64_t now_ns = clock_now_ns();

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		client->bad = true;
		close(client->fd);
		client->fd = -1;
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (data[i] != '\n') {
			if (client->in_used + 1 < sizeof(client->in))
				client->in[client->in_used++] = data[i];
			continue;
		}
		client->in[client->in_used] = '\0';
		client->in_used = 0;
		got_line(client, client->in, now_ns);
	}
}

/* ---- what goes out ---- */

static size_t line_make(char *text, long number)
{
	int length =
		snprintf(text, LINE_MAX, "hello, this is" MARK "%ld ", number);

	while (length < line_bytes && length < LINE_MAX - 2)
		text[length++] = 'x';
	text[length++] = '\n';
	return (size_t)length;
}

static void line_is_sent(struct client *client, long number)
{
	lines_sent++;
	client->sent_count++;
	sender[number] = client - clients;
}

/* One of those that talk says the next line. */
static void say_something(void)
{
	struct client *client;
	char text[LINE_MAX];
	size_t length;

	do
		client = &clients[random() % clients_wanted];
	while ((client->role != TALKS && client->role != DRIPS) ||
	       client->out_used > 0);
	length = line_make(text, lines_begun);
	if (client->role == DRIPS) {
		memcpy(client->out, text, length);
		client->out_at = 0;
		client->out_used = length;
		client->out_line = lines_begun++;
		client->drip_ns = clock_now_ns();
		return;
	}
	sent_ns[lines_begun] = clock_now_ns();
	line_is_sent(client, lines_begun++);
	if (send(client->fd, text, length, MSG_NOSIGNAL) != (ssize_t)length)
		die("send");
}

static void drip(struct client *client, int64_t now_ns)
{
	bool last = client->out_at + 1 == client->out_used;

	if (client->out_used == 0 || client->drip_ns > now_ns)
		return;
	if (last)
		sent_ns[client->out_line] = now_ns;
	if (send(client->fd, client->out + client->out_at, 1, MSG_NOSIGNAL) !=
	    1)
		die("send");
	client->out_at++;
	client->drip_ns = now_ns + BYTE_NS;
	if (last) {
		client->out_used = 0;
		line_is_sent(client, client->out_line);
	}
}

static void vanish(void)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	for (long i = 0; i < clients_wanted; i++) {
		if (clients[i].role != RESETS)
			continue;
		setsockopt(clients[i].fd, SOL_SOCKET, SO_LINGER, &at_once,
			   sizeof(at_once));
		close(clients[i].fd);
		clients[i].fd = -1;
	}
	puts("half");
	fflush(stdout);
}

/* ---- the run ---- */

/* How many lines are still to come to those who read. */
static long missing(void)
{
	long sum = 0;

	for (long i = 0; i < clients_wanted; i++)
		if (reads(&clients[i]))
			sum += lines_sent - clients[i].sent_count -
			       clients[i].got_count;
	return sum;
}

static void turn(int epoll, int64_t now_ns, int64_t next_ns)
{
	struct epoll_event events[256];
	int wait_ms = next_ns > now_ns + NS_PER_MS ? 1 : 0;
	int n = epoll_wait(epoll, events, 256, wait_ms);

	for (int i = 0; i < n; i++)
		if (clients[events[i].data.u32].fd >= 0)
			client_read(&clients[events[i].data.u32]);
	now_ns = clock_now_ns();
	for (long i = 0; i < clients_wanted; i++)
		if (clients[i].role == DRIPS)
			drip(&clients[i], now_ns);
}

static void run(int epoll)
{
	int64_t begun_ns = clock_now_ns(), now_ns = begun_ns, end_ns;
	bool is_half = false;

	while (lines_begun < line_count) {
		int64_t due_ns = begun_ns + lines_begun * NS_PER_S / rate;

		turn(epoll, now_ns, due_ns);
		now_ns = clock_now_ns();
		if (now_ns >= due_ns)
			say_something();
		if (!is_half && now_ns - begun_ns > seconds * NS_PER_S / 2) {
			is_half = true;
			vanish();
		}
	}
	end_ns = now_ns + PATIENCE_NS;
	while ((lines_sent < line_count || missing() > 0) && now_ns < end_ns) {
		turn(epoll, now_ns, now_ns + NS_PER_S);
		now_ns = clock_now_ns();
	}
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static double percentile_ms(double part)
{
	size_t at = (size_t)(part * (double)(latency_count - 1));

	return latency_count ? latencies_us[at] / 1000.0 : 0;
}

static int report(void)
{
	long readers = 0, cut = 0;

	for (long i = 0; i < clients_wanted; i++) {
		readers += reads(&clients[i]);
		cut += clients[i].bad;
	}
	qsort(latencies_us, latency_count, sizeof(*latencies_us), compare);
	printf("%ld clients, %ld of them read; %ld lines, %zu deliveries, "
	       "%ld lost, %ld twice, %ld readers cut off; latency ms: median "
	       "%.1f, 95 %% %.1f, 99 %% %.1f, max %.1f\n",
	       clients_wanted, readers, lines_sent, latency_count, missing(),
	       twice, cut, percentile_ms(0.5), percentile_ms(0.95),
	       percentile_ms(0.99), percentile_ms(1));
	return missing() || twice || cut;
}

static long number_of(const char *text, uint64_t most)
{
	uint64_t value;

	if (number_parse(text, 1, most, &value) < 0) {
		fprintf(stderr, "chat_load: bad number \"%s\"\n", text);
		exit(2);
	}
	return (long)value;
}

static void options(int argc, char **argv)
{
	static const struct option longs[] = {
		{"clients", required_argument, NULL, 'c'},
		{"seconds", required_argument, NULL, 's'},
		{"rate", required_argument, NULL, 'r'},
		{"bytes", required_argument, NULL, 'b'},
		{NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (option == 'c')
			clients_wanted = number_of(optarg, 20000);
		else if (option == 's')
			seconds = number_of(optarg, 3600);
		else if (option == 'r')
			rate = number_of(optarg, 10000);
		else if (option == 'b')
			line_bytes = number_of(optarg, LINE_MAX - 2);
		else
			exit(2);
	}
	if (argc - optind != 2) {
		fprintf(stderr, "usage: chat_load [OPTION...] ADDRESS PORT\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	struct rlimit limit;
	int epoll;

	options(argc, argv);
	to.sin_port = htons((uint16_t)number_of(argv[optind + 1], 65535));
	if (inet_pton(AF_INET, argv[optind], &to.sin_addr) != 1)
		die(argv[optind]);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	line_count = seconds * rate;
	latency_room = (size_t)(line_count * clients_wanted);
	clients = calloc((size_t)clients_wanted, sizeof(*clients));
	sent_ns = calloc((size_t)line_count, sizeof(*sent_ns));
	sender = calloc((size_t)line_count, sizeof(*sender));
	latencies_us = calloc(latency_room, sizeof(*latencies_us));
	epoll = epoll_create1(0);
	if (!clients || !sent_ns || !sender || !latencies_us || epoll < 0)
		die("memory");
	srandom(1);
	clients_start(&to, epoll);
	puts("connected");
	fflush(stdout);
	run(epoll);
	return report();
}
