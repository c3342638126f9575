/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/xdplink.h"

#include <errno.h>
#include <linux/if_xdp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "net/netlink.h"

/* Frames in the air: given to the kernel, which has not said yet that it is
 * through with them. A power of two, as the rings are as long. */
#define FRAMES      2048u
#define FRAME_BYTES 2048u      /* the least that the kernel takes */
#define CLAIMS      40         /* of the send queue, 5 ms apart */
#define NO_BYTES    UINT32_MAX /* a descriptor that the kernel skips */

struct xdp_link {
	struct link link;
	int fd;
	char name[IF_NAMESIZE];
	uint8_t *frames;
	/* The rings: one producer, one consumer, indexes that wrap. */
	void *sends, *dones;
	size_t sends_bytes, dones_bytes;
	uint32_t *send_producer, *send_consumer;
	uint32_t *done_producer, *done_consumer;
	struct xdp_desc *send;
	uint64_t *done;
	uint32_t free[FRAMES], free_count;
	bool busy[FRAMES];
};

static void frame_free(struct xdp_link *self, uint64_t address)
{
	uint32_t frame = (uint32_t)(address / FRAME_BYTES) % FRAMES;

	if (!self->busy[frame])
		return;
	self->busy[frame] = false;
	self->free[self->free_count++] = frame;
}

/* What the kernel is through with. */
static void collect(struct xdp_link *self)
{
	uint32_t end = __atomic_load_n(self->done_producer, __ATOMIC_ACQUIRE);
	uint32_t at = *self->done_consumer;

	for (; at != end; at++)
		frame_free(self, self->done[at % FRAMES]);
	__atomic_store_n(self->done_consumer, at, __ATOMIC_RELEASE);
}

static uint32_t consumed(const struct xdp_link *self)
{
	return __atomic_load_n(self->send_consumer, __ATOMIC_ACQUIRE);
}

/* A call takes a few dozen frames at most. 0, or the errno of the first that
 * was not taken. */
static int push(struct xdp_link *self, uint32_t end)
{
	uint32_t before;
	int error_number;

	do {
		before = consumed(self);
		if (before == end)
			return 0;
		error_number =
			send(self->fd, "", 0, MSG_DONTWAIT) < 0 ? errno : 0;
	} while ((!error_number || error_number == EAGAIN) &&
		 consumed(self) != before);
	return error_number ? error_number : EAGAIN;
}

/* What the kernel did not take is taken back: where it is stays as it is, as
 * the kernel may have seen how far the ring goes. */
static void withdraw(struct xdp_link *self, uint32_t from, uint32_t end)
{
	for (; from != end; from++) {
		struct xdp_desc *desc = &self->send[from % FRAMES];

		frame_free(self, desc->addr);
		desc->len = NO_BYTES;
	}
}

static enum link_outcome outcome_of(int error_number)
{
	switch (error_number) {
	case EAGAIN:
	case EBUSY: /* the device dropped it */
	case ENOBUFS:
	case ENOMEM:
	case EINTR:
		return LINK_BUSY;
	case ENETDOWN:
		return LINK_DOWN;
	case ENXIO:
	case ENODEV:
		return LINK_GONE;
	default:
		return LINK_FAILED;
	}
}

static uint32_t fill(struct xdp_link *self, uint32_t at,
		     const struct link_packet *packets, size_t n)
{
	for (size_t i = 0; i < n && self->free_count > 0; i++, at++) {
		uint32_t frame = self->free[--self->free_count];

		self->busy[frame] = true;
		memcpy(self->frames + (size_t)frame * FRAME_BYTES,
		       packets[i].bytes, packets[i].length);
		self->send[at % FRAMES] = (struct xdp_desc){
			.addr = (uint64_t)frame * FRAME_BYTES,
			.len = (uint32_t)packets[i].length,
		};
	}
	return at;
}

static enum link_outcome xdp_send(struct link *link,
				  const struct link_packet *packets, size_t n,
				  size_t *accepted, struct error *error)
{
	struct xdp_link *self = (struct xdp_link *)link;
	uint32_t begin = *self->send_producer, end, at;
	int error_number = 0;

	collect(self);
	/* Withdrawn ones may stand before the first. */
	if (begin - consumed(self) + n <= FRAMES)
		end = fill(self, begin, packets, n);
	else
		end = begin;
	__atomic_store_n(self->send_producer, end, __ATOMIC_RELEASE);
	error_number = push(self, end);
	at = consumed(self);
	*accepted = (int32_t)(at - begin) > 0 ? at - begin : 0;
	if (error_number == EBUSY && *accepted > 0)
		--*accepted; /* the last that it took is the one dropped */
	withdraw(self, begin + (uint32_t)*accepted, end);
	if (*accepted > 0)
		return LINK_OK; /* the next call starts with the refused one */
	errno = error_number = error_number ? error_number : EAGAIN;
	error_errno(error, "send");
	if (error_number == EBUSY && !link_has_carrier(self->fd, self->name)) {
		error_set(error, STATUS_FAILED, "send: %s has no carrier",
			  self->name);
		return LINK_DOWN;
	}
	return outcome_of(error_number);
}

