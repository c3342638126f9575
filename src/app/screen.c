/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/screen.h"

#include <sys/ioctl.h>
#include <unistd.h>

unsigned screen_columns(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return 0;
	return size.ws_col;
}
