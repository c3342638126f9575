/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/options.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <ctype.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/escape.h"

enum {
	LONG_BASE = 256, /* getopt's value of spec i is LONG_BASE + i */
	HELP_COLUMN = 30,
};

/* The table as getopt_long() wants it. */
struct getopt_view {
	struct option *longs;
	char *shorts;
};

static size_t spec_count(const struct option_table *table)
{
	size_t n = 0;

	while (table->specs[n].name)
		n++;
	return n;
}

static int view_init(struct getopt_view *view, const struct option_table *table,
		     struct error *error)
{
	size_t n = spec_count(table), i;
	char *at;

	view->longs = calloc(n + 1, sizeof(*view->longs));
	view->shorts = at = malloc(2 * n + 2);
	if (!view->longs || !view->shorts)
		return error_set(error, STATUS_FAILED, "out of memory");
	*at++ = ':'; /* tell a missing value from an unknown option */
	for (i = 0; i < n; i++) {
		const struct option_spec *spec = &table->specs[i];
		bool valued = spec->metavar != NULL;

		view->longs[i] = (struct option){
			.name = spec->name,
			.has_arg = valued ? required_argument : no_argument,
			.val = LONG_BASE + (int)i,
		};
		if (spec->letter)
			*at++ = spec->letter;
		if (spec->letter && valued)
			*at++ = ':';
	}
	*at = '\0';
	return 0;
}

static void view_fini(struct getopt_view *view)
{
	free(view->longs);
	free(view->shorts);
}

/* The spec of what getopt_long() returned or left in optopt; NULL: none. */
static const struct option_spec *spec_find(const struct option_table *table,
					   int value)
{
	const struct option_spec *spec;

	if (value >= LONG_BASE)
		return &table->specs[value - LONG_BASE];
	for (spec = table->specs; spec->name; spec++)
		if (spec->letter && spec->letter == value)
			return spec;
	return NULL;
}

static int unknown(const char *word, struct error *error)
{
	char quoted[ESCAPE_QUOTE_BYTES];

	return error_set(error, STATUS_USAGE,
			 "unknown option %s; --help lists those accepted",
			 escape_quote(word, quoted));
}

/* Of what getopt_long() answered with '?' or ':'. */
static int refused(const struct option_table *table, int answer, char **argv,
		   struct error *error)
{
	const struct option_spec *spec = spec_find(table, optopt);
	char letter[3] = {'-', (char)optopt, '\0'};

	if (!spec && !optopt) /* a long one, or the start of several */
		return unknown(argv[optind - 1], error);
	if (!spec)
		return unknown(letter, error);
	if (answer == ':')
		return error_set(error, STATUS_USAGE,
				 "option --%s needs a value: %s", spec->name,
				 spec->metavar);
	return error_set(error, STATUS_USAGE, "option --%s takes no value: %s",
			 spec->name, argv[optind - 1]);
}

/* getopt_long() takes the start of a name for the name. The word is the one
 * before optind, or before its value where that is a word of its own. */
static bool is_abbreviated(const struct option_spec *spec, char **argv,
			   const char **word)
{
	size_t length = strlen(spec->name);

	*word = argv[optind - 1];
	if (optarg && optarg == *word)
		*word = argv[optind - 2];
	return strncmp(*word + 2, spec->name, length) ||
	       ((*word)[2 + length] && (*word)[2 + length] != '=');
}

int options_bad(struct error *error, const char *value, const char *accepted)
{
	char quoted[ESCAPE_QUOTE_BYTES];

	return error_set(error, STATUS_USAGE, "bad value %s; accepted: %s",
			 escape_quote(value, quoted), accepted);
}

static int ask(struct options_common *common, enum options_request request)
{
	common->request = request;
	return 1;
}

static int parse_common(const char *name, const char *value,
			struct options_common *common, struct error *error)
{
	int *verbosity = &common->verbosity;

	if (strcmp(name, "help") == 0)
		return ask(common, OPTIONS_HELP);
	if (strcmp(name, "version") == 0)
		return ask(common, OPTIONS_VERSION);
	if (strcmp(name, "completion") == 0)
		return strcmp(value, "bash") == 0
			       ? ask(common, OPTIONS_COMPLETION)
			       : options_bad(error, value, "bash");
	if (strcmp(name, "quiet") == 0)
		*verbosity = -1;
	else if (*verbosity < 2)
		*verbosity = *verbosity < 0 ? 1 : *verbosity + 1;
	return 0;
}

static int parse_one(const struct option_table *table, int answer, char **argv,
		     struct options_common *common, void *context,
		     struct error *error)
{
	const struct option_spec *spec;
	const char *word;
	int result;

	if (answer == '?' || answer == ':')
		return refused(table, answer, argv, error);
	spec = spec_find(table, answer);
	if (answer >= LONG_BASE && is_abbreviated(spec, argv, &word))
		return unknown(word, error);
	result = spec->parse ? spec->parse(context, optarg, error)
			     : parse_common(spec->name, optarg, common, error);
	if (result < 0)
		return error_context(error, "--%s", spec->name);
	return result;
}

