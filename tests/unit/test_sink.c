/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/sink.h"

/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "report/line.h"
#include "spec/comparison.h"
#include "spec/portset.h"
#include "spec/targetset.h"

static char directory[] = "/tmp/test_sink.XXXXXX";

static const bool show_open[VERDICT_COUNT] = {[VERDICT_OPEN] = true};
static const bool show_all[VERDICT_COUNT] = {true, true, true};

static int setup(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN); /* as main does */
	return mkdtemp(directory) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return rmdir(directory);
}

static const char *temp_path(void)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/out", directory);
	return path;
}

/* The whole file, which is then removed; free it. */
static char *take(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t room = 16 << 20, used;
	char *text = malloc(room);

	assert_non_null(file);
	assert_non_null(text);
	used = fread(text, 1, room - 1, file);
	text[used] = '\0';
	fclose(file);
	unlink(path);
	return text;
}

static struct sinks *open_sink(const char *format, const char *path)
{
	struct sinks *sinks = sinks_new();
	struct error error = ERROR_INIT;
	char spec[128];

	assert_non_null(sinks);
	snprintf(spec, sizeof(spec), "%s:%s", format, path);
	assert_int_equal(sinks_add(sinks, spec, &error), 0);
	return sinks;
}

static struct result result_of(const char *addr, uint16_t port,
			       enum verdict verdict, enum reason reason)
{
	struct result result = {
		.port = port,
		.verdict = verdict,
		.reason = reason,
		.ttl = -1,
		.rtt_ns = -1,
		.tries = 1,
	};

	assert_int_equal(addr_parse(addr, &result.addr), 0);
	return result;
}

static struct result answered(struct result result, int ttl, int64_t rtt_ns)
{
	result.ttl = ttl;
	result.rtt_ns = rtt_ns;
	return result;
}

static struct summary plain_summary(void)
{
	struct summary summary = {
		.mode = "syn",
		.targets = 1,
		.ports = 65535,
		.verdicts = {1, 65534, 0},
		.probes_sent = 65535,
		.replies = 65535,
		.elapsed_ns = 352499999,
		.complete = true,
	};

	summary.reasons[VERDICT_OPEN][REASON_SYN_ACK] = 1;
	summary.reasons[VERDICT_CLOSED][REASON_RST] = 65534;
	return summary;
}

/* What a sink writes of these. */
static char *written(const char *format, bool single,
		     const bool shown[VERDICT_COUNT],
		     const struct result *results, size_t n,
		     const struct summary *summary)
{
	struct sinks *sinks = open_sink(format, temp_path());
	struct error error = ERROR_INIT;
	size_t i;

	assert_int_equal(sinks_begin(sinks, single, shown, false, &error), 0);
	for (i = 0; i < n; i++)
		sinks_result(sinks, &results[i]);
	assert_int_equal(sinks_finish(sinks, summary, &error), 0);
	assert_string_equal(error.text, "");
	sinks_free(sinks);
	return take(temp_path());
}

static void expect(char *text, const char *expected)
{
	assert_string_equal(text, expected);
	free(text);
}

