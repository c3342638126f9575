/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "net/privs.h"

/* There is no way out of a sandbox: each case runs in a child of its own, which
 * gives up its privileges as the programs do. What a child of a sanitizer build
 * sees is no sandbox at all. */
enum { CHILD_OK = 0, CHILD_BAD = 1, CHILD_SKIP = 77 };

static int own_file; /* of this program */

static int child(void (*body)(void), enum sandbox_mode mode)
{
	struct error error = ERROR_INIT;
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(20);
		if (privs_begin(&error) != 0 || privs_drop(&error) != 0 ||
		    sandbox_enter(mode, &error) != 0)
			_exit(CHILD_BAD);
		if (prctl(PR_GET_SECCOMP) != 2 && errno != EPERM)
			_exit(CHILD_SKIP);
		body();
		_exit(CHILD_OK);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_SKIP)
		skip();
	return status;
}

/* All that would open, make, change or reach something: EPERM. */
static void is_kept_in(void)
{
	static char page[1];
	const struct {
		long call, argument[4];
	} calls[] = {
		{SYS_openat, {AT_FDCWD, (long)"/dev/null", O_RDONLY}},
		{SYS_openat, {AT_FDCWD, (long)"/etc/passwd", O_RDONLY}},
		{SYS_openat, {AT_FDCWD, (long)"new", O_WRONLY | O_CREAT, 0600}},
		{SYS_unlinkat, {AT_FDCWD, (long)"/nowhere", 0}},
		{SYS_memfd_create, {(long)"", 0}},
		{SYS_fcntl, {2, F_DUPFD, 0}},
		{SYS_ioctl, {0, TIOCSTI, (long)page}},
		{SYS_socket, {AF_PACKET, SOCK_RAW, 0}},
		{SYS_socket, {AF_INET, SOCK_RAW, IPPROTO_TCP}},
		{SYS_socket, {AF_INET, SOCK_DGRAM, 0}},
		{SYS_socket, {AF_UNIX, SOCK_STREAM, 0}},
		{SYS_socket, {AF_NETLINK, SOCK_RAW, 0}},
		{SYS_clone, {SIGCHLD, 0, 0, 0}},
		{SYS_unshare, {CLONE_NEWUSER}},
		{SYS_setuid, {0}},
		{SYS_kill, {0, 0}},
		{SYS_tgkill, {1, 1, 0}},
		{SYS_ptrace, {PTRACE_TRACEME}},
		{SYS_prctl, {PR_SET_DUMPABLE, 1}},
		{SYS_prlimit64, {1, 0, 0, 0}},
		{SYS_mmap, {0, 1, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS}},
		{SYS_mprotect, {0, 0, PROT_EXEC}},
		{SYS_bpf, {0, 0, 0}},
		{SYS_io_uring_setup, {1, (long)page}},
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		const long *a = calls[i].argument;

		errno = 0;
		if (syscall(calls[i].call, a[0], a[1], a[2], a[3], -1, 0) !=
			    -1 ||
		    errno != EPERM) {
			dprintf(2, "# call %zu: %s\n", i, strerror(errno));
			_exit(CHILD_BAD);
		}
	}
}

static void executes(void)
{
	char *argv[] = {(char *)"true", NULL};

	execv("/bin/true", argv);
	_exit(CHILD_BAD);
}

/* By a descriptor, which is open. */
static void executes_open(void)
{
	char *argv[] = {(char *)"true", NULL};

	syscall(SYS_execveat, own_file, "", argv, environ, AT_EMPTY_PATH);
	_exit(CHILD_BAD);
}

#ifdef __x86_64__
/* The kernel's other doors: calls have other numbers there. */
static void calls_as_x32(void)
{
	syscall(0x40000000L + SYS_getpid);
	_exit(CHILD_BAD);
}

static void calls_as_i386(void)
{
	long number = 20; /* getpid() */

	__asm__ volatile("int $0x80" : "+a"(number) : : "memory");
	_exit(CHILD_BAD);
}
#endif

static void aborts(void)
{
	abort();
}

static void *nothing(void *argument)
{
	return argument;
}

static void *executes_in_thread(void *argument)
{
	executes();
	return argument;
}

static void runs_threads(void)
{
	char *memory = malloc(1 << 20);
	pthread_t thread;

	if (!memory || pthread_create(&thread, NULL, nothing, NULL) != 0 ||
	    pthread_join(thread, NULL) != 0)
		_exit(CHILD_BAD);
	free(memory);
}

static void grows(void)
{
	size_t bytes = 1 << 20;
	char *memory = malloc(bytes);

	for (int i = 0; memory && i < 6; i++)
		memory = realloc(memory, bytes <<= 1);
	if (!memory || write(2, "", 0) != 0)
		_exit(CHILD_BAD);
	free(memory);
}

static void kills_all_threads(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, executes_in_thread, NULL) != 0)
		_exit(CHILD_BAD);
	pthread_join(thread, NULL);
}

static void makes_tcp_sockets(void)
{
	if (socket(AF_INET, SOCK_STREAM, 0) < 0)
		_exit(CHILD_BAD);
	if (socket(AF_INET, SOCK_RAW, 6) >= 0 || errno != EPERM)
		_exit(CHILD_BAD);
	if (socket(AF_PACKET, SOCK_RAW, 0) >= 0 || errno != EPERM)
		_exit(CHILD_BAD);
}

/* What ends it: a signal, or 0 where it ends well. */
static void ends(void (*body)(void), enum sandbox_mode mode, int signal)
{
	int status = child(body, mode);

	if (signal) {
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), signal);
	} else {
		assert_int_equal(status, CHILD_OK);
	}
}

static void ends_in_each(void (*body)(void), int signal)
{
	ends(body, SANDBOX_SYN, signal);
	ends(body, SANDBOX_CONNECT, signal);
	ends(body, SANDBOX_BOTH, signal);
	ends(body, SANDBOX_FLOW, signal);
}

static void test_nothing_new(void **state)
{
	(void)state;
	ends_in_each(is_kept_in, 0);
}

static void test_exec_ends_all(void **state)
{
	(void)state;
	own_file = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	assert_true(own_file >= 0);
	ends_in_each(executes, SIGSYS);
	ends_in_each(executes_open, SIGSYS);
	close(own_file);
	ends(kills_all_threads, SANDBOX_SYN, SIGSYS);
	ends(kills_all_threads, SANDBOX_CONNECT, SIGSYS);
	ends(kills_all_threads, SANDBOX_BOTH, SIGSYS);
}

static void test_other_doors(void **state)
{
	(void)state;
#ifdef __x86_64__
	ends_in_each(calls_as_x32, SIGSYS);
	/* A kernel without that door has another signal for it. */
	assert_true(WIFSIGNALED(child(calls_as_i386, SANDBOX_SYN)));
#else
	skip();
#endif
}

static void test_what_is_needed(void **state)
{
	(void)state;
	ends_in_each(grows, 0);
	ends_in_each(aborts, SIGABRT);
	ends(runs_threads, SANDBOX_SYN, 0);
	ends(runs_threads, SANDBOX_CONNECT, 0);
	ends(runs_threads, SANDBOX_BOTH, 0);
	ends(makes_tcp_sockets, SANDBOX_CONNECT, 0);
	ends(makes_tcp_sockets, SANDBOX_BOTH, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_new),
		cmocka_unit_test(test_exec_ends_all),
		cmocka_unit_test(test_other_doors),
		cmocka_unit_test(test_what_is_needed),
	};

	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