static void xdp_close(struct link *link)
{
	struct xdp_link *self = (struct xdp_link *)link;

	if (self->fd >= 0)
		close(self->fd);
	if (self->sends)
		munmap(self->sends, self->sends_bytes);
	if (self->dones)
		munmap(self->dones, self->dones_bytes);
	if (self->frames)
		munmap(self->frames, (size_t)FRAMES * FRAME_BYTES);
	free(self);
}

static const struct link_ops ops = {xdp_send, xdp_close};

/* NULL when it cannot be. */
static void *map(int fd, size_t bytes, off_t offset)
{
	int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			flags | MAP_POPULATE, fd, offset);

	return at == MAP_FAILED ? NULL : at;
}

static int map_rings(struct xdp_link *self)
{
	struct xdp_mmap_offsets offsets;
	socklen_t length = sizeof(offsets);
	uint8_t *sends, *dones;

	if (getsockopt(self->fd, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &length) <
	    0)
		return -1;
	self->sends_bytes = offsets.tx.desc + FRAMES * sizeof(*self->send);
	self->dones_bytes = offsets.cr.desc + FRAMES * sizeof(*self->done);
	sends = self->sends =
		map(self->fd, self->sends_bytes, XDP_PGOFF_TX_RING);
	dones = self->dones = map(self->fd, self->dones_bytes,
				  (off_t)XDP_UMEM_PGOFF_COMPLETION_RING);
	if (!sends || !dones)
		return -1;
	self->send_producer = (uint32_t *)(sends + offsets.tx.producer);
	self->send_consumer = (uint32_t *)(sends + offsets.tx.consumer);
	self->send = (struct xdp_desc *)(sends + offsets.tx.desc);
	self->done_producer = (uint32_t *)(dones + offsets.cr.producer);
	self->done_consumer = (uint32_t *)(dones + offsets.cr.consumer);
	self->done = (uint64_t *)(dones + offsets.cr.desc);
	return 0;
}

/* The kernel wants a ring for what comes in as well. */
static int make_rings(const struct xdp_link *self)
{
	static const int rings[] = {XDP_UMEM_FILL_RING,
				    XDP_UMEM_COMPLETION_RING, XDP_TX_RING};
	const struct xdp_umem_reg frames = {
		.addr = (uintptr_t)self->frames,
		.len = (uint64_t)FRAMES * FRAME_BYTES,
		.chunk_size = FRAME_BYTES,
	};
	const uint32_t length = FRAMES;

	if (setsockopt(self->fd, SOL_XDP, XDP_UMEM_REG, &frames,
		       sizeof(frames)) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(rings) / sizeof(rings[0]); i++)
		if (setsockopt(self->fd, SOL_XDP, rings[i], &length,
			       sizeof(length)) < 0)
			return -1;
	return 0;
}

/* The kernel takes some milliseconds to give up the queue of a socket that is
 * closed, maybe by the scan before. */
static int claim(int fd, unsigned ifindex)
{
	const struct timespec pause = {.tv_nsec = 5 * NS_PER_MS};
	const struct sockaddr_xdp name = {
		.sxdp_family = AF_XDP,
		.sxdp_ifindex = ifindex,
		.sxdp_flags = XDP_COPY,
	};

	for (int left = CLAIMS; left > 0; left--) {
		if (bind(fd, (const struct sockaddr *)&name, sizeof(name)) == 0)
			return 0;
		if (errno != EBUSY)
			return -1;
		(void)nanosleep(&pause, NULL);
	}
	return -1;
}

struct link *xdplink_open(const struct interface *interface)
{
	struct xdp_link *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	self->link.ops = &ops;
	memcpy(self->name, interface->name, sizeof(self->name));
	for (uint32_t i = 0; i < FRAMES; i++)
		self->free[self->free_count++] = i;
	self->fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	self->frames = map(-1, (size_t)FRAMES * FRAME_BYTES, 0);
	if (self->fd >= 0 && self->frames && make_rings(self) == 0 &&
	    map_rings(self) == 0 && claim(self->fd, interface->index) == 0)
		return &self->link;
	xdp_close(&self->link);
	return NULL;
}