static void test_ndjson(void **state)
{
	struct summary summary = plain_summary();
	struct result results[] = {
		answered(result_of("10.9.0.2", 8000, VERDICT_OPEN,
				   REASON_SYN_ACK),
			 64, 21499),
		answered(
			result_of("2001:db8::1", 1, VERDICT_CLOSED, REASON_RST),
			255, 1500),
		result_of("10.9.0.2", 65535, VERDICT_FILTERED, REASON_NO_REPLY),
	};

	(void)state;
	results[2].tries = 3;
	expect(written("ndjson", false, show_all, results, 3, &summary),
	       "{\"type\":\"port\",\"ip\":\"10.9.0.2\",\"proto\":\"tcp\","
	       "\"port\":8000,\"state\":\"open\",\"reason\":\"syn-ack\","
	       "\"ttl\":64,\"rtt_us\":21,\"tries\":1}\n"
	       "{\"type\":\"port\",\"ip\":\"2001:db8::1\",\"proto\":\"tcp\","
	       "\"port\":1,\"state\":\"closed\",\"reason\":\"rst\","
	       "\"ttl\":255,\"rtt_us\":2,\"tries\":1}\n"
	       "{\"type\":\"port\",\"ip\":\"10.9.0.2\",\"proto\":\"tcp\","
	       "\"port\":65535,\"state\":\"filtered\","
	       "\"reason\":\"no-reply\",\"tries\":3}\n"
	       "{\"type\":\"summary\",\"mode\":\"syn\",\"targets\":1,"
	       "\"ports\":65535,\"open\":1,\"closed\":65534,\"filtered\":0,"
	       "\"unasked\":0,\"probes_sent\":65535,\"retransmissions\":0,"
	       "\"send_errors\":0,\"replies\":65535,\"replies_rejected\":0,"
	       "\"duplicates\":0,\"capture_drops\":0,\"elapsed_s\":0.352,"
	       "\"complete\":true,\"loss\":0.000000,"
	       "\"expected_wrong\":0.000000}\n");
}

static void test_ndjson_summary_extremes(void **state)
{
	struct summary summary = plain_summary();
	char *text, *at;

	(void)state;
	summary.probes_sent = UINT64_MAX;
	summary.complete = false;
	summary.loss = -1;
	summary.expected_wrong = 0.0098765;
	summary.elapsed_ns = 3600LL * 1000000000;
	text = written("ndjson", false, show_open, NULL, 0, &summary);
	assert_non_null(strstr(text, "\"probes_sent\":18446744073709551615,"));
	at = strstr(text, "\"elapsed_s\"");
	assert_string_equal(at, "\"elapsed_s\":3600.000,\"complete\":false,"
				"\"expected_wrong\":0.009877}\n");
	free(text);
}

/* Every verdict and every reason, in every format. */
static void test_every_state(void **state)
{
	static const char *const formats[] = {"text", "ndjson", "csv"};
	struct summary summary = plain_summary();
	unsigned f, v, r;
	char *text, *at, *line;

	(void)state;
	for (f = 0; f < 3; f++)
		for (v = 0; v < VERDICT_COUNT; v++)
			for (r = 0; r < REASON_COUNT; r++) {
				struct result result = result_of(
					"10.0.0.1", 7, (enum verdict)v,
					(enum reason)r);

				text = written(formats[f], false, show_all,
					       &result, 1, &summary);
				at = strchr(text, '\n');
				line = f == 1 ? text : at + 1;
				*strchr(line, '\n') = '\0';
				assert_non_null(strstr(
					line, verdict_name((enum verdict)v)));
				assert_non_null(strstr(
					line, reason_name((enum reason)r)));
				free(text);
			}
}

static void test_csv(void **state)
{
	struct summary summary = plain_summary();
	struct result results[] = {
		answered(
			result_of("10.9.0.2", 80, VERDICT_OPEN, REASON_SYN_ACK),
			64, 1240000),
		result_of("::1", 81, VERDICT_FILTERED, REASON_NO_ROUTE),
	};

	(void)state;
	results[1].tries = 0;
	expect(written("csv", true, show_all, results, 2, &summary),
	       "ip,proto,port,state,reason,ttl,rtt_us,tries,service\n"
	       "10.9.0.2,tcp,80,open,syn-ack,64,1240,1,\n"
	       "::1,tcp,81,filtered,no-route,,,0,\n");
}

static void test_text_single(void **state)
{
	struct summary summary = plain_summary();
	struct result results[] = {
		answered(
			result_of("10.9.0.2", 22, VERDICT_OPEN, REASON_SYN_ACK),
			64, 21000),
		result_of("10.9.0.2", 23, VERDICT_CLOSED, REASON_RST),
		answered(result_of("10.9.0.2", 65535, VERDICT_OPEN,
				   REASON_SYN_ACK),
			 64, 1240000),
	};

	(void)state;
	expect(written("text", true, show_open, results, 3, &summary),
	       " PORT  STATE     REASON      RTT  SERVICE\n"
	       "   22  open      syn-ack   21 us\n"
	       "65535  open      syn-ack 1.24 ms\n"
	       "not shown: 65,534 closed (rst)\n"
	       "65,535 probes, 0 retransmissions, 0 drops, 0.352 s\n");
}

