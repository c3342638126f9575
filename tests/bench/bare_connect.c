/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The limit to hold a connect scan against, as one would write it down:
 * socket(), connect(), close() for each port, by so many threads. Nothing is
 * asked twice, every error is "not open". IPv4 only.
 *
 * bare_connect DEST FIRST LAST THREADS
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST 16

struct share {
	pthread_t thread;
	struct in_addr dest;
	long first, last, step;
	long open;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void *connect_all(void *argument)
{
	const struct linger reset = {.l_onoff = 1};
	struct share *share = argument;
	struct sockaddr_in name = {
		.sin_family = AF_INET,
		.sin_addr = share->dest,
	};

	for (long port = share->first; port <= share->last;
	     port += share->step) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0)
			die("socket");
		name.sin_port = htons((uint16_t)port);
		if (connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0) {
			share->open++;
			(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset,
					 sizeof(reset));
		}
		close(fd);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct share shares[MOST] = {0};
	struct in_addr dest;
	long threads, open = 0;

	if (argc != 5 || inet_pton(AF_INET, argv[1], &dest) != 1 ||
	    (threads = atol(argv[4])) < 1 || threads > MOST) {
		fprintf(stderr, "usage: bare_connect DEST FIRST LAST "
				"THREADS\n");
		return 2;
	}
	for (long i = 0; i < threads; i++) {
		shares[i] = (struct share){
			.dest = dest,
			.first = atol(argv[2]) + i,
			.last = atol(argv[3]),
			.step = threads,
		};
		if (pthread_create(&shares[i].thread, NULL, connect_all,
				   &shares[i]) != 0)
			die("thread");
	}
	for (long i = 0; i < threads; i++) {
		pthread_join(shares[i].thread, NULL);
		open += shares[i].open;
	}
	printf("%ld open\n", open);
	return 0;
}
