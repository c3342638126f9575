/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow/markup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flow/svg.h"

struct got {
	char bytes[20000];
	size_t used;
};

static void put(void *arg, const char *bytes, size_t length)
{
	struct got *got = arg;

	assert_true(got->used + length < sizeof(got->bytes));
	memcpy(got->bytes + got->used, bytes, length);
	got->used += length;
	got->bytes[got->used] = '\0';
}

/* What the text becomes. */
static const char *marked(const char *text)
{
	static struct got got;
	struct markup markup;

	got.used = 0;
	got.bytes[0] = '\0';
	markup_begin(&markup, put, &got);
	markup_text(&markup, text);
	markup_end(&markup);
	return got.bytes;
}

static void test_text(void **state)
{
	(void)state;
	assert_string_equal(marked("三次握手 <b>"), "三次握手 &lt;b&gt;");
	assert_string_equal(marked("a&b\"c'd"), "a&amp;b&quot;c&#39;d");
	assert_string_equal(marked("</svg><script>alert(1)</script>"),
			    "&lt;/svg&gt;&lt;script&gt;alert(1)&lt;/script"
			    "&gt;");
	/* no control bytes, nothing but UTF-8, no non-characters of XML */
	assert_string_equal(marked("\x1b[31m\n\xff"), "\\x1b[31m\\x0a\\xff");
	assert_string_equal(marked("\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbd"),
			    "\?\?\xef\xbf\xbd");
}

/* Longer than any buffer in between: nothing is lost or cut in two. */
static void test_long(void **state)
{
	char text[6001];
	const char *got;

	(void)state;
	for (size_t i = 0; i < 6000; i += 3)
		memcpy(text + i, "握", 3);
	text[6000] = '\0';
	got = marked(text);
	assert_string_equal(got, text);
	memset(text, '<', 4000);
	text[4000] = '\0';
	assert_int_equal(strlen(marked(text)), 16000);
}

static void test_measure(void **state)
{
	struct markup markup;

	(void)state;
	markup_begin(&markup, NULL, NULL);
	markup_add(&markup, "<g>%d</g>", 1);
	markup_text(&markup, "text");
	markup_end(&markup);
	assert_int_equal(markup.used, 0);
	assert_int_equal(svg_lines(10, "one two three"), 2);
	assert_int_equal(svg_lines(10, ""), 0);
	assert_int_equal(
		svg_paragraph(&markup, 0, 100, 10, "t", "one two three"),
		100 + 2 * SVG_LEADING);
	/* so many columns surely fit, one more may not */
	assert_in_range(svg_width(svg_columns(700, SVG_PLAIN), SVG_PLAIN), 690,
			701);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_measure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