/* A run that was recorded says so before its last line, or at its end. */
static void test_recorded(void **state)
{
	struct summary summary = plain_summary();
	char *json;

	(void)state;
	summary.recorded = true;
	summary.record_packets = 131071;
	summary.record_drops = 1234;
	expect(written("text", true, show_open, NULL, 0, &summary),
	       "not shown: 65,534 closed (rst)\n"
	       "131,071 packets recorded, 1,234 dropped\n"
	       "65,535 probes, 0 retransmissions, 0 drops, 0.352 s\n");
	json = written("ndjson", true, show_open, NULL, 0, &summary);
	assert_non_null(strstr(json, ",\"expected_wrong\":0.000000,"
				     "\"record_packets\":131071,"
				     "\"record_drops\":1234}\n"));
	free(json);
}

/* Of three ports one is known by one scan alone, and one differs. */
static void test_comparison(void **state)
{
	struct result results[] = {
		result_of("10.9.0.2", 22, VERDICT_OPEN, REASON_SYN_ACK),
		result_of("10.9.0.2", 80, VERDICT_CLOSED, REASON_RST),
		result_of("10.9.0.2", 443, VERDICT_CLOSED, REASON_RST),
	};
	struct targetset *targets = targetset_new();
	struct comparison *both;
	struct summary summary = {.mode = "compare"};
	struct portset ports;
	char *json;

	(void)state;
	portset_init(&ports);
	assert_int_equal(portset_add(&ports, "22,80,443", NULL), 0);
	assert_int_equal(
		targetset_add(targets, "10.9.0.2", TARGETSET_BOTH, NULL), 0);
	assert_int_equal(targetset_freeze(targets, NULL, 0, NULL), 0);
	both = comparison_new(targets, &ports, NULL);
	assert_non_null(both);
	for (size_t i = 0; i < 3; i++) {
		results[i].mode = "syn";
		comparison_put(both, SIDE_SYN, &results[i]);
	}
	comparison_put(both, SIDE_CONNECT, &results[0]);
	results[1].verdict = VERDICT_FILTERED;
	results[1].reason = REASON_TIMEOUT;
	comparison_put(both, SIDE_CONNECT, &results[1]);
	comparison_count(both);
	both->summaries[SIDE_SYN] = plain_summary();
	both->summaries[SIDE_CONNECT] = plain_summary();
	both->summaries[SIDE_CONNECT].mode = "connect";
	both->summaries[SIDE_CONNECT].unasked = 1;
	both->costs[SIDE_CONNECT] = (struct wire_cost){
		.packets_sent = 4321,
		.bytes_sent = 1000,
		.bytes_received = 20,
		.handshakes = 1,
		.missed = 7,
	};
	summary.comparison = both;
	expect(written("text", true, show_all, results, 3, &summary),
	       "3 ports                              SYN scan   connect scan\n"
	       "open                                        1              1\n"
	       "closed                                 65,534         65,534\n"
	       "filtered                                    0              0\n"
	       "unasked                                     0              1\n"
	       "time                                  0.352 s        0.352 s\n"
	       "packets sent                                0          4,321\n"
	       "packets received                            0              0\n"
	       "bytes, both ways                            0          1,020\n"
	       "packets missed by the capture               0              7\n"
	       "handshakes, seen by programs                0              1\n"
	       "\n"
	       "same verdict: 1 port\n"
	       "          1  open      syn-ack\n"
	       "different: 1 port (SYN / connect)\n"
	       "         80  closed rst / filtered timeout\n");
	json = written("ndjson", true, show_all, results, 1, &summary);
	assert_non_null(strstr(json, ",\"mode\":\"syn\"}\n"));
	assert_non_null(
		strstr(json, "{\"type\":\"difference\",\"ip\":\"10.9.0.2\","
			     "\"proto\":\"tcp\",\"port\":80,"
			     "\"syn_state\":\"closed\",\"syn_reason\":\"rst\","
			     "\"connect_state\":\"filtered\","
			     "\"connect_reason\":\"timeout\"}\n"));
	assert_non_null(
		strstr(json, "{\"type\":\"compare\",\"targets\":1,\"ports\":3,"
			     "\"same\":1,\"different\":1,\"unknown\":1,"
			     "\"syn\":{\"elapsed_s\":0.352,"));
	assert_non_null(strstr(json, "\"packets_missed\":7,"
				     "\"handshakes\":1}}\n"));
	free(json);
	comparison_free(both);
	targetset_free(targets);
}

