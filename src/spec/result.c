/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/result.h"

#include <assert.h>

static const char *const verdict_names[VERDICT_COUNT] = {
	[VERDICT_OPEN] = "open",
	[VERDICT_CLOSED] = "closed",
	[VERDICT_FILTERED] = "filtered",
};

static const char *const reason_names[REASON_COUNT] = {
	[REASON_SYN_ACK] = "syn-ack",
	[REASON_RST] = "rst",
	[REASON_NO_REPLY] = "no-reply",
	[REASON_ICMP_NET_UNREACH] = "icmp-net-unreach",
	[REASON_ICMP_HOST_UNREACH] = "icmp-host-unreach",
	[REASON_ICMP_PORT_UNREACH] = "icmp-port-unreach",
	[REASON_ICMP_PROTO_UNREACH] = "icmp-proto-unreach",
	[REASON_ICMP_NET_PROHIBITED] = "icmp-net-prohibited",
	[REASON_ICMP_HOST_PROHIBITED] = "icmp-host-prohibited",
	[REASON_ICMP_ADMIN_PROHIBITED] = "icmp-admin-prohibited",
	[REASON_NO_ROUTE] = "no-route",
	[REASON_NO_NEIGHBOUR] = "no-neighbour",
	[REASON_CONN_REFUSED] = "conn-refused",
	[REASON_TIMEOUT] = "timeout",
};

const char *verdict_name(enum verdict verdict)
{
	assert(verdict < VERDICT_COUNT);
	return verdict_names[verdict];
}

const char *reason_name(enum reason reason)
{
	assert(reason < REASON_COUNT);
	return reason_names[reason];
}
