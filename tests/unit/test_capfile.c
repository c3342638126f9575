/* SPDX-License-Identifier: BSD-2-Clause */
#include <pcap/dlt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "net/capfile.h"

#define MICRO UINT32_C(0xa1b2c3d4)
#define NANO  UINT32_C(0xa1b23c4d)

/* As the numbers of a capture file are, not as libpcap's are. */
enum { LINKTYPE_ETHERNET = 1, LINKTYPE_RAW = 101, LINKTYPE_WIFI = 105 };

/* A capture in the making, of this machine's byte order or of the other. */
struct image {
	uint8_t bytes[4096];
	size_t used;
	bool swapped;
};

static void put(struct image *image, uint32_t value, size_t bytes)
{
	assert_true(image->used + bytes <= sizeof(image->bytes));
	for (size_t i = 0; i < bytes; i++) {
		size_t at = image->swapped ? bytes - 1 - i : i;

		image->bytes[image->used++] = (uint8_t)(value >> 8 * at);
	}
}

static void put_padding(struct image *image, uint8_t value, size_t bytes)
{
	while (bytes-- > 0)
		put(image, value, 1);
}

/*
 * pcap: magic, version 2.4, zone, figures, snap length, link type; each frame
 * is seconds, their fraction, captured length, original length, bytes.
 */
static void pcap_begin(struct image *image, bool swapped, uint32_t magic,
		       uint32_t link)
{
	*image = (struct image){.swapped = swapped};
	put(image, magic, 4);
	put(image, 2, 2);
	put(image, 4, 2);
	put(image, 0, 4);
	put(image, 0, 4);
	put(image, 256, 4);
	put(image, link, 4);
}

static void pcap_frame(struct image *image, uint32_t s, uint32_t fraction,
		       uint32_t captured, uint32_t length)
{
	put(image, s, 4);
	put(image, fraction, 4);
	put(image, captured, 4);
	put(image, length, 4);
	put_padding(image, (uint8_t)captured, captured);
}

/*
 * pcapng: blocks of type, length, body, length again; a section header, an
 * interface description with its snap length and, as an option, its
 * resolution; enhanced packets.
 */
static void ng_begin(struct image *image, bool swapped)
{
	*image = (struct image){.swapped = swapped};
	put(image, 0x0a0d0d0a, 4);
	put(image, 28, 4);
	put(image, 0x1a2b3c4d, 4);
	put(image, 1, 2);
	put(image, 0, 2);
	put(image, UINT32_MAX, 4); /* length of the section: not known */
	put(image, UINT32_MAX, 4);
	put(image, 28, 4);
}

static void ng_interface(struct image *image, uint16_t link, uint8_t tsresol)
{
	put(image, 1, 4);
	put(image, 32, 4);
	put(image, link, 2);
	put(image, 0, 2);
	put(image, 256, 4);
	put(image, 9, 2); /* if_tsresol */
	put(image, 1, 2);
	put(image, tsresol, 1);
	put_padding(image, 0, 3);
	put(image, 0, 4); /* opt_endofopt */
	put(image, 32, 4);
}

static void ng_packet(struct image *image, uint64_t stamp, uint32_t captured,
		      uint32_t length)
{
	uint32_t block = 32 + (captured + 3) / 4 * 4;

	put(image, 6, 4);
	put(image, block, 4);
	put(image, 0, 4); /* interface */
	put(image, (uint32_t)(stamp >> 32), 4);
	put(image, (uint32_t)stamp, 4);
	put(image, captured, 4);
	put(image, length, 4);
	put_padding(image, (uint8_t)captured, captured);
	put_padding(image, 0, block - 32 - captured);
	put(image, block, 4);
}

static struct capfile *image_open(const struct image *image,
				  struct error *error)
{
	FILE *stream = fmemopen((void *)image->bytes, image->used, "rb");

	assert_non_null(stream);
	*error = (struct error)ERROR_INIT;
	return capfile_open_stream(stream, "image", error);
}

static struct capfile *image_opened(const struct image *image)
{
	struct error error;
	struct capfile *capfile = image_open(image, &error);

	assert_string_equal(error.text, "");
	assert_non_null(capfile);
	return capfile;
}

