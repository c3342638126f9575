/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/capfile.h"

#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/escape.h"
#include "net/linktype.h"

enum {
	/* stdio's 4 KiB would be a system call for every 30 frames. */
	STREAM_BUFFER_BYTES = 256 << 10,
};

struct capfile {
	pcap_t *pcap;
	FILE *stream; /* until the pcap_t owns it */
	char *name;
	uint64_t frames;
	bool filtered;
	struct bpf_program filter;
	char buffer[STREAM_BUFFER_BYTES];
};

static int in_file(const struct capfile *capfile, struct error *error)
{
	return error_context(error, "capture \"%s\"", capfile->name);
}

static struct capfile *capfile_new(const char *name, struct error *error)
{
	struct capfile *capfile = malloc(sizeof(*capfile));

	if (capfile) {
		/* All but the buffer. */
		memset(capfile, 0, offsetof(struct capfile, buffer));
		capfile->name = strdup(name);
		if (capfile->name)
			return capfile;
	}
	free(capfile);
	error_errno(error, "capture");
	return NULL;
}

struct capfile *capfile_open_stream(FILE *stream, const char *name,
				    struct error *error)
{
	struct capfile *capfile = capfile_new(name, error);
	char text[PCAP_ERRBUF_SIZE];

	if (!capfile) {
		fclose(stream);
		return NULL;
	}
	capfile->stream = stream;
	setvbuf(stream, capfile->buffer, _IOFBF, sizeof(capfile->buffer));
	/* libpcap reads a frame by two calls, and each would lock. */
	__fsetlocking(stream, FSETLOCKING_BYCALLER);
	capfile->pcap = pcap_fopen_offline_with_tstamp_precision(
		stream, PCAP_TSTAMP_PRECISION_NANO, text);
	if (!capfile->pcap) {
		error_set(error, STATUS_FAILED, "%s", text);
		in_file(capfile, error);
		goto fail;
	}
	capfile->stream = NULL;
	if (linktype_check(pcap_datalink(capfile->pcap), error) == 0)
		return capfile;
	in_file(capfile, error);
fail:
	capfile_close(capfile);
	return NULL;
}

struct capfile *capfile_open(const char *path, struct error *error)
{
	FILE *stream;
	int fd;

	if (strcmp(path, "-"))
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	else
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	stream = fd < 0 ? NULL : fdopen(fd, "rb");
	if (stream)
		return capfile_open_stream(
			stream, strcmp(path, "-") ? path : "standard input",
			error);
	error_errno(error, "capture \"%s\"", path);
	if (fd >= 0)
		close(fd);
	return NULL;
}

void capfile_close(struct capfile *capfile)
{
	if (!capfile)
		return;
	if (capfile->filtered)
		pcap_freecode(&capfile->filter);
	if (capfile->pcap)
		pcap_close(capfile->pcap);
	if (capfile->stream)
		fclose(capfile->stream);
	free(capfile->name);
	free(capfile);
}

int capfile_link_type(const struct capfile *capfile)
{
	return pcap_datalink(capfile->pcap);
}

int capfile_filter(struct capfile *capfile, const char *expression,
		   struct error *error)
{
	char quoted[ESCAPE_QUOTE_BYTES];

	if (pcap_compile(capfile->pcap, &capfile->filter, expression, 1,
			 PCAP_NETMASK_UNKNOWN) < 0)
		return error_set(error, STATUS_USAGE,
				 "expression %s: %s; see pcap-filter(7)",
				 escape_quote(expression, quoted),
				 pcap_geterr(capfile->pcap));
	capfile->filtered = true;
	return 0;
}

/* The seconds of a classic capture are 32 bits, which libpcap takes for
 * signed: a year from 2038 on would be before 1970. */
static int64_t time_ns(const struct capfile *capfile, const struct timeval *ts)
{
	int64_t s = ts->tv_sec;

	if (s < 0 && pcap_major_version(capfile->pcap) == PCAP_VERSION_MAJOR)
		s += INT64_C(1) << 32;
	if (s < 0 || s >= CAPFILE_END_NS / NS_PER_S || ts->tv_usec < 0 ||
	    ts->tv_usec >= NS_PER_S)
		return 0;
	return s * NS_PER_S + (int64_t)ts->tv_usec;
}

/* Of the frame behind those that were read. */
static int at_fault(const struct capfile *capfile, const char *text,
		    struct error *error)
{
	error_set(error, capfile->frames ? STATUS_INCOMPLETE : STATUS_FAILED,
		  "frame %llu: %s", (unsigned long long)capfile->frames + 1,
		  text);
	return in_file(capfile, error);
}

static int lengths_contradict(const struct capfile *capfile,
			      const struct pcap_pkthdr *header,
			      struct error *error)
{
	char text[80];

	snprintf(text, sizeof(text),
		 "captured length %u above the original length %u",
		 header->caplen, header->len);
	return at_fault(capfile, text, error);
}

int capfile_next(struct capfile *capfile, struct capframe *frame,
		 struct error *error)
{
	struct pcap_pkthdr *header;
	const u_char *bytes;
	int status;

	do {
		status = pcap_next_ex(capfile->pcap, &header, &bytes);
		if (status == PCAP_ERROR_BREAK)
			return 0;
		if (status != 1)
			return at_fault(capfile, pcap_geterr(capfile->pcap),
					error);
		if (header->caplen > header->len)
			return lengths_contradict(capfile, header, error);
		capfile->frames++;
	} while (capfile->filtered &&
		 !pcap_offline_filter(&capfile->filter, header, bytes));
	*frame = (struct capframe){
		.number = capfile->frames,
		.t_ns = time_ns(capfile, &header->ts),
		.captured = header->caplen,
		.length = header->len,
		.bytes = bytes,
	};
	return 1;
}

uint64_t capfile_frames(const struct capfile *capfile)
{
	return capfile->frames;
}