static void test_text_many(void **state)
{
	struct summary summary = plain_summary();
	struct result results[] = {
		answered(result_of("255.255.255.254", 22, VERDICT_OPEN,
				   REASON_SYN_ACK),
			 64, 200400000),
		answered(result_of("10.9.0.2", 23, VERDICT_FILTERED,
				   REASON_ICMP_ADMIN_PROHIBITED),
			 64, 12345678),
		result_of("2001:db8:1111:2222:3333:4444:5555:6666", 7,
			  VERDICT_CLOSED, REASON_RST),
	};

	(void)state;
	expect(written("text", false, show_all, results, 3, &summary),
	       "ADDRESS           PORT  STATE     REASON                    RTT"
	       "  SERVICE\n"
	       "255.255.255.254     22  open      syn-ack                200 ms"
	       "\n"
	       "10.9.0.2            23  filtered  icmp-admin-prohibited 12.3 ms"
	       "\n"
	       "2001:db8:1111:2222:3333:4444:5555:6666      7  closed    rst   "
	       "                      -\n"
	       "65,535 probes, 0 retransmissions, 0 drops, 0.352 s\n");
}

static void test_text_not_shown(void **state)
{
	struct summary summary = plain_summary();
	uint64_t *filtered = summary.reasons[VERDICT_FILTERED];

	(void)state;
	summary.verdicts[VERDICT_FILTERED] = 1021;
	filtered[REASON_NO_REPLY] = 1000;
	filtered[REASON_ICMP_ADMIN_PROHIBITED] = 21;
	summary.loss = 0.0975;
	summary.expected_wrong = 0.00431;
	summary.unasked = 1234;
	summary.complete = false;
	summary.probes_sent = 1;
	summary.retransmissions = 1;
	summary.capture_drops = 1;
	expect(written("text", true, show_open, NULL, 0, &summary),
	       "not shown: 65,534 closed (rst), "
	       "1,021 filtered (1,000 no-reply, 21 icmp-admin-prohibited)\n"
	       "loss 9.8%, wrong verdicts to be expected: 0.004\n"
	       "incomplete: 1,234 ports unasked\n"
	       "1 probe, 1 retransmission, 1 drop, 0.352 s\n");
	summary.loss = -1;
	expect(written("text", true, show_all, NULL, 0, &summary),
	       "loss unknown: nothing answered\n"
	       "incomplete: 1,234 ports unasked\n"
	       "1 probe, 1 retransmission, 1 drop, 0.352 s\n");
}

static void test_text_rtt(void **state)
{
	static const struct {
		int64_t rtt_ns;
		const char *text;
	} cases[] = {
		{-1, "      -"},          {0, "   0 us"},
		{999499, " 999 us"},      {999500, "1.00 ms"},
		{9994999, "9.99 ms"},     {9995000, "10.0 ms"},
		{99949999, "99.9 ms"},    {99950000, " 100 ms"},
		{999499999, " 999 ms"},   {999500000, " 1.00 s"},
		{61234567890, " 61.2 s"}, {3600000000000, " 3600 s"},
	};
	struct summary summary = plain_summary();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct result result = answered(
			result_of("::1", 1, VERDICT_OPEN, REASON_SYN_ACK), 64,
			cases[i].rtt_ns);
		char *text =
			written("text", true, show_open, &result, 1, &summary);
		char *line = strchr(text, '\n') + 1;

		*strchr(line, '\n') = '\0';
		assert_string_equal(line + strlen(line) - 7, cases[i].text);
		free(text);
	}
}

