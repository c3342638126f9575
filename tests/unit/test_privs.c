/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/privs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cap-ng.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

/*
 * A drop cannot be undone, so each case runs in a child of its own, which
 * ends with CHILD_OK, with CHILD_SKIP when the machine does not let it set
 * its scene, or with a line on stderr and CHILD_BAD.
 */
enum { CHILD_OK = 0, CHILD_BAD = 1, CHILD_SKIP = 77 };

#define CHECK(condition)                                                       \
	do {                                                                   \
		if (!(condition)) {                                            \
			fprintf(stderr, "# line %d: %s (errno: %s; %s)\n",     \
				__LINE__, #condition, strerror(errno),         \
				last.text);                                    \
			_exit(CHILD_BAD);                                      \
		}                                                              \
	} while (0)

/* A step that only sets the scene. */
#define NEED(condition)                                                        \
	do {                                                                   \
		if (!(condition))                                              \
			_exit(CHILD_SKIP);                                     \
	} while (0)

static struct error last = ERROR_INIT;

static void run(void (*child)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		unsetenv("SUDO_UID");
		unsetenv("SUDO_GID");
		child();
		_exit(CHILD_OK);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CHILD_SKIP) {
		print_message("# refused here: root or user namespaces\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), CHILD_OK);
}

/* A field of /proc/self/status without its name and blanks. */
static const char *status_field(const char *name)
{
	static char line[1024];
	size_t length = strlen(name);
	FILE *file = fopen("/proc/self/status", "re");
	char *value = NULL;

	CHECK(file);
	while (!value && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, length) && line[length] == ':')
			value = line + length + 1 +
				strspn(line + length + 1, " \t");
	fclose(file);
	CHECK(value);
	value[strcspn(value, "\n")] = '\0';
	while (*value && value[strlen(value) - 1] == ' ')
		value[strlen(value) - 1] = '\0';
	return value;
}

static uint64_t status_set(const char *name)
{
	return strtoull(status_field(name), NULL, 16);
}

static uint64_t bit(unsigned capability)
{
	return UINT64_C(1) << capability;
}

static int raw_socket(void)
{
	return socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP);
}

static void check_no_capability(void)
{
	CHECK(status_set("CapEff") == 0);
	CHECK(status_set("CapPrm") == 0);
	CHECK(status_set("CapInh") == 0);
	CHECK(status_set("CapAmb") == 0);
	CHECK(!strcmp(status_field("NoNewPrivs"), "1"));
	CHECK(raw_socket() < 0 && errno == EPERM);
}

static void check_identity(uid_t uid, gid_t gid)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	CHECK(getresuid(&r, &e, &s) == 0 && r == uid && e == uid && s == uid);
	CHECK(getresgid(&rg, &eg, &sg) == 0 && rg == gid && eg == gid &&
	      sg == gid);
	CHECK(!strcmp(status_field("Groups"), ""));
	CHECK(setresuid(0, 0, 0) < 0);
	CHECK(setresgid(0, 0, 0) < 0);
}

/* begin, raise, open, drop: as the scanner does. */
static void whole_way(void)
{
	int fd, type;
	socklen_t length = sizeof(type);

	CHECK(privs_begin(&last) == 0);
	CHECK(raw_socket() < 0 && errno == EPERM);
	CHECK(privs_raise("./synscan", "raw packets need", NULL, &last) == 0);
	fd = raw_socket();
	CHECK(fd >= 0);
	CHECK(privs_drop(&last) == 0);
	check_no_capability();
	/* What was opened stays. */
	CHECK(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0);
}

/*
 * As root
 */

static void need_root(void)
{
	NEED(geteuid() == 0 && capng_get_caps_process() == 0);
	NEED(capng_have_capability(CAPNG_PERMITTED, CAP_NET_RAW) &&
	     capng_have_capability(CAPNG_PERMITTED, CAP_SETUID) &&
	     capng_have_capability(CAPNG_PERMITTED, CAP_SETGID) &&
	     capng_have_capability(CAPNG_PERMITTED, CAP_SETPCAP));
}

/* The test itself may run in a namespace that maps one id. */
static void need_ids(void)
{
	pid_t pid;
	int status;

	need_root();
	pid = fork();
	NEED(pid >= 0);
	if (pid == 0)
		_exit(setgroups(0, NULL) < 0 || setresuid(65534, -1, -1) < 0);
	NEED(waitpid(pid, &status, 0) == pid && status == 0);
}

static void begin_child(void)
{
	uint64_t permitted, files;

	need_root();
	files = bit(CAP_DAC_OVERRIDE) | bit(CAP_DAC_READ_SEARCH);
	permitted = status_set("CapPrm");
	CHECK(privs_begin(&last) == 0);
	CHECK((status_set("CapEff") & ~files) == 0);
	CHECK(status_set("CapPrm") == permitted);
	CHECK(privs_raise("./synscan", "raw packets need", NULL, &last) == 0);
	CHECK((status_set("CapEff") & ~files) == bit(CAP_NET_RAW));
}

