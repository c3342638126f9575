/* SPDX-License-Identifier: BSD-2-Clause */
/* Target specs. No name is looked up: the resolver here knows none. */
#include <netdb.h>
#include <stdlib.h>

#include "base/error.h"
#include "fuzz/text.h"
#include "spec/targetset.h"

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
	char *text = fuzz_text(data, size);
	struct targetset *set = targetset_new();
	struct error error = ERROR_INIT;

	if (!set)
		abort();
	if (targetset_add(set, text, TARGETSET_BOTH, &error) == 0 &&
	    targetset_exclude(set, "10.0.0.0/9", TARGETSET_BOTH, &error) == 0 &&
	    targetset_freeze(set, NULL, 0, &error) == 0) {
		uint64_t n = targetset_count(set);

		for (uint64_t i = 0; i < n; i += 1 + n / 16) {
			struct addr addr = targetset_nth(set, i);

			if (targetset_index(set, &addr) != (int64_t)i)
				abort();
		}
	} else if (!error.text[0]) {
		abort();
	}
	targetset_free(set);
	free(text);
	return 0;
}
