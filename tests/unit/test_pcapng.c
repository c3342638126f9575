/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/pcapng.h"

/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pcap/pcap.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "packets.h"
#include "random.h"

/*
 * The bytes of both forms, and what libpcap reads back. With a directory as
 * its argument the program leaves the two samples there, sample.pcapng and
 * sample.pcap, for tests/cli/pcapng.bats to be read by tshark.
 */

#define T0 INT64_C(1700000000123456789) /* 0x17979cfe 0x3d85cd15 */
#define T1 (T0 + 1)

static char directory[PATH_MAX] = "/tmp/test_pcapng.XXXXXX";
static char path[PATH_MAX + 20];

/* Section Header Block, 52 bytes: byte order magic, version 1.0, length
 * unknown; shb_userappl (4), 13 bytes: "synscan 0.1.0"; end of options
 * Interface Description Block 0, 40 bytes: LINKTYPE_RAW (101), snap length
 * 256; if_name (2), 4 bytes: "tun0"; if_tsresol (9), 1 byte: 9; end
 * Interface Description Block 1: LINKTYPE_ETHERNET (1), no snap length;
 * if_name, 1 byte: "e"; if_tsresol: 9; end */
#define HEADERS                                                                \
	"0a0d0d0a340000004d3c2b1a01000000ffffffffffffffff"                     \
	"04000d0073796e7363616e20302e312e300000000000000034000000"             \
	"01000000280000006500000000010000"                                     \
	"0200040074756e3009000100090000000000000028000000"                     \
	"01000000280000000100000000000000"                                     \
	"020001006500000009000100090000000000000028000000"

/* Enhanced Packet Block, 100 bytes: interface 0, time T0, 44 bytes of 44 (the
 * SYN); epb_flags (2): outbound; opt_comment (1), 5 bytes: "try 1"; end */
#define PACKET_COMMENTED                                                       \
	"060000006400000000000000"                                             \
	"fe9c971715cd853d2c0000002c000000" SYN4 "0200040002000000"             \
	"0100050074727920310000000000000064000000"

/* Enhanced Packet Block, 48 bytes: interface 1, time T0 + 1, 1 byte of 70,
 * three of padding; epb_flags: inbound; end */
#define PACKET_SHORT                                                           \
	"060000003000000001000000"                                             \
	"fe9c971716cd853d0100000046000000"                                     \
	"45000000"                                                             \
	"02000400010000000000000030000000"

/* Interface Statistics Block of interface 0, 76 bytes: T0 + 1; isb_starttime
 * (2): T0, isb_endtime (3): T0 + 1, isb_ifrecv (4): 2^32 + 2, isb_ifdrop (5):
 * 3; end */
#define STATISTICS                                                             \
	"050000004c00000000000000fe9c971716cd853d"                             \
	"02000800fe9c971715cd853d03000800fe9c971716cd853d"                     \
	"0400080002000000010000000500080003000000000000000000000"              \
	"04c000000"

/* Nanosecond magic, version 2.4, snap length 256, LINKTYPE_RAW
 * 1700000000.123456789 s, 44 bytes of 44 (the SYN)
 * 1700000000.123456790 s, 1 byte of 70 */
#define CLASSIC                                                                \
	"4d3cb2a1020004000000000000000000"                                     \
	"0001000065000000"                                                     \
	"00f1536515cd5b072c0000002c000000" SYN4                                \
	"00f1536516cd5b070100000046000000"                                     \
	"45"

static const struct pcapng_interface two[] = {
	{"tun0", DLT_RAW, 256},
	{"e", DLT_EN10MB, 0},
};

static struct pcapng *open_interfaces(const char *name,
				      const struct pcapng_interface *interfaces,
				      size_t n_interfaces)
{
	struct error error = ERROR_INIT;
	struct pcapng *pcapng;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	pcapng = pcapng_open(
		&(struct pcapng_config){.path = path,
					.program = "synscan 0.1.0",
					.interfaces = interfaces,
					.n_interfaces = n_interfaces},
		&error);
	if (!pcapng)
		fail_msg("%s", error.text);
	return pcapng;
}

static struct pcapng *open_file(const char *name, size_t n_interfaces)
{
	return open_interfaces(name, two, n_interfaces);
}

static void write_syn(struct pcapng *pcapng, const char *comment)
{
	struct bytes syn = bytes_hex(SYN4);

	pcapng_write(pcapng, &(struct pcapng_packet){
				     .wall_ns = T0,
				     .bytes = syn.at,
				     .captured = syn.count,
				     .length = syn.count,
				     .direction = PCAPNG_OUTBOUND,
				     .comment = comment,
				     .comment_bytes = strlen(comment),
			     });
	free(syn.at);
}

