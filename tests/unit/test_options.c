/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/options.h"
#include "app/synscan_options.h"

/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

#include "args.h"

static void parse_ok(struct synscan_options *options, struct args *args,
		     const char *line)
{
	struct error error = ERROR_INIT;

	args_init(args, "synscan", line);
	synscan_options_parse(options, args->argc, args->argv, &error);
	assert_string_equal(error.text, "");
}

static void refuse(const char *line, enum status status, const char *text)
{
	struct synscan_options options;
	struct error error = ERROR_INIT;
	struct args args;

	args_init(&args, "synscan", line);
	assert_int_equal(
		synscan_options_parse(&options, args.argc, args.argv, &error),
		-1);
	assert_string_equal(error.text, text);
	assert_int_equal(error.status, status);
	synscan_options_free(&options);
}

static uint64_t targets(struct synscan_options *options)
{
	assert_int_equal(targetset_freeze(options->targets, NULL, 0, NULL), 0);
	return targetset_count(options->targets);
}

static void test_defaults(void **state)
{
	struct synscan_options options;
	struct args args;

	(void)state;
	parse_ok(&options, &args, "10.0.0.1");
	assert_int_equal(options.common.request, OPTIONS_RUN);
	assert_int_equal(options.ports.count, 65535);
	assert_int_equal(targets(&options), 1);
	assert_int_equal(options.ifindex, 0);
	assert_string_equal(options.interface, "");
	assert_int_equal(options.source.family, 0);
	assert_int_equal(options.source_port, 0);
	assert_int_equal(options.rate_pps, 0);
	assert_int_equal(options.max_rate_pps, 0);
	assert_int_equal(options.retries, -1);
	assert_int_equal(options.wait_ns, -1);
	assert_true(options.show[VERDICT_OPEN]);
	assert_false(options.show[VERDICT_CLOSED]);
	assert_false(options.show[VERDICT_FILTERED]);
	assert_int_equal(options.output_count, 1);
	assert_string_equal(options.outputs[0], "text");
	assert_int_equal(options.via, VIA_AUTO);
	assert_int_equal(options.families, TARGETSET_BOTH);
	assert_false(options.connect);
	assert_false(options.seed_given);
	assert_false(options.dry_run);
	assert_false(options.numeric);
	assert_false(options.progress);
	assert_null(options.pcap);
	assert_int_equal(options.common.verbosity, 0);
	synscan_options_free(&options);
	synscan_options_free(NULL);
}

static void test_every_option(void **state)
{
	struct synscan_options options;
	struct addr source;
	struct args args;

	(void)state;
	parse_ok(&options, &args,
		 "-p 22,80-90 --exclude-ports 85-90 10.0.0.0/30 -x 10.0.0.2 "
		 "-i lo -S 127.0.0.1 -g 53 -r 20k -R 7 -w 1.5s "
		 "--show closed --show=filtered -o csv:x -ondjson --via link "
		 "-6 --seed 123456789abcdef0123456789 --dry-run -nvv "
		 "--progress --pcap x.pcapng -- 10.1.0.1");
	assert_int_equal(options.ports.count, 6);
	/* 10.0.0.0, .1, .3 and 10.1.0.1 */
	assert_int_equal(targets(&options), 4);
	assert_true(options.ifindex > 0);
	assert_string_equal(options.interface, "lo");
	assert_int_equal(addr_parse("127.0.0.1", &source), 0);
	assert_true(addr_equal(&options.source, &source));
	assert_int_equal(options.source_port, 53);
	assert_int_equal(options.rate_pps, 20000);
	assert_int_equal(options.retries, 7);
	assert_int_equal(options.wait_ns, 1500000000);
	assert_false(options.show[VERDICT_OPEN]);
	assert_true(options.show[VERDICT_CLOSED]);
	assert_true(options.show[VERDICT_FILTERED]);
	assert_int_equal(options.output_count, 2);
	assert_string_equal(options.outputs[0], "csv:x");
	assert_string_equal(options.outputs[1], "ndjson");
	assert_int_equal(options.via, VIA_LINK);
	assert_int_equal(options.families, TARGETSET_IPV6);
	assert_true(options.seed_given);
	assert_true(options.seed[0] == UINT64_C(0xabcdef0123456789));
	assert_true(options.seed[1] == UINT64_C(0x123456789));
	assert_true(options.dry_run);
	assert_true(options.numeric);
	assert_true(options.progress);
	assert_string_equal(options.pcap, "x.pcapng");
	assert_int_equal(options.common.verbosity, 2);
	synscan_options_free(&options);
}

