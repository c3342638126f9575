/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SPEC_TARGETFILE_H
#define SPEC_TARGETFILE_H

struct error;
struct targetspec;

/*
 * A file of target specs: one or more a line, parted by blanks or by commas
 * outside octet lists; '#' starts a comment. A mark of UTF-8 at its beginning
 * is passed over, a NUL byte refused.
 */

/* path "-" is stdin. 0; or -1 with the errors of targetspec_parse(), which
 * say FILE:LINE, or STATUS_FAILED for a file that cannot be read. What stands
 * before the fault was taken. */
int targetfile_read(const struct targetspec *how, const char *path,
		    struct error *error);

#endif