/* The longest of everything within 80 columns, for IPv4. */
static void test_text_width(void **state)
{
	struct summary summary = plain_summary();
	struct result result =
		answered(result_of("255.255.255.254", 65535, VERDICT_FILTERED,
				   REASON_ICMP_ADMIN_PROHIBITED),
			 64, 99900000);
	char *text = written("text", false, show_all, &result, 1, &summary);
	char *line = strchr(text, '\n') + 1;

	(void)state;
	/* RFC 6335 5.1: a service name has 15 characters at most. */
	assert_true(strcspn(line, "\n") + strlen("  ") + 15 <= 80);
	free(text);
}

/* The system's own names, whatever they are. */
static void test_services(void **state)
{
	struct sinks *sinks = open_sink("csv", temp_path());
	struct result result =
		result_of("::1", 443, VERDICT_OPEN, REASON_SYN_ACK);
	struct servent *entry = getservbyport(htons(443), "tcp");
	struct summary summary = plain_summary();
	char expected[128];

	(void)state;
	snprintf(expected, sizeof(expected),
		 "ip,proto,port,state,reason,ttl,rtt_us,tries,service\n"
		 "::1,tcp,443,open,syn-ack,,,1,%s\n",
		 entry ? entry->s_name : "");
	assert_int_equal(sinks_begin(sinks, true, show_open, true, NULL), 0);
	sinks_result(sinks, &result);
	assert_int_equal(sinks_finish(sinks, &summary, NULL), 0);
	sinks_free(sinks);
	expect(take(temp_path()), expected);
}

static void expect_line(struct line *line, const char *expected)
{
	assert_int_equal(line->used, strlen(expected));
	assert_memory_equal(line->bytes, expected, line->used);
	line_begin(line);
}

static void test_line(void **state)
{
	struct line line;

	(void)state;
	line_begin(&line);
	line_json(&line, "a\"b\\c\xc3\xa9");
	expect_line(&line, "\"a\\\"b\\\\c\xc3\xa9\"");
	line_csv(&line, "plain");
	expect_line(&line, "plain");
	line_csv(&line, "a,\"b\"");
	expect_line(&line, "\"a,\"\"b\"\"\"");
	line_csv(&line, "a\nb");
	expect_line(&line, "\"a\nb\"");
	line_number(&line, 0);
	line_text(&line, " ");
	line_number(&line, UINT64_MAX);
	expect_line(&line, "0 18446744073709551615");
	line_decimal(&line, 12005, 3);
	expect_line(&line, "12.005");
	line_grouped(&line, 1234567);
	expect_line(&line, "1,234,567");
	line_left(&line, "ab", 3);
	line_right(&line, "cd", 3);
	line_right(&line, "long", 3);
	expect_line(&line, "ab  cdlong");
}

static void expect_refused(struct sinks *sinks, const char *spec,
			   enum status status, const char *text)
{
	struct error error = ERROR_INIT;

	assert_int_equal(sinks_add(sinks, spec, &error), -1);
	assert_string_equal(error.text, text);
	assert_int_equal(error.status, status);
}

