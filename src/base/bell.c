/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/bell.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define TRIES 1000 /* who is not woken waits for ever */

int bell_new(void)
{
	return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void bell_ring(int fd)
{
	uint64_t one = 1;
	int before = errno;

	/* EAGAIN: it cannot be rung any louder. */
	for (int i = 0; i < TRIES; i++)
		if (write(fd, &one, sizeof(one)) > 0 || errno == EAGAIN)
			break;
	errno = before;
}

void bell_hear(int fd)
{
	uint64_t rings;

	(void)!read(fd, &rings, sizeof(rings));
}
