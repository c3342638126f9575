/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/privs.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/number.h"

/* "nobody" on Linux: what the kernel itself shows for unmapped ids. */
#define NOBODY_ID 65534

/* The kernel's sets have 64 bits; a newer one than the headers may use more
 * of them than CAP_LAST_CAP. */
#define MOST_CAPABILITIES 64

static const capng_type_t all_sets[] = {CAPNG_EFFECTIVE, CAPNG_PERMITTED,
					CAPNG_INHERITABLE, CAPNG_AMBIENT};

static int read_capabilities(struct error *error)
{
	if (capng_get_caps_process() == 0)
		return 0;
	return error_errno(error, "read the capabilities");
}

static int apply_capabilities(const char *what, struct error *error)
{
	if (capng_apply(CAPNG_SELECT_CAPS) == 0)
		return 0;
	return error_errno(error, "%s", what);
}

static bool is_permitted(unsigned capability)
{
	return capng_have_capability(CAPNG_PERMITTED, capability);
}

/*
 * Start
 */

/* getauxval(AT_SECURE) would not do: it is set for file capabilities too,
 * which are the proper way to install this. */
static int refuse_set_id(struct error *error)
{
	uid_t uid, euid, suid;
	gid_t gid, egid, sgid;

	if (getresuid(&uid, &euid, &suid) < 0 ||
	    getresgid(&gid, &egid, &sgid) < 0)
		return error_errno(error, "read the user and group ids");
	if (uid == euid && uid == suid && gid == egid && gid == sgid)
		return 0;
	return error_set(error, STATUS_FAILED,
			 "refusing to run set-uid or set-gid: take the bit "
			 "off and use file capabilities (setcap)");
}

/* What the C library opens a file by: the locale, the resolver, the time zone.
 * It disregards most of them itself where the program's file has rights of its
 * own, but not where root runs it. (What its loader goes by, LD_PRELOAD and
 * the like, has had its way.) */
static int forget_paths(struct error *error)
{
	static const char *const names[] = {
		"GCONV_PATH",   "GETCONF_DIR",
		"HOSTALIASES",  "LOCPATH",
		"MALLOC_TRACE", "NIS_PATH",
		"NLSPATH",      "RESOLV_HOST_CONF",
		"TMPDIR",       "TZ",
		"TZDIR",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (unsetenv(names[i]) < 0)
			return error_errno(error, "environment");
	return 0;
}

int privs_begin(struct error *error)
{
	if (forget_paths(error) < 0)
		return -1;
	if (refuse_set_id(error) < 0 || read_capabilities(error) < 0)
		return -1;
	for (unsigned i = 0; i <= CAP_LAST_CAP; i++) {
		/* Root's own right to its files: without it `sudo synscan -o
		 * csv:FILE` could not write into the user's directory. */
		if (geteuid() == 0 &&
		    (i == CAP_DAC_OVERRIDE || i == CAP_DAC_READ_SEARCH))
			continue;
		if (capng_have_capability(CAPNG_EFFECTIVE, i) &&
		    capng_update(CAPNG_DROP, CAPNG_EFFECTIVE, i) < 0)
			return error_set(error, STATUS_FAILED,
					 "cannot lower capability %u", i);
	}
	return apply_capabilities("lower the capabilities", error);
}

/* The path for setcap: a program found through PATH does not know its own. */
static const char *program_path(const char *program, char *buffer, size_t bytes)
{
	ssize_t n;

	if (strchr(program, '/'))
		return program;
	n = readlink("/proc/self/exe", buffer, bytes - 1);
	if (n <= 0)
		return program;
	buffer[n] = '\0';
	return buffer;
}

int privs_raise(const char *program, const char *purpose, const char *another,
		struct error *error)
{
	char path[256];

	if (read_capabilities(error) < 0)
		return -1;
	if (!is_permitted(CAP_NET_RAW))
		return error_set(error, STATUS_FAILED,
				 "%s the capability cap_net_raw: run `sudo %s "
				 "...`, or once `sudo setcap cap_net_raw+ep "
				 "%s`%s%s",
				 purpose, program,
				 program_path(program, path, sizeof(path)),
				 another ? ", or " : "",
				 another ? another : "");
	if (capng_update(CAPNG_ADD, CAPNG_EFFECTIVE, CAP_NET_RAW) < 0)
		return error_set(error, STATUS_FAILED,
				 "cannot raise cap_net_raw");
	return apply_capabilities("raise cap_net_raw", error);
}

/*
 * End
 */

struct identity {
	uid_t uid;
	gid_t gid;
};

/* What a drop is to reach, and then to prove. */
struct plan {
	bool change_ids;  /* started as root */
	bool single_id;   /* in a user namespace that maps one uid */
	bool kept_groups; /* refused, which only single_id excuses */
	bool kept_gid;
	bool kept_uid;
	bool bounds; /* CAP_SETPCAP was there */
	struct identity to;
};

static bool read_id(const char *variable, uint32_t *out)
{
	const char *text = getenv(variable);
	uint64_t value;

	/* 0 would be root again, 2^32-1 means "leave as it is". */
	if (!text || number_parse(text, 1, UINT32_MAX - 1, &value) < 0)
		return false;
	*out = (uint32_t)value;
	return true;
}

/* Whom sudo was called by, or nobody. Only root comes here, and it trusts its
 * environment: at worst it drops to another user than meant. */
static struct identity choose_identity(void)
{
	struct identity to = {.uid = NOBODY_ID, .gid = NOBODY_ID};
	uint32_t uid, gid;

	if (read_id("SUDO_UID", &uid) && read_id("SUDO_GID", &gid)) {
		to.uid = uid;
		to.gid = gid;
	}
	return to;
}

/* Whether /proc/self/uid_map has one line that maps one id; an unreadable one
 * has not. */
static bool maps_single_id(void)
{
	uintmax_t inside, outside, count, more;
	FILE *file = fopen("/proc/self/uid_map", "re");
	bool single;

	if (!file)
		return false;
	single = fscanf(file, "%ju %ju %ju", &inside, &outside, &count) == 3 &&
		 count == 1 && fscanf(file, "%ju", &more) == EOF &&
		 !ferror(file);
	fclose(file);
	return single;
}

/* Changing ids and dropping bounds need capabilities that privs_begin() has
 * lowered. Those that are not permitted are left: the call that needs them
 * will fail and say so. */
static int raise_for_drop(const struct plan *plan, struct error *error)
{
	if (plan->change_ids && is_permitted(CAP_SETUID))
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE, CAP_SETUID);
	if (plan->change_ids && is_permitted(CAP_SETGID))
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE, CAP_SETGID);
	if (plan->bounds)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE, CAP_SETPCAP);
	return apply_capabilities("raise capabilities for the drop", error);
}

