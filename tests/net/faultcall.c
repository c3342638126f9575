/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lets one system call of a program fail, whichever thread makes it:
 *
 *   faultcall count FILE PROGRAM...     a line "CALL ERRNO COUNT" for each way
 *                                       in which the calls made can fail
 *   faultcall CALL ERRNO N PROGRAM...   the N-th of these fails so
 *
 * Counted from main() on, not what the loader does: all our programs first
 * open /dev/null. By seccomp's user notifications (seccomp_unotify(2)), which
 * go together with a filter of the program's own. Exits as the program does,
 * with 128 + the signal that ended it, and with 125 when it took longer than
 * ten seconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	FAILED = 126,
	HANGS = 125,
	SECONDS_MOST = 10,
	STACK_BYTES = 1 << 18,
};

/* What fails for want of something, or since it was interrupted. */
static const struct way {
	const char *call;
	int error;
} ways[] = {
	{"accept4", ECONNABORTED},
	{"accept4", EMFILE},
	{"bind", EADDRINUSE},
	{"capset", EPERM},
	{"clone", EAGAIN},
	{"clone3", EAGAIN},
	{"close", EIO},
	{"connect", EADDRNOTAVAIL},
	{"connect", EINTR},
	{"connect", ENOBUFS},
	{"connect", EPERM},
	{"dup", EMFILE},
	{"epoll_create1", EMFILE},
	{"epoll_ctl", ENOMEM},
	{"epoll_pwait", EINTR},
	{"epoll_wait", EINTR},
	{"eventfd2", EMFILE},
	{"fcntl", EMFILE},
	{"fstat", ENOMEM},
	{"ftruncate", EIO},
	{"getdents64", ENOMEM},
	{"getpeername", ENOBUFS},
	{"getrandom", EINTR},
	{"getsockname", ENOBUFS},
	{"getsockopt", ENOMEM},
	{"ioctl", EIO},
	{"listen", EADDRINUSE},
	{"lseek", EIO},
	{"mmap", ENOMEM},
	{"mprotect", ENOMEM},
	{"mremap", ENOMEM},
	{"munmap", ENOMEM},
	{"newfstatat", ENOMEM},
	{"openat", EACCES},
	{"openat", EMFILE},
	{"pipe2", EMFILE},
	{"poll", EINTR},
	{"poll", ENOMEM},
	{"ppoll", EINTR},
	{"ppoll", ENOMEM},
	{"prctl", EPERM},
	{"prlimit64", EPERM},
	{"pselect6", EINTR},
	{"pselect6", ENOMEM},
	{"read", EINTR},
	{"read", EIO},
	{"readlink", EACCES},
	{"readv", EIO},
	{"recvfrom", EINTR},
	{"recvfrom", ENOMEM},
	{"recvmmsg", ENOMEM},
	{"recvmsg", EINTR},
	{"recvmsg", ENOBUFS},
	{"rt_sigaction", EINVAL},
	{"sched_getaffinity", EPERM},
	{"seccomp", ENOMEM},
	{"sendmmsg", ENOBUFS},
	{"sendmmsg", EPERM},
	{"sendmsg", ENOBUFS},
	{"sendto", EINTR},
	{"sendto", ENOBUFS},
	{"setgroups", EPERM},
	{"setresgid", EAGAIN},
	{"setresuid", EAGAIN},
	{"setsockopt", ENOMEM},
	{"signalfd4", EMFILE},
	{"socket", EACCES},
	{"socket", EMFILE},
	{"socketpair", EMFILE},
	{"timerfd_create", EMFILE},
	{"timerfd_settime", EINVAL},
	{"write", EINTR},
	{"write", EIO},
	{"write", ENOSPC},
	{"writev", EIO},
};

enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

static struct run {
	char **command;
	const char *call; /* NULL: all are counted */
	int listener;     /* what the kernel asks by, or -1 */
	long counts[WAYS];
} run = {.listener = -1};

static void die(const char *what)
{
	perror(what);
	_exit(FAILED);
}

/* ---- the program ---- */

static int listen_to(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (!filter || seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0) < 0 ||
	    seccomp_rule_add(filter, SCMP_ACT_NOTIFY, SCMP_SYS(openat), 0) < 0)
		return -1;
	for (size_t i = 0; i < WAYS; i++) {
		int number = seccomp_syscall_resolve_name(ways[i].call);

		if ((run.call && strcmp(run.call, ways[i].call) != 0) ||
		    number == SCMP_SYS(openat) || number < 0 ||
		    (i > 0 && !strcmp(ways[i].call, ways[i - 1].call)))
			continue;
		if (seccomp_rule_add(filter, SCMP_ACT_NOTIFY, number, 0) < 0)
			return -1;
	}
	return seccomp_load(filter) < 0 ? -1 : seccomp_notify_fd(filter);
}

