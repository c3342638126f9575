/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_SANDBOX_H
#define NET_SANDBOX_H

struct error;

/*
 * The system calls that are left to a program once it reads packets from
 * strangers, by seccomp (libseccomp): an allow-list for each mode. What is
 * not on it fails with EPERM; to execute anything ends the whole process.
 */

enum sandbox_mode {
	SANDBOX_SYN,     /* a SYN scan: two threads, packet sockets */
	SANDBOX_CONNECT, /* a connect scan: new TCP sockets, epoll */
	SANDBOX_BOTH,    /* one after the other, all of it captured */
	SANDBOX_FLOW,    /* a live capture */
};

/* After privs_drop() (no_new_privs is set by it) and before any thread
 * starts: they inherit it. It cannot be taken back. -1 with STATUS_FAILED;
 * the caller must end then. A kernel without seccomp is such a failure. A
 * build with a sanitizer, which has system calls of its own, does nothing. */
int sandbox_enter(enum sandbox_mode mode, struct error *error);

#endif