static void test_more_values(void **state)
{
	struct synscan_options options;
	struct args args;

	(void)state;
	parse_ok(&options, &args,
		 "-p 1 -p 2-3 -46 --show open,all --max-rate 1.5m -v -q "
		 "--via ip ::1 --seed 0");
	assert_int_equal(options.ports.count, 3);
	assert_int_equal(options.families, TARGETSET_BOTH);
	assert_true(options.show[VERDICT_FILTERED]);
	assert_int_equal(options.max_rate_pps, 1500000);
	assert_int_equal(options.common.verbosity, -1);
	assert_int_equal(options.via, VIA_IP);
	assert_true(options.seed_given && !options.seed[0] && !options.seed[1]);
	synscan_options_free(&options);
}

static void test_connect(void **state)
{
	static const char *const lines[] = {"-c ::1", "--connect ::1",
					    "-nc ::1"};
	struct synscan_options options;
	struct args args;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		parse_ok(&options, &args, lines[i]);
		assert_true(options.connect);
		synscan_options_free(&options);
	}
}

static void test_list(void **state)
{
	char path[] = "/tmp/test_options.XXXXXX", line[128];
	int fd = mkstemp(path);
	struct synscan_options options;
	struct args args;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "10.0.0.1 # one\n10.0.0.8/29\n", 27), 27);
	close(fd);
	snprintf(line, sizeof(line), "-l %s", path);
	parse_ok(&options, &args, line);
	assert_int_equal(targets(&options), 9);
	synscan_options_free(&options);
	snprintf(line, sizeof(line), "--exclude-file %s 10.0.0.0/24", path);
	parse_ok(&options, &args, line);
	assert_int_equal(targets(&options), 256 - 9);
	synscan_options_free(&options);
	unlink(path);
}

#define PORTS_ACCEPTED                                                         \
	"; accepted: 1-65535, FIRST-LAST, service names, \"-\" for all, "      \
	"comma-separated"
#define RATE_ACCEPTED                                                          \
	"; accepted: packets per second from 1 to 100m, such as 5000, 20k, "   \
	"1.5m"
#define UNKNOWN_ACCEPTED "; --help lists those accepted"
#define NO_TARGET                                                              \
	"no target; accepted: addresses, prefixes, ranges, host names, "       \
	"--list FILE (see --help)"

static void test_bad_ports(void **state)
{
	(void)state;
	refuse("-p 0 ::1", STATUS_USAGE,
	       "--ports: bad port \"0\": not a number from 1 to "
	       "65535" PORTS_ACCEPTED);
	refuse("-p 65536 ::1", STATUS_USAGE,
	       "--ports: bad port \"65536\": not a number from 1 to "
	       "65535" PORTS_ACCEPTED);
	refuse("-p 80-70 ::1", STATUS_USAGE,
	       "--ports: bad port \"80-70\": the range runs "
	       "backwards" PORTS_ACCEPTED);
	refuse("-p 1 --exclude-ports 1 ::1", STATUS_USAGE,
	       "--exclude-ports \"1\" leaves no port to scan");
	refuse("--exclude-ports 0 ::1", STATUS_USAGE,
	       "--exclude-ports: bad port \"0\": not a number from 1 to "
	       "65535" PORTS_ACCEPTED);
}

