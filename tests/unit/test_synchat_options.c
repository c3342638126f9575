/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/synchat_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"

#include "args.h"

static void parse_ok(struct synchat_options *options, struct args *args,
		     const char *line)
{
	struct error error = ERROR_INIT;

	args_init(args, "synchat", line);
	synchat_options_parse(options, args->argc, args->argv, &error);
	assert_string_equal(error.text, "");
}

static void refuse(const char *line, const char *text)
{
	struct synchat_options options;
	struct error error = ERROR_INIT;
	struct args args;

	args_init(&args, "synchat", line);
	assert_int_equal(
		synchat_options_parse(&options, args.argc, args.argv, &error),
		-1);
	assert_string_equal(error.text, text);
	assert_int_equal(error.status, STATUS_USAGE);
}

static void test_listen(void **state)
{
	struct synchat_options options;
	struct args args;

	(void)state;
	parse_ok(&options, &args, "listen 8000");
	assert_int_equal(options.command, SYNCHAT_LISTEN);
	assert_null(options.host);
	assert_int_equal(options.port, 8000);
	assert_int_equal(options.family, AF_UNSPEC);
	assert_int_equal(options.close, CLOSE_GRACEFUL);
	assert_int_equal(options.backlog, 4096);
	assert_int_equal(options.keepalive.idle_s, 0);
	assert_int_equal(options.send_bytes, 0);
	assert_int_equal(options.common.verbosity, 0);
	assert_false(options.turns);
	assert_false(options.narrates);
	parse_ok(&options, &args,
		 "listen 10.9.0.2 0 --turns --narrate --close unaccepted "
		 "--keepalive 1,2,3 --backlog 2 -s 2934 -4 -v");
	assert_string_equal(options.host, "10.9.0.2");
	assert_int_equal(options.port, 0);
	assert_int_equal(options.family, AF_INET);
	assert_int_equal(options.close, CLOSE_UNACCEPTED);
	assert_int_equal(options.backlog, 2);
	assert_int_equal(options.keepalive.idle_s, 1);
	assert_int_equal(options.keepalive.interval_s, 2);
	assert_int_equal(options.keepalive.count, 3);
	assert_int_equal(options.send_bytes, 2934);
	assert_int_equal(options.common.verbosity, 1);
	assert_true(options.turns);
	assert_true(options.narrates);
}

static void test_connect(void **state)
{
	struct synchat_options options;
	struct args args;

	(void)state;
	parse_ok(&options, &args, "connect lab.example 8000");
	assert_int_equal(options.command, SYNCHAT_CONNECT);
	assert_string_equal(options.host, "lab.example");
	assert_int_equal(options.port, 8000);
	assert_int_equal(options.timeout_ms, 10000);
	assert_int_equal(options.source_port, 0);
	assert_false(options.retry);
	assert_false(options.stays);
	parse_ok(&options, &args,
		 "-46qr --stay -g 40000 --timeout 1.5s --close=half-unread "
		 "connect fe80::1%lo 1");
	assert_int_equal(options.family, AF_UNSPEC); /* both again */
	assert_int_equal(options.timeout_ms, 1500);
	assert_int_equal(options.source_port, 40000);
	assert_int_equal(options.close, CLOSE_HALF_UNREAD);
	assert_int_equal(options.common.verbosity, -1);
	assert_true(options.retry);
	assert_true(options.stays);
	parse_ok(&options, &args, "connect ::1 1 -w 0");
	assert_int_equal(options.timeout_ms, 0);
	parse_ok(&options, &args, "connect ::1 1 -w 1us");
	assert_int_equal(options.timeout_ms, 1); /* never rounded to none */
}

static void test_bad_commands(void **state)
{
	(void)state;
	refuse("", "no command; accepted: listen [ADDRESS] PORT, connect HOST "
		   "PORT (see --help)");
	refuse("serve 8000", "bad command \"serve\"; accepted: listen "
			     "[ADDRESS] PORT, connect HOST PORT");
	refuse("~", "bad command \"\"; accepted: listen [ADDRESS] PORT, "
		    "connect HOST PORT");
	refuse("listen", "listen with 0 operands; accepted: listen [ADDRESS] "
			 "PORT");
	refuse("listen a 1 2", "listen with 3 operands; accepted: listen "
			       "[ADDRESS] PORT");
	refuse("connect 8000",
	       "connect with 1 operands; accepted: connect HOST PORT");
	refuse("listen 65536", "PORT: bad value \"65536\"; accepted: a port "
			       "number from 1 to 65535, or 0 for any");
	refuse("listen ::1 -1", "unknown option \"-1\"; --help lists those "
				"accepted");
	refuse("connect ::1 0", "PORT: bad value \"0\"; accepted: a port "
				"number from 1 to 65535");
	refuse("connect ::1 http", "PORT: bad value \"http\"; accepted: a "
				   "port number from 1 to 65535");
}