static void expect_frame(struct capfile *capfile, uint64_t number, int64_t t_ns,
			 uint32_t captured, uint32_t length)
{
	struct error error = ERROR_INIT;
	struct capframe frame;

	assert_int_equal(capfile_next(capfile, &frame, &error), 1);
	assert_int_equal(frame.number, number);
	assert_int_equal(frame.t_ns, t_ns);
	assert_int_equal(frame.captured, captured);
	assert_int_equal(frame.length, length);
	for (uint32_t i = 0; i < captured; i++)
		assert_int_equal(frame.bytes[i], captured);
}

/* Reads on to the end: so many frames in all. */
static void expect_end(struct capfile *capfile, uint64_t frames)
{
	struct error error = ERROR_INIT;
	struct capframe frame;
	int status;

	while ((status = capfile_next(capfile, &frame, &error)) > 0)
		;
	assert_int_equal(status, 0);
	assert_string_equal(error.text, "");
	assert_int_equal(capfile_frames(capfile), frames);
	capfile_close(capfile);
}

/* Reads on until the fault: so many frames before it, then such words. */
static void expect_fault(struct capfile *capfile, uint64_t frames,
			 const char *words)
{
	struct error error = ERROR_INIT;
	struct capframe frame;
	char where[64];
	int status;

	while ((status = capfile_next(capfile, &frame, &error)) > 0)
		;
	assert_int_equal(status, -1);
	assert_int_equal(capfile_frames(capfile), frames);
	assert_int_equal(error.status,
			 frames ? STATUS_INCOMPLETE : STATUS_FAILED);
	snprintf(where, sizeof(where),
		 "capture \"image\": frame %d: ", (int)frames + 1);
	assert_memory_equal(error.text, where, strlen(where));
	if (!strstr(error.text, words))
		fail_msg("\"%s\" is not in \"%s\"", words, error.text);
	capfile_close(capfile);
}

static void expect_refused(const struct image *image, const char *words)
{
	struct error error;

	assert_null(image_open(image, &error));
	assert_int_equal(error.status, STATUS_FAILED);
	assert_memory_equal(error.text, "capture \"image\": ", 17);
	if (!strstr(error.text, words))
		fail_msg("\"%s\" is not in \"%s\"", words, error.text);
}

static void test_pcap(void **state)
{
	struct capfile *capfile;
	struct image image;

	(void)state;
	for (int i = 0; i < 4; i++) {
		pcap_begin(&image, i & 1, i & 2 ? NANO : MICRO,
			   LINKTYPE_ETHERNET);
		pcap_frame(&image, 1700000000, 5, 60, 60);
		pcap_frame(&image, 1700000001, 999999, 20, 1514);
		capfile = image_opened(&image);
		assert_int_equal(capfile_link_type(capfile), DLT_EN10MB);
		expect_frame(capfile, 1,
			     1700000000000000000 + (i & 2 ? 5 : 5000), 60, 60);
		expect_frame(capfile, 2,
			     1700000001000000000 + (i & 2 ? 999999 : 999999000),
			     20, 1514);
		expect_end(capfile, 2);
	}
}

static void test_pcapng(void **state)
{
	/* Of a second: 10^-6, 10^-9, 10^-3, 2^-20. */
	static const struct {
		uint8_t resolution;
		uint64_t per_s;
		int64_t unit_ns; /* rounded down */
	} stamps[] = {
		{6, 1000000, 1000},
		{9, 1000000000, 1},
		{3, 1000, 1000000},
		{0x80 | 20, 1 << 20, 953},
	};
	struct capfile *capfile;
	struct image image;

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		ng_begin(&image, i & 1);
		ng_interface(&image, LINKTYPE_RAW, stamps[i / 2].resolution);
		ng_packet(&image, 1700000000 * stamps[i / 2].per_s, 41, 41);
		ng_packet(&image, 1700000000 * stamps[i / 2].per_s + 1, 40,
			  1500);
		capfile = image_opened(&image);
		assert_int_equal(capfile_link_type(capfile), DLT_RAW);
		expect_frame(capfile, 1, 1700000000000000000, 41, 41);
		expect_frame(capfile, 2,
			     1700000000000000000 + stamps[i / 2].unit_ns, 40,
			     1500);
		expect_end(capfile, 2);
	}
}

/* A classic capture tells the years until 2106; a fraction of more than a
 * second tells nothing, and neither do seconds from 2116 on. */
