/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/icmperror.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/errqueue.h>

struct name {
	uint8_t type, code;
	const char *text;
};

/* RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1 */
static const struct name names4[] = {
	{ICMP_DEST_UNREACH, ICMP_NET_UNREACH, "network unreachable"},
	{ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, "host unreachable"},
	{ICMP_DEST_UNREACH, ICMP_PROT_UNREACH, "protocol unreachable"},
	{ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, "port unreachable"},
	{ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, "fragmentation needed"},
	{ICMP_DEST_UNREACH, ICMP_NET_ANO, "network prohibited"},
	{ICMP_DEST_UNREACH, ICMP_HOST_ANO, "host prohibited"},
	{ICMP_DEST_UNREACH, ICMP_PKT_FILTERED, "administratively prohibited"},
	{ICMP_TIME_EXCEEDED, ICMP_EXC_TTL, "time to live exceeded"},
	{ICMP_TIME_EXCEEDED, ICMP_EXC_FRAGTIME, "reassembly time exceeded"},
};

/* RFC 4443 3 */
static const struct name names6[] = {
	{ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOROUTE, "no route"},
	{ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADMIN,
	 "administratively prohibited"},
	{ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR, "address unreachable"},
	{ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT, "port unreachable"},
	{ICMP6_PACKET_TOO_BIG, 0, "packet too big"},
	{ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_TRANSIT, "hop limit exceeded"},
	{ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_REASSEMBLY,
	 "reassembly time exceeded"},
};

bool icmp_error_is_refusal(const struct icmp_error *error)
{
	if (error->local)
		return false;
	if (error->family == AF_INET)
		return error->type == ICMP_DEST_UNREACH &&
		       error->code == ICMP_PORT_UNREACH;
	return error->type == ICMP6_DST_UNREACH &&
	       error->code == ICMP6_DST_UNREACH_NOPORT;
}

bool icmp_error_is_too_big(const struct icmp_error *error)
{
	return error->number == EMSGSIZE;
}

static const char *known_name(const struct icmp_error *error)
{
	const struct name *names = names4;
	size_t n = sizeof(names4) / sizeof(names4[0]);

	if (error->family == AF_INET6) {
		names = names6;
		n = sizeof(names6) / sizeof(names6[0]);
	}
	for (size_t i = 0; i < n; i++)
		if (names[i].type == error->type &&
		    names[i].code == error->code)
			return names[i].text;
	return NULL;
}

const char *icmp_error_name(const struct icmp_error *error,
			    char text[ICMP_ERROR_NAME_BYTES])
{
	const char *known = error->local ? strerrordesc_np(error->number)
					 : known_name(error);

	if (known)
		snprintf(text, ICMP_ERROR_NAME_BYTES, "%s", known);
	else
		snprintf(text, ICMP_ERROR_NAME_BYTES, "type %u code %u",
			 error->type, error->code);
	return text;
}

const char *icmp_error_text(const struct icmp_error *error,
			    char text[ICMP_ERROR_TEXT_BYTES])
{
	char name[ICMP_ERROR_NAME_BYTES], from[ADDR_TEXT_BYTES];
	size_t used;

	icmp_error_name(error, name);
	if (error->local)
		snprintf(text, ICMP_ERROR_TEXT_BYTES, "%s (this host)", name);
	else
		snprintf(text, ICMP_ERROR_TEXT_BYTES, "%s (%s %u/%u) from %s",
			 name, error->family == AF_INET ? "ICMP" : "ICMPv6",
			 error->type, error->code,
			 error->from.family ? addr_format(&error->from, from)
					    : "an unknown address");
	used = strlen(text);
	if (icmp_error_is_too_big(error) && error->mtu)
		snprintf(text + used, ICMP_ERROR_TEXT_BYTES - used, ", MTU %u",
			 (unsigned)error->mtu);
	return text;
}

/* The message's error and, behind it, the address of who sent it. */
struct queued {
	struct sock_extended_err error;
	struct sockaddr_storage offender;
};

static void fill(struct icmp_error *out, const struct queued *queued)
{
	const struct sock_extended_err *error = &queued->error;

	out->number = (int)error->ee_errno;
	out->local = error->ee_origin != SO_EE_ORIGIN_ICMP &&
		     error->ee_origin != SO_EE_ORIGIN_ICMP6;
	out->type = error->ee_type;
	out->code = error->ee_code;
	if (out->number == EMSGSIZE)
		out->mtu = error->ee_info;
	if (!out->local)
		addr_from_sockaddr((const struct sockaddr *)&queued->offender,
				   &out->from);
}

int icmp_error_read(int fd, struct icmp_error *out)
{
	char control[512] __attribute__((aligned(8)));
	struct icmp_error error = {0};
	struct iovec iov = {error.quoted, sizeof(error.quoted)};
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct queued queued = {0};
	ssize_t quoted = recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
	size_t length;

	if (quoted < 0)
		return 0;
	error.quoted_length = (size_t)quoted;
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at;
	     at = CMSG_NXTHDR(&message, at)) {
		bool ipv6 = at->cmsg_level == SOL_IPV6;

		if (!(ipv6 && at->cmsg_type == IPV6_RECVERR) &&
		    !(at->cmsg_level == SOL_IP && at->cmsg_type == IP_RECVERR))
			continue;
		length = at->cmsg_len - CMSG_LEN(0);
		if (length > sizeof(queued))
			length = sizeof(queued);
		memcpy(&queued, CMSG_DATA(at), length);
		fill(&error, &queued);
		error.family = ipv6 ? AF_INET6 : AF_INET;
		*out = error;
		return 1;
	}
	return 0;
}
