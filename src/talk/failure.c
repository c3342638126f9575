/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/failure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct failure {
	int error;
	const char *windows; /* the number, or the numbers, of Winsock */
	const char *words;
};

static const struct failure failures[] = {
	{ECONNREFUSED, "10061",
	 "connection refused: the host answers, but nothing listens on that "
	 "port; is the number right, is the listener running?"},
	{ETIMEDOUT, "10060",
	 "timed out: no answer at all; check the firewall there and on the "
	 "way, and the address"},
	{EHOSTUNREACH, "10065",
	 "host unreachable: no host answers at that address, or a firewall "
	 "forbids it"},
	{ENETUNREACH, "10051 or 10065",
	 "network unreachable: this host knows no way to that address"},
	{ECONNRESET, "10054",
	 "connection reset: the peer broke it off with a RST"},
	{EPIPE, "10053 or 10054",
	 "broken pipe: the peer has closed its end, and what was sent to it "
	 "came back as a RST"},
	{ECONNABORTED, "10053",
	 "connection aborted: this host itself broke it off"},
	{EADDRINUSE, "10048",
	 "port in use: another program has it; `ss -tlnp` shows which one"},
	{EADDRNOTAVAIL, "10049",
	 "address not available: it is none of this host's, or that port was "
	 "used with this peer within the last minute (TIME_WAIT)"},
	{EACCES, "10013",
	 "permission denied: a port below 1024 takes a privilege, or a "
	 "firewall rule of this host forbids it"},
	{EPERM, "10013",
	 "operation not permitted: this host's own firewall forbids it"},
	{EMFILE, "10024", "too many open files: see `ulimit -n`"},
};

const char *failure_name(int error, char text[FAILURE_BYTES])
{
	const char *name = strerrorname_np(error);

	if (name)
		snprintf(text, FAILURE_BYTES, "%s", name);
	else
		snprintf(text, FAILURE_BYTES, "error %d", error);
	return text;
}

const char *failure_format(int error, char text[FAILURE_BYTES])
{
	char name[FAILURE_BYTES];

	failure_name(error, name);
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		const struct failure *failure = &failures[i];

		if (failure->error != error)
			continue;
		snprintf(text, FAILURE_BYTES, "%s (%.40s; Windows: %s)",
			 failure->words, name, failure->windows);
		return text;
	}
	snprintf(text, FAILURE_BYTES, "%.100s (%.100s)",
		 strerrordesc_np(error) ? strerrordesc_np(error)
					: "unknown error",
		 name);
	return text;
}
