/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/catalogue.h"

#include <byteswap.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum {
	MAGIC = (int)0x950412de,
	WORDS = 5, /* of the header that are looked at */
	BYTES_MAX = 4 * 1024 * 1024,
};

struct catalogue {
	uint32_t bytes;
	bool swapped; /* written on a machine of the other byte order */
	uint32_t count, originals, translations;
	char text[]; /* the file and a NUL */
};

static uint32_t word_at(const struct catalogue *catalogue, uint32_t offset)
{
	uint32_t word;

	memcpy(&word, catalogue->text + offset, sizeof(word));
	return catalogue->swapped ? bswap_32(word) : word;
}

/* The nth string of a table, or NULL where it is not within the file. */
static const char *string_at(const struct catalogue *catalogue, uint32_t table,
			     uint32_t nth)
{
	uint32_t length = word_at(catalogue, table + nth * 8);
	uint32_t offset = word_at(catalogue, table + nth * 8 + 4);

	if (offset >= catalogue->bytes || length >= catalogue->bytes - offset ||
	    catalogue->text[offset + length])
		return NULL;
	return catalogue->text + offset;
}

static bool table_fits(const struct catalogue *catalogue, uint32_t table)
{
	return table <= catalogue->bytes &&
	       catalogue->count <= (catalogue->bytes - table) / 8;
}

/* Everything is looked at once, so that nothing can go wrong later. */
static bool is_sound(struct catalogue *catalogue)
{
	if (catalogue->bytes < WORDS * sizeof(uint32_t))
		return false;
	catalogue->swapped = word_at(catalogue, 0) != (uint32_t)MAGIC;
	if (word_at(catalogue, 0) != (uint32_t)MAGIC)
		return false;
	catalogue->count = word_at(catalogue, 8);
	catalogue->originals = word_at(catalogue, 12);
	catalogue->translations = word_at(catalogue, 16);
	if (!table_fits(catalogue, catalogue->originals) ||
	    !table_fits(catalogue, catalogue->translations))
		return false;
	for (uint32_t i = 0; i < catalogue->count; i++) {
		if (!string_at(catalogue, catalogue->originals, i) ||
		    !string_at(catalogue, catalogue->translations, i))
			return false;
	}
	return true;
}

static struct catalogue *read_all(FILE *file)
{
	struct catalogue *catalogue =
				 calloc(1, sizeof(*catalogue) + BYTES_MAX + 1),
			 *less;

	if (!catalogue)
		return NULL;
	catalogue->bytes = (uint32_t)fread(catalogue->text, 1, BYTES_MAX, file);
	less = realloc(catalogue, sizeof(*catalogue) + catalogue->bytes + 1);
	return less ? less : catalogue;
}

struct catalogue *catalogue_open(const char *path, struct error *error)
{
	FILE *file = fopen(path, "re");
	struct catalogue *catalogue;

	if (!file) {
		error_errno(error, "\"%s\"", path);
		return NULL;
	}
	catalogue = read_all(file);
	if (!catalogue || ferror(file)) {
		error_errno(error, "\"%s\"", path);
	} else if (!is_sound(catalogue)) {
		error_set(error, STATUS_FAILED,
			  "\"%s\": not a catalogue of translations", path);
	} else {
		fclose(file);
		return catalogue;
	}
	fclose(file);
	catalogue_free(catalogue);
	return NULL;
}

void catalogue_free(struct catalogue *catalogue)
{
	free(catalogue);
}

const char *catalogue_find(const struct catalogue *catalogue, const char *text)
{
	uint32_t low = 0, high = catalogue->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = strcmp(
			string_at(catalogue, catalogue->originals, middle),
			text);

		if (order == 0)
			return string_at(catalogue, catalogue->translations,
					 middle);
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
