/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/conncause.h"

/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>

/* Every errno that connect(2) names, and what else was seen. */
static void test_taken(void **state)
{
	static const struct {
		int error_number;
		enum link_outcome outcome;
	} cases[] = {
		{0, LINK_OK},
		{EINPROGRESS, LINK_OK},
		{ECONNREFUSED, LINK_OK},
		{EADDRNOTAVAIL, LINK_BUSY},
		{EADDRINUSE, LINK_BUSY},
		{EAGAIN, LINK_BUSY},
		{EINTR, LINK_BUSY},
		{ENOBUFS, LINK_BUSY},
		{ENOMEM, LINK_BUSY},
		{EMFILE, LINK_BUSY},
		{ENFILE, LINK_BUSY},
		{ENETDOWN, LINK_DOWN},
		{ENETUNREACH, LINK_DOWN},
		{EHOSTUNREACH, LINK_DOWN},
		{EINVAL, LINK_DOWN},
		{EPERM, LINK_REFUSED},
		{EACCES, LINK_REFUSED},
		{ENODEV, LINK_GONE},
		{EAFNOSUPPORT, LINK_FAILED},
		{EBADF, LINK_FAILED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(conncause_taken(cases[i].error_number),
				 cases[i].outcome);
}

static void is_verdict(struct conncause cause, enum verdict verdict,
		       enum reason reason)
{
	assert_int_equal(cause.kind, CONNCAUSE_VERDICT);
	assert_int_equal(cause.verdict, verdict);
	assert_int_equal(cause.reason, reason);
}

static void test_ended_without_icmp(void **state)
{
	static const int silent[] = {ETIMEDOUT,    EHOSTUNREACH, ENETUNREACH,
				     EACCES,       EPERM,        ENOPROTOOPT,
				     ECONNABORTED, EPROTO,       EALREADY};

	(void)state;
	is_verdict(conncause_ended(0, NULL), VERDICT_OPEN, REASON_SYN_ACK);
	is_verdict(conncause_ended(EISCONN, NULL), VERDICT_OPEN,
		   REASON_SYN_ACK);
	is_verdict(conncause_ended(ECONNRESET, NULL), VERDICT_OPEN,
		   REASON_SYN_ACK);
	is_verdict(conncause_ended(ECONNREFUSED, NULL), VERDICT_CLOSED,
		   REASON_CONN_REFUSED);
	for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++)
		assert_int_equal(conncause_ended(silent[i], NULL).kind,
				 CONNCAUSE_SILENCE);
}

/* The errno is the same for a RST, and for half a dozen ICMP codes. */
static void test_icmp_decides(void **state)
{
	struct conncause_icmp icmp = {AF_INET, ICMP_DEST_UNREACH,
				      ICMP_PORT_UNREACH, false};

	(void)state;
	is_verdict(conncause_ended(ECONNREFUSED, &icmp), VERDICT_FILTERED,
		   REASON_ICMP_PORT_UNREACH);
	/* The kernel, busy with the socket, only noted it. */
	is_verdict(conncause_ended(EALREADY, &icmp), VERDICT_FILTERED,
		   REASON_ICMP_PORT_UNREACH);
	icmp.code = ICMP_PKT_FILTERED;
	is_verdict(conncause_ended(EHOSTUNREACH, &icmp), VERDICT_FILTERED,
		   REASON_ICMP_ADMIN_PROHIBITED);
	icmp.code = ICMP_HOST_UNREACH;
	is_verdict(conncause_ended(EHOSTUNREACH, &icmp), VERDICT_FILTERED,
		   REASON_ICMP_HOST_UNREACH);
	icmp = (struct conncause_icmp){AF_INET6, ICMP6_DST_UNREACH,
				       ICMP6_DST_UNREACH_NOPORT, false};
	is_verdict(conncause_ended(ECONNREFUSED, &icmp), VERDICT_FILTERED,
		   REASON_ICMP_PORT_UNREACH);
	icmp.code = ICMP6_DST_UNREACH_ADMIN;
	is_verdict(conncause_ended(EACCES, &icmp), VERDICT_FILTERED,
		   REASON_ICMP_ADMIN_PROHIBITED);
}

static void test_icmp_that_says_nothing(void **state)
{
	struct conncause_icmp icmp = {AF_INET, ICMP_TIME_EXCEEDED, 0, false};

	(void)state;
	assert_int_equal(conncause_ended(EHOSTUNREACH, &icmp).kind,
			 CONNCAUSE_SILENCE);
	/* The port's own answer came behind it. */
	is_verdict(conncause_ended(ECONNREFUSED, &icmp), VERDICT_CLOSED,
		   REASON_CONN_REFUSED);
}

static void test_icmp_of_this_host(void **state)
{
	struct conncause_icmp icmp = {AF_INET, ICMP_DEST_UNREACH,
				      ICMP_HOST_UNREACH, true};

	(void)state;
	is_verdict(conncause_ended(EHOSTUNREACH, &icmp), VERDICT_FILTERED,
		   REASON_NO_NEIGHBOUR);
	icmp.code = ICMP_PORT_UNREACH;
	assert_int_equal(conncause_ended(ECONNREFUSED, &icmp).kind,
			 CONNCAUSE_BLOCKED);
	icmp = (struct conncause_icmp){AF_INET6, ICMP6_DST_UNREACH,
				       ICMP6_DST_UNREACH_ADDR, true};
	is_verdict(conncause_ended(EHOSTUNREACH, &icmp), VERDICT_FILTERED,
		   REASON_NO_NEIGHBOUR);
	icmp.code = ICMP6_DST_UNREACH_ADMIN;
	assert_int_equal(conncause_ended(EACCES, &icmp).kind,
			 CONNCAUSE_BLOCKED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_ended_without_icmp),
		cmocka_unit_test(test_icmp_decides),
		cmocka_unit_test(test_icmp_that_says_nothing),
		cmocka_unit_test(test_icmp_of_this_host),
	};

	return cmocka_run_group_tests_name("conncause", tests, NULL, NULL);
}