static void test_refused(void **state)
{
	struct sinks *sinks = sinks_new();
	struct error error = ERROR_INIT;
	char spec[128];

	(void)state;
	expect_refused(sinks, "json", STATUS_USAGE,
		       "bad output \"json\": no such format; accepted: text, "
		       "ndjson, csv, each with an optional :FILE");
	expect_refused(sinks, "", STATUS_USAGE,
		       "bad output \"\": no such format; accepted: text, "
		       "ndjson, csv, each with an optional :FILE");
	expect_refused(sinks, "tex", STATUS_USAGE,
		       "bad output \"tex\": no such format; accepted: text, "
		       "ndjson, csv, each with an optional :FILE");
	expect_refused(sinks, "text:", STATUS_USAGE,
		       "bad output \"text:\": no file name behind the colon; "
		       "accepted: FORMAT, FORMAT:FILE, FORMAT:- for stdout");
	expect_refused(sinks, "csv:/nonexistent/x", STATUS_FAILED,
		       "output file \"/nonexistent/x\": No such file or "
		       "directory");
	assert_int_equal(sinks_add(sinks, "text", &error), 0);
	expect_refused(sinks, "csv:-", STATUS_USAGE,
		       "bad output \"csv:-\": another output goes there too; "
		       "accepted: one output to stdout and one to each file");
	snprintf(spec, sizeof(spec), "csv:%s", temp_path());
	assert_int_equal(sinks_add(sinks, spec, &error), 0);
	assert_int_equal(sinks_add(sinks, spec, &error), -1);
	assert_int_equal(error.status, STATUS_USAGE);
	sinks_free(sinks);
	sinks_free(NULL);
	unlink(temp_path());
}

static void test_disk_full(void **state)
{
	struct sinks *sinks = open_sink("ndjson", "/dev/full");
	struct result result =
		result_of("10.0.0.1", 1, VERDICT_OPEN, REASON_SYN_ACK);
	struct summary summary = plain_summary();
	struct error error = ERROR_INIT;
	char spec[128];

	(void)state;
	/* The other output gets everything all the same. */
	snprintf(spec, sizeof(spec), "csv:%s", temp_path());
	assert_int_equal(sinks_add(sinks, spec, &error), 0);
	assert_int_equal(sinks_begin(sinks, true, show_open, false, &error), 0);
	sinks_result(sinks, &result);
	assert_false(sinks_failed(sinks));
	sinks_flush(sinks);
	assert_true(sinks_failed(sinks));
	sinks_result(sinks, &result);
	assert_int_equal(sinks_finish(sinks, &summary, &error), -1);
	assert_int_equal(error.status, STATUS_FAILED);
	assert_string_equal(
		error.text,
		"output file \"/dev/full\": No space left on device");
	sinks_free(sinks);
	expect(take(temp_path()),
	       "ip,proto,port,state,reason,ttl,rtt_us,tries,service\n"
	       "10.0.0.1,tcp,1,open,syn-ack,,,1,\n"
	       "10.0.0.1,tcp,1,open,syn-ack,,,1,\n");
}

static void test_closed_pipe(void **state)
{
	struct summary summary = plain_summary();
	struct error error = ERROR_INIT;
	struct sinks *sinks;
	char path[64];
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", fds[1]);
	sinks = open_sink("text", path);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(sinks_begin(sinks, true, show_open, false, &error), 0);
	assert_int_equal(sinks_finish(sinks, &summary, &error), -1);
	assert_true(sinks_failed(sinks));
	assert_non_null(strstr(error.text, ": Broken pipe"));
	sinks_free(sinks);
}

/* What a terminal would get; TERM and NO_COLOR as given. */
static void on_terminal(const char *term, const char *no_color, char *got,
			size_t bytes)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	struct result result =
		result_of("10.0.0.1", 1, VERDICT_OPEN, REASON_SYN_ACK);
	struct sinks *sinks;
	ssize_t n;

	setenv("TERM", term, 1);
	setenv("NO_COLOR", no_color, 1);
	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	sinks = open_sink("text", ptsname(master));
	assert_int_equal(sinks_begin(sinks, true, show_open, false, NULL), 0);
	sinks_result(sinks, &result);
	sinks_flush(sinks);
	n = read(master, got, bytes - 1);
	assert_true(n > 0);
	got[n] = '\0';
	sinks_free(sinks);
	close(master);
}

static void test_colour(void **state)
{
	char got[512];

	(void)state;
	on_terminal("xterm", "", got, sizeof(got));
	assert_non_null(strstr(got, "\033[32mopen      \033[0msyn-ack"));
	on_terminal("xterm", "1", got, sizeof(got));
	assert_null(strchr(got, '\033'));
	on_terminal("dumb", "", got, sizeof(got));
	assert_null(strchr(got, '\033'));
}

