/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#include "talk/endpoint.h"

/* The last line that was told. */
struct told {
	char text[1024];
	unsigned count;
};

static void tell(void *context, const char *text)
{
	struct told *told = context;

	snprintf(told->text, sizeof(told->text), "%s", text);
	told->count++;
}

/* "CALL" in the line, and "STATE" at its end. */
static void said(const struct told *told, const char *call, const char *state)
{
	size_t length = strlen(told->text), end = strlen(state);

	if (strncmp(told->text, call, strlen(call)))
		fail_msg("\"%s\" is not \"%s\"", told->text, call);
	assert_true(length > end);
	assert_string_equal(told->text + length - end, state);
}

static void wait_for(int fd, short events)
{
	struct pollfd ready = {.fd = fd, .events = events};

	assert_int_equal(poll(&ready, 1, 5000), 1);
}

/* A whole talk over loopback: each line has its state. */
static void test_a_talk(void **state)
{
	struct told told = {.count = 0};
	const struct narrator narrator = {.tell = tell, .context = &told};
	struct endpoint here = {.port = 0}, peer;
	struct iovec data[2] = {{.iov_base = (char *)"one\n", .iov_len = 4},
				{.iov_base = (char *)"two\n", .iov_len = 4}};
	char text[ENDPOINT_TEXT_BYTES], expected[128], got[64];
	int listener, client, server;

	(void)state;
	addr_parse("127.0.0.1", &here.addr);
	listener = call_socket(&narrator, AF_INET);
	assert_true(listener >= 0);
	snprintf(expected, sizeof(expected),
		 "socket(AF_INET, SOCK_STREAM) = %d ", listener);
	said(&told, expected, "CLOSED");
	assert_int_equal(call_bind(&narrator, listener, &here), 0);
	snprintf(expected, sizeof(expected), "bind(%d, 127.0.0.1:0) = 0",
		 listener);
	said(&told, expected, "CLOSED");
	assert_int_equal(call_listen(&narrator, listener, 5), 0);
	said(&told, "listen(", "LISTEN");

	assert_int_equal(endpoint_here(listener, &here), 0);
	client = call_socket(NULL, AF_INET);
	assert_int_equal(call_connect(&narrator, client, &here), -1);
	assert_int_equal(errno, EINPROGRESS);
	snprintf(expected, sizeof(expected), "connect(%d, %s) = -1 EINPROGRESS",
		 client, endpoint_format(&here, text));
	said(&told, expected, ""); /* SYN_SENT, or already ESTABLISHED */
	wait_for(client, POLLOUT);
	assert_int_equal(call_error(&narrator, client), 0);
	said(&told, "getsockopt(", "ESTABLISHED");
	wait_for(listener, POLLIN);
	server = call_accept(&narrator, listener, &peer);
	assert_true(server >= 0);
	said(&told, "accept(", "ESTABLISHED");
	assert_non_null(strstr(told.text, endpoint_format(&peer, text)));

	assert_int_equal(call_send(&narrator, client, data, 1), 4);
	snprintf(expected, sizeof(expected), "send(%d, \"one\\x0a\", 4) = 4",
		 client);
	said(&told, expected, "ESTABLISHED");
	assert_int_equal(call_send(&narrator, client, data, 2), 8);
	said(&told, "sendmsg(", "ESTABLISHED");
	wait_for(server, POLLIN);
	assert_int_equal(call_unread(&narrator, server), 12);
	said(&told, "ioctl(", "ESTABLISHED");
	assert_int_equal(call_recv(&narrator, server, got, sizeof(got), false),
			 12);
	snprintf(expected, sizeof(expected),
		 "recv(%d, 64, \"one\\x0aone\\x0atwo\\x0a\") = 12", server);
	said(&told, expected, "ESTABLISHED");
	told.count = 0;
	assert_int_equal(call_recv(&narrator, server, got, sizeof(got), false),
			 -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(told.count, 0);

	assert_int_equal(call_shutdown(&narrator, client), 0);
	said(&told, "shutdown(", "");
	assert_non_null(strstr(told.text, "FIN_WAIT_"));
	wait_for(server, POLLIN);
	assert_int_equal(call_recv(&narrator, server, got, sizeof(got), false),
			 0);
	snprintf(expected, sizeof(expected), "recv(%d, 64, the peer's FIN) = 0",
		 server);
	said(&told, expected, "CLOSE_WAIT");
	assert_int_equal(call_close(&narrator, server, true), 0);
	assert_int_equal(told.count, 4); /* shutdown, recv, SO_LINGER, close */
	wait_for(client, POLLIN);
	assert_int_equal(call_recv(&narrator, client, got, sizeof(got), false),
			 -1);
	said(&told, "recv(", "CLOSED");
	assert_non_null(strstr(told.text, "= -1 ECONNRESET"));
	call_close(NULL, client, false);
	call_close(NULL, listener, false);
}

static void test_silent(void **state)
{
	const struct narrator mute = {.tell = NULL};
	int fd = call_socket(&mute, AF_INET);

	(void)state;
	assert_true(fd >= 0);
	call_remark(&mute, "nobody hears %d", 1);
	call_remark(NULL, "nobody hears %d", 1);
	assert_int_equal(call_listen(&mute, fd, 1), 0);
	assert_int_equal(call_close(&mute, fd, false), 0);
	assert_int_equal(call_close(&mute, fd, false), -1);
	assert_int_equal(errno, EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_talk),
		cmocka_unit_test(test_silent),
	};

	return cmocka_run_group_tests_name("call", tests, NULL, NULL);
}
