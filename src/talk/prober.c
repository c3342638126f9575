/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/prober.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "talk/course.h"
#include "talk/draw.h"
#include "talk/udp.h"

enum {
	BATCH = 64, /* received before the next is sent */
};

struct prober {
	struct prober_config config;
	int fd;
	uint64_t runs;
	int64_t next_ns;       /* not before this, from run to run */
	struct course *course; /* of the run that goes on */
	uint8_t out[DATAGRAM_MAX_BYTES];
	uint8_t in[DATAGRAM_MAX_BYTES];
};

struct prober *prober_open(const struct prober_config *config,
			   struct error *error)
{
	struct prober *prober = calloc(1, sizeof(*prober));

	if (!prober) {
		error_errno(error, "prober");
		return NULL;
	}
	prober->config = *config;
	prober->fd =
		udp_connect(&config->addr, config->port, config->df, error);
	if (prober->fd < 0) {
		free(prober);
		return NULL;
	}
	/* Else each wait is 50 us longer than it need be. */
	prctl(PR_SET_TIMERSLACK, 1);
	return prober;
}

void prober_close(struct prober *prober)
{
	if (!prober)
		return;
	close(prober->fd);
	free(prober);
}

unsigned prober_mtu(const struct prober *prober)
{
	return udp_mtu(prober->fd, prober->config.addr.family);
}

/* How many errors there were. */
static unsigned take_errors(struct prober *prober)
{
	struct icmp_error error;
	unsigned n = 0;

	while (n < BATCH && icmp_error_read(prober->fd, &error)) {
		course_error(prober->course, &error);
		n++;
	}
	return n;
}

static int send_datagram(struct prober *prober, const struct datagram *out,
			 struct error *error)
{
	datagram_encode(out, prober->out);
	if (send(prober->fd, prober->out, out->length, 0) >= 0) {
		course_sent(prober->course, out);
		return 0;
	}
	switch (errno) {
	case EAGAIN:
	case ENOBUFS:
	case ENOMEM:
		course_later(prober->course, clock_now_ns());
		return 0;
	case EINTR:
		return 0;
	case EPERM: /* the firewall */
		course_blocked(prober->course, out);
		return 0;
	default:
		/* An ICMP error for an earlier datagram is told here too. */
		if (take_errors(prober) > 0)
			return 0;
		return error_errno(error, "send");
	}
}

static void receive(struct prober *prober)
{
	ssize_t length;

	for (int n = 0; n < BATCH; n++) {
		length = recv(prober->fd, prober->in, sizeof(prober->in), 0);
		if (length < 0 && errno == EAGAIN)
			return;
		if (length >= 0)
			course_arrival(prober->course, prober->in,
				       (size_t)length, clock_now_ns());
		else if (errno != EINTR)
			take_errors(prober);
	}
}

/* Takes what there is, and waits for it until then. */
static int take(struct prober *prober, int64_t wake_ns, struct error *error)
{
	bool stopped = course_is_interrupted(prober->course);
	struct pollfd polls[2] = {
		{.fd = prober->fd, .events = POLLIN},
		{.fd = stopped ? -1 : prober->config.stop_fd, .events = POLLIN},
	};
	int64_t left_ns = wake_ns - clock_now_ns();
	struct timespec timeout = {0};

	if (left_ns > 0) {
		timeout.tv_sec = left_ns / NS_PER_S;
		timeout.tv_nsec = left_ns % NS_PER_S;
	}
	if (ppoll(polls, 2, &timeout, NULL) < 0 && errno != EINTR)
		return error_errno(error, "poll");
	if (polls[0].revents & POLLERR)
		take_errors(prober);
	if (polls[0].revents & POLLIN)
		receive(prober);
	if (polls[1].revents)
		course_interrupt(prober->course, clock_now_ns());
	return 0;
}

static int run(struct prober *prober, struct error *error)
{
	struct datagram out;
	int64_t wake_ns;

	for (;;) {
		switch (course_step(prober->course, clock_now_ns(), &out,
				    &wake_ns)) {
		case COURSE_SEND:
			if (send_datagram(prober, &out, error) < 0)
				return -1;
			wake_ns = 0; /* there may be more to send */
			break;
		case COURSE_WAIT:
			break;
		case COURSE_OVER:
			return 0;
		}
		if (take(prober, wake_ns, error) < 0)
			return -1;
	}
}

/* The filling, and its checksum. */
static uint32_t fill(struct prober *prober, size_t size)
{
	uint8_t *filling = prober->out + DATAGRAM_HEADER_BYTES;
	size_t length = size - DATAGRAM_HEADER_BYTES;

	for (size_t i = 0; i < length; i++)
		filling[i] = (uint8_t)('a' + i % 26);
	return datagram_crc(filling, length);
}

static struct course *start(struct prober *prober, size_t size, uint64_t count,
			    int64_t now_ns, struct prober_result *result)
{
	const struct prober_config *config = &prober->config;

	return course_new(
		&(struct course_config){
			.session = draw(config->secret, prober->runs++) | 1,
			.size = size,
			.filling_crc = fill(prober, size),
			.count = count,
			.start_ns = now_ns > prober->next_ns ? now_ns
							     : prober->next_ns,
			.interval_ns = config->interval_ns,
			.timeout_ns = config->timeout_ns,
			.df = config->df,
			.watch = config->watch,
		},
		result);
}

int prober_run(struct prober *prober, size_t size, uint64_t count,
	       struct prober_result *result, struct error *error)
{
	uint64_t drops = udp_drops(prober->fd);
	int64_t started_ns = clock_now_ns();
	int status;

	*result = (struct prober_result){.size = size};
	prober->course = start(prober, size, count, started_ns, result);
	if (!prober->course)
		return error_errno(error, "prober");
	status = run(prober, error);
	course_finish(prober->course);
	prober->next_ns = course_next_ns(prober->course);
	course_free(prober->course);
	prober->course = NULL;
	result->mtu = prober_mtu(prober);
	result->socket_drops = udp_drops(prober->fd) - drops;
	result->elapsed_ns = clock_now_ns() - started_ns;
	return status;
}