int options_parse(const struct option_table *table, int argc, char **argv,
		  struct options_common *common, void *context, int *operands,
		  struct error *error)
{
	struct getopt_view view = {NULL, NULL};
	int result, answer;

	result = view_init(&view, table, error);
	if (result < 0)
		goto out;
	opterr = 0;
	optind = 0; /* glibc: start anew, forget an earlier argv */
	while ((answer = getopt_long(argc, argv, view.shorts, view.longs,
				     NULL)) != -1) {
		result = parse_one(table, answer, argv, common, context, error);
		if (result)
			break;
	}
	*operands = optind;
out:
	view_fini(&view);
	return result;
}

static void help_option(const struct option_spec *spec, FILE *stream)
{
	const char *metavar = spec->metavar ? spec->metavar : "";
	char left[HELP_COLUMN + 32];
	int length;

	length = snprintf(left, sizeof(left), "  %c%c%c --%s%s%s",
			  spec->letter ? '-' : ' ',
			  spec->letter ? spec->letter : ' ',
			  spec->letter ? ',' : ' ', spec->name,
			  *metavar ? " " : "", metavar);
	fprintf(stream, "%-*s%s%s\n", HELP_COLUMN, left,
		length < HELP_COLUMN ? "" : " ", spec->help);
}

static void print_help(const struct option_table *table, FILE *stream)
{
	const struct option_spec *spec;
	const char *group = "";

	fprintf(stream, "usage: %s %s\n%s\n", table->program, table->synopsis,
		table->purpose);
	for (spec = table->specs; spec->name; spec++) {
		if (!spec->group)
			continue;
		if (strcmp(group, spec->group))
			fprintf(stream, "%s:\n", spec->group);
		group = spec->group;
		help_option(spec, stream);
	}
	fprintf(stream, "Examples:\n%s", table->examples);
}

/* What a value can be. Only our own words are given to compgen -W: it
 * expands them as the shell does. */
static void complete_value(const struct option_spec *spec, FILE *stream)
{
	const char *hint = spec->hint;

	fprintf(stream, "\t\t");
	if (!hint)
		fprintf(stream, ";;\n");
	else if (!strcmp(hint, "@file"))
		fprintf(stream, "compopt -o filenames\n"
				"\t\tmapfile -t COMPREPLY < "
				"<(compgen -f -- \"$cur\");;\n");
	else if (!strcmp(hint, "@interface"))
		fprintf(stream, "mapfile -t COMPREPLY < "
				"<(cd /sys/class/net && "
				"compgen -f -- \"$cur\");;\n");
	else
		fprintf(stream,
			"mapfile -t COMPREPLY < "
			"<(compgen -W '%s' -- \"$cur\");;\n",
			hint);
}

static void complete_values(const struct option_table *table, FILE *stream)
{
	const struct option_spec *spec;

	for (spec = table->specs; spec->name; spec++) {
		if (!spec->group || !spec->metavar)
			continue;
		fprintf(stream, "\t");
		if (spec->letter)
			fprintf(stream, "-%c | ", spec->letter);
		fprintf(stream, "--%s)\n", spec->name);
		complete_value(spec, stream);
	}
}

static void complete_names(const struct option_table *table, FILE *stream)
{
	const struct option_spec *spec;

	for (spec = table->specs; spec->name; spec++) {
		if (!spec->group)
			continue;
		if (spec->letter)
			fprintf(stream, " -%c", spec->letter);
		fprintf(stream, " --%s", spec->name);
	}
}

static void print_completion(const struct option_table *table, FILE *stream)
{
	const char *name = table->program;

	/* bash parts --name=value at the '=' */
	fprintf(stream,
		"# bash completion for %s, made from its option table\n"
		"_%s()\n{\n"
		"\tlocal cur=${COMP_WORDS[COMP_CWORD]}\n"
		"\tlocal prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
		"\tif [[ $cur == = ]]; then\n"
		"\t\tcur=\n"
		"\telif [[ $prev == = ]]; then\n"
		"\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}\n"
		"\tfi\n"
		"\tCOMPREPLY=()\n"
		"\tcase $prev in\n",
		name, name);
	complete_values(table, stream);
	fprintf(stream, "\t*)\n"
			"\t\tmapfile -t COMPREPLY < <(if [[ $cur == -* ]]; "
			"then\n"
			"\t\t\tcompgen -W '");
	complete_names(table, stream);
	fprintf(stream,
		"' -- \"$cur\"\n"
		"\t\telse\n"
		"\t\t\tcompgen -W '%s' -A hostname -- \"$cur\"\n"
		"\t\tfi);;\n"
		"\tesac\n"
		"} && complete -F _%s %s\n",
		table->commands ? table->commands : "", name, name);
}

int options_answer(const struct option_table *table,
		   enum options_request request, FILE *stream,
		   struct error *error)
{
	if (request == OPTIONS_HELP)
		print_help(table, stream);
	else if (request == OPTIONS_VERSION)
		fprintf(stream, "%s %s\n", table->program, PACKAGE_VERSION);
	else if (request == OPTIONS_COMPLETION)
		print_completion(table, stream);
	if (fflush(stream) || ferror(stream))
		return error_errno(error, "standard output");
	return 0;
}