static void begin_lowers_what_is_effective(void **state)
{
	(void)state;
	run(begin_child);
}

static void root_child(void)
{
	static const gid_t groups[] = {4, 27, 100};

	need_ids();
	NEED(setgroups(3, groups) == 0);
	whole_way();
	check_identity(65534, 65534);
	CHECK(status_set("CapBnd") == 0);
}

static void root_becomes_nobody(void **state)
{
	(void)state;
	run(root_child);
}

static void sudo_child(void)
{
	need_ids();
	setenv("SUDO_UID", "1234", 1);
	setenv("SUDO_GID", "1235", 1);
	whole_way();
	check_identity(1234, 1235);
	CHECK(status_set("CapBnd") == 0);
}

static void root_becomes_the_caller_of_sudo(void **state)
{
	(void)state;
	run(sudo_child);
}

static const char *sudo_uid, *sudo_gid;

static void bad_sudo_child(void)
{
	need_ids();
	setenv("SUDO_UID", sudo_uid, 1);
	if (sudo_gid)
		setenv("SUDO_GID", sudo_gid, 1);
	whole_way();
	check_identity(65534, 65534);
}

static void odd_sudo_ids_are_nobody(void **state)
{
	static const char *const odd[][2] = {
		{"0", "1235"},          {"1234", "0"},    {"1234", NULL},
		{"4294967295", "1235"}, {"-1", "1235"},   {"", "1235"},
		{"1234x", "1235"},      {"0x10", "1235"}, {"4294967296", "1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		sudo_uid = odd[i][0];
		sudo_gid = odd[i][1];
		run(bad_sudo_child);
	}
}

/* Root without CAP_SETUID, outside any namespace of a single id: no way to
 * drop, so an error and not a silent half. */
static void no_setuid_child(void)
{
	need_ids();
	NEED(capng_updatev(CAPNG_DROP, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
			   CAP_SETUID, -1) == 0);
	NEED(capng_apply(CAPNG_SELECT_CAPS) == 0);
	CHECK(privs_begin(&last) == 0);
	CHECK(privs_drop(&last) == -1);
	CHECK(last.status == STATUS_FAILED);
	CHECK(strstr(last.text, "user 65534"));
}

static void failed_drop_is_an_error(void **state)
{
	(void)state;
#ifdef __SANITIZE_THREAD__
	/* TSan's own set*id aborts where the kernel says EPERM. */
	skip();
#endif
	run(no_setuid_child);
}

/* As a binary with cap_net_raw+ep: an ordinary user, no CAP_SETPCAP, so that
 * the bounding set must stay. */
static void file_capability_child(void)
{
	need_ids();
	NEED(setgroups(0, NULL) == 0);
	NEED(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0);
	NEED(setresgid(1234, 1234, 1234) == 0);
	NEED(setresuid(1234, 1234, 1234) == 0);
	capng_clear(CAPNG_SELECT_CAPS);
	NEED(capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
			  CAP_NET_RAW) == 0);
	NEED(capng_apply(CAPNG_SELECT_CAPS) == 0);
	whole_way();
	check_identity(1234, 1234);
}

static void file_capability_goes(void **state)
{
	(void)state;
	run(file_capability_child);
}

static void set_uid_child(void)
{
	need_ids();
	NEED(setresuid(1234, 0, 0) == 0);
	CHECK(privs_begin(&last) == -1);
	CHECK(last.status == STATUS_FAILED);
	CHECK(strstr(last.text, "set-uid"));
}

static void set_gid_child(void)
{
	need_ids();
	NEED(setresgid(1234, 0, 0) == 0);
	CHECK(privs_begin(&last) == -1);
	CHECK(last.status == STATUS_FAILED);
}

static void set_id_starts_are_refused(void **state)
{
	(void)state;
	run(set_uid_child);
	run(set_gid_child);
}

/*
 * As anybody
 */

static void unprivileged_child(void)
{
	CHECK(capng_get_caps_process() == 0);
	capng_clear(CAPNG_SELECT_CAPS);
	CHECK(capng_apply(CAPNG_SELECT_CAPS) == 0);
	CHECK(privs_begin(&last) == 0);
	CHECK(privs_raise("/opt/bin/synscan", "raw packets need",
			  "use -c (connect scan, no privilege)", &last) == -1);
	CHECK(last.status == STATUS_FAILED);
	CHECK(strstr(last.text, "cap_net_raw"));
	CHECK(strstr(last.text, "sudo /opt/bin/synscan ..."));
	CHECK(strstr(last.text, "sudo setcap cap_net_raw+ep /opt/bin/synscan"));
	CHECK(strstr(last.text, "-c (connect scan, no privilege)"));
	CHECK(!strchr(last.text, '\n'));
	/* Found through PATH. */
	CHECK(privs_raise("synscan", "capturing needs", NULL, &last) == -1);
	CHECK(strstr(last.text, "sudo synscan ..."));
	CHECK(strstr(last.text, "cap_net_raw+ep /"));
}

static void without_the_capability_three_ways_are_named(void **state)
{
	(void)state;
	run(unprivileged_child);
}

