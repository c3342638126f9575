/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/endpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

static void format(const char *address, uint16_t port, const char *expected)
{
	struct endpoint endpoint = {.port = port};
	char text[ENDPOINT_TEXT_BYTES];

	assert_int_equal(addr_parse(address, &endpoint.addr), 0);
	assert_string_equal(endpoint_format(&endpoint, text), expected);
}

static void test_format(void **state)
{
	(void)state;
	format("10.9.0.2", 8000, "10.9.0.2:8000");
	format("255.255.255.255", 65535, "255.255.255.255:65535");
	format("fd00:9::2", 1, "[fd00:9::2]:1");
	format("fe80::1%lo", 80, "[fe80::1%lo]:80");
}

static void test_sockaddr(void **state)
{
	struct endpoint in = {.port = 8000}, out;
	struct sockaddr_storage storage;
	struct sockaddr_in6 mapped = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(40000),
	};
	char text[ENDPOINT_TEXT_BYTES];

	(void)state;
	assert_int_equal(addr_parse("fd00:9::2", &in.addr), 0);
	addr_to_sockaddr(&in.addr, in.port, &storage);
	assert_int_equal(endpoint_from_sockaddr(&storage, &out), 0);
	assert_true(addr_equal(&in.addr, &out.addr));
	assert_int_equal(out.port, 8000);
	/* an IPv4 client at an IPv6 socket */
	assert_int_equal(
		inet_pton(AF_INET6, "::ffff:10.9.0.1", &mapped.sin6_addr), 1);
	memcpy(&storage, &mapped, sizeof(mapped));
	assert_int_equal(endpoint_from_sockaddr(&storage, &out), 0);
	assert_string_equal(endpoint_format(&out, text), "10.9.0.1:40000");
	storage.ss_family = AF_UNIX;
	assert_int_equal(endpoint_from_sockaddr(&storage, &out), -1);
}

static void test_socket(void **state)
{
	struct endpoint here;
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	(void)state;
	if (fd < 0)
		skip(); /* no IPv6 */
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(endpoint_here(fd, &here), 0);
	assert_int_equal(here.addr.family, AF_INET6);
	assert_true(here.port > 0);
	assert_int_equal(endpoint_there(fd, &here), -1);
	close(fd);
}

static void resolves(const char *host, const char *expected)
{
	struct error error = ERROR_INIT;
	struct addr *addrs, wanted;
	size_t count;

	assert_int_equal(
		endpoint_resolve(host, AF_UNSPEC, &addrs, &count, &error), 0);
	assert_int_equal(count, 1);
	assert_int_equal(addr_parse(expected, &wanted), 0);
	assert_true(addr_equal(&addrs[0], &wanted));
	free(addrs);
}

static void refuses(const char *host)
{
	struct error error = ERROR_INIT;
	struct addr *addrs;
	size_t count;

	assert_int_equal(
		endpoint_resolve(host, AF_UNSPEC, &addrs, &count, &error), -1);
	assert_int_equal(error.status, STATUS_USAGE);
	assert_non_null(strstr(error.text, "bad host \""));
}

static void test_resolve(void **state)
{
	char huge[4096];

	(void)state;
	resolves("10.9.0.2", "10.9.0.2");
	resolves("fd00:9::2", "fd00:9::2");
	resolves("fe80::1%lo", "fe80::1%lo");
	refuses("");
	refuses("010.0.0.1");
	refuses("1.2.3");
	refuses("256.1.1.1");
	refuses("0x7f.1");
	refuses("127.0x1");
	refuses("4294967295");
	refuses("fd00::1::2");
	refuses("fe80::1%nosuch0");
	refuses("10.0.0.1/24");
	refuses("[::1]:80");
	memset(huge, 'x', sizeof(huge));
	huge[sizeof(huge) - 1] = '\0';
	refuses(huge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_sockaddr),
		cmocka_unit_test(test_socket),
		cmocka_unit_test(test_resolve),
	};

	return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
