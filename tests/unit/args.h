/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_ARGS_H
#define TESTS_UNIT_ARGS_H

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum {
	ARGS = 48,
};

/* argv from one line of words; '~' stands for the empty word. */
struct args {
	int argc;
	char *argv[ARGS + 1];
	char copy[2048];
};

static void args_init(struct args *args, const char *program, const char *line)
{
	int length = snprintf(args->copy, sizeof(args->copy), "%s %s", program,
			      line);
	char *word, *rest;

	assert(length < (int)sizeof(args->copy));
	args->argc = 0;
	for (word = strtok_r(args->copy, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest)) {
		assert(args->argc < ARGS);
		if (!strcmp(word, "~"))
			*word = '\0';
		args->argv[args->argc++] = word;
	}
	args->argv[args->argc] = NULL;
}

#endif
