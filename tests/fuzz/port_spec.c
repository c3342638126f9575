/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/error.h"
#include "fuzz/text.h"
#include "spec/portset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct error error = ERROR_INIT;
	struct portset set;

	if (!text)
		abort();
	portset_init(&set);
	if (portset_add(&set, text, &error) == 0) {
		if (set.count > 65535 || portset_rank(&set, 0) >= 0)
			abort();
		for (uint32_t i = 0; i < set.count; i += 1 + set.count / 16)
			if (portset_rank(&set, portset_nth(&set, i)) !=
			    (int32_t)i)
				abort();
		if (portset_remove(&set, text, &error) == 0 && set.count != 0)
			abort();
	} else if (!error.text[0]) {
		abort();
	}
	free(text);
	return 0;
}
