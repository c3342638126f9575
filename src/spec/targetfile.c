/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/targetfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "spec/targetspec.h"

#define BLANKS " \t\r\n"

/* One line of a file, which it may change. */
static int read_line(const struct targetspec *how, char *line,
		     struct error *error)
{
	char *rest = line;
	char *word;

	line[strcspn(line, "#")] = '\0';
	while ((word = strsep(&rest, BLANKS))) {
		size_t length;

		/* "a, b": the comma belongs to the blank. */
		word += strspn(word, ",");
		length = strlen(word);
		while (length && word[length - 1] == ',')
			word[--length] = '\0';
		if (length && targetspec_parse(how, word, error))
			return -1;
	}
	return 0;
}

static int read_stream(const struct targetspec *how, FILE *file,
		       const char *name, struct error *error)
{
	char *line = NULL;
	size_t room = 0, number = 0;
	ssize_t length;
	int result = 0;

	errno = 0;
	while (!result && (length = getline(&line, &room, file)) >= 0) {
		char *text = line;

		number++;
		if (number == 1 && !strncmp(text, "\xef\xbb\xbf", 3))
			text += 3; /* the mark some editors put first */
		if (strlen(line) != (size_t)length)
			result = error_set(error, STATUS_USAGE,
					   "a NUL byte is not text");
		else
			result = read_line(how, text, error);
		if (result)
			error_context(error, "%s:%zu", name, number);
		errno = 0;
	}
	if (!result && !feof(file))
		result = error_errno(error, "read %s", name);
	free(line);
	return result;
}

int targetfile_read(const struct targetspec *how, const char *path,
		    struct error *error)
{
	FILE *file;
	int result;

	if (!strcmp(path, "-"))
		return read_stream(how, stdin, "stdin", error);
	file = fopen(path, "re");
	if (!file)
		return error_errno(error, "open %s", path);
	result = read_stream(how, file, path, error);
	fclose(file);
	return result;
}
