/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/connway.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

static int set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

static int bind_device(int fd, const char *name)
{
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name,
			  (socklen_t)strlen(name));
}

static int bind_way(int fd, const struct connway *way, uint16_t port)
{
	bool v4 = way->source.family == AF_INET;
	struct linger reset = {.l_onoff = 1};
	struct sockaddr_storage name;
	socklen_t length = addr_to_sockaddr(&way->source, port, &name);

	if (set(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6,
		v4 ? IP_RECVERR : IPV6_RECVERR, 1) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) < 0)
		return -1;
	/* Not of a port that the kernel is to choose: it would choose one that
	 * is shared already. SO_REUSEPORT would do alone, but for others that
	 * are bound there without; with it the kernel need not look through
	 * all of ours each time. */
	if (port != 0 && (set(fd, SOL_SOCKET, SO_REUSEADDR, 1) < 0 ||
			  set(fd, SOL_SOCKET, SO_REUSEPORT, 1) < 0))
		return -1;
	if (way->device && bind_device(fd, way->device) < 0)
		return -1;
	return bind(fd, (struct sockaddr *)&name, length);
}

/* -1 with errno. */
static int open_bound(const struct connway *way, uint16_t port)
{
	int fd = socket(way->source.family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error_number;

	if (fd < 0 || bind_way(fd, way, port) == 0)
		return fd;
	error_number = errno;
	close(fd);
	errno = error_number;
	return -1;
}

bool connway_avoids(const struct connway_avoid *avoid, uint16_t port)
{
	return port == avoid->self || port == avoid->busy;
}

int connway_open(const struct connway *way, uint16_t *next,
		 const struct connway_avoid *avoid, uint16_t *port)
{
	for (uint16_t i = 0; i < way->ports; i++) {
		int fd;

		*port = (uint16_t)(way->first_port + *next);
		*next = (uint16_t)((*next + 1) % way->ports);
		if (connway_avoids(avoid, *port))
			continue;
		fd = open_bound(way, *port);
		if (fd >= 0 || errno != EADDRINUSE || way->ports == 1)
			return fd;
	}
	*port = 0;
	return open_bound(way, 0);
}

int connway_check(const struct connway *way, struct error *error)
{
	char text[ADDR_TEXT_BYTES];
	uint16_t port = way->ports == 1 ? way->first_port : 0;
	int fd = open_bound(way, port);

	if (fd >= 0) {
		close(fd);
		return 0;
	}
	if (way->device && errno == EPERM)
		return error_errno(error, "bind to %s", way->device);
	if (port && (errno == EADDRINUSE || errno == EACCES))
		return error_errno(error, "connect from port %u", port);
	return error_errno(error, "connect from %s",
			   addr_format(&way->source, text));
}

bool connway_device_exists(const char *name)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool gone = fd >= 0 && bind_device(fd, name) < 0 && errno == ENODEV;

	if (fd >= 0)
		close(fd);
	return !gone;
}
