/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_SHARED_H
#define SCAN_SHARED_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

/*
 * All that the two threads of a scan share: see "Threads" in scan/synscan.h.
 * Written by -> read by.
 */
struct shared {
	struct ring *ring;              /* receiver -> sender: events */
	pthread_barrier_t armed;        /* both wait here before the first
					   probe leaves */
	int wake_fd;                    /* eventfd: receiver, signal
					   handler -> sender */
	int receiver_stop_fd;           /* eventfd: sender -> receiver */
	atomic_bool sender_waits;       /* sender -> receiver: ring the bell */
	atomic_bool interrupted;        /* signal handler -> sender */
	atomic_bool captures_gone;      /* receiver -> sender: a device went */
	_Atomic int64_t horizon_ns;     /* receiver -> sender: all that
					   arrived before is in the ring */
	_Atomic uint64_t capture_drops; /* receiver -> sender, main */
	_Atomic uint64_t replies_rejected;
};

/* Wakes the sender where it waits. Receiver thread. */
void shared_ring_bell(struct shared *shared);

#endif
