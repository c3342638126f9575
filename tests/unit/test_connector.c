/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/connector.h"

/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "net/connway.h"

/* Real connects, on loopback. */

static struct addr loopback4(void)
{
	struct addr addr;

	assert_int_equal(addr_parse("127.0.0.1", &addr), 0);
	return addr;
}

/* A port that nobody has: the kernel just gave it, and got it back. */
static uint16_t port_of(int fd)
{
	struct sockaddr_in name;
	socklen_t length = sizeof(name);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &length), 0);
	return ntohs(name.sin_port);
}

static int bound(uint16_t port)
{
	struct sockaddr_in name = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = {htonl(INADDR_LOOPBACK)},
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	return fd;
}

static int listener(uint16_t *port, int backlog)
{
	int fd = bound(0);

	assert_int_equal(listen(fd, backlog), 0);
	*port = port_of(fd);
	return fd;
}

static struct connway way_from(uint16_t first_port, uint16_t ports)
{
	return (struct connway){
		.source = loopback4(),
		.first_port = first_port,
		.ports = ports,
		.local = true,
	};
}

static struct connector *connector_of(uint32_t ids)
{
	uint16_t free_port;
	struct connway way;
	struct connector *connector;
	int fd = listener(&free_port, 1);

	close(fd);
	way = way_from(free_port, 2);
	connector = connector_new(&way, 1, ids, NULL);
	assert_non_null(connector);
	return connector;
}

static struct connector_outcome ask(struct connector *connector, uint32_t id,
				    uint16_t port)
{
	static uint32_t use;
	struct connector_outcome outcome;
	struct connector_job job = {
		.id = id, .use = ++use, .port = port, .dest = loopback4()};

	connector_connect(connector, &job, &outcome);
	assert_int_equal(outcome.id, id);
	assert_int_equal(outcome.use, use);
	return outcome;
}

static void on_end(void *context, const struct connector_outcome *outcome)
{
	*(struct connector_outcome *)context = *outcome;
}

/* One that may be pending for a moment, to its end. */
static struct connector_outcome verdict(struct connector *connector,
					uint16_t port)
{
	struct connector_outcome outcome = ask(connector, 0, port);
	struct pollfd fd = {connector_fd(connector), POLLIN, 0};

	assert_int_equal(outcome.taken, LINK_OK);
	while (!outcome.ended) {
		assert_int_equal(poll(&fd, 1, 5000), 1);
		connector_poll(connector, on_end, &outcome);
	}
	assert_true(outcome.answered);
	assert_true(outcome.at_ns >= outcome.begun_ns);
	return outcome;
}

static void test_open_and_closed(void **state)
{
	struct connector *connector = connector_of(4);
	uint16_t open, closed;
	int fd = listener(&open, 8), other = bound(0);
	struct connector_outcome outcome;

	(void)state;
	closed = port_of(other);
	/* On the same socket, in any order. */
	for (int i = 0; i < 3; i++) {
		outcome = verdict(connector, open);
		assert_int_equal(outcome.verdict, VERDICT_OPEN);
		assert_int_equal(outcome.reason, REASON_SYN_ACK);
		for (int j = 0; j < 2; j++) {
			outcome = verdict(connector, closed);
			assert_int_equal(outcome.verdict, VERDICT_CLOSED);
			assert_int_equal(outcome.reason, REASON_CONN_REFUSED);
		}
	}
	assert_int_equal(connector_pending(connector), 0);
	/* The program behind the port got its connections, and they were
	 * reset: reading says so. */
	for (int i = 0; i < 3; i++) {
		char byte;
		int peer = accept(fd, NULL, NULL);

		assert_true(peer >= 0);
		assert_int_equal(read(peer, &byte, 1), -1);
		assert_int_equal(errno, ECONNRESET);
		close(peer);
	}
	connector_free(connector);
	close(fd);
	close(other);
}

