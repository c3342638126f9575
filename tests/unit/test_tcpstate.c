/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/tcpstate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(tcpstate_name(TCP_ESTABLISHED), "ESTABLISHED");
	assert_string_equal(tcpstate_name(TCP_SYN_RECV), "SYN_RECEIVED");
	assert_string_equal(tcpstate_name(TCP_FIN_WAIT1), "FIN_WAIT_1");
	assert_string_equal(tcpstate_name(TCP_FIN_WAIT2), "FIN_WAIT_2");
	assert_string_equal(tcpstate_name(TCP_CLOSE_WAIT), "CLOSE_WAIT");
	assert_string_equal(tcpstate_name(TCP_LAST_ACK), "LAST_ACK");
	assert_string_equal(tcpstate_name(TCP_CLOSING), "CLOSING");
	assert_string_equal(tcpstate_name(TCP_CLOSE), "CLOSED");
	assert_string_equal(tcpstate_name(-1), "(no state)");
	assert_string_equal(tcpstate_name(0), "(no state)");
	assert_string_equal(tcpstate_name(99), "(no state)");
}

static void test_of(void **state)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(tcpstate_of(fd), TCP_CLOSE);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(tcpstate_of(fd), TCP_LISTEN);
	close(fd);
	assert_int_equal(tcpstate_of(fd), -1);
	assert_int_equal(errno, EBADF);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(tcpstate_of(fd), -1);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_of),
	};

	return cmocka_run_group_tests_name("tcpstate", tests, NULL, NULL);
}
