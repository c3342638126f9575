/* SPDX-License-Identifier: BSD-2-Clause */
#include "fuzz/failing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	EACH_MAX = 64, /* a large input makes thousands */
};

static unsigned calls, failing; /* the how manyth; 0: none */
static bool each;

bool failing_now(void)
{
	return ++calls == failing;
}

/* FNV-1a, to choose by. */
static uint32_t hash(const uint8_t *data, size_t size)
{
	uint32_t value = 2166136261;

	for (size_t i = 0; i < size; i++)
		value = (value ^ data[i]) * 16777619;
	return value ^ value >> 16;
}

void failing_try_each(void)
{
	each = true;
}

/* Returns how many allocations there were. */
static unsigned run_failing(void (*run)(const uint8_t *data, size_t size),
			    const uint8_t *data, size_t size, unsigned which)
{
	calls = 0;
	failing = which;
	run(data, size);
	failing = 0;
	return calls;
}

void failing_run(void (*run)(const uint8_t *data, size_t size),
		 const uint8_t *data, size_t size)
{
	unsigned n = run_failing(run, data, size, 0);

	for (unsigned i = 1; each && i <= n && i <= EACH_MAX; i++)
		run_failing(run, data, size, i);
	if (n > 0 && !each)
		run_failing(run, data, size, 1 + hash(data, size) % n);
}

/* "--wrap" of the linker: calls of malloc() go to __wrap_malloc(), those of
 * __real_malloc() to malloc(). */
#define REAL(name) __asm__("__real_" #name)
#define WRAP(name) __asm__("__wrap_" #name)

void *real_malloc(size_t bytes) REAL(malloc);
void *real_calloc(size_t n, size_t bytes) REAL(calloc);
void *real_realloc(void *old, size_t bytes) REAL(realloc);
void *real_reallocarray(void *old, size_t n, size_t bytes) REAL(reallocarray);
char *real_strdup(const char *text) REAL(strdup);
char *real_strndup(const char *text, size_t n) REAL(strndup);

void *wrap_malloc(size_t bytes) WRAP(malloc);
void *wrap_calloc(size_t n, size_t bytes) WRAP(calloc);
void *wrap_realloc(void *old, size_t bytes) WRAP(realloc);
void *wrap_reallocarray(void *old, size_t n, size_t bytes) WRAP(reallocarray);
char *wrap_strdup(const char *text) WRAP(strdup);
char *wrap_strndup(const char *text, size_t n) WRAP(strndup);

static bool refuse(void)
{
	if (!failing_now())
		return false;
	errno = ENOMEM;
	return true;
}

void *wrap_malloc(size_t bytes)
{
	return refuse() ? NULL : real_malloc(bytes);
}

void *wrap_calloc(size_t n, size_t bytes)
{
	return refuse() ? NULL : real_calloc(n, bytes);
}

void *wrap_realloc(void *old, size_t bytes)
{
	return refuse() ? NULL : real_realloc(old, bytes);
}

void *wrap_reallocarray(void *old, size_t n, size_t bytes)
{
	return refuse() ? NULL : real_reallocarray(old, n, bytes);
}

char *wrap_strdup(const char *text)
{
	return refuse() ? NULL : real_strdup(text);
}

char *wrap_strndup(const char *text, size_t n)
{
	return refuse() ? NULL : real_strndup(text, n);
}
