/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/synflow_options.h"

/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"

#include "args.h"

static void parse_ok(struct synflow_options *options, struct args *args,
		     const char *line)
{
	struct error error = ERROR_INIT;

	args_init(args, "synflow", line);
	synflow_options_parse(options, args->argc, args->argv, &error);
	assert_string_equal(error.text, "");
}

static void refuse(const char *line, const char *text)
{
	struct synflow_options options;
	struct error error = ERROR_INIT;
	struct args args;

	args_init(&args, "synflow", line);
	assert_int_equal(
		synflow_options_parse(&options, args.argc, args.argv, &error),
		-1);
	assert_string_equal(error.text, text);
	assert_int_equal(error.status, STATUS_USAGE);
	synflow_options_free(&options);
}

static void test_defaults(void **state)
{
	struct synflow_options options;
	struct args args;

	(void)state;
	parse_ok(&options, &args, "-r x.pcap");
	assert_int_equal(options.common.request, OPTIONS_RUN);
	assert_string_equal(options.read, "x.pcap");
	assert_null(options.interface);
	assert_null(options.record);
	assert_null(options.expression);
	assert_int_equal(options.count, 0);
	assert_int_equal(options.snap_bytes, 0);
	assert_int_equal(options.duration_ns, 0);
	assert_int_equal(options.view, VIEW_CONVERSATIONS);
	assert_int_equal(options.stream_count, 0);
	assert_int_equal(options.output_count, 1);
	assert_string_equal(options.outputs[0], "text");
	assert_int_equal(options.common.verbosity, 0);
	synflow_options_free(&options);
	synflow_options_free(NULL);
}

static void test_every_option(void **state)
{
	struct synflow_options options;
	struct args args;

	(void)state;
	parse_ok(&options, &args,
		 "-i lo tcp port -w out.pcapng -c 12 --duration 1.5s 80 "
		 "--view resets --stream 7,3 --stream=3,0 -o ndjson:x -otext "
		 "-s 96 -vv or icmp");
	assert_string_equal(options.interface, "lo");
	assert_null(options.read);
	assert_string_equal(options.record, "out.pcapng");
	assert_string_equal(options.expression, "tcp port 80 or icmp");
	assert_int_equal(options.count, 12);
	assert_int_equal(options.snap_bytes, 96);
	assert_int_equal(options.duration_ns, 1500 * NS_PER_MS);
	assert_int_equal(options.view, VIEW_RESETS);
	assert_int_equal(options.stream_count, 3);
	assert_int_equal(options.streams[0], 0);
	assert_int_equal(options.streams[1], 3);
	assert_int_equal(options.streams[2], 7);
	assert_int_equal(options.output_count, 2);
	assert_string_equal(options.outputs[0], "ndjson:x");
	assert_string_equal(options.outputs[1], "text");
	assert_int_equal(options.common.verbosity, 2);
	synflow_options_free(&options);

	parse_ok(&options, &args, "-i any -q");
	assert_string_equal(options.interface, "any");
	assert_int_equal(options.common.verbosity, -1);
	synflow_options_free(&options);
}

static void test_views(void **state)
{
	struct synflow_options options;
	struct args args;
	char line[64];

	(void)state;
	for (int i = 0; i < VIEW_COUNT; i++) {
		snprintf(line, sizeof(line), "-r x --view %s",
			 view_name((enum view_kind)i));
		parse_ok(&options, &args, line);
		assert_int_equal(options.view, i);
		synflow_options_free(&options);
	}
}

