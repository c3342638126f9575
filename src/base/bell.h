/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_BELL_H
#define BASE_BELL_H

/*
 * One thread wakes another where it polls: an eventfd. Any thread may ring;
 * it stays rung until it is heard.
 */

/* The descriptor, readable when rung; -1 with errno. close() ends it. */
int bell_new(void);

/* Async-signal-safe; keeps errno. */
void bell_ring(int fd);

/* Silences it. */
void bell_hear(int fd);

#endif
