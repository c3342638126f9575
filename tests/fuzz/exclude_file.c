/* SPDX-License-Identifier: BSD-2-Clause */
/* A file of targets to leave out: by its name, through a descriptor in
 * memory, or as standard input where its length divides by four. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "fuzz/failing.h"
#include "fuzz/resolver.h"
#include "spec/targetset.h"

static int read_stdin(struct targetset *set, int fd, struct error *error)
{
	FILE *before = stdin;
	int result;

	stdin = fdopen(dup(fd), "r");
	if (!stdin)
		abort();
	rewind(stdin);
	result = targetset_read(set, "-", true, TARGETSET_BOTH, error);
	fclose(stdin);
	stdin = before;
	return result;
}

static int read_file(struct targetset *set, int fd, struct error *error)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	return targetset_read(set, path, true, TARGETSET_BOTH, error);
}

/* Neither is a file that can be read. */
static void refuse(struct targetset *set)
{
	static const char *const paths[] = {"/", "/dev/fd/-1"};

	for (size_t i = 0; i < 2; i++) {
		struct error error = ERROR_INIT;

		if (targetset_read(set, paths[i], false, TARGETSET_BOTH,
				   &error) == 0 ||
		    !error.text[0])
			abort();
	}
}

static void run(const uint8_t *data, size_t size)
{
	struct targetset *set = targetset_new();
	struct error error = ERROR_INIT;
	int fd = memfd_create("exclude", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	if (set && (size % 4 ? read_file : read_stdin)(set, fd, &error) == 0 &&
	    targetset_add(set, "10.0.0.0/16", TARGETSET_BOTH, &error) == 0 &&
	    targetset_freeze(set, NULL, 0, &error) == 0) {
		if (targetset_count(set) > 65536)
			abort();
	} else if (set && !error.text[0]) {
		abort();
	}
	close(fd);
	targetset_free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct targetset *set;

	failing_run(run, data, size);
	if (size > 0)
		return 0;
	set = targetset_new();
	if (!set)
		abort();
	refuse(set);
	targetset_free(set);
	return 0;
}