static void write_short(struct pcapng *pcapng, unsigned interface)
{
	static const uint8_t byte = 0x45;

	pcapng_write(pcapng, &(struct pcapng_packet){
				     .interface = interface,
				     .wall_ns = T1,
				     .bytes = &byte,
				     .captured = 1,
				     .length = 70,
				     .direction = PCAPNG_INBOUND,
			     });
}

static void write_sample(void)
{
	struct pcapng *pcapng = open_file("sample.pcapng", 2);

	write_syn(pcapng, "try 1");
	write_short(pcapng, 1);
	pcapng_statistics(pcapng, 0,
			  &(struct pcapng_statistics){
				  T0, T1, (UINT64_C(1) << 32) + 2, 3});
	assert_int_equal(pcapng_written(pcapng), 2);
	assert_int_equal(pcapng_close(pcapng, NULL), 0);
}

static void write_classic_sample(void)
{
	struct pcapng *pcapng = open_file("sample.pcap", 1);

	write_syn(pcapng, "a comment that the classic form cannot hold");
	write_short(pcapng, 0);
	pcapng_statistics(pcapng, 0, &(struct pcapng_statistics){T0, T1, 2, 3});
	assert_int_equal(pcapng_written(pcapng), 2);
	assert_int_equal(pcapng_close(pcapng, NULL), 0);
}

/* The file is what the hex says; and then it is removed. */
static void expect(const char *hex)
{
	struct bytes expected = bytes_hex(hex);
	uint8_t got[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, got, sizeof(got));

	close(fd);
	unlink(path);
	assert_true(n >= 0);
	for (size_t i = 0; i < expected.count && i < (size_t)n; i++)
		if (got[i] != expected.at[i])
			fail_msg("byte %zu is %02x, not %02x", i, got[i],
				 expected.at[i]);
	assert_int_equal(n, expected.count);
	free(expected.at);
}

static void test_bytes(void **state)
{
	(void)state;
	write_sample();
	expect(HEADERS PACKET_COMMENTED PACKET_SHORT STATISTICS);
}

static void test_classic_bytes(void **state)
{
	(void)state;
	write_classic_sample();
	expect(CLASSIC);
}

