/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef APP_OPTIONS_H
#define APP_OPTIONS_H

#include <stdio.h>

struct error;

/* One table of these drives a program's options: parsing, --help, shell
 * completion, and the test that holds the man page against it. */
struct option_spec {
	char letter;         /* 0: none */
	const char *name;    /* without the dashes */
	const char *metavar; /* of its value; NULL: takes none */
	const char *group;   /* heading in --help; options of one group stand
				together; NULL: hidden */
	const char *help;    /* one line */
	/* Values to complete: "@file", "@interface", or the words themselves
	 * ("auto ip link"); NULL: nothing to offer. */
	const char *hint;
	/* 0, or -1 with STATUS_USAGE. value is NULL without a metavar. NULL:
	 * one that every program has, known by its name: see below. */
	int (*parse)(void *context, const char *value, struct error *error);
};

enum options_request {
	OPTIONS_RUN,
	OPTIONS_HELP,
	OPTIONS_VERSION,
	OPTIONS_COMPLETION, /* hidden: --completion bash, for the build */
};

/* What --help, --version, --completion, --verbose and --quiet ask for. */
struct options_common {
	enum options_request request; /* all but RUN: no other option counts */
	int verbosity;                /* for log_init(): -1 to 2 */
};

struct option_table {
	const char *program;
	const char *synopsis; /* behind the program's name */
	const char *purpose;  /* one line */
	const char *examples; /* lines for the end of --help */
	const char *commands; /* words to complete, beside host names, where
				 no option stands; NULL: none */
	const struct option_spec *specs; /* up to one without a name */
};

/* In the order given; options and operands may be mixed, "--" ends the
 * options, argv is reordered so that the operands stand at *operands. Long
 * names are taken whole only: an abbreviation that works today would be
 * another option's tomorrow. Returns 0; 1 where there is a request, which ends
 * it; or -1 with STATUS_USAGE: one line that names the option and quotes the
 * value. */
int options_parse(const struct option_table *table, int argc, char **argv,
		  struct options_common *common, void *context, int *operands,
		  struct error *error);

/* For the callbacks: -1 with STATUS_USAGE, "bad value ...; accepted: ...". */
int options_bad(struct error *error, const char *value, const char *accepted);

/* Prints what a request other than OPTIONS_RUN asks for. 0, or -1 with
 * STATUS_FAILED when it could not be written. */
int options_answer(const struct option_table *table,
		   enum options_request request, FILE *stream,
		   struct error *error);

#endif
