/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/link.h"

#include <errno.h>
#include <libnet.h>
#include <linux/errqueue.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/error.h"
#include "net/netlink.h"

struct socket_link {
	struct link link;
	libnet_t *net;
	int fd;
	uint16_t family; /* AF_PACKET, AF_INET or AF_INET6 */
	char name[IF_NAMESIZE];
	struct mmsghdr messages[LINK_BATCH];
	struct iovec vectors[LINK_BATCH];
	struct sockaddr_storage names[LINK_BATCH];
};

static enum link_outcome outcome_of(int error_number)
{
	switch (error_number) {
	case ENOBUFS:
	case EAGAIN:
	case EINTR:
	case ENOMEM:
		return LINK_BUSY;
	case ENETDOWN:
	case ENETUNREACH:
	case EHOSTUNREACH:
	case EADDRNOTAVAIL:
	case EINVAL: /* RAW6: the source address went with the interface */
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

/* A full queue is full of our own packets, or of some of them at least. Where
 * none waits, it was a rule behind IP, for which the kernel has no other error:
 * an egress hook of nft or tc. (A packet socket passes all others by.) */
static bool is_idle(int fd)
{
	uint32_t info[SK_MEMINFO_VARS] = {0};
	socklen_t length = sizeof(info);

	return getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &length) == 0 &&
	       length > SK_MEMINFO_WMEM_ALLOC * sizeof(info[0]) &&
	       info[SK_MEMINFO_WMEM_ALLOC] == 0;
}

/* Without a carrier some devices refuse packets for want of room, too. */
bool link_has_carrier(int fd, const char *interface)
{
	struct ifreq request = {0};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	return ioctl(fd, SIOCGIFFLAGS, &request) < 0 ||
	       (request.ifr_flags & IFF_RUNNING);
}

static enum link_outcome no_room(const struct socket_link *self,
				 struct error *error)
{
	if (link_has_carrier(self->fd, self->name))
		return is_idle(self->fd) ? LINK_DROPPED : LINK_BUSY;
	error_set(error, STATUS_FAILED, "send: %s has no carrier", self->name);
	return LINK_DOWN;
}

/* With IP_RECVERR the kernel reports a full queue, and keeps what it reported
 * in the error queue: it is of no use to us, but must not fill up. */
static void drain_errors(struct socket_link *self)
{
	char byte, control[512];
	struct iovec vector = {&byte, 1};

	for (int i = 0; i < LINK_BATCH; i++) {
		struct msghdr message = {
			.msg_iov = &vector,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};

		if (recvmsg(self->fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) <
		    0)
			return;
	}
}

static enum link_outcome socket_send(struct link *link,
				     const struct link_packet *packets,
				     size_t n, size_t *accepted,
				     struct error *error)
{
	struct socket_link *self = (struct socket_link *)link;
	int sent, error_number;