static void plain_child(void)
{
	if (geteuid() == 0) {
		need_ids();
		NEED(setgroups(0, NULL) == 0);
		NEED(setresgid(1234, 1234, 1234) == 0);
		NEED(setresuid(1234, 1234, 1234) == 0);
	}
	CHECK(privs_begin(&last) == 0);
	CHECK(privs_drop(&last) == 0);
	check_no_capability();
}

static void ordinary_user_can_drop_nothing(void **state)
{
	(void)state;
	run(plain_child);
}

/*
 * In user namespaces
 */

static bool put(const char *path, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool put(const char *path, const char *format, ...)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	va_list arguments;
	int n;

	if (fd < 0)
		return false;
	va_start(arguments, format);
	n = vdprintf(fd, format, arguments);
	va_end(arguments);
	return close(fd) == 0 && n > 0;
}

static void enter_single_id(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	NEED(unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0);
	NEED(put("/proc/self/setgroups", "deny"));
	NEED(put("/proc/self/uid_map", "0 %u 1", uid));
	NEED(put("/proc/self/gid_map", "0 %u 1", gid));
	CHECK(geteuid() == 0);
}

/* The id cannot change; all the rest must go. */
static void single_id_child(void)
{
	enter_single_id();
	whole_way();
	CHECK(geteuid() == 0);
	CHECK(status_set("CapBnd") == 0);
}

static void single_id_user_child(void)
{
	need_ids();
	NEED(setgroups(0, NULL) == 0);
	NEED(setresgid(65534, 65534, 65534) == 0);
	NEED(setresuid(65534, 65534, 65534) == 0);
	/* So that /proc/self is the new user's. */
	NEED(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
	single_id_child();
}

static void single_id_namespace_keeps_the_id(void **state)
{
	(void)state;
	run(single_id_child);
}

static void single_id_namespace_of_a_user_keeps_the_id(void **state)
{
	(void)state;
	run(single_id_user_child);
}

/* Starts a child in a user namespace whose maps the parent writes. */
static void enter_mapped(const char *map)
{
	int asks[2], answers[2];
	char path[64], byte = 0;
	pid_t pid;

	NEED(pipe(asks) == 0 && pipe(answers) == 0);
	pid = fork();
	NEED(pid >= 0);
	if (pid == 0) {
		NEED(unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0);
		CHECK(write(asks[1], &byte, 1) == 1);
		CHECK(read(answers[0], &byte, 1) == 1);
		NEED(byte == 'y');
		return;
	}
	close(asks[1]);
	if (read(asks[0], &byte, 1) == 1) {
		int status;

		byte = 'y';
		snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)pid);
		if (!put(path, "%s", map))
			byte = 'n';
		snprintf(path, sizeof(path), "/proc/%d/gid_map", (int)pid);
		if (!put(path, "%s", map))
			byte = 'n';
		CHECK(write(answers[1], &byte, 1) == 1);
		CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
		_exit(WEXITSTATUS(status));
	}
	_exit(CHILD_SKIP);
}

static void full_map_child(void)
{
	need_ids();
	enter_mapped("0 0 65536");
	NEED(setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0);
	whole_way();
	check_identity(65534, 65534);
	CHECK(status_set("CapBnd") == 0);
}

static void namespace_of_many_ids_drops_the_id(void **state)
{
	(void)state;
	run(full_map_child);
}

/* Two ids and nobody is neither: not the exception. */
static void two_ids_child(void)
{
	need_ids();
	enter_mapped("0 0 2");
	NEED(setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0);
	CHECK(privs_begin(&last) == 0);
	CHECK(privs_drop(&last) == -1);
	CHECK(last.status == STATUS_FAILED);
	CHECK(strstr(last.text, "65534"));
}

static void two_lines_child(void)
{
	need_ids();
	enter_mapped("0 0 1\n1 1000 1\n");
	NEED(setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0);
	CHECK(privs_begin(&last) == 0);
	CHECK(privs_drop(&last) == -1);
}

static void unmapped_target_among_several_is_an_error(void **state)
{
	(void)state;
	run(two_ids_child);
	run(two_lines_child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begin_lowers_what_is_effective),
		cmocka_unit_test(root_becomes_nobody),
		cmocka_unit_test(root_becomes_the_caller_of_sudo),
		cmocka_unit_test(odd_sudo_ids_are_nobody),
		cmocka_unit_test(failed_drop_is_an_error),
		cmocka_unit_test(file_capability_goes),
		cmocka_unit_test(set_id_starts_are_refused),
		cmocka_unit_test(without_the_capability_three_ways_are_named),
		cmocka_unit_test(ordinary_user_can_drop_nothing),
		cmocka_unit_test(single_id_namespace_keeps_the_id),
		cmocka_unit_test(single_id_namespace_of_a_user_keeps_the_id),
		cmocka_unit_test(namespace_of_many_ids_drops_the_id),
		cmocka_unit_test(unmapped_target_among_several_is_an_error),
	};

	log_init("test_privs", 0);
	return cmocka_run_group_tests_name("privs", tests, NULL, NULL);
}
