/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/catalogue.h"

#include <byteswap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "random.h"

/* magic, revision, 3 strings, originals at 28, translations at 52, no hash
 * table; { length, offset } six times; then the strings. */
static const uint32_t header[] = {
	0x950412de, 0,  3, 28, 52, 0,   0, /* header */
	0,          76, 3, 77, 5,  81,     /* "", "ack", "hello" */
	6,          87, 6, 94, 4,  101,    /* "header", "确认", "hola" */
};
static const char strings[] = "\0ack\0hello\0header\0\347\241\256\350\256\244"
			      "\0hola";

enum {
	BYTES = sizeof(header) + sizeof(strings),
};

static void make(uint8_t bytes[BYTES], int swapped)
{
	for (size_t i = 0; i < sizeof(header) / sizeof(*header); i++) {
		uint32_t word = swapped ? bswap_32(header[i]) : header[i];

		memcpy(bytes + 4 * i, &word, 4);
	}
	memcpy(bytes + sizeof(header), strings, sizeof(strings));
}

static struct catalogue *open_bytes(const uint8_t *bytes, size_t length,
				    struct error *error)
{
	char path[] = "/tmp/test_catalogue_XXXXXX";
	struct catalogue *catalogue;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, length), (ssize_t)length);
	close(fd);
	catalogue = catalogue_open(path, error);
	unlink(path);
	return catalogue;
}

static void test_find(void **state)
{
	uint8_t bytes[BYTES];

	(void)state;
	assert_int_equal(sizeof(header), 76);
	for (int swapped = 0; swapped < 2; swapped++) {
		struct error error = ERROR_INIT;
		struct catalogue *catalogue;

		make(bytes, swapped);
		catalogue = open_bytes(bytes, sizeof(bytes), &error);
		assert_non_null(catalogue);
		assert_string_equal(catalogue_find(catalogue, "ack"), "确认");
		assert_string_equal(catalogue_find(catalogue, "hello"), "hola");
		assert_null(catalogue_find(catalogue, "hell"));
		assert_null(catalogue_find(catalogue, "z"));
		catalogue_free(catalogue);
	}
}

static void test_missing(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	assert_null(catalogue_open("/nonexistent.mo", &error));
	assert_int_equal(error.status, STATUS_FAILED);
	assert_non_null(strstr(error.text, "\"/nonexistent.mo\""));
	assert_null(catalogue_open("/", &error));
	catalogue_free(NULL);
}

/* Cut anywhere it is refused: the last string lacks its NUL at least. */
static void test_cut(void **state)
{
	uint8_t bytes[BYTES];

	(void)state;
	make(bytes, 0);
	for (size_t length = 0; length < sizeof(bytes) - 1; length++) {
		struct error error = ERROR_INIT;

		assert_null(open_bytes(bytes, length, &error));
		assert_int_equal(error.status, STATUS_FAILED);
	}
}

/* Whatever stands in it, nothing is read that is not there (ASan looks). */
static void test_noise(void **state)
{
	struct random random = random_new();
	uint8_t bytes[BYTES];

	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct error error = ERROR_INIT;
		struct catalogue *catalogue;

		make(bytes, 0);
		for (int n = 0; n < 3; n++)
			bytes[random_below(&random, sizeof(bytes))] =
				(uint8_t)random_next(&random);
		catalogue = open_bytes(bytes, sizeof(bytes), &error);
		if (catalogue) {
			const char *said = catalogue_find(catalogue, "ack");

			assert_true(!said || strlen(said) < BYTES);
		}
		catalogue_free(catalogue);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