	for (size_t i = 0; i < n; i++) {
		struct msghdr *message = &self->messages[i].msg_hdr;

		self->vectors[i].iov_base = packets[i].bytes;
		self->vectors[i].iov_len = packets[i].length;
		if (self->family == AF_PACKET)
			continue;
		message->msg_namelen =
			addr_to_sockaddr(packets[i].dest, 0, &self->names[i]);
	}
	sent = sendmmsg(self->fd, self->messages, (unsigned)n, MSG_DONTWAIT);
	error_number = errno;
	*accepted = sent > 0 ? (size_t)sent : 0;
	if (sent == (int)n)
		return LINK_OK;
	if (self->family != AF_PACKET)
		drain_errors(self);
	if (sent > 0)
		return LINK_OK; /* the next call starts with the refused one */
	errno = error_number;
	error_errno(error, "send");
	return error_number == ENOBUFS ? no_room(self, error)
				       : outcome_of(error_number);
}

static void socket_close(struct link *link)
{
	struct socket_link *self = (struct socket_link *)link;

	libnet_destroy(self->net);
	free(self);
}

static const struct link_ops socket_ops = {socket_send, socket_close};

static struct socket_link *socket_link_new(int injection,
					   const struct interface *interface,
					   uint16_t family, struct error *error)
{
	const char *device = family == AF_PACKET ? interface->name : NULL;
	struct socket_link *self = calloc(1, sizeof(*self));
	char text[LIBNET_ERRBUF_SIZE] = "";

	if (!self) {
		error_errno(error, "libnet");
		return NULL;
	}
	self->net = libnet_init(injection, device, text);
	if (!self->net) {
		text[strcspn(text, "\n")] = '\0';
		error_set(error, STATUS_FAILED, "libnet: %s", text);
		free(self);
		return NULL;
	}
	self->link.ops = &socket_ops;
	self->fd = libnet_getfd(self->net);
	self->family = family;
	memcpy(self->name, interface->name, sizeof(self->name));
	for (size_t i = 0; i < LINK_BATCH; i++) {
		struct msghdr *message = &self->messages[i].msg_hdr;

		message->msg_name = &self->names[i];
		message->msg_iov = &self->vectors[i];
		message->msg_iovlen = 1;
	}
	return self;
}

/* libnet's packet socket listens to every protocol on every interface: let
 * it hear nothing at all. Bytes that came in before do not matter, nobody
 * reads them. */
static int deafen(int fd)
{
	struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = {1, &none};
	int one = 1;

	/* Without this each frame we send is looped back past the filter. */
	(void)setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one,
			 sizeof(one));
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
			  sizeof(program));
}

/* Where no queueing discipline is configured, frames may skip that layer; the
 * device's own refusals are reported all the same. Captures stand behind that
 * layer and do not see them. */
static void bypass_qdisc(int fd)
{
	int one = 1;

	(void)setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one,
			 sizeof(one));
}

struct link *link_open_frames(const struct interface *interface, bool captured,
			      struct error *error)
{
	struct socket_link *self =
		socket_link_new(LIBNET_LINK_ADV, interface, AF_PACKET, error);

	if (!self)
		return NULL;
	if (deafen(self->fd) < 0) {
		error_errno(error, "filter on libnet's socket");
		link_close(&self->link);
		return NULL;
	}
	if (interface->qlen == 0 && !captured)
		bypass_qdisc(self->fd);
	/* A bound socket would spare the kernel a look-up for each, which is
	 * less than the tens of milliseconds that bind() takes. */
	for (size_t i = 0; i < LINK_BATCH; i++) {
		struct sockaddr_ll *name =
			(struct sockaddr_ll *)&self->names[i];

		name->sll_family = AF_PACKET;
		name->sll_ifindex = (int)interface->index;
		self->messages[i].msg_hdr.msg_namelen = sizeof(*name);
	}
	return &self->link;
}

struct link *link_open_ip(uint16_t family, const struct interface *interface,
			  bool bound, struct error *error)
{
	bool v4 = family == AF_INET;
	int one = 1, buffer = 1 << 20;
	struct socket_link *self = socket_link_new(
		v4 ? LIBNET_RAW4 : LIBNET_RAW6, interface, family, error);

	if (!self)
		return NULL;
	(void)setsockopt(self->fd, SOL_SOCKET, SO_SNDBUF, &buffer,
			 sizeof(buffer));
	/* Without it a full transmit queue drops in silence. */
	if (setsockopt(self->fd, v4 ? IPPROTO_IP : IPPROTO_IPV6,
		       v4 ? IP_RECVERR : IPV6_RECVERR, &one, sizeof(one)) < 0) {
		error_errno(error, "IP_RECVERR");
		goto fail;
	}
	if (bound &&
	    setsockopt(self->fd, SOL_SOCKET, SO_BINDTODEVICE, self->name,
		       (socklen_t)strlen(self->name)) < 0) {
		error_errno(error, "bind to %s", self->name);
		goto fail;
	}
	return &self->link;
fail:
	link_close(&self->link);
	return NULL;
}

enum link_outcome link_send(struct link *link,
			    const struct link_packet *packets, size_t n,
			    size_t *accepted, struct error *error)
{
	return link->ops->send(link, packets, n, accepted, error);
}

void link_close(struct link *link)
{
	if (link)
		link->ops->close(link);
}