/* A listener whose queue is full answers no SYN. */
static int silent(uint16_t *port, int fillers[4])
{
	int fd = listener(port, 0);

	for (int i = 0; i < 4; i++) {
		struct sockaddr_in name = {
			.sin_family = AF_INET,
			.sin_port = htons(*port),
			.sin_addr = {htonl(INADDR_LOOPBACK)},
		};

		fillers[i] = socket(
			AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		assert_true(fillers[i] >= 0);
		(void)connect(fillers[i], (struct sockaddr *)&name,
			      sizeof(name));
	}
	return fd;
}

static void test_pending_and_aborted(void **state)
{
	struct connector *connector = connector_of(2);
	struct connector_outcome outcome, told = {.id = 99};
	int fillers[4], fd;
	uint16_t port;

	(void)state;
	fd = silent(&port, fillers);
	outcome = ask(connector, 0, port);
	assert_int_equal(outcome.taken, LINK_OK);
	assert_false(outcome.ended);
	assert_int_equal(connector_pending(connector), 1);
	connector_poll(connector, on_end, &told);
	assert_int_equal(told.id, 99);
	/* Of another use of that id: not this one. */
	connector_abort(connector, 0, outcome.use + 1);
	assert_int_equal(connector_pending(connector), 1);
	connector_abort(connector, 0, outcome.use);
	assert_int_equal(connector_pending(connector), 0);
	/* What its socket still says of that is nobody's. */
	connector_poll(connector, on_end, &told);
	assert_int_equal(told.id, 99);
	/* An id that is used again takes its old connect back by itself. */
	outcome = ask(connector, 1, port);
	outcome = ask(connector, 1, port);
	assert_int_equal(outcome.taken, LINK_OK);
	assert_int_equal(connector_pending(connector), 1);
	connector_free(connector);
	for (int i = 0; i < 4; i++)
		close(fillers[i]);
	close(fd);
}

/* To the ports that it is bound to itself: no meeting. */
static void test_never_itself(void **state)
{
	uint16_t port;
	int fd = listener(&port, 1);
	struct connway way;
	struct connector *connector;

	(void)state;
	close(fd);
	for (uint16_t ports = 1; ports <= 3; ports++) {
		way = way_from(port, ports);
		connector = connector_new(&way, 1, 4, NULL);
		assert_non_null(connector);
		for (int i = 0; i < 20; i++) {
			struct connector_outcome outcome = verdict(
				connector, (uint16_t)(port + i % ports));

			assert_int_equal(outcome.verdict, VERDICT_CLOSED);
		}
		connector_free(connector);
	}
}

/* From the one port of -g: a second connect to a place is our own trouble. */
static void test_one_source_port(void **state)
{
	struct connector_outcome outcome;
	struct connector *connector;
	struct connway way;
	int fillers[4], fd, other;
	uint16_t port, from;

	(void)state;
	fd = silent(&port, fillers);
	other = listener(&from, 1);
	close(other);
	way = way_from(from, 1);
	connector = connector_new(&way, 1, 4, NULL);
	assert_non_null(connector);
	outcome = ask(connector, 0, port);
	assert_int_equal(outcome.taken, LINK_OK);
	outcome = ask(connector, 1, port);
	assert_int_equal(outcome.taken, LINK_BUSY);
	assert_int_equal(outcome.error_number, EADDRNOTAVAIL);
	connector_free(connector);
	for (int i = 0; i < 4; i++)
		close(fillers[i]);
	close(fd);
}

static void test_from_where(void **state)
{
	struct error error = ERROR_INIT;
	struct connway way;
	uint16_t port;
	int fd = listener(&port, 1);

	(void)state;
	way = way_from(port, 1);
	assert_int_equal(connway_check(&way, &error), -1);
	assert_int_equal(error.status, STATUS_FAILED);
	assert_non_null(strstr(error.text, "Address already in use"));
	close(fd);
	assert_int_equal(connway_check(&way, &error), 0);
	way = way_from(port, 16);
	assert_int_equal(addr_parse("192.0.2.1", &way.source), 0);
	assert_int_equal(connway_check(&way, &error), -1);
	assert_non_null(strstr(error.text, "192.0.2.1"));
}

/* Without descriptors it says so, and goes on when there are some again. */
static void test_no_descriptors(void **state)
{
	struct connector *connector = connector_of(4);
	struct connector_outcome outcome;
	struct rlimit limit, none;
	int other = bound(0);
	uint16_t port = port_of(other);

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	outcome = ask(connector, 0, port);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(outcome.taken, LINK_BUSY);
	assert_int_equal(outcome.error_number, EMFILE);
	assert_int_equal(connector_pending(connector), 0);
	assert_int_equal(verdict(connector, port).verdict, VERDICT_CLOSED);
	connector_free(connector);
	close(other);
}

static void test_devices(void **state)
{
	(void)state;
	assert_true(connway_device_exists("lo"));
	assert_false(connway_device_exists("no-such-device"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open_and_closed),
		cmocka_unit_test(test_pending_and_aborted),
		cmocka_unit_test(test_never_itself),
		cmocka_unit_test(test_one_source_port),
		cmocka_unit_test(test_from_where),
		cmocka_unit_test(test_no_descriptors),
		cmocka_unit_test(test_devices),
	};

	return cmocka_run_group_tests_name("connector", tests, NULL, NULL);
}
