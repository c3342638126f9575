/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every golden capture, cut at every byte, through the reader, the analysis
 * and every format. Without a sanitizer it proves that what is read of a cut
 * file is the beginning of what is read of the whole one; with one, that no
 * byte beyond is touched.
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

static uint64_t frame_sum(const struct capframe *frame)
{
	uint64_t sum = frame->number * 31 + frame->captured;

	for (uint32_t i = 0; i < frame->captured; i++)
		sum = sum * 31 + frame->bytes[i];
	return sum;
}

static void analyse(struct capfile *capfile, struct flow *flow,
		    struct views *views, struct reading *reading)
{
	static struct flow_event event;
	struct capframe frame;

	while ((reading->status =
			capfile_next(capfile, &frame, &reading->error)) > 0) {
		const struct frame_input input = {
			.number = frame.number,
			.time_ns = frame.t_ns,
			.dlt = capfile_link_type(capfile),
			.bytes = frame.bytes,
			.captured = frame.captured,
			.original = frame.length,
		};

		assert_true(reading->frames < FRAMES_MAX);
		reading->sums[reading->frames++] = frame_sum(&frame);
		assert_int_equal(flow_take(flow, &input, &event, NULL), 0);
		assert_int_equal(views_event(views, &event, NULL), 0);
	}
	assert_int_equal(flow_finish(flow, NULL), 0);
	assert_int_equal(views_finish(views, flow,
				      &(struct view_summary){.complete = true},
				      NULL),
			 0);
}

static void read_image(const uint8_t *bytes, size_t used, enum view_kind view,
		       struct reading *reading)
{
	const struct view_config shape = {.kind = view, .verbose = true};
	const struct flow_config config = {
		.details = view != VIEW_CONVERSATIONS,
		.conversations_max = 16,
	};
	FILE *stream = fmemopen((void *)bytes, used, "rb");
	struct capfile *capfile;
	struct views *views = views_new(&shape);
	struct flow *flow = flow_new(&config, NULL);

	assert_true(stream && views && flow);
	*reading = (struct reading){.status = -1, .error = ERROR_INIT};
	assert_int_equal(views_add(views, "text:/dev/null", NULL), 0);
	assert_int_equal(views_add(views, "ndjson:/dev/null", NULL), 0);
	capfile = capfile_open_stream(stream, "image", &reading->error);
	if (capfile)
		analyse(capfile, flow, views, reading);
	capfile_close(capfile);
	views_free(views);
	flow_free(flow);
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

static void check_image(const char *path)
{
	static struct reading whole, cut;
	struct image image = image_load(path);
	size_t ends = 0;

	read_image(image.bytes, image.used, VIEW_LADDER, &whole);
	assert_int_equal(whole.status, 0);
	for (size_t used = 1; used < image.used; used++) {
		/* Of its exact size, for the sanitizer. */
		uint8_t *bytes = malloc(used);

		assert_non_null(bytes);
		memcpy(bytes, image.bytes, used);
		read_image(bytes, used, (enum view_kind)(used % VIEW_COUNT),
			   &cut);
		check_cut(&whole, &cut);
		ends += cut.status == 0;
		free(bytes);
	}
	/* The blocks' own ends: one behind each frame and a few more. */
	assert_true(ends >= whole.frames && ends <= whole.frames + 8);
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