static void test_times(void **state)
{
	struct capfile *capfile;
	struct image image;

	(void)state;
	pcap_begin(&image, false, NANO, LINKTYPE_ETHERNET);
	pcap_frame(&image, 0, 0, 0, 0);
	pcap_frame(&image, 0x80000000, 7, 0, 0);
	pcap_frame(&image, 0xffffffff, 999999999, 0, 0);
	pcap_frame(&image, 5, 1000000000, 0, 0);
	pcap_frame(&image, 5, 0xffffffff, 0, 0);
	capfile = image_opened(&image);
	expect_frame(capfile, 1, 0, 0, 0);
	expect_frame(capfile, 2, 2147483648000000007, 0, 0);
	expect_frame(capfile, 3, 4294967295999999999, 0, 0);
	expect_frame(capfile, 4, 0, 0, 0);
	expect_frame(capfile, 5, 0, 0, 0);
	expect_end(capfile, 5);

	ng_begin(&image, false);
	ng_interface(&image, LINKTYPE_ETHERNET, 0);
	ng_packet(&image, UINT64_MAX, 4, 4);
	ng_packet(&image, 4611686018, 4, 4);
	ng_packet(&image, 4611686017, 4, 4);
	capfile = image_opened(&image);
	expect_frame(capfile, 1, 0, 4, 4);
	expect_frame(capfile, 2, 0, 4, 4);
	expect_frame(capfile, 3, 4611686017000000000, 4, 4);
	expect_end(capfile, 3);
}

static void test_no_frames(void **state)
{
	struct image image;

	(void)state;
	pcap_begin(&image, false, MICRO, LINKTYPE_ETHERNET);
	expect_end(image_opened(&image), 0);
	ng_begin(&image, true);
	ng_interface(&image, LINKTYPE_ETHERNET, 6);
	expect_end(image_opened(&image), 0);
}

/* Cut anywhere: the whole frames are read, and unless the cut is between two
 * of them the rest is said to be missing. */
static void test_cut(void **state)
{
	static const size_t pcap_ends[] = {24, 24 + 76, 24 + 76 + 36};
	static const size_t ng_ends[] = {60, 60 + 92, 60 + 92 + 52};
	struct image images[2], cut;

	(void)state;
	pcap_begin(&images[0], false, MICRO, LINKTYPE_ETHERNET);
	pcap_frame(&images[0], 1, 0, 60, 60);
	pcap_frame(&images[0], 1, 0, 20, 99);
	ng_begin(&images[1], true);
	ng_interface(&images[1], LINKTYPE_ETHERNET, 6);
	ng_packet(&images[1], 1, 60, 60);
	ng_packet(&images[1], 1, 20, 99);
	for (int i = 0; i < 2; i++) {
		const size_t *ends = i ? ng_ends : pcap_ends;

		assert_int_equal(images[i].used, ends[2]);
		for (size_t used = 1; used <= ends[2]; used++) {
			int frames = (used >= ends[1]) + (used >= ends[2]);

			cut = images[i];
			cut.used = used;
			if (used < ends[0])
				expect_refused(&cut, "");
			else if (used == ends[frames])
				expect_end(image_opened(&cut), frames);
			else
				expect_fault(image_opened(&cut), frames,
					     "truncated");
		}
	}
}

static void test_no_capture(void **state)
{
	struct image image = {.used = 100};

	(void)state;
	expect_refused(&image, "unknown file format");
	memcpy(image.bytes, "#!/bin/sh\n", 10);
	expect_refused(&image, "unknown file format");
	ng_begin(&image, false);
	expect_refused(&image, "no Interface Description");
	ng_packet(&image, 1, 60, 60);
	expect_refused(&image, "before any Interface Description");
}

static void test_link_types(void **state)
{
	static const int known[][2] = {
		{1, DLT_EN10MB},      {101, DLT_RAW},        {228, DLT_IPV4},
		{229, DLT_IPV6},      {0, DLT_NULL},         {108, DLT_LOOP},
		{113, DLT_LINUX_SLL}, {276, DLT_LINUX_SLL2},
	};
	struct capfile *capfile;
	struct image image;

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		pcap_begin(&image, false, NANO, (uint32_t)known[i][0]);
		capfile = image_opened(&image);
		assert_int_equal(capfile_link_type(capfile), known[i][1]);
		expect_end(capfile, 0);
	}
	pcap_begin(&image, true, NANO, LINKTYPE_WIFI);
	expect_refused(&image, "link type IEEE802_11 (105: 802.11)");
	pcap_begin(&image, false, NANO, 60000);
	expect_refused(&image, "link type without a name (60000)");
}