static void test_bad_values(void **state)
{
	(void)state;
	refuse("--rate -1 ::1", STATUS_USAGE,
	       "--rate: bad value \"-1\"" RATE_ACCEPTED);
	refuse("-r 0 ::1", STATUS_USAGE,
	       "--rate: bad value \"0\"" RATE_ACCEPTED);
	refuse("--max-rate 5g ::1", STATUS_USAGE,
	       "--max-rate: bad value \"5g\"" RATE_ACCEPTED);
	refuse("-r 5 --max-rate 5 ::1", STATUS_USAGE,
	       "--rate is exact and --max-rate the ceiling of an adaptive "
	       "rate; accepted: one of them");
	refuse("-c --via ip ::1", STATUS_USAGE,
	       "--via is for the packets of a SYN scan, and --connect sends "
	       "none of its own; accepted: one of them");
	refuse("--via link --connect ::1", STATUS_USAGE,
	       "--via is for the packets of a SYN scan, and --connect sends "
	       "none of its own; accepted: one of them");
	refuse("-R 256 ::1", STATUS_USAGE,
	       "--retries: bad value \"256\"; accepted: a number from 0 to "
	       "255");
	refuse("-w 2days ::1", STATUS_USAGE,
	       "--wait: bad value \"2days\"; accepted: a duration up to 24h, "
	       "such as 500ms, 2s, 1.5s, 1m");
	refuse("-g 65536 ::1", STATUS_USAGE,
	       "--source-port: bad value \"65536\"; accepted: a port number "
	       "from 1 to 65535");
	refuse("-i nowhere ::1", STATUS_USAGE,
	       "--interface: bad value \"nowhere\"; accepted: an interface of "
	       "this host, as `ip link` names it");
	refuse("-S 010.0.0.1 ::1", STATUS_USAGE,
	       "--source: bad value \"010.0.0.1\"; accepted: an IPv4 or IPv6 "
	       "address, as `ip address` names it");
	refuse("--via tun ::1", STATUS_USAGE,
	       "--via: bad value \"tun\"; accepted: auto, ip, link");
	refuse("--show open,shut ::1", STATUS_USAGE,
	       "--show: bad value \"open,shut\"; accepted: open, closed, "
	       "filtered, all, comma-separated");
	refuse("--show ~ ::1", STATUS_USAGE,
	       "--show: bad value \"\"; accepted: open, closed, filtered, "
	       "all, comma-separated");
	refuse("--seed 0x12 ::1", STATUS_USAGE,
	       "--seed: bad value \"0x12\"; accepted: 1 to 32 hexadecimal "
	       "digits");
	refuse("--seed 123456789012345678901234567890123 ::1", STATUS_USAGE,
	       "--seed: bad value \"123456789012345678901234567890123\"; "
	       "accepted: 1 to 32 hexadecimal digits");
	refuse("-l - --exclude-file - ::1", STATUS_USAGE,
	       "--exclude-file: bad value \"-\"; accepted: \"-\" (stdin) once "
	       "for --list and --exclude-file together, or a file");
}

static void test_bad_options(void **state)
{
	(void)state;
	refuse("--foo ::1", STATUS_USAGE,
	       "unknown option \"--foo\"" UNKNOWN_ACCEPTED);
	refuse("-Z ::1", STATUS_USAGE,
	       "unknown option \"-Z\"" UNKNOWN_ACCEPTED);
	refuse("-nZ ::1", STATUS_USAGE,
	       "unknown option \"-Z\"" UNKNOWN_ACCEPTED);
	/* the start of one name, of several, with and without a value */
	refuse("--sho all ::1", STATUS_USAGE,
	       "unknown option \"--sho\"" UNKNOWN_ACCEPTED);
	refuse("--sho=all ::1", STATUS_USAGE,
	       "unknown option \"--sho=all\"" UNKNOWN_ACCEPTED);
	refuse("--dry ::1", STATUS_USAGE,
	       "unknown option \"--dry\"" UNKNOWN_ACCEPTED);
	refuse("--exclude- ::1", STATUS_USAGE,
	       "unknown option \"--exclude-\"" UNKNOWN_ACCEPTED);
	refuse("::1 --rate", STATUS_USAGE, "option --rate needs a value: PPS");
	refuse("::1 -o", STATUS_USAGE,
	       "option --output needs a value: FORMAT[:FILE]");
	refuse("--dry-run=1 ::1", STATUS_USAGE,
	       "option --dry-run takes no value: --dry-run=1");
	refuse("--foo\033[2J ::1", STATUS_USAGE,
	       "unknown option \"--foo\\x1b[2J\"" UNKNOWN_ACCEPTED);
	refuse("--completion zsh", STATUS_USAGE,
	       "--completion: bad value \"zsh\"; accepted: bash");
}

