/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every golden capture, cut at every byte and read; what is read is the
 * beginning of the whole. And every frame of it, cut at every byte of its
 * headers, through the analysis and every format. With a sanitizer that proves
 * that no byte beyond is touched.
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "flow/flow.h"
#include "flow/view.h"
#include "net/capfile.h"

enum {
	FRAMES_MAX = 1000, /* of a golden capture */
	HEADERS_MAX = 160, /* link, VLAN, IPv6, ICMP, a quote, TCP, options */
};

/* A capture in memory of its exact size. */
struct image {
	uint8_t *bytes;
	size_t used;
};

/* A sum of the bytes of each frame, of one reading. */
struct reading {
	size_t frames;
	uint64_t sums[FRAMES_MAX];
	int status; /* 0: read to the end */
	struct error error;
};

static struct image image_load(const char *path)
{
	struct image image = {NULL, 0};
	struct stat stat;
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0 && fstat(fd, &stat) == 0);
	image.used = (size_t)stat.st_size;
	image.bytes = malloc(image.used);
	assert_non_null(image.bytes);
	assert_int_equal(read(fd, image.bytes, image.used), stat.st_size);
	close(fd);
	return image;
}

static struct capfile *image_open(const struct image *image, size_t used,
				  struct error *error)
{
	FILE *stream = fmemopen(image->bytes, used, "rb");

	assert_non_null(stream);
	return capfile_open_stream(stream, "image", error);
}

static uint64_t frame_sum(const struct capframe *frame)
{
	uint64_t sum = frame->number * 31 + frame->captured;

	for (uint32_t i = 0; i < frame->captured; i++)
		sum = sum * 31 + frame->bytes[i];
	return sum;
}

static void read_image(const struct image *image, size_t used,
		       struct reading *reading)
{
	struct capfile *capfile;
	struct capframe frame;

	*reading = (struct reading){.status = -1, .error = ERROR_INIT};
	capfile = image_open(image, used, &reading->error);
	while (capfile && (reading->status = capfile_next(
				   capfile, &frame, &reading->error)) > 0) {
		assert_true(reading->frames < FRAMES_MAX);
		reading->sums[reading->frames++] = frame_sum(&frame);
	}
	capfile_close(capfile);
}

/* The beginning of the whole reading, and an error unless the cut is between
 * two blocks of the file. */
static void check_cut(const struct reading *whole, const struct reading *cut)
{
	assert_true(cut->frames <= whole->frames);
	assert_memory_equal(cut->sums, whole->sums,
			    cut->frames * sizeof(*cut->sums));
	if (cut->status == 0)
		return;
	assert_int_equal(cut->error.status,
			 cut->frames ? STATUS_INCOMPLETE : STATUS_FAILED);
	assert_non_null(strstr(cut->error.text, "\"image\""));
}

static void check_file_cuts(const struct image *image)
{
	static struct reading whole, cut;
	size_t ends = 0;

	read_image(image, image->used, &whole);
	assert_int_equal(whole.status, 0);
	for (size_t used = 1; used < image->used; used++) {
		/* Of its exact size, for the sanitizer. */
		struct image part = {malloc(used), used};

		assert_non_null(part.bytes);
		memcpy(part.bytes, image->bytes, used);
		read_image(&part, used, &cut);
		check_cut(&whole, &cut);
		ends += cut.status == 0;
		free(part.bytes);
	}
	/* The blocks' own ends: one behind each frame and a few more. */
	assert_true(ends >= whole.frames && ends <= whole.frames + 8);
}

/* ---- frames ---- */

struct pipeline {
	struct flow *flow;
	struct views *views;
	struct flow_event event;
};

static void pipeline_init(struct pipeline *pipeline, enum view_kind view)
{
	const struct view_config shape = {.kind = view, .verbose = true};
	const struct flow_config config = {
		.details = view != VIEW_CONVERSATIONS,
		.conversations_max = 16,
	};

	pipeline->views = views_new(&shape);
	pipeline->flow = flow_new(&config, NULL);
	assert_true(pipeline->views && pipeline->flow);
	assert_int_equal(views_add(pipeline->views, "text:/dev/null", NULL), 0);
	assert_int_equal(views_add(pipeline->views, "ndjson:/dev/null", NULL),
			 0);
}

static void pipeline_finish(struct pipeline *pipeline)
{
	assert_int_equal(flow_finish(pipeline->flow, NULL), 0);
	assert_int_equal(views_finish(pipeline->views, pipeline->flow,
				      &(struct view_summary){.complete = true},
				      NULL),
			 0);
	views_free(pipeline->views);
	flow_free(pipeline->flow);
}

static void take_frame(struct pipeline *pipeline, int link_type,
		       const struct capframe *frame, uint32_t snap)
{
	uint32_t captured = frame->captured < snap ? frame->captured : snap;
	uint8_t *bytes = malloc(captured ? captured : 1);
	const struct frame_input input = {
		.number = frame->number,
		.time_ns = frame->t_ns,
		.dlt = link_type,
		.bytes = bytes,
		.captured = captured,
		.original = frame->length,
	};

	assert_non_null(bytes);
	memcpy(bytes, frame->bytes, captured);
	assert_int_equal(
		flow_take(pipeline->flow, &input, &pipeline->event, NULL), 0);
	assert_int_equal(views_event(pipeline->views, &pipeline->event, NULL),
			 0);
	free(bytes);
}

static void check_frame_cuts(const struct image *image, uint32_t snap)
{
	static struct pipeline pipeline;
	struct error error = ERROR_INIT;
	struct capfile *capfile = image_open(image, image->used, &error);
	struct capframe frame;

	assert_non_null(capfile);
	pipeline_init(&pipeline, (enum view_kind)(snap % VIEW_COUNT));
	while (capfile_next(capfile, &frame, &error) > 0)
		take_frame(&pipeline, capfile_link_type(capfile), &frame, snap);
	pipeline_finish(&pipeline);
	capfile_close(capfile);
}

static void check_image(const char *path)
{
	struct image image = image_load(path);

	check_file_cuts(&image);
	for (uint32_t snap = 0; snap <= HEADERS_MAX; snap++)
		check_frame_cuts(&image, snap);
	for (uint32_t view = 0; view < VIEW_COUNT; view++)
		check_frame_cuts(&image, UINT32_MAX - view);
	free(image.bytes);
}

static int is_capture(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return end && !strcmp(end, ".pcapng");
}

static void test_cuts(void **state)
{
	const char *top = getenv("top_srcdir");
	char directory[2048], path[4096];
	struct dirent **entries;
	int n;

	(void)state;
	snprintf(directory, sizeof(directory), "%s/tests/golden",
		 top ? top : ".");
	n = scandir(directory, &entries, is_capture, alphasort);
	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", directory,
			 entries[i]->d_name);
		print_message("# %s\n", entries[i]->d_name);
		check_image(path);
		free(entries[i]);
	}
	free(entries);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cuts),
	};

	return cmocka_run_group_tests_name("cuts", tests, NULL, NULL);
}
