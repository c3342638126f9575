/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/sandbox.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/error.h"

/* clang has no macro of its own for it. */
#if defined(__has_feature)
#define HAS(feature) __has_feature(feature)
#else
#define HAS(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||           \
	HAS(address_sanitizer) || HAS(thread_sanitizer)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* Memory, threads, time, signals, and what was opened before. */
static const int common[] = {
	SCMP_SYS(brk),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(close),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(fstat),
	SCMP_SYS(ftruncate),
	SCMP_SYS(futex),
	SCMP_SYS(getrandom),
	SCMP_SYS(getsockopt),
	SCMP_SYS(madvise),
	SCMP_SYS(mmap),
	SCMP_SYS(mprotect),
	SCMP_SYS(munmap),
	SCMP_SYS(newfstatat),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(read),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rseq),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(setsockopt),
	SCMP_SYS(tgkill),
	SCMP_SYS(write),
};

static const int of_syn[] = {
	SCMP_SYS(sendmmsg),
	SCMP_SYS(sendmsg),
	SCMP_SYS(sendto),
};

static const int of_connect[] = {
	SCMP_SYS(bind),
	SCMP_SYS(connect),
	SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(eventfd2),
	SCMP_SYS(getpeername),
	SCMP_SYS(getsockname),
	SCMP_SYS(prlimit64),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(pread64), /* the kernel's counts */
	SCMP_SYS(sendto),  /* netlink: the neighbours */
	SCMP_SYS(shutdown),
};

static const struct {
	const int *calls;
	size_t n;
} of_mode[] = {
	[SANDBOX_SYN] = {of_syn, sizeof(of_syn) / sizeof(of_syn[0])},
	[SANDBOX_CONNECT] = {of_connect,
			     sizeof(of_connect) / sizeof(of_connect[0])},
	[SANDBOX_BOTH] = {of_syn, sizeof(of_syn) / sizeof(of_syn[0])},
	[SANDBOX_FLOW] = {NULL, 0},
};

static int allow_if(scmp_filter_ctx filter, int call,
		    const struct scmp_arg_cmp *when, unsigned n)
{
	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, n, when);
}

/* A connect scan's own: SOCK_STREAM with or without flags. */
static int allow_sockets(scmp_filter_ctx filter)
{
	int status = 0;

	for (int family = 0; family < 2 && status == 0; family++) {
		const struct scmp_arg_cmp when[] = {
			{.arg = 0,
			 .op = SCMP_CMP_EQ,
			 .datum_a = family ? AF_INET6 : AF_INET},
			{.arg = 1,
			 .op = SCMP_CMP_MASKED_EQ,
			 .datum_a =
				 ~(scmp_datum_t)(SOCK_CLOEXEC | SOCK_NONBLOCK),
			 .datum_b = SOCK_STREAM},
		};

		status = allow_if(filter, SCMP_SYS(socket), when, 2);
	}
	return status;
}

/* Threads, no processes. The flags of clone3() cannot be looked at: where it
 * seems to be missing the C library takes clone(). */
static int allow_threads(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp when = {.op = SCMP_CMP_MASKED_EQ,
					  .datum_a = CLONE_THREAD,
					  .datum_b = CLONE_THREAD};
	int status = allow_if(filter, SCMP_SYS(clone), &when, 1);

	return status ? status
		      : seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS),
					 SCMP_SYS(clone3), 0);
}

/* What isatty() and libpcap ask. */
static const unsigned long ioctls[] = {TCGETS, TIOCGWINSZ, SIOCGIFFLAGS};

static int allow(scmp_filter_ctx filter, const int *calls, size_t n)
{
	int status = 0;

	for (size_t i = 0; i < n && status == 0; i++)
		status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	return status;
}

static int fill(scmp_filter_ctx filter, enum sandbox_mode mode)
{
	int status = allow(filter, common, sizeof(common) / sizeof(common[0]));

	if (status == 0)
		status = allow_threads(filter);
	if (status == 0)
		status = allow(filter, of_mode[mode].calls, of_mode[mode].n);
	if (status == 0 && mode == SANDBOX_BOTH)
		status = allow(filter, of_mode[SANDBOX_CONNECT].calls,
			       of_mode[SANDBOX_CONNECT].n);
	if (status == 0 && (mode == SANDBOX_CONNECT || mode == SANDBOX_BOTH))
		status = allow_sockets(filter);
	for (size_t i = 0; i < sizeof(ioctls) / sizeof(ioctls[0]); i++) {
		const struct scmp_arg_cmp when = {
			.arg = 1, .op = SCMP_CMP_EQ, .datum_a = ioctls[i]};

		if (status == 0)
			status = allow_if(filter, SCMP_SYS(ioctl), &when, 1);
	}
	/* Ending one thread would leave the other waiting for ever. */
	if (status == 0)
		status = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS,
					  SCMP_SYS(execve), 0);
	if (status == 0)
		status = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS,
					  SCMP_SYS(execveat), 0);
	return status;
}

int sandbox_enter(enum sandbox_mode mode, struct error *error)
{
	scmp_filter_ctx filter;
	int status;

	if (SANITIZED)
		return 0;
	filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!filter)
		return error_set(error, STATUS_FAILED, "sandbox: no memory");
	status = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
				  SCMP_ACT_KILL_PROCESS);
	if (status == 0)
		status = fill(filter, mode);
	if (status == 0)
		status = seccomp_load(filter);
	seccomp_release(filter);
	if (status == 0)
		return 0;
	return error_set(error, STATUS_FAILED, "sandbox: %s (--sandbox off?)",
			 strerror(-status));
}
