/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/loop.h"

#include <event2/event.h>

static bool failed;

void loop_add(struct event *event, const struct timeval *delay)
{
	if (event_add(event, delay) == 0)
		return;
	failed = true;
	event_base_loopbreak(event_get_base(event));
}

bool loop_failed(void)
{
	return failed;
}
