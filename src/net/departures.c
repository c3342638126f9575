/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/departures.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/connway.h"

#define FILE_BYTES 8192
#define TRIES      3 /* in each a packet of somebody else may be lost */
#define PORTS      4

void departures_open(struct departures *departures)
{
	departures->fds[0] = open("/proc/net/snmp", O_RDONLY | O_CLOEXEC);
	departures->fds[1] = open("/proc/net/snmp6", O_RDONLY | O_CLOEXEC);
}

void departures_close(struct departures *departures)
{
	for (int i = 0; i < 2; i++)
		if (departures->fds[i] >= 0)
			close(departures->fds[i]);
}

/* "" where there is nothing to read. */
static void read_whole(int fd, char text[FILE_BYTES])
{
	ssize_t n = fd < 0 ? 0 : pread(fd, text, FILE_BYTES - 1, 0);

	text[n > 0 ? n : 0] = '\0';
}

/* Two lines, of names and of numbers: "Ip: Forwarding ...", "Ip: 2 ...". */
static int64_t missing4(char *names)
{
	char *numbers = strstr(names, "\nIp: "), *rest_names, *rest_numbers;
	int64_t made = 0, left = -1;

	if (strncmp(names, "Ip: ", 4) != 0 || !numbers)
		return 0;
	*numbers++ = '\0';
	numbers[strcspn(numbers, "\n")] = '\0';
	names = strtok_r(names, " ", &rest_names);
	numbers = strtok_r(numbers, " ", &rest_numbers);
	while (names && numbers) {
		int64_t number = strtoll(numbers, NULL, 10);

		if (!strcmp(names, "OutRequests") ||
		    !strcmp(names, "ForwDatagrams"))
			made += number;
		else if (!strcmp(names, "OutTransmits"))
			left = number;
		names = strtok_r(NULL, " ", &rest_names);
		numbers = strtok_r(NULL, " ", &rest_numbers);
	}
	return left < 0 ? 0 : made - left;
}

/* A line each: "Ip6OutRequests    5". */
static int64_t missing6(char *text)
{
	int64_t made = 0, left = -1;
	char *rest;

	for (char *line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		char name[64];
		long long number;

		if (sscanf(line, "%63s %lld", name, &number) != 2)
			continue;
		if (!strcmp(name, "Ip6OutRequests") ||
		    !strcmp(name, "Ip6OutForwDatagrams"))
			made += number;
		else if (!strcmp(name, "Ip6OutTransmits"))
			left = number;
	}
	return left < 0 ? 0 : made - left;
}

int64_t departures_missing(const struct departures *departures)
{
	char text[FILE_BYTES];
	int64_t missing;

	read_whole(departures->fds[0], text);
	missing = missing4(text);
	read_whole(departures->fds[1], text);
	return missing + missing6(text);
}

bool departures_is_held(int fd)
{
	struct tcp_info info = {0};
	socklen_t length = sizeof(info);

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 &&
	       info.tcpi_state == 2 /* SYN_SENT */ &&
	       info.tcpi_ca_state == TCP_CA_CWR;
}

/* From another port where that one is connected there already. */
static int ask(int *fd, const struct connway *way, const struct sockaddr *name,
	       socklen_t length)
{
	struct connway_avoid avoid = {0};
	uint16_t next = 0;

	for (int i = 0; i < PORTS; i++) {
		*fd = connway_open(way, &next, &avoid, &avoid.busy);
		if (*fd < 0 || connect(*fd, name, length) == 0)
			return 0;
		if (errno != EADDRNOTAVAIL)
			return errno;
		close(*fd);
		*fd = -1;
	}
	return EADDRNOTAVAIL;
}

static bool leaves(const struct departures *departures,
		   const struct connway *way, const struct sockaddr *name,
		   socklen_t length)
{
	int64_t before = departures_missing(departures);
	int fd, error_number = ask(&fd, way, name, length);
	bool held = departures_missing(departures) > before ||
		    (fd >= 0 && departures_is_held(fd));

	if (fd >= 0)
		close(fd);
	return error_number != EINPROGRESS || !held;
}

bool departures_try(const struct departures *departures,
		    const struct connway *way, const struct addr *dest,
		    uint16_t port)
{
	struct sockaddr_storage name;
	socklen_t length = addr_to_sockaddr(dest, port, &name);

	for (int i = 0; i < TRIES; i++)
		if (leaves(departures, way, (struct sockaddr *)&name, length))
			return true;
	return false;
}