/* With the memory and the descriptors of the parent, who waits until this
 * executes: so the listener stays with the parent. */
static int begin(void *nothing)
{
	(void)nothing;
	signal(SIGINT, SIG_DFL);
	run.listener = listen_to();
	if (run.listener < 0)
		die("faultcall: seccomp");
	execvp(run.command[0], run.command);
	die(run.command[0]);
	return FAILED;
}

/* ---- its calls ---- */

static bool is_main(const struct seccomp_notif *request)
{
	char path[64], opened[sizeof("/dev/null")] = "";
	int memory;
	bool is;

	if (request->data.nr != SCMP_SYS(openat))
		return false;
	snprintf(path, sizeof(path), "/proc/%u/mem", request->pid);
	memory = open(path, O_RDONLY | O_CLOEXEC);
	is = memory >= 0 &&
	     pread(memory, opened, sizeof(opened),
		   (off_t)request->data.args[1]) == sizeof(opened) &&
	     !memcmp(opened, "/dev/null", sizeof(opened));
	if (memory >= 0)
		close(memory);
	return is;
}

/* The errno that it is to fail with; 0: it is made. */
static int judge(const struct seccomp_notif *request, int error, long nth)
{
	static bool begun;

	begun |= is_main(request);
	if (!begun)
		return 0;
	for (size_t i = 0; i < WAYS; i++) {
		if (seccomp_syscall_resolve_name(ways[i].call) !=
		    request->data.nr)
			continue;
		run.counts[i]++;
		if (run.call && !strcmp(run.call, ways[i].call) &&
		    ways[i].error == error && run.counts[i] == nth)
			return error;
	}
	return 0;
}

static void answer(struct seccomp_notif *request,
		   struct seccomp_notif_resp *response, int error, long nth)
{
	int failure;

	memset(request, 0, sizeof(*request));
	if (seccomp_notify_receive(run.listener, request) != 0)
		return; /* it was interrupted, and may come again */
	failure = judge(request, error, nth);
	*response = (struct seccomp_notif_resp){
		.id = request->id,
		.error = -failure,
		.flags = failure ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE,
	};
	(void)seccomp_notify_respond(run.listener, response);
}

/* Its exit status. */
static int attend(pid_t pid, int error, long nth)
{
	struct seccomp_notif *request;
	struct seccomp_notif_resp *response;
	struct pollfd fd = {.fd = run.listener, .events = POLLIN};
	time_t end = time(NULL) + SECONDS_MOST;
	int status;

	if (seccomp_notify_alloc(&request, &response) != 0)
		die("faultcall");
	for (;;) {
		if (poll(&fd, 1, 100) > 0 && fd.revents & POLLIN)
			answer(request, response, error, nth);
		else if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status)
						 : 128 + WTERMSIG(status);
		else if (time(NULL) > end) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return HANGS;
		}
	}
}

static int error_named(const char *name)
{
	for (int i = 1; i < 134; i++)
		if (strerrorname_np(i) && !strcmp(strerrorname_np(i), name))
			return i;
	fprintf(stderr, "faultcall: what is %s?\n", name);
	exit(FAILED);
}

static void report(const char *path)
{
	FILE *file = fopen(path, "we");

	if (!file)
		die(path);
	for (size_t i = 0; i < WAYS; i++)
		if (run.counts[i] > 0)
			fprintf(file, "%s %s %ld\n", ways[i].call,
				strerrorname_np(ways[i].error), run.counts[i]);
	fclose(file);
}

int main(int argc, char **argv)
{
	const char *counts =
		argc > 3 && !strcmp(argv[1], "count") ? argv[2] : NULL;
	int error = 0, status;
	long nth = 0;
	pid_t pid;

	if (argc < (counts ? 4 : 5)) {
		fprintf(stderr, "usage: faultcall count FILE PROGRAM...\n"
				"       faultcall CALL ERRNO N PROGRAM...\n");
		return FAILED;
	}
	if (!counts) {
		run.call = argv[1];
		error = error_named(argv[2]);
		nth = atol(argv[3]);
	}
	run.command = argv + (counts ? 3 : 4);
	signal(SIGINT, SIG_IGN);
	pid = clone(begin, (char *)malloc(STACK_BYTES) + STACK_BYTES,
		    CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, NULL);
	if (pid < 0)
		die("faultcall: clone");
	status = attend(pid, error, nth);
	if (counts)
		report(counts);
	return status;
}
