/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

/* There is no way out of a sandbox: each case runs in a child of its own.
 * What a child of a sanitizer build sees is no sandbox at all. */
enum { CHILD_OK = 0, CHILD_BAD = 1, CHILD_SKIP = 77 };

static int child(void (*body)(void), enum sandbox_mode mode)
{
	struct error error = ERROR_INIT;
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(20);
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
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

static void opens(void)
{
	if (open("/dev/null", O_RDONLY) >= 0 || errno != EPERM)
		_exit(CHILD_BAD);
	if (socket(AF_PACKET, SOCK_RAW, 0) >= 0 || errno != EPERM)
		_exit(CHILD_BAD);
	if (fork() >= 0 || errno != EPERM)
		_exit(CHILD_BAD);
}

static void executes(void)
{
	char *argv[] = {(char *)"true", NULL};

	execv("/bin/true", argv);
	_exit(CHILD_BAD);
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
	if (write(2, "", 0) != 0)
		_exit(CHILD_BAD);
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

static void test_nothing_new(void **state)
{
	(void)state;
	assert_int_equal(child(opens, SANDBOX_SYN), CHILD_OK);
	assert_int_equal(child(opens, SANDBOX_BOTH), CHILD_OK);
	assert_int_equal(child(opens, SANDBOX_FLOW), CHILD_OK);
}

static void test_exec_ends_all(void **state)
{
	int status;

	(void)state;
	status = child(executes, SANDBOX_SYN);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	status = child(kills_all_threads, SANDBOX_CONNECT);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

static void test_what_is_needed(void **state)
{
	(void)state;
	assert_int_equal(child(runs_threads, SANDBOX_SYN), CHILD_OK);
	assert_int_equal(child(runs_threads, SANDBOX_CONNECT), CHILD_OK);
	assert_int_equal(child(runs_threads, SANDBOX_BOTH), CHILD_OK);
	assert_int_equal(child(runs_threads, SANDBOX_FLOW), CHILD_OK);
	assert_int_equal(child(makes_tcp_sockets, SANDBOX_CONNECT), CHILD_OK);
	assert_int_equal(child(makes_tcp_sockets, SANDBOX_BOTH), CHILD_OK);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_new),
		cmocka_unit_test(test_exec_ends_all),
		cmocka_unit_test(test_what_is_needed),
	};

	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