static void test_bad_targets(void **state)
{
	struct synscan_options options;
	struct error error;
	struct args args;
	const char *const lines[] = {
		"10.0.0.0/33",     "010.0.0.1", "256.1.1.1", "224.0.0.1",
		"255.255.255.255", "ff02::1",   "~"};
	size_t i;

	(void)state;
	refuse("-n", STATUS_USAGE, NO_TARGET);
	refuse("-x 10.0.0.1", STATUS_USAGE, NO_TARGET);
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		args_init(&args, "synscan", lines[i]);
		assert_int_equal(synscan_options_parse(&options, args.argc,
						       args.argv, &error),
				 -1);
		assert_int_equal(error.status, STATUS_USAGE);
		assert_non_null(strstr(error.text,
				       *lines[i] == '~' ? "\"\"" : lines[i]));
		synscan_options_free(&options);
	}
	args_init(&args, "synscan", "-l /nonexistent/list");
	assert_int_equal(
		synscan_options_parse(&options, args.argc, args.argv, &error),
		-1);
	assert_int_equal(error.status, STATUS_FAILED);
	assert_non_null(strstr(error.text, "/nonexistent/list"));
	synscan_options_free(&options);
}

/* Whatever the word, at any place: no crash, and an error has a text. */
static void test_long_words(void **state)
{
	static const char *const options_with_values[] = {
		"-p",           "--exclude-ports",
		"-x",           "-l",
		"-i",           "-S",
		"-g",           "-r",
		"-R",           "-w",
		"-o",           "--show",
		"--seed",       "--via",
		"--completion",
	};
	size_t length = 1000000, i;
	char *word = malloc(length + 1);
	struct synscan_options options;

	(void)state;
	assert_non_null(word);
	memset(word, '9', length);
	word[length] = '\0';
	for (i = 0; i < sizeof(options_with_values) / sizeof(char *); i++) {
		char name[32], program[] = "synscan", target[] = "::1";
		char *argv[] = {program, name, word, target, NULL};
		struct error error = ERROR_INIT;
		int result;

		snprintf(name, sizeof(name), "%s", options_with_values[i]);
		result = synscan_options_parse(&options, 4, argv, &error);
		/* any -o is for sinks_add() to judge */
		assert_int_equal(result, strcmp(name, "-o") ? -1 : 0);
		assert_int_equal(strlen(error.text) > 0, result < 0);
		synscan_options_free(&options);
	}
	free(word);
}

static char *answer(const char *line, enum options_request request)
{
	struct synscan_options options;
	struct args args;
	char *text = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);

	assert_non_null(stream);
	parse_ok(&options, &args, line);
	assert_int_equal(options.common.request, request);
	assert_int_equal(synscan_options_answer(&options, stream, NULL), 0);
	fclose(stream);
	synscan_options_free(&options);
	return text;
}

/* One screen: 80 columns, 50 lines. */
static void test_help(void **state)
{
	char *text = answer("--help", OPTIONS_HELP), *line, *end;
	unsigned lines = 0;

	(void)state;
	assert_null(strstr(text, "--completion"));
	for (line = text; (end = strchr(line, '\n')); line = end + 1) {
		assert_true(end - line <= 80);
		lines++;
	}
	assert_string_equal(line, "");
	assert_true(lines <= 50);
	free(text);
	free(answer("-h --foo", OPTIONS_HELP));
}

static void test_version(void **state)
{
	char *text = answer("--version", OPTIONS_VERSION);

	(void)state;
	assert_memory_equal(text, "synscan ", 8);
	assert_int_equal(text[strlen(text) - 1], '\n');
	free(text);
}

static void test_completion(void **state)
{
	char *text = answer("--completion bash", OPTIONS_COMPLETION);

	(void)state;
	assert_non_null(strstr(text, "complete -F _synscan synscan\n"));
	assert_non_null(strstr(text, "-W 'open closed filtered all'"));
	assert_null(strstr(text, "--completion"));
	free(text);
}

static void test_unwritten(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	struct synscan_options options;
	struct error error = ERROR_INIT;
	struct args args;

	(void)state;
	assert_non_null(full);
	parse_ok(&options, &args, "--help");
	assert_int_equal(synscan_options_answer(&options, full, &error), -1);
	assert_int_equal(error.status, STATUS_FAILED);
	assert_string_equal(error.text,
			    "standard output: No space left on device");
	synscan_options_free(&options);
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_every_option),
		cmocka_unit_test(test_more_values),
		cmocka_unit_test(test_connect),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_bad_ports),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_bad_options),
		cmocka_unit_test(test_bad_targets),
		cmocka_unit_test(test_long_words),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_completion),
		cmocka_unit_test(test_unwritten),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
