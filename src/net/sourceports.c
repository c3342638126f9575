/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/sourceports.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

#define LOWEST   10000 /* below are services */
#define ATTEMPTS 32

struct sourceports {
	uint16_t first, count;
	int fds[SOURCEPORTS_COUNT * 2];
};

/* Linux's default where /proc does not tell. */
static void ephemeral_range(unsigned *low, unsigned *high)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");

	if (!file || fscanf(file, "%u %u", low, high) != 2) {
		*low = 32768;
		*high = 60999;
	}
	if (file)
		fclose(file);
}

static int bind_port(int family, uint16_t port)
{
	struct sockaddr_storage name = {.ss_family = (sa_family_t)family};
	int one = 1, fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t length = sizeof(struct sockaddr_in);

	if (fd < 0)
		return -1;
	if (family == AF_INET6) {
		((struct sockaddr_in6 *)&name)->sin6_port = htons(port);
		length = sizeof(struct sockaddr_in6);
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one,
				 sizeof(one));
	} else {
		((struct sockaddr_in *)&name)->sin_port = htons(port);
	}
	if (bind(fd, (struct sockaddr *)&name, length) == 0)
		return fd;
	one = errno;
	close(fd);
	errno = one;
	return -1;
}

static void unbind(struct sourceports *ports)
{
	for (size_t i = 0; i < SOURCEPORTS_COUNT * 2; i++) {
		if (ports->fds[i] >= 0)
			close(ports->fds[i]);
		ports->fds[i] = -1;
	}
}

/* Every port of the block in both families; a host without IPv6 has none to
 * give away. */
static bool bind_block(struct sourceports *ports)
{
	for (size_t i = 0; i < ports->count; i++) {
		uint16_t port = (uint16_t)(ports->first + i);

		ports->fds[2 * i] = bind_port(AF_INET, port);
		ports->fds[2 * i + 1] = bind_port(AF_INET6, port);
		if (ports->fds[2 * i] >= 0 &&
		    (ports->fds[2 * i + 1] >= 0 || errno == EAFNOSUPPORT ||
		     errno == EADDRNOTAVAIL))
			continue;
		unbind(ports);
		return false;
	}
	return true;
}

/* A block outside the ephemeral range where one fits. */
static uint16_t pick(uint64_t random, unsigned low, unsigned high)
{
	unsigned above = high < 65535 ? 65535 - high : 0;
	unsigned below = low > LOWEST ? low - LOWEST : 0;
	unsigned room, base;

	if (above >= SOURCEPORTS_COUNT) {
		room = above - SOURCEPORTS_COUNT + 1;
		base = high + 1;
	} else if (below >= SOURCEPORTS_COUNT) {
		room = below - SOURCEPORTS_COUNT + 1;
		base = LOWEST;
	} else {
		room = 65536 - LOWEST - SOURCEPORTS_COUNT;
		base = LOWEST;
	}
	return (uint16_t)(base + random % room);
}

static uint64_t another(uint64_t random)
{
	return random * 6364136223846793005ULL + 1442695040888963407ULL;
}

static bool is_vacant(uint16_t first)
{
	for (uint16_t i = 0; i < SOURCEPORTS_COUNT; i++) {
		int four = bind_port(AF_INET, (uint16_t)(first + i)), six;

		if (four < 0)
			return false;
		close(four);
		six = bind_port(AF_INET6, (uint16_t)(first + i));
		if (six < 0 && errno == EADDRINUSE)
			return false;
		if (six >= 0)
			close(six);
	}
	return true;
}

uint16_t sourceports_find(uint64_t random)
{
	unsigned low, high;
	uint16_t first;
	int i = 0;

	ephemeral_range(&low, &high);
	do {
		first = pick(random, low, high);
		random = another(random);
	} while (!is_vacant(first) && ++i < ATTEMPTS);
	return first;
}

struct sourceports *sourceports_reserve(uint16_t wanted, uint64_t random)
{
	struct sourceports *ports = calloc(1, sizeof(*ports));
	unsigned low, high;

	if (!ports)
		return NULL;
	memset(ports->fds, -1, sizeof(ports->fds));
	ports->count = wanted ? 1 : SOURCEPORTS_COUNT;
	ports->first = wanted;
	if (wanted && bind_block(ports))
		return ports;
	ephemeral_range(&low, &high);
	for (int i = 0; !wanted && i < ATTEMPTS; i++) {
		ports->first = pick(random, low, high);
		if (bind_block(ports))
			return ports;
		random = another(random);
	}
	log_line(LOG_WARN,
		 "source port %u is not reserved (%s): replies to another "
		 "program there would count as rejected",
		 ports->first, strerror(errno));
	return ports;
}

void sourceports_release(struct sourceports *ports)
{
	if (!ports)
		return;
	unbind(ports);
	free(ports);
}

uint16_t sourceports_first(const struct sourceports *ports)
{
	return ports->first;
}

uint16_t sourceports_count(const struct sourceports *ports)
{
	return ports->count;
}
