/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/conncause.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>

#include "wire/reply.h"

enum link_outcome conncause_taken(int error_number)
{
	switch (error_number) {
	case 0:
	case EINPROGRESS:
	case ECONNREFUSED:
	case ECONNABORTED:
		return LINK_OK;
	case EADDRNOTAVAIL: /* no source port is left for this target */
	case EADDRINUSE:
	case EAGAIN:
	case EINTR:
	case ENOBUFS:
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return LINK_BUSY;
	case ENETDOWN:
	case ENETUNREACH: /* there was a route when the scan began */
	case EHOSTUNREACH:
	case EINVAL: /* a blackhole route */
		return LINK_DOWN;
	case EPERM:
	case EACCES:
		return LINK_REFUSED;
	case ENODEV:
	case ENXIO:
		return LINK_GONE;
	default:
		return LINK_FAILED;
	}
}

static struct conncause verdict_of(enum verdict verdict, enum reason reason)
{
	return (struct conncause){CONNCAUSE_VERDICT, verdict, reason};
}

/* The kernel tells the sender of packets for a neighbour that does not answer
 * so by an ICMP error of its own. */
static bool is_host_unreach(const struct conncause_icmp *icmp)
{
	if (icmp->family == AF_INET6)
		return icmp->type == ICMP6_DST_UNREACH &&
		       icmp->code == ICMP6_DST_UNREACH_ADDR;
	return icmp->type == ICMP_DEST_UNREACH &&
	       icmp->code == ICMP_HOST_UNREACH;
}

static struct conncause by_icmp(const struct conncause_icmp *icmp)
{
	enum reason reason =
		reply_icmp_reason(icmp->family, icmp->type, icmp->code);

	if (reason == REASON_COUNT)
		return (struct conncause){.kind = CONNCAUSE_SILENCE};
	if (!icmp->own)
		return verdict_of(VERDICT_FILTERED, reason);
	if (is_host_unreach(icmp))
		return verdict_of(VERDICT_FILTERED, REASON_NO_NEIGHBOUR);
	return (struct conncause){.kind = CONNCAUSE_BLOCKED};
}

struct conncause conncause_ended(int error_number,
				 const struct conncause_icmp *icmp)
{
	struct conncause cause;

	if (icmp) {
		cause = by_icmp(icmp);
		if (cause.kind != CONNCAUSE_SILENCE)
			return cause;
	}
	switch (error_number) {
	case 0:
	case EISCONN:
	case ECONNRESET: /* it was connected before it was reset */
	case EPIPE:
		return verdict_of(VERDICT_OPEN, REASON_SYN_ACK);
	case ECONNREFUSED:
		return verdict_of(VERDICT_CLOSED, REASON_CONN_REFUSED);
	default:
		/* ETIMEDOUT is one: how long to ask is not the kernel's to
		 * say. Others, EHOSTUNREACH and the like, do not come without
		 * the ICMP error that caused them; should one, it may be what
		 * the kernel noted of an earlier use of the socket. */
		return (struct conncause){.kind = CONNCAUSE_SILENCE};
	}
}
