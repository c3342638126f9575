/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/streams.h"

#include <fcntl.h>
#include <unistd.h>

void streams_fill(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
}
