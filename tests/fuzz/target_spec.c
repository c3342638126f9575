/* SPDX-License-Identifier: BSD-2-Clause */
/* Target specs, into a set that is then frozen and asked. */
#include <stdlib.h>

#include "base/error.h"
#include "fuzz/failing.h"
#include "fuzz/resolver.h"
#include "fuzz/text.h"
#include "spec/targetset.h"

/* Number and address tell each other; what is in no range has no number. */
static void ask(const struct targetset *set)
{
	const struct addr highest = {.family = AF_INET6, .bytes = {255, 255}};
	const struct target_range *ranges;
	size_t n_ranges = targetset_ranges(set, &ranges);
	uint64_t n = targetset_count(set);

	if (n_ranges > n || (n_ranges == 0 && n > 0) ||
	    targetset_removed(set) > UINT64_MAX - n)
		abort();
	for (uint64_t i = 0; i < n; i += 1 + n / 16) {
		struct addr addr = targetset_nth(set, i);

		if (targetset_index(set, &addr) != (int64_t)i)
			abort();
	}
	for (size_t i = 0; i < n_ranges; i++) {
		struct addr before = ranges[i].first;

		if (targetset_index(set, &before) != (int64_t)ranges[i].before)
			abort();
		before.family = AF_INET;
		memset(before.bytes, 0, sizeof(before.bytes));
		if (targetset_index(set, &before) >= 0)
			abort();
	}
	if (targetset_index(set, &highest) >= 0)
		abort();
}

static int fill(struct targetset *set, const char *text, struct error *error)
{
	const struct addr router = {.family = AF_INET, .bytes = {10, 9, 0, 1}};

	if (targetset_add(set, text, TARGETSET_BOTH, error) ||
	    targetset_exclude(set, "10.0.0.0/9,fe80::/112", TARGETSET_BOTH,
			      error))
		return -1;
	if (targetset_exclude_addr(set, &router) == 0)
		return 0;
	return error_set(error, STATUS_FAILED, "out of memory");
}

static void run(const uint8_t *data, size_t size)
{
	const struct addr broadcast[] = {
		{.family = AF_INET, .bytes = {10, 9, 0, 255}},
		{.family = AF_INET, .bytes = {192, 0, 2, 255}},
	};
	struct targetset *set = targetset_new();
	struct error error = ERROR_INIT;
	char *text;

	if (!set)
		return;
	text = fuzz_text(data, size);
	if (text && fill(set, text, &error) == 0 &&
	    targetset_freeze(set, broadcast, 2, &error) == 0)
		ask(set);
	else if (text && !error.text[0])
		abort();
	targetset_free(set);
	targetset_free(NULL);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	failing_run(run, data, size);
	return 0;
}
