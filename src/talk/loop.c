/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/loop.h"

#include <event2/buffer.h>
#include <event2/event.h>

static bool failed;

void loop_fail(struct event_base *base)
{
	failed = true;
	event_base_loopbreak(base);
}

bool loop_failed(void)
{
	return failed;
}

void loop_add(struct event *event, const struct timeval *delay)
{
	if (event_add(event, delay) < 0)
		loop_fail(event_get_base(event));
}

void loop_keep(struct event_base *base, struct evbuffer *buffer,
	       const void *data, size_t bytes)
{
	if (evbuffer_add(buffer, data, bytes) < 0)
		loop_fail(base);
}