/* Before the uid changes, which takes CAP_SETPCAP away. */
static int drop_bounds(struct error *error)
{
	for (int i = 0; i < MOST_CAPABILITIES; i++) {
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) != 1)
			continue; /* gone already, or past the last one */
		if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0)
			return error_errno(error,
					   "drop capability %d from the "
					   "bounding set",
					   i);
	}
	return 0;
}

/* Whether that error of an id call is what a namespace of a single id gives:
 * EPERM where /proc/self/setgroups says deny, EINVAL for an unmapped id. */
static bool is_excused(const struct plan *plan, int code)
{
	return plan->single_id && (code == EPERM || code == EINVAL);
}

static int change_ids(struct plan *plan, struct error *error)
{
	uid_t uid = plan->to.uid;
	gid_t gid = plan->to.gid;

	if (setgroups(0, NULL) < 0) {
		if (!is_excused(plan, errno))
			return error_errno(error, "drop the groups");
		plan->kept_groups = true;
	}
	if (setresgid(gid, gid, gid) < 0) {
		if (!is_excused(plan, errno))
			return error_errno(error, "drop to group %u", gid);
		plan->kept_gid = true;
	}
	if (setresuid(uid, uid, uid) < 0) {
		if (!is_excused(plan, errno))
			return error_errno(error, "drop to user %u", uid);
		plan->kept_uid = true;
	}
	return 0;
}

static int drop_capabilities(struct error *error)
{
	/* EINVAL: a kernel before 4.3, which has no ambient set. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 &&
	    errno != EINVAL)
		return error_errno(error, "drop the ambient capabilities");
	if (read_capabilities(error) < 0)
		return -1;
	capng_clear(CAPNG_SELECT_CAPS);
	if (apply_capabilities("drop the capabilities", error) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_errno(error, "set no_new_privs");
	return 0;
}

static int still(struct error *error, const char *what)
{
	return error_set(error, STATUS_FAILED,
			 "privileges are not gone: %s still there", what);
}

static int verify_ids(const struct plan *plan, struct error *error)
{
	const struct identity *to = &plan->to;
	uid_t uid, euid, suid;
	gid_t gid, egid, sgid;

	if (getresuid(&uid, &euid, &suid) < 0 ||
	    getresgid(&gid, &egid, &sgid) < 0)
		return error_errno(error, "read the user and group ids");
	if (!plan->kept_uid &&
	    (uid != to->uid || euid != to->uid || suid != to->uid))
		return still(error, "the old user is");
	if (!plan->kept_gid &&
	    (gid != to->gid || egid != to->gid || sgid != to->gid))
		return still(error, "the old group is");
	if (!plan->kept_groups && getgroups(0, NULL) != 0)
		return still(error, "supplementary groups are");
	return 0;
}

static int verify_capabilities(const struct plan *plan, struct error *error)
{
	if (read_capabilities(error) < 0)
		return -1;
	for (unsigned i = 0; i < MOST_CAPABILITIES; i++) {
		for (size_t k = 0; k < sizeof(all_sets) / sizeof(*all_sets);
		     k++)
			if (capng_have_capability(all_sets[k], i))
				return still(error, "a capability is");
		if (plan->bounds && prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
			return still(error, "the bounding set is");
	}
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return error_set(error, STATUS_FAILED,
				 "privileges are not gone: no_new_privs is "
				 "not set");
	return 0;
}

int privs_drop(struct error *error)
{
	struct plan plan = {.change_ids = geteuid() == 0};

	if (read_capabilities(error) < 0)
		return -1;
	plan.bounds = is_permitted(CAP_SETPCAP);
	if (plan.change_ids) {
		plan.single_id = maps_single_id();
		plan.to = choose_identity();
	}
	if (raise_for_drop(&plan, error) < 0)
		return -1;
	if (plan.bounds && drop_bounds(error) < 0)
		return -1;
	if (plan.change_ids && change_ids(&plan, error) < 0)
		return -1;
	if (drop_capabilities(error) < 0)
		return -1;
	if (plan.change_ids && verify_ids(&plan, error) < 0)
		return -1;
	if (verify_capabilities(&plan, error) < 0)
		return -1;
	if (plan.kept_uid || plan.kept_gid || plan.kept_groups)
		log_line(LOG_INFO,
			 "kept user %u: this user namespace maps no other id "
			 "(capabilities and no_new_privs are dealt with)",
			 geteuid());
	return 0;
}
