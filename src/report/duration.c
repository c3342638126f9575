/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/duration.h"

#include <stdio.h>

char *duration_text(int64_t ns, char *text, size_t bytes)
{
	static const char *const names[] = {"us", "ms", "s"};
	int64_t unit_ns = 1000, step_ns, value, per_unit = 1;
	unsigned unit = 0;

	if (ns < 0) {
		snprintf(text, bytes, "-");
		return text;
	}
	/* 999.5 of a unit would round to 1000 of it. */
	while (unit < 2 && ns >= 1000 * unit_ns - unit_ns / 2) {
		unit_ns *= 1000;
		unit++;
	}
	if (unit && ns < 100 * unit_ns - unit_ns / 20)
		per_unit = 10;
	if (unit && ns < 10 * unit_ns - unit_ns / 200)
		per_unit = 100;
	step_ns = unit_ns / per_unit;
	value = (ns + step_ns / 2) / step_ns;
	if (per_unit == 1)
		snprintf(text, bytes, "%lld %s", (long long)value, names[unit]);
	else
		snprintf(text, bytes, "%lld.%0*lld %s",
			 (long long)(value / per_unit), per_unit == 10 ? 1 : 2,
			 (long long)(value % per_unit), names[unit]);
	return text;
}