static void test_lengths(void **state)
{
	struct image image;

	(void)state;
	pcap_begin(&image, false, MICRO, LINKTYPE_ETHERNET);
	pcap_frame(&image, 1, 0, 60, 60);
	pcap_frame(&image, 1, 0, 60, 59);
	expect_fault(image_opened(&image), 1,
		     "captured length 60 above the original length 59");
	ng_begin(&image, true);
	ng_interface(&image, LINKTYPE_ETHERNET, 6);
	ng_packet(&image, 1, 60, 59);
	expect_fault(image_opened(&image), 0,
		     "captured length 60 above the original length 59");

	/* 4 GiB that do not follow. */
	pcap_begin(&image, false, MICRO, LINKTYPE_ETHERNET);
	pcap_frame(&image, 1, 0, 60, 60);
	put(&image, 1, 4);
	put(&image, 0, 4);
	put(&image, UINT32_MAX, 4);
	put(&image, UINT32_MAX, 4);
	expect_fault(image_opened(&image), 1, "4294967295");
	ng_begin(&image, true);
	ng_interface(&image, LINKTYPE_ETHERNET, 6);
	ng_packet(&image, 1, 60, 60);
	ng_packet(&image, 1, 60, 60);
	put(&image, 6, 4);
	put(&image, UINT32_MAX - 3, 4);
	put_padding(&image, 0, 64);
	expect_fault(image_opened(&image), 2, "4294967292");
}

/* libpcap cannot read on: it knows one link type a file. */
static void test_mixed_interfaces(void **state)
{
	struct image image;

	(void)state;
	ng_begin(&image, false);
	ng_interface(&image, LINKTYPE_ETHERNET, 6);
	ng_packet(&image, 1, 60, 60);
	ng_packet(&image, 1, 60, 60);
	ng_interface(&image, LINKTYPE_ETHERNET, 9);
	ng_packet(&image, 1, 60, 60);
	ng_interface(&image, LINKTYPE_RAW, 6);
	ng_packet(&image, 1, 60, 60);
	expect_fault(image_opened(&image), 3, "type 101 different");
}

/* Frames are of 60 and 61 bytes in turn; their numbers stay. */
static void test_filter(void **state)
{
	struct error error = ERROR_INIT;
	struct capfile *capfile;
	struct image image;

	(void)state;
	pcap_begin(&image, false, NANO, LINKTYPE_ETHERNET);
	for (uint32_t i = 0; i < 5; i++)
		pcap_frame(&image, i, 0, 60 + i % 2, 60 + i % 2);
	capfile = image_opened(&image);
	assert_int_equal(capfile_filter(capfile, "len > 60", &error), 0);
	expect_frame(capfile, 2, 1000000000, 61, 61);
	expect_frame(capfile, 4, 3000000000, 61, 61);
	expect_end(capfile, 5);

	capfile = image_opened(&image);
	assert_int_equal(capfile_filter(capfile, "tcp prot 80", &error), -1);
	assert_int_equal(error.status, STATUS_USAGE);
	assert_non_null(strstr(error.text, "\"tcp prot 80\""));
	expect_frame(capfile, 1, 0, 60, 60);
	capfile_close(capfile);

	/* The damage counts although the filter wants none of it. */
	image.used--;
	capfile = image_opened(&image);
	assert_int_equal(capfile_filter(capfile, "greater 1000", &error), 0);
	expect_fault(capfile, 4, "truncated");
}

static void refused_path(const char *path, const char *words)
{
	struct error error = ERROR_INIT;

	assert_null(capfile_open(path, &error));
	assert_int_equal(error.status, STATUS_FAILED);
	assert_non_null(strstr(error.text, words));
	assert_non_null(strstr(error.text, path));
}

static void test_paths(void **state)
{
	char path[] = "/tmp/synflow-test-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	refused_path("/", "Is a directory");
	refused_path("/nonexistent/file", "No such file");
	refused_path(path, ""); /* empty */
	if (geteuid() != 0) {
		assert_int_equal(chmod(path, 0), 0);
		refused_path(path, "Permission denied");
	}
	close(fd);
	unlink(path);
	capfile_close(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pcap),
		cmocka_unit_test(test_pcapng),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_no_frames),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_no_capture),
		cmocka_unit_test(test_link_types),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_mixed_interfaces),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests_name("capfile", tests, NULL, NULL);
}
