/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdint.h>
#include <stdlib.h>

#include "wire/tcpopt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tcpopt_walk walk;
	struct tcpopt option;
	size_t n = 0;

	tcpopt_begin(&walk, data, size);
	while (tcpopt_next(&walk, &option)) {
		if (option.length > 0 &&
		    (option.data < data ||
		     option.data + option.length > data + size))
			abort();
		if (++n > size)
			abort();
	}
	return 0;
}
