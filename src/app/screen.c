/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/screen.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

unsigned screen_columns(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return 0;
	return size.ws_col;
}

/* The locale of the environment may not be installed; its name tells too. */
bool screen_is_ascii(void)
{
	const char *name = getenv("LC_ALL");

	if (setlocale(LC_CTYPE, ""))
		return strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	if (!name || !*name)
		name = getenv("LC_CTYPE");
	if (!name || !*name)
		name = getenv("LANG");
	return !name ||
	       (!strcasestr(name, "utf-8") && !strcasestr(name, "utf8"));
}
