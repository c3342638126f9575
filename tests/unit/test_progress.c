/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/progress.h"

/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/clock.h"

struct example {
	struct progress_now at;
	double rate_pps;
	int64_t elapsed_ns;
	unsigned columns;
	const char *line;
};

static const struct example examples[] = {
	{{24301, 65535, 24400, 12},
	 182345,
	 200 * NS_PER_MS,
	 80,
	 "37% 24,301/65,535  182 kpps  12 open  0.3 s left"},
	/* nothing is done: no guess */
	{{0, 10, 3, 0}, 999, NS_PER_S, 80, "0% 0/10  999 pps  0 open"},
	/* all but one is not 100% */
	{{65534, 65535, 65535, 0},
	 1234567,
	 NS_PER_S,
	 80,
	 "99% 65,534/65,535  1.2 Mpps  0 open  0.0 s left"},
	{{65535, 65535, 65535, 0},
	 0,
	 NS_PER_S,
	 80,
	 "100% 65,535/65,535  0 pps  0 open"},
	{{0, 0, 0, 0}, 0, 0, 80, "100% 0/0  0 pps  0 open"},
	{{1, 61, 1, 0}, 1, NS_PER_S, 80, "1% 1/61  1 pps  0 open  60 s left"},
	{{1, 3601, 1, 0},
	 1,
	 NS_PER_S,
	 80,
	 "0% 1/3,601  1 pps  0 open  60 min left"},
	{{1, 7501, 1, 0},
	 1,
	 NS_PER_S,
	 80,
	 "0% 1/7,501  1 pps  0 open  2 h 5 min left"},
	/* a narrow terminal loses whole parts from the right */
	{{24301, 65535, 24400, 12},
	 182345,
	 200 * NS_PER_MS,
	 48,
	 "37% 24,301/65,535  182 kpps  12 open"},
	{{24301, 65535, 24400, 12},
	 182345,
	 200 * NS_PER_MS,
	 18,
	 "37% 24,301/65,535"},
	{{24301, 65535, 24400, 12}, 182345, 200 * NS_PER_MS, 5, ""},
	{{24301, 65535, 24400, 12}, 182345, 200 * NS_PER_MS, 0, ""},
	/* a whole Internet */
	{{UINT64_MAX / 2, UINT64_MAX, 0, 0},
	 1e7,
	 NS_PER_S,
	 80,
	 "50% 9,223,372,036,854,775,807/18,446,744,073,709,551,615  "
	 "10.0 Mpps  0 open"},
};

static void test_format(void **state)
{
	struct progress progress;
	char line[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		const struct example *example = &examples[i];

		progress_init(&progress, true, 1000);
		progress.rate_pps = example->rate_pps;
		progress_format(&progress, &example->at,
				1000 + example->elapsed_ns, example->columns,
				line, sizeof(line));
		assert_string_equal(line, example->line);
	}
}

static void test_small_buffer(void **state)
{
	struct progress_now at = {.done = 24301, .total = 65535, .sent = 3};
	struct progress progress;
	char line[24];

	(void)state;
	progress_init(&progress, true, 0);
	progress_format(&progress, &at, NS_PER_S, 80, line, sizeof(line));
	assert_string_equal(line, "37% 24,301/65,535");
}

/* At most five times a second; the rate follows what was sent. */
static void test_update(void **state)
{
	struct progress_now at = {.done = 100, .total = 1000, .sent = 200};
	struct progress progress;

	(void)state;
	progress_init(&progress, true, 0);
	progress_update(&progress, &at, 199 * NS_PER_MS);
	assert_int_equal(progress.last_ns, 0);
	progress_update(&progress, &at, 200 * NS_PER_MS);
	assert_int_equal(progress.last_ns, 200 * NS_PER_MS);
	assert_true(progress.rate_pps > 999.9 && progress.rate_pps < 1000.1);
	at.sent = 800; /* 3,000 pps */
	progress_update(&progress, &at, 400 * NS_PER_MS);
	assert_true(progress.rate_pps > 1999.9 && progress.rate_pps < 2000.1);
	progress_end(&progress);
	assert_false(progress.on);
}

static void test_off(void **state)
{
	struct progress_now at = {.done = 1, .total = 2, .sent = 1};
	struct progress progress;

	(void)state;
	progress_init(&progress, false, 0);
	progress_update(&progress, &at, NS_PER_S);
	assert_int_equal(progress.last_ns, 0);
	progress_end(&progress);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_small_buffer),
		cmocka_unit_test(test_update),
		cmocka_unit_test(test_off),
	};

	return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
