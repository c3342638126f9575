/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/sandbox.h"

#include <asm/termbits.h>
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

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

/* Memory, time, signals, and what was opened before. */
static const int common[] = {
	SCMP_SYS(brk),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(close),
	SCMP_SYS(exit_group),
	SCMP_SYS(fstat),
	SCMP_SYS(ftruncate),
	SCMP_SYS(futex),
	SCMP_SYS(getpid),
	SCMP_SYS(getrandom),
	SCMP_SYS(getsockname), /* libpcap: is the device gone? */
	SCMP_SYS(getsockopt),
	SCMP_SYS(gettid),
	SCMP_SYS(madvise),
	SCMP_SYS(mremap),
	SCMP_SYS(munmap),
	SCMP_SYS(newfstatat),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(read),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(setsockopt),
	SCMP_SYS(sysinfo), /* qsort(): would it fit into memory? */
	SCMP_SYS(write),
};

/* Of both scans. */
static const int of_scan[] = {
	SCMP_SYS(clock_nanosleep), SCMP_SYS(exit),
	SCMP_SYS(recvmsg),         SCMP_SYS(rseq),
	SCMP_SYS(sendto), /* netlink: the neighbours */
	SCMP_SYS(set_robust_list),
};

static const int of_syn[] = {
	SCMP_SYS(sendmmsg),
};

static const int of_connect[] = {
	SCMP_SYS(bind),
	SCMP_SYS(connect),
	SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(eventfd2),
	SCMP_SYS(pread64), /* the kernel's counts */
	SCMP_SYS(sched_getaffinity),
};

/* alarm(), by whatever name the C library calls the kernel. */
static const int of_flow[] = {
	SCMP_SYS(alarm),
	SCMP_SYS(setitimer),
};

static int allow_if(scmp_filter_ctx filter, int call,
		    const struct scmp_arg_cmp *when, unsigned n)
{
	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, n, when);
}

/* Only where the bits of `mask` in that argument are `bits`. */
static int allow_bits(scmp_filter_ctx filter, int call, unsigned argument,
		      scmp_datum_t mask, scmp_datum_t bits)
{
	const struct scmp_arg_cmp when = {.arg = argument,
					  .op = SCMP_CMP_MASKED_EQ,
					  .datum_a = mask,
					  .datum_b = bits};

	return allow_if(filter, call, &when, 1);
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
	int status = allow_bits(filter, SCMP_SYS(clone), 0, CLONE_THREAD,
				CLONE_THREAD);

	return status ? status
		      : seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS),
					 SCMP_SYS(clone3), 0);
}

/* Memory, but none that is executed; a signal that abort sends, but to nobody
 * else; limits, but those of no other process. */
static int allow_own(scmp_filter_ctx filter)
{
	const scmp_datum_t all = ~(scmp_datum_t)0;
	int status = allow_bits(filter, SCMP_SYS(mmap), 2, PROT_EXEC, 0);

	if (status == 0)
		status =
			allow_bits(filter, SCMP_SYS(mprotect), 2, PROT_EXEC, 0);
	if (status == 0)
		status = allow_bits(filter, SCMP_SYS(tgkill), 0, all,
				    (scmp_datum_t)getpid());
	if (status == 0)
		status = allow_bits(filter, SCMP_SYS(prlimit64), 0, all, 0);
	return status;
}

/* What isatty(), the line of progress and libpcap ask. */
static int allow_ioctls(scmp_filter_ctx filter)
{
	static const unsigned long requests[] = {TCGETS, TCGETS2, TIOCGWINSZ,
						 SIOCGIFFLAGS};
	int status = 0;

	for (size_t i = 0;
	     i < sizeof(requests) / sizeof(requests[0]) && status == 0; i++)
		status = allow_bits(filter, SCMP_SYS(ioctl), 1, UINT32_MAX,
				    requests[i]);
	return status;
}

static int allow(scmp_filter_ctx filter, const int *calls, size_t n)
{
	int status = 0;

	for (size_t i = 0; i < n && status == 0; i++)
		status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	return status;
}

#define ALLOW(filter, list)                                                    \
	allow(filter, list, sizeof(list) / sizeof((list)[0]))

static int allow_mode(scmp_filter_ctx filter, enum sandbox_mode mode)
{
	int status;

	if (mode == SANDBOX_FLOW)
		return ALLOW(filter, of_flow);
	status = ALLOW(filter, of_scan);
	if (status == 0)
		status = allow_threads(filter);
	if (status == 0 && mode != SANDBOX_CONNECT)
		status = ALLOW(filter, of_syn);
	if (status == 0 && mode != SANDBOX_SYN)
		status = ALLOW(filter, of_connect);
	if (status == 0 && mode != SANDBOX_SYN)
		status = allow_sockets(filter);
	return status;
}

static int fill(scmp_filter_ctx filter, enum sandbox_mode mode)
{
	int status = ALLOW(filter, common);

	if (status == 0)
		status = allow_own(filter);
	if (status == 0)
		status = allow_ioctls(filter);
	if (status == 0)
		status = allow_mode(filter, mode);
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