/* Every port of a host: what is buffered and cut into chunks comes out as it
 * went in. */
static void test_whole_host(void **state)
{
	struct sinks *sinks = open_sink("csv", temp_path());
	struct summary summary = plain_summary();
	struct result result =
		result_of("10.0.0.1", 1, VERDICT_CLOSED, REASON_RST);
	char expected[128], *text, *at;
	unsigned port;

	(void)state;
	assert_int_equal(sinks_begin(sinks, true, show_all, false, NULL), 0);
	for (port = 1; port <= 65535; port++) {
		result.port = (uint16_t)port;
		sinks_result(sinks, &result);
	}
	assert_int_equal(sinks_finish(sinks, &summary, NULL), 0);
	sinks_free(sinks);
	text = take(temp_path());
	at = strchr(text, '\n') + 1;
	for (port = 1; port <= 65535; port++) {
		snprintf(expected, sizeof(expected),
			 "10.0.0.1,tcp,%u,closed,rst,,,1,\n", port);
		assert_memory_equal(at, expected, strlen(expected));
		at += strlen(expected);
	}
	assert_string_equal(at, "");
	free(text);
}

/* A child whose stdout is the pipe's writing end writes n ports (0: until it
 * is killed). */
static pid_t writer_child(int fds[2], int flags, unsigned n)
{
	struct summary summary = plain_summary();
	struct result result =
		result_of("10.0.0.1", 1, VERDICT_OPEN, REASON_SYN_ACK);
	struct sinks *sinks = sinks_new();
	pid_t pid;
	unsigned i;

	assert_int_equal(pipe2(fds, flags), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid) {
		sinks_free(sinks);
		close(fds[1]);
		return pid;
	}
	dup2(fds[1], STDOUT_FILENO);
	if (sinks_add(sinks, "ndjson", NULL) < 0 ||
	    sinks_begin(sinks, true, show_all, false, NULL) < 0)
		_exit(2);
	for (i = 0; !n || i < n; i++)
		sinks_result(sinks, &result);
	_exit(sinks_finish(sinks, &summary, NULL) < 0);
}

/* All that comes out of fd; returns the number of lines and the last byte. */
static unsigned count_lines(int fd, char *last)
{
	char buffer[1000];
	unsigned lines = 0;
	ssize_t n, i;

	for (;;) {
		n = read(fd, buffer, sizeof(buffer));
		if (n < 0 && errno == EAGAIN)
			continue;
		if (n <= 0)
			return lines;
		for (i = 0; i < n; i++)
			lines += buffer[i] == '\n';
		*last = buffer[n - 1];
	}
}

static void test_killed(void **state)
{
	char last = '\0', first;
	int fds[2], status;
	pid_t pid = writer_child(fds, 0, 0);

	(void)state;
	/* Once there is a byte it writes, or waits in the middle of it. */
	assert_int_equal(read(fds[0], &first, 1), 1);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(count_lines(fds[0], &last) > 0);
	assert_int_equal(last, '\n');
	close(fds[0]);
}

static void test_nonblocking(void **state)
{
	char last = '\0';
	int fds[2], status;
	pid_t pid = writer_child(fds, O_NONBLOCK, 20000);

	(void)state;
	assert_int_equal(count_lines(fds[0], &last), 20001);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(fds[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ndjson),
		cmocka_unit_test(test_ndjson_summary_extremes),
		cmocka_unit_test(test_every_state),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_text_single),
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_text_many),
		cmocka_unit_test(test_text_not_shown),
		cmocka_unit_test(test_text_rtt),
		cmocka_unit_test(test_text_width),
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_comparison),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_disk_full),
		cmocka_unit_test(test_closed_pipe),
		cmocka_unit_test(test_colour),
		cmocka_unit_test(test_whole_host),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_nonblocking),
	};

	return cmocka_run_group_tests_name("sink", tests, setup, teardown);
}