static void test_refused(void **state)
{
	(void)state;
	refuse("", "nothing to look at; accepted: either -r FILE or -i IF "
		   "(see --help)");
	refuse("-r x -i lo", "-r and -i together; accepted: either -r FILE or "
			     "-i IF (see --help)");
	refuse("-r x --duration 1s",
	       "--duration without -i; accepted: of a live capture only");
	refuse("-r x -s 96",
	       "--snap without -i; accepted: of a live capture only");
	refuse("-i nosuch0",
	       "--interface: bad value \"nosuch0\"; accepted: an interface of "
	       "this host, as `ip link` names it, or any");
	refuse("-r x -c 0", "--count: bad value \"0\"; accepted: a number of "
			    "frames from 1 on");
	refuse("-r x -c -1", "--count: bad value \"-1\"; accepted: a number of "
			     "frames from 1 on");
	refuse("-i lo -s 63", "--snap: bad value \"63\"; accepted: bytes, from "
			      "64 to 262144");
	refuse("-i lo --duration 0",
	       "--duration: bad value \"0\"; accepted: a duration up to 24h, "
	       "such as 500ms, 2s, 1.5s, 1m");
	refuse("-r x --view tree", "--view: bad value \"tree\"; accepted: "
				   "conversations, ladder, segments, resets");
	refuse("-r x --stream 1,,2",
	       "--stream: bad value \"1,,2\"; accepted: numbers of streams "
	       "from 0 on, comma-separated, up to 1000");
	refuse("-r x --stream ~",
	       "--stream: bad value \"\"; accepted: numbers of streams from 0 "
	       "on, comma-separated, up to 1000");
	refuse("-r x -w ~", "--write: bad value \"\"; accepted: a file name");
	refuse("-r x -o csv", "--output: bad output \"csv\": no such format; "
			      "accepted: text, ndjson, svg, html, each with "
			      "an optional :FILE");
	refuse("-r x -o text:",
	       "--output: bad output \"text:\": no file name behind the colon; "
	       "accepted: FORMAT, FORMAT:FILE, FORMAT:- for stdout");
	refuse("-r x -w -", "--write and --output both to standard output; "
			    "accepted: one of them, as in -w - -o text:FILE");
	refuse("-r x -w - -o text:a -o ndjson:-",
	       "--write and --output both to standard output; accepted: one of "
	       "them, as in -w - -o text:FILE");
	refuse("-r x -r y -r z", "--read: bad value \"z\"; accepted: one file, "
				 "or two of the same traffic");
	refuse("-r", "option --read needs a value: FILE");
}

/* A thousand streams are taken, one more is not. */
static void test_many_streams(void **state)
{
	struct synflow_options options;
	struct error error = ERROR_INIT;
	char list[8192] = "0", word[] = "synflow", read[] = "-rx";
	char option[] = "--stream";
	char *argv[] = {word, read, option, list, NULL};

	(void)state;
	for (int i = 1; i < 1000; i++)
		snprintf(list + strlen(list), 8, ",%d", i * 7 % 1000);
	assert_int_equal(synflow_options_parse(&options, 4, argv, &error), 0);
	assert_int_equal(options.stream_count, 1000);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(options.streams[i], i);
	synflow_options_free(&options);
	strcat(list, ",5");
	assert_int_equal(synflow_options_parse(&options, 4, argv, &error), -1);
	synflow_options_free(&options);
}

static void test_requests(void **state)
{
	static const struct {
		const char *line;
		enum options_request request;
		const char *first; /* of the answer */
	} requests[] = {
		{"-r x --help --nonsense", OPTIONS_HELP, "usage: synflow "},
		{"--version", OPTIONS_VERSION, "synflow "},
		{"--completion bash", OPTIONS_COMPLETION, "# bash completion"},
	};
	struct synflow_options options;
	struct args args;

	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		char text[8192] = "";
		FILE *stream = fmemopen(text, sizeof(text), "w");

		assert_non_null(stream);
		parse_ok(&options, &args, requests[i].line);
		assert_int_equal(options.common.request, requests[i].request);
		assert_int_equal(synflow_options_answer(&options, stream, NULL),
				 0);
		fclose(stream);
		assert_memory_equal(text, requests[i].first,
				    strlen(requests[i].first));
		synflow_options_free(&options);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_every_option),
		cmocka_unit_test(test_views),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_many_streams),
		cmocka_unit_test(test_requests),
	};

	return cmocka_run_group_tests_name("synflow_options", tests, NULL,
					   NULL);
}