static void test_bad_values(void **state)
{
	static const char *const keepalives[] = {
		"1",     "1,1",     "1,1,",  ",1,1",      "0,1,1",   "1,0,1",
		"1,1,0", "1,1,1,1", "x,1,1", "32768,1,1", "1,1,128", "1, 1,1"};

	(void)state;
	refuse("connect ::1 1 --close bang",
	       "--close: bad value \"bang\"; accepted: graceful, reset, "
	       "unread, half-unread, disconnect, unaccepted");
	refuse("connect ::1 1 -g 0", "--source-port: bad value \"0\"; "
				     "accepted: a port number from 1 to 65535");
	refuse("connect ::1 1 -s 0", "--send-size: bad value \"0\"; accepted: "
				     "a number of bytes from 1 to 65536");
	refuse("connect ::1 1 -s 65537",
	       "--send-size: bad value \"65537\"; accepted: a number of bytes "
	       "from 1 to 65536");
	refuse("connect ::1 1 -w soon",
	       "--timeout: bad value \"soon\"; accepted: a duration up to 24h, "
	       "such as 500ms, 2s, 1.5s, 1m; 0 for as long as the kernel "
	       "tries");
	refuse("listen 1 --backlog -1",
	       "--backlog: bad value \"-1\"; accepted: a number from 0 to "
	       "65535");
	for (size_t i = 0; i < sizeof(keepalives) / sizeof(keepalives[0]);
	     i++) {
		struct synchat_options options;
		struct error error = ERROR_INIT;
		char program[] = "synchat", option[] = "--keepalive";
		char command[] = "listen", port[] = "1";
		char *argv[] = {
			program, command, port, option, (char *)keepalives[i],
			NULL};

		assert_int_equal(
			synchat_options_parse(&options, 5, argv, &error), -1);
		assert_int_equal(error.status, STATUS_USAGE);
		assert_non_null(strstr(error.text, keepalives[i]));
	}
}

static void test_that_do_not_fit(void **state)
{
	(void)state;
	refuse("listen 1 --retry", "--retry is for `connect` only");
	refuse("listen 1 -g 5", "--source-port is for `connect` only");
	refuse("listen 1 -w 5", "--timeout is for `connect` only");
	refuse("listen 1 --stay", "--stay is for `connect` only");
	refuse("connect ::1 1 --backlog 5", "--backlog is for `listen` only");
	refuse("connect ::1 1 --close unaccepted",
	       "--close unaccepted is for `listen` only: the other end does "
	       "the accepting");
	refuse("connect ::1 1 --stay --turns",
	       "--stay and --turns do not go together: in turns the end of one "
	       "is the end of both");
}

static char *answer(const char *line, enum options_request request)
{
	struct synchat_options options;
	struct args args;
	char *text = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);

	assert_non_null(stream);
	parse_ok(&options, &args, line);
	assert_int_equal(options.common.request, request);
	assert_int_equal(synchat_options_answer(&options, stream, NULL), 0);
	fclose(stream);
	return text;
}

static void test_answers(void **state)
{
	char *text = answer("--help", OPTIONS_HELP);

	(void)state;
	assert_memory_equal(text, "usage: synchat ", 15);
	assert_null(strstr(text, "--completion"));
	free(text);
	free(answer("-h serve", OPTIONS_HELP));
	text = answer("--version", OPTIONS_VERSION);
	assert_memory_equal(text, "synchat ", 8);
	free(text);
	text = answer("--completion bash", OPTIONS_COMPLETION);
	assert_non_null(strstr(text, "complete -F _synchat synchat\n"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listen),
		cmocka_unit_test(test_connect),
		cmocka_unit_test(test_bad_commands),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_that_do_not_fit),
		cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests_name("synchat_options", tests, NULL,
					   NULL);
}
