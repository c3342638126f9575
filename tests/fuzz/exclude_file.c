/* SPDX-License-Identifier: BSD-2-Clause */
/* A file of targets to leave out, through a descriptor in memory. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "spec/targetset.h"

/* No name is looked up. */
#include <netdb.h>
int getaddrinfo(const char *restrict node, const char *restrict service,
		const struct addrinfo *restrict hints,
		struct addrinfo **restrict res)
{
	(void)node;
	(void)service;
	(void)hints;
	*res = NULL;
	return EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *res)
{
	(void)res;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct targetset *set = targetset_new();
	struct error error = ERROR_INIT;
	int fd = memfd_create("exclude", 0);
	char path[32];

	if (!set || fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	if (targetset_read(set, path, true, TARGETSET_BOTH, &error) == 0 &&
	    targetset_add(set, "10.0.0.0/16", TARGETSET_BOTH, &error) == 0) {
		if (targetset_freeze(set, NULL, 0, &error) == 0 &&
		    targetset_count(set) > 65536)
			abort();
	} else if (!error.text[0]) {
		abort();
	}
	close(fd);
	targetset_free(set);
	return 0;
}
