/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/language.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/catalogue.h"
#include "base/error.h"
#include "flow/say.h"

#define CATALOGUE "zh_CN/LC_MESSAGES/synscan.mo"

enum {
	PATH_BYTES = 4096,
};

/* The first of these that is set and not empty, or "". */
static const char *locale_name(const char *category)
{
	const char *const names[] = {"LC_ALL", category, "LANG"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return value;
	}
	return "";
}

/* By its name: setlocale() would open files that the environment names, and
 * fail where the locale is not installed. */
bool language_is_utf8(void)
{
	const char *name = locale_name("LC_CTYPE");

	return strcasestr(name, "utf-8") || strcasestr(name, "utf8");
}

static bool is_one_of(const char *name, size_t length, const char *const *list)
{
	for (; *list; list++)
		if (strlen(*list) == length && !strncmp(*list, name, length))
			return true;
	return false;
}

/* 1: Chinese in simplified characters; 0: English; -1: another language. */
static int language_of(const char *name, size_t length)
{
	static const char *const chinese[] = {"zh", "zh_CN", "zh_SG", "zh_Hans",
					      NULL};
	static const char *const english[] = {"C", "POSIX", "en", NULL};
	size_t language = strcspn(name, ".@:");

	if (language < length)
		length = language;
	if (is_one_of(name, length, chinese))
		return 1;
	if (is_one_of(name, length, english) ||
	    (length > 3 && !strncmp(name, "en_", 3)))
		return 0;
	return -1;
}

/* As gettext: LANGUAGE is a list, and counts for nothing in the C locale. But
 * C.UTF-8 is the locale of who has no other, so there it counts. */
static bool is_chinese_asked(void)
{
	const char *locale = locale_name("LC_MESSAGES");
	const char *list = getenv("LANGUAGE");

	if (!*locale || !strcmp(locale, "C") || !strcmp(locale, "POSIX") ||
	    !language_is_utf8())
		return false;
	while (list && *list) {
		size_t length = strcspn(list, ":");
		int language = language_of(list, length);

		if (length && language >= 0)
			return language == 1;
		list += length + (list[length] == ':');
	}
	return language_of(locale, strlen(locale)) == 1;
}

/* Of a program that was built and not installed, beside it: not where it has
 * more rights than who calls it, who may have put it there. */
static struct catalogue *open_beside(void)
{
	char path[PATH_BYTES];
	ssize_t length;
	char *slash;

	if (getauxval(AT_SECURE))
		return NULL;
	length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (length <= 0)
		return NULL;
	path[length] = '\0';
	slash = strrchr(path, '/');
	if (!slash || (size_t)(slash - path) + sizeof("/locale/" CATALOGUE) >
			      sizeof(path))
		return NULL;
	memcpy(slash, "/locale/" CATALOGUE, sizeof("/locale/" CATALOGUE));
	return catalogue_open(path, NULL);
}

/* It is kept until the program ends. */
static int begin_chinese(struct error *error)
{
	static struct catalogue *catalogue;

	if (!catalogue)
		catalogue = open_beside();
	if (!catalogue)
		catalogue = catalogue_open(LOCALEDIR "/" CATALOGUE, error);
	if (!catalogue)
		return error_context(error, "language zh");
	say_in(catalogue);
	return 0;
}

int language_begin(const char *name, struct error *error)
{
	say_in(NULL);
	if (name)
		return strcmp(name, "zh") ? 0 : begin_chinese(error);
	if (is_chinese_asked())
		begin_chinese(NULL);
	return 0;
}