static void test_classic_names(void **state)
{
	static const struct {
		const char *name;
		bool classic;
	} names[] = {
		{"a.pcap", true},        {".pcap", true},
		{"/x.y/z.pcap", true},   {"a.pcapng", false},
		{"a.PCAP", false},       {"pcap", false},
		{"a.pcap/b.cap", false}, {"", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_int_equal(pcapng_is_classic(names[i].name),
				 names[i].classic);
	assert_false(pcapng_is_classic(NULL));
}

/* ---- what libpcap reads back ---- */

#define MOST 262144

/* Packet i of a random file: its bytes follow from i. */
static size_t draw_packet(struct random *dice, uint8_t *bytes)
{
	size_t n = (size_t)random_below(
		dice, random_below(dice, 50) == 0 ? MOST : 200);

	for (size_t i = 0; i < n; i += 1 + n / 100)
		bytes[i] = (uint8_t)random_next(dice);
	return n;
}

static void read_back(const char *name)
{
	struct random dice = random_new(), again = dice;
	static uint8_t bytes[MOST], expected[MOST];
	char text[PCAP_ERRBUF_SIZE], comment[400];
	struct pcapng *pcapng = open_interfaces(name, &two[1], 1);
	struct pcap_pkthdr *header;
	const u_char *got;
	pcap_t *pcap;

	memset(comment, 'x', sizeof(comment));
	memset(bytes, 0, sizeof(bytes));
	for (unsigned i = 0; i < 2000; i++) {
		size_t n = draw_packet(&dice, bytes);

		pcapng_write(pcapng,
			     &(struct pcapng_packet){
				     .wall_ns = T0 + i * INT64_C(999999937),
				     .bytes = bytes,
				     .captured = n,
				     .length = n + i % 3,
				     .comment = i % 2 ? comment : NULL,
				     .comment_bytes = i % 400,
			     });
		if (i % 100 == 0)
			pcapng_flush(pcapng);
	}
	assert_int_equal(pcapng_close(pcapng, NULL), 0);

	memset(expected, 0, sizeof(expected));
	pcap = pcap_open_offline_with_tstamp_precision(
		path, PCAP_TSTAMP_PRECISION_NANO, text);
	if (!pcap)
		fail_msg("%s", text);
	assert_int_equal(pcap_datalink(pcap), DLT_EN10MB);
	for (unsigned i = 0; i < 2000; i++) {
		int64_t wall_ns = T0 + i * INT64_C(999999937);
		size_t n = draw_packet(&again, expected);

		if (pcap_next_ex(pcap, &header, &got) != 1)
			fail_msg("%s", pcap_geterr(pcap));
		assert_int_equal(header->caplen, n);
		assert_int_equal(header->len, n + i % 3);
		assert_int_equal(header->ts.tv_sec, wall_ns / 1000000000);
		assert_int_equal(header->ts.tv_usec, wall_ns % 1000000000);
		assert_memory_equal(got, expected, n);
	}
	assert_int_equal(pcap_next_ex(pcap, &header, &got), -2);
	pcap_close(pcap);
	unlink(path);
}

static void test_read_back(void **state)
{
	(void)state;
	read_back("random.pcapng");
}

static void test_read_back_classic(void **state)
{
	(void)state;
	read_back("random.pcap");
}

/* ---- refusals and failures ---- */

/* The classic form and two link types: refused, and the file untouched. */
static void test_mixed(void **state)
{
	struct error error = ERROR_INIT;
	struct pcapng_config config = {
		.path = path,
		.program = "x",
		.interfaces = two,
		.n_interfaces = 2,
	};
	struct pcapng_interface alike[] = {two[0], two[0]};
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/mixed.pcap", directory);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "keep", 4), 4);
	close(fd);
	assert_null(pcapng_open(&config, &error));
	assert_int_equal(error.status, STATUS_USAGE);
	assert_non_null(strstr(error.text, "mixed.pcap"));
	assert_non_null(strstr(error.text, "tun0"));
	assert_non_null(strstr(error.text, ".pcapng"));
	expect("6b656570");
	config.interfaces = alike;
	assert_int_equal(pcapng_close(pcapng_open(&config, &error), NULL), 0);
	assert_int_equal(unlink(path), 0);
}

static void test_terminal(void **state)
{
	int out = dup(STDOUT_FILENO),
	    terminal = posix_openpt(O_RDWR | O_NOCTTY);
	struct pcapng_config config = {
		.program = "x", .interfaces = two, .n_interfaces = 1};
	struct error error = ERROR_INIT;
	struct pcapng *pcapng;

	(void)state;
	fflush(stdout);
	assert_true(terminal >= 0);
	dup2(terminal, STDOUT_FILENO);
	pcapng = pcapng_open(&config, &error);
	dup2(out, STDOUT_FILENO);
	close(out);
	close(terminal);
	assert_null(pcapng);
	assert_int_equal(error.status, STATUS_USAGE);
}

static void test_full(void **state)
{
	struct error error = ERROR_INIT;
	struct pcapng *pcapng;

	char before[sizeof(directory)];

	(void)state;
	strcpy(before, directory);
	strcpy(directory, "/dev");
	pcapng = open_file("full", 1);
	strcpy(directory, before);
	for (unsigned i = 0; i < 10000; i++)
		write_syn(pcapng, "try 1");
	assert_true(pcapng_written(pcapng) < 10000);
	assert_int_equal(pcapng_close(pcapng, &error), -1);
	assert_int_equal(error.status, STATUS_FAILED);
	assert_non_null(strstr(error.text, "/dev/full"));
	assert_non_null(strstr(error.text, strerror(ENOSPC)));
}

static void test_nothing_open(void **state)
{
	struct error error = ERROR_INIT;
	struct pcapng_config config = {.path = "/nonexistent/x",
				       .program = "x",
				       .interfaces = two,
				       .n_interfaces = 1};

	(void)state;
	assert_null(pcapng_open(&config, &error));
	assert_int_equal(error.status, STATUS_FAILED);
	assert_non_null(strstr(error.text, "/nonexistent/x"));
	assert_int_equal(pcapng_close(NULL, &error), 0);
}

static int setup(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	return mkdtemp(directory) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return rmdir(directory);
}

/* For the other test, see above. */
static int leave_samples(const char *where)
{
	snprintf(directory, sizeof(directory), "%s", where);
	write_sample();
	write_classic_sample();
	return 0;
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_classic_bytes),
		cmocka_unit_test(test_classic_names),
		cmocka_unit_test(test_read_back),
		cmocka_unit_test(test_read_back_classic),
		cmocka_unit_test(test_mixed),
		cmocka_unit_test(test_terminal),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_nothing_open),
	};

	if (argc == 2)
		return leave_samples(argv[1]);
	return cmocka_run_group_tests_name("pcapng", tests, setup, teardown);
}
