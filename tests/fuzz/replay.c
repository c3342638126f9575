/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What libFuzzer is without the fuzzer: gives a harness each file of its
 * corpus, in a buffer that ends where the file does, and speaks TAP.
 *
 * replay_NAME [DIRECTORY]   tests/fuzz/corpus/NAME without
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/failing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL;
	long size = -1;

	if (!file)
		return -1;
	if (fseek(file, 0, SEEK_END) == 0)
		size = ftell(file);
	rewind(file);
	if (size >= 0)
		data = malloc(size > 0 ? (size_t)size : 1);
	if (!data || fread(data, 1, (size_t)size, file) != (size_t)size)
		size = -1;
	fclose(file);
	if (size >= 0) {
		alarm(60); /* no input may take that long, on any machine */
		LLVMFuzzerTestOneInput(data, (size_t)size);
		alarm(0);
	}
	free(data);
	return size < 0 ? -1 : 0;
}

static int is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	const char *top = getenv("top_srcdir"),
		   *name = strstr(argv[0], "replay_");
	char directory[4096], path[8192];
	struct dirent **entries;
	int failed = 0, n;

	if (argc > 1)
		snprintf(directory, sizeof(directory), "%s", argv[1]);
	else if (name)
		snprintf(directory, sizeof(directory),
			 "%s/tests/fuzz/corpus/%s", top ? top : ".",
			 name + strlen("replay_"));
	else
		return 2;
	n = scandir(directory, &entries, is_input, alphasort);
	if (n <= 0) {
		printf("Bail out! no input in %s\n", directory);
		return 2;
	}
	failing_try_each();
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		int status;

		snprintf(path, sizeof(path), "%s/%s", directory,
			 entries[i]->d_name);
		status = replay(path);
		printf("%sok %d - %s\n", status ? "not " : "", i + 1,
		       entries[i]->d_name);
		fflush(stdout);
		failed |= status;
		free(entries[i]);
	}
	free(entries);
	return failed != 0;
}
