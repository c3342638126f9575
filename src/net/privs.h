/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_PRIVS_H
#define NET_PRIVS_H

struct error;

/*
 * Privileges, in the order a program needs them. All before any thread
 * starts: a capset reaches only the calling thread.
 */

/* First thing in main: refuses a set-uid or set-gid start (STATUS_FAILED),
 * takes CAP_NET_RAW and the rest out of the effective set while arguments are
 * read; they stay permitted. Takes the variables out of the environment that
 * name files for a library to open. Root keeps CAP_DAC_OVERRIDE and
 * CAP_DAC_READ_SEARCH until the drop, so that sudo can read and write the
 * user's files. */
int privs_begin(struct error *error);

/* Raises CAP_NET_RAW. 0; or -1 with STATUS_FAILED: the error names the
 * capability, what it is for, and the ways on: sudo, setcap and, where not
 * NULL, another one. `program` is argv[0]; where that has no slash the setcap
 * line takes /proc/self/exe. */
int privs_raise(const char *program, const char *purpose, const char *another,
		struct error *error);

/* Gives everything up for good: supplementary groups, gid and uid (when
 * root: to nobody, or to SUDO_UID/SUDO_GID where both are set and not 0),
 * every capability, ambient included, and the bounding set where CAP_SETPCAP
 * is there; then no_new_privs. Reads it all back. To be called without root
 * and without CAP_NET_RAW too. Any failure is an error and the caller must
 * end. In a user namespace that maps a single id the id change alone is
 * skipped and log_line(LOG_INFO) says so. */
int privs_drop(struct error *error);

#endif
